import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { kubectlCluster } from "./cluster.ts";
import type { KubectlCluster } from "./cluster.ts";
import { kubectlPath } from "./kubectl.ts";
import { endOf } from "./paced.ts";

/** The real kubectl forwards ports and proxies, and the real curl asks through it. */
const manifest = `
apiVersion: v1
kind: Pod
metadata: { name: web, labels: { app: web } }
spec: { containers: [{ name: nginx, image: nginx, ports: [{ containerPort: 80, name: http }] }] }
---
apiVersion: v1
kind: Service
metadata: { name: web }
spec: { selector: { app: web }, ports: [{ port: 8080, targetPort: http, name: http }] }
`;

let there: KubectlCluster;
let home: string;
const running = new Set<ChildProcess>();

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), "coracle-forward-"));
  there = await kubectlCluster({ nodes: 2 });
  await there.cluster.apply(manifest);
  await there.cluster.advance("60s");
});

afterAll(async () => {
  for (const child of running) child.kill("SIGKILL");
  await there?.[Symbol.asyncDispose]();
  rmSync(home, { recursive: true, force: true });
});

/** Starts a kubectl that stays, and resolves with the local port once it says where it listens. */
function stays(args: readonly string[], env: { [name: string]: string } = {}): Promise<{ port: string; child: ChildProcess; stderr: () => string }> {
  const child = spawn(kubectlPath, args, { env: { HOME: home, PATH: process.env["PATH"] ?? "", KUBECONFIG: there.kubeconfig, ...env } });
  running.add(child);
  let [stdout, stderr] = ["", ""];
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  return new Promise((resolve, reject) => {
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
      const port = /127\.0\.0\.1:(\d+)/.exec(stdout)?.[1];
      if (port !== undefined) resolve({ port, child, stderr: () => stderr });
    });
    child.once("close", () => reject(new Error(`kubectl ended: ${stdout}${stderr}`)));
  });
}

async function curl(...args: string[]): Promise<{ exit: number | null; stdout: string; stderr: string }> {
  return endOf(spawn("curl", ["-sS", "--max-time", "10", ...args]));
}

describe("kubectl port-forward", () => {
  it.each([
    ["inside a WebSocket", {}],
    ["over SPDY itself", { KUBECTL_PORT_FORWARD_WEBSOCKETS: "false" }],
  ])("%s: several requests, one after the other and at once", async (_name, env) => {
    const { port, child } = await stays(["port-forward", "pod/web", ":80"], env as { [name: string]: string });
    for (let i = 0; i < 3; i++) expect((await curl(`http://127.0.0.1:${port}/`)).stdout).toContain("Welcome to nginx!");
    const both = await Promise.all([curl(`http://127.0.0.1:${port}/`, `http://127.0.0.1:${port}/missing`), curl("-o", "/dev/null", "-w", "%{http_code}", `http://127.0.0.1:${port}/missing`)]);
    expect(both[0].stdout).toContain("Welcome to nginx!");
    expect(both[0].stdout).toContain("404 Not Found");
    expect(both[1].stdout).toBe("404");
    child.kill("SIGINT");
    expect(await there.cluster.logs("web")).toContain('127.0.0.1 - - [01/Jan/2026:00:01:00 +0000] "GET / HTTP/1.1" 200');
  });

  it("through a Service's name", async () => {
    const { port } = await stays(["port-forward", "service/web", ":8080"]);
    expect((await curl(`http://127.0.0.1:${port}/`)).stdout).toContain("Welcome to nginx!");
  });

  it("to a port where nobody listens", async () => {
    const { port, stderr } = await stays(["port-forward", "pod/web", ":81"]);
    expect((await curl(`http://127.0.0.1:${port}/`)).exit).not.toBe(0);
    expect(stderr()).toMatch(/error forwarding port 81 to pod [0-9a-f]{64}, uid : failed to execute portforward in network namespace .*: connect: connection refused/);
  });

  it("to a Pod that is not there", async () => {
    const { exit, stderr } = await there.kubectl(["port-forward", "pod/none", ":80"]);
    expect(exit).toBe(1);
    expect(stderr).toBe('Error from server (NotFound): pods "none" not found\n');
  });
});

it("runs a command over SPDY for clients that know no WebSocket", async () => {
  const run = (...command: string[]) => endOf(spawn(kubectlPath, ["exec", ...command], { env: { HOME: home, PATH: process.env["PATH"] ?? "", KUBECONFIG: there.kubeconfig, KUBECTL_REMOTE_COMMAND_WEBSOCKETS: "false" } }));
  expect(await run("web", "--", "sh", "-c", "echo out; echo err >&2; exit 3")).toMatchObject({ exit: 3, stdout: "out\n", stderr: "err\ncommand terminated with exit code 3\n" });
  const child = spawn(kubectlPath, ["exec", "-i", "web", "--", "cat"], { env: { HOME: home, PATH: process.env["PATH"] ?? "", KUBECONFIG: there.kubeconfig, KUBECTL_REMOTE_COMMAND_WEBSOCKETS: "false" } });
  child.stdin.end("through the pipe\n");
  expect(await endOf(child)).toMatchObject({ exit: 0, stdout: "through the pipe\n" });
});

describe("kubectl proxy", () => {
  it("answers curl: the API, and Pods and Services through it", async () => {
    const { port } = await stays(["proxy", "--port=0"]);
    const get = async (path: string, ...more: string[]): Promise<string> => (await curl(...more, `http://127.0.0.1:${port}${path}`)).stdout;
    expect(JSON.parse(await get("/api/v1/namespaces/default/pods/web"))).toMatchObject({ kind: "Pod", metadata: { name: "web" } });
    for (const path of ["pods/web/proxy/", "pods/web:80/proxy/", "services/web:http/proxy/", "services/web:8080/proxy/", "services/http:web:http/proxy/index.html"]) {
      expect(await get(`/api/v1/namespaces/default/${path}`), path).toContain("Welcome to nginx!");
    }
    expect(await get("/api/v1/namespaces/default/pods/web/proxy", "-o", "/dev/null", "-w", "%{http_code} %{redirect_url}")).toMatch(/^301 .*\/api\/v1\/namespaces\/default\/pods\/web\/proxy\/$/);
    expect(await get("/api/v1/namespaces/default/pods/web/proxy/missing", "-w", "%{http_code}")).toMatch(/404 Not Found[\s\S]*404$/);
    expect(JSON.parse(await get("/api/v1/namespaces/default/services/web:9/proxy/"))).toMatchObject({ code: 503, reason: "ServiceUnavailable", message: 'no service port 9 found for service "web"' });
    expect(JSON.parse(await get("/api/v1/namespaces/default/services/web/proxy/"))).toMatchObject({ code: 503, message: 'no endpoints available for service "web"' });
    expect(JSON.parse(await get("/api/v1/namespaces/default/pods/web:81/proxy/"))).toMatchObject({ code: 503, message: expect.stringMatching(/^error trying to reach service: dial tcp 10\.244\.\d+\.\d+:81: connect: connection refused$/) as string });
    expect(await get("/api/v1/nodes/local-worker/proxy/healthz")).toBe("ok");
    expect(JSON.parse(await get("/api/v1/nodes/local-worker/proxy/stats/summary"))).toMatchObject({ code: 501, reason: "NotImplemented" });
  });
});
