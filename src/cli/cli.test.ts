import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, connect } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ApiConnection } from "../node/api-connection.ts";
import type { Access } from "../node/kubeconfig.ts";

const program = join(import.meta.dirname, "..", "..", "bin", "coracle");
let folder: string;
let kubeconfig: string;
const started = new Set<ChildProcess>();

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "coracle-cli-"));
  kubeconfig = join(folder, "kubeconfig");
});
afterEach(async () => {
  for (const child of started) child.kill("SIGKILL");
  started.clear();
  if (existsSync(join(folder, "state"))) await run(["down"]);
  rmSync(folder, { recursive: true, force: true });
});

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function launch(args: readonly string[]): { child: ChildProcess; ended: Promise<Ended>; output: () => string } {
  const env = { PATH: process.env["PATH"], HOME: folder, XDG_STATE_HOME: join(folder, "state"), KUBECONFIG: kubeconfig };
  const child = spawn(program, args, { env });
  started.add(child);
  let [stdout, stderr] = ["", ""];
  child.stdout?.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr?.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  const ended = new Promise<Ended>((resolve) =>
    child.on("close", (code) => {
      started.delete(child);
      resolve({ code, stdout, stderr });
    }),
  );
  return { child, ended, output: () => stdout + stderr };
}

const run = (args: readonly string[]): Promise<Ended> => launch(args).ended;

/** Starts `coracle up` and resolves when it says what to type next. */
async function upWith(args: readonly string[] = []) {
  const running = launch(["up", ...args]);
  let failed: Ended | undefined;
  void running.ended.then((ended) => (failed = ended));
  await expect.poll(() => failed?.stderr ?? running.output(), { timeout: 20_000 }).toContain("Next:");
  return running;
}

/** Every file below a folder. */
const filesIn = (path: string): string[] => readdirSync(path, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map(({ name }) => name);

const portOf = (output: string): number => Number(/https:\/\/127\.0\.0\.1:(\d+)/.exec(output)?.[1]);

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port });
    socket.on("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.on("error", () => resolve(false));
  });
}

describe("a wrong command line gets one line and exit code 2", () => {
  test.each([
    [["up", "--frob"], "unknown option '--frob'"],
    [["frob"], "unknown command 'frob'"],
    [["up", "extra"], "too many arguments"],
    [["up", "--nodes", "many"], '--nodes takes a whole number from 1 to 10000, not "many"'],
    [["up", "--nodes", "0"], "--nodes takes a whole number"],
    [["up", "--port", "70000"], "--port takes a whole number from 0 to 65535"],
    [["up", "--clock", "sundial"], '--clock takes system or virtual, not "sundial"'],
    [["up", "--seed", "x"], "--seed takes a whole number"],
    [["up", "--wait", "soon"], "--wait takes a duration such as 90s"],
    [["up", "--name", "Big_Name"], "--name takes lower-case letters"],
    [["up", "--kubeconfig", ""], "--kubeconfig takes the path of a file"],
    [["time"], "which command? `bin/coracle time --help` shows what there is"],
    [["node", "list", "extra"], "1: extra; `bin/coracle node list --help` shows"],
    [["time", "advance"], "missing required argument 'duration'"],
    [["time", "advance", "-5m"], "unknown option"],
    [["time", "advance", "0s"], "takes a duration such as 90s"],
    [["time", "advance", "0.1ms"], "time advance takes whole milliseconds, at least one"],
    [["help", "frob"], "unknown command 'frob'"],
    [["--name", "x", "up"], "flags come behind the command"],
  ])("%j", async (args, expected) => {
    const { code, stdout, stderr } = await run(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain(`coracle: `);
    expect(stderr).toContain(expected);
    expect(stderr.trim().split("\n")).toHaveLength(1);
    expect(existsSync(kubeconfig)).toBe(false);
  });
});

describe("what cannot be gets one line and exit code 1, and changes nothing", () => {
  const refused = async (args: readonly string[], expected: string) => {
    const { code, stderr } = await run(args);
    expect(stderr).toContain(expected);
    expect(stderr.trim().split("\n")).toHaveLength(1);
    expect(code).toBe(1);
  };

  test("an unknown cluster", async () => {
    await refused(["down", "--name", "ghost"], 'there is no cluster "ghost"');
    await refused(["time", "show", "--name", "ghost"], 'there is no cluster "ghost"');
    await refused(["time", "advance", "1h", "--name", "ghost"], 'there is no cluster "ghost"');
  });

  test("a kubeconfig that is a folder", async () => {
    mkdirSync(kubeconfig);
    await refused(["up"], "cannot be read: it is a directory");
    await refused(["up", "--detach"], "cannot be read: it is a directory");
    expect(filesIn(folder)).toEqual([]);
  });

  test("a kubeconfig that cannot be understood", async () => {
    writeFileSync(kubeconfig, "clusters: [");
    await refused(["up"], "is not valid YAML");
    await refused(["up", "--detach"], "is not valid YAML");
    expect(readFileSync(kubeconfig, "utf8")).toBe("clusters: [");
  });

  test("a kubeconfig that is a device, or in a place where nothing can be made", async () => {
    await refused(["up", "--kubeconfig", "/dev/null"], "kubeconfig /dev/null is not a regular file");
    await refused(["up", "--kubeconfig", "/proc/coracle/config"], "kubeconfig /proc/coracle/config cannot be written");
  });

  test("a taken port", async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    await refused(["up", "--port", String(port)], `port ${port} is taken`);
    expect(filesIn(folder)).toEqual([]);
    server.close();
  });

  test("a name in use, until its cluster ends", async () => {
    const first = await upWith(["--nodes", "1"]);
    const before = readFileSync(kubeconfig, "utf8");
    await refused(["up"], 'cluster "local" is already running');
    expect(readFileSync(kubeconfig, "utf8")).toBe(before);
    first.child.kill("SIGTERM");
    expect((await first.ended).code).toBe(0);
  });
});

describe("up", () => {
  test.each(["SIGINT", "SIGTERM"] as const)("serves until %s and leaves nothing", async (signal) => {
    const { child, ended, output } = await upWith(["--nodes", "2"]);
    const port = portOf(output());
    expect(output()).toContain("2 nodes Ready");
    expect(readFileSync(kubeconfig, "utf8")).toContain("coracle-local");
    expect(await isOpen(port)).toBe(true);
    child.kill(signal);
    const { code, stderr } = await ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(existsSync(kubeconfig)).toBe(false);
    expect(await isOpen(port)).toBe(false);
    expect((await run(["down"])).stderr).toContain('there is no cluster "local"');
  });

  test("goes on when nobody reads what it says any more", async () => {
    const { child, ended } = launch(["up", "--nodes", "1"]);
    child.stdout?.destroy();
    await expect.poll(() => existsSync(kubeconfig), { timeout: 20_000 }).toBe(true);
    child.kill("SIGINT");
    expect((await ended).code).toBe(0);
    expect(existsSync(kubeconfig)).toBe(false);
  });

  test("takes the context out again when the nodes take too long", async () => {
    const { code, stdout, stderr } = await run(["up", "--wait", "1ms"]);
    expect({ code, stderr }).toEqual({ code: 1, stderr: "coracle: not all 3 nodes are Ready after 0.001 s: give them longer with --wait\n" });
    expect(stdout).toContain("API server at");
    expect(existsSync(kubeconfig)).toBe(false);
  });

  test("detached, returns when the cluster is up, and down ends it", async () => {
    const { code, stdout, stderr } = await run(["up", "--detach", "--nodes", "1", "--name", "far"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toContain("1 node Ready");
    expect(stdout).toContain("bin/coracle down --name far\n");
    const port = portOf(stdout);
    expect(await isOpen(port)).toBe(true);
    const down = await run(["down", "--name", "far"]);
    expect(down).toEqual({ code: 0, stdout: "cluster far has ended\n", stderr: "" });
    expect(await isOpen(port)).toBe(false);
    expect(existsSync(kubeconfig)).toBe(false);
  });

  test.each([
    // On a machine that is very busy the start may give the lock up before the signal comes.
    ["SIGINT", { code: 1, stderr: expect.stringMatching(/^coracle: (interrupted before the cluster was up|.* is being changed by another program; .*)\n$/) as string }],
    ["SIGKILL", { code: null, stderr: "" }],
  ] as const)("detached, leaves nothing when the one that waits gets %s", async (signal, expected) => {
    // The start waits for this lock, so that it is in the middle when the signal comes.
    writeFileSync(`${kubeconfig}.lock`, "");
    const { child, ended, output } = launch(["up", "--detach", "--nodes", "1"]);
    await expect.poll(output, { timeout: 20_000 }).toContain("API server at");
    child.kill(signal);
    expect(await ended).toMatchObject(expected);
    await expect.poll(() => filesIn(folder), { timeout: 20_000 }).toEqual(["kubeconfig.lock"]);
    expect(await isOpen(portOf(output()))).toBe(false);
  });

  test("what a killed cluster left is cleared away by down, or by the next up", async () => {
    const first = await upWith(["--nodes", "1"]);
    first.child.kill("SIGKILL");
    await first.ended;
    expect(readFileSync(kubeconfig, "utf8")).toContain("coracle-local");
    const second = await upWith(["--nodes", "1"]);
    second.child.kill("SIGKILL");
    await second.ended;
    expect((await run(["down"])).stdout).toContain("cleared away");
    expect(existsSync(kubeconfig)).toBe(false);
  });
});

describe("time", () => {
  test("moves a virtual clock and waits until it is there", async () => {
    const { child, ended } = await upWith(["--nodes", "1", "--clock", "virtual"]);
    const before = (await run(["time", "show"])).stdout.trim();
    expect(before).toMatch(/^2026-01-01T00:\d\d:/);
    const moved = await run(["time", "advance", "12h"]);
    expect({ code: moved.code, stderr: moved.stderr }).toEqual({ code: 0, stderr: "" });
    expect(await run(["time", "advance", "9999999d"])).toMatchObject({ code: 2, stderr: "coracle: time advance takes a duration that ends before the year 10000\n" });
    const after = (await run(["time", "show"])).stdout.trim();
    expect(Date.parse(after) - Date.parse(before)).toBe(12 * 3600 * 1000);
    expect(await run(["time", "advance", "1.5s"])).toMatchObject({ code: 0, stdout: expect.stringContaining(".500Z (1.5s in ") as string });
    child.kill("SIGINT");
    await ended;
  });

  test("that is paused is not waited for", async () => {
    const { child, ended } = await upWith(["--nodes", "1", "--clock", "virtual"]);
    const connection = new ApiConnection((JSON.parse(readFileSync(join(folder, "state", "coracle", "local", "cluster.json"), "utf8")) as { access: Access }).access);
    await connection.patch("/apis/sim.coracle.dev/v1alpha1/clocks/cluster", { spec: { paused: true } });
    const paused = { code: 1, stdout: "", stderr: expect.stringMatching(/^coracle: the clock of cluster "local" is paused: .*\n$/) as string };
    expect(await run(["time", "advance", "1h"])).toMatchObject(paused);
    connection.close();
    child.kill("SIGINT");
    await ended;
  });

  test("of the machine is shown and not moved", async () => {
    const { child, ended } = await upWith(["--nodes", "1"]);
    expect((await run(["time", "show"])).stdout).toContain("the machine's clock");
    const refused = await run(["time", "advance", "1h"]);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain("follows the machine's clock");
    child.kill("SIGINT");
    await ended;
  });
});

test("version and help", async () => {
  expect((await run(["version"])).stdout).toMatch(/^coracle \d+\.\d+\.\d+ \(Kubernetes v1\.36\.\d+, Node v26\.\d+\.\d+\)\n$/);
  expect((await run([])).stdout).toContain("start a cluster");
  expect((await run(["up", "--help"])).stdout).toContain("--kubeconfig");
  expect((await run(["--version"])).stdout).toBe((await run(["version"])).stdout);
});

test.runIf(existsSync("/dev/full"))("what cannot be written is a failure, a reader who has gone is none", async () => {
  const full = openSync("/dev/full", "w");
  const child = spawn(program, ["version"], { stdio: ["ignore", full, "pipe"] });
  let stderr = "";
  child.stderr?.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  const code = await new Promise((resolve) => child.on("close", resolve));
  closeSync(full);
  expect({ code, stderr }).toEqual({ code: 1, stderr: "coracle: not all that it said could be written: no space is left on the device\n" });
});

describe("machines", () => {
  test("come, stop, start and go with their nodes", async () => {
    const { child, ended } = await upWith(["--nodes", "1", "--clock", "virtual"]);
    const added = await run(["node", "add", "--label", "disktype=ssd", "--taint", "team=a:NoSchedule"]);
    expect(added).toMatchObject({ code: 0, stdout: "node local-worker is Ready\n" });
    expect((await run(["node", "add", "extra"])).stdout).toBe("node extra is Ready\n");
    expect(await run(["node", "add", "extra"])).toMatchObject({ code: 1, stderr: expect.stringContaining('has a machine "extra" already') as string });
    const stopped = await run(["node", "stop", "extra"]);
    expect(stopped).toMatchObject({ code: 0 });
    expect(stopped.stdout).toContain("machine extra is off");
    await run(["time", "advance", "2m"]);
    expect((await run(["node", "list"])).stdout).toMatch(/^extra +Off +Connected +NotReady +172\.18\.0\.\d+$/m);
    expect((await run(["status"])).stdout).toMatch(/^nodes +2 of 3 Ready$/m);
    expect((await run(["node", "start", "extra"])).code).toBe(0);
    expect((await run(["node", "remove", "extra"])).stdout).toBe("node extra is removed\n");
    expect((await run(["node", "list"])).stdout).not.toContain("extra");
    child.kill("SIGINT");
    expect((await ended).code).toBe(0);
  });

  test("give a shell, with the exit code of the command", async () => {
    const { child, ended } = await upWith(["--nodes", "1"]);
    expect(await run(["node", "shell", "local-control-plane", "--", "hostname"])).toMatchObject({ code: 0, stdout: "local-control-plane\n" });
    expect(await run(["node", "shell", "local-control-plane", "--", "sh", "-c", "ls -d /var/log/pods; exit 3"])).toMatchObject({ code: 3, stdout: "/var/log/pods\n" });
    const nosuch = 'OCI runtime exec failed: exec failed: unable to start container process: exec: "nosuch": executable file not found in $PATH: unknown\n';
    expect(await run(["node", "shell", "local-control-plane", "--", "nosuch"])).toEqual({ code: 127, stdout: "", stderr: nosuch });
    // The service proxy is a Pod: its rules come when it runs.
    const rules = async () => (await run(["node", "shell", "local-control-plane", "--", "iptables-save", "-t", "nat"])).stdout;
    await expect.poll(rules, { timeout: 20_000 }).toContain(":KUBE-SERVICES - [0:0]");
    expect(await run(["node", "shell", "nobody", "--", "true"])).toMatchObject({ code: 1, stderr: expect.stringContaining('has no machine "nobody"') as string });
    child.kill("SIGINT");
    await ended;
  });

  test.each([
    [["node", "add", "--label", "nonsense"], 2, '--label takes key=value, not "nonsense"'],
    [["node", "add", "--taint", "a=b:Never"], 2, "--taint takes key=value:NoSchedule"],
    [["node", "remove", "A/B"], 2, "a node's name has"],
    [["node", "stop"], 2, "missing required argument"],
    [["status"], 1, 'there is no cluster "local"'],
  ])("refuses %j", async (args, code, text) => {
    const refused = await run(args as string[]);
    expect(refused.code).toBe(code);
    expect(refused.stderr).toContain(text);
    expect(refused.stderr.trimEnd()).not.toContain("\n");
  });

  test("a machine that is not there is named", async () => {
    const { child, ended } = await upWith(["--nodes", "1"]);
    expect(await run(["node", "stop", "nobody"])).toMatchObject({ code: 1, stderr: expect.stringContaining('has no machine "nobody"') as string });
    child.kill("SIGINT");
    await ended;
  });
});
