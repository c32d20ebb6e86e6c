import { expect, test } from "vitest";
import { startInProcessServer } from "../../../test/in-process-server.ts";
import { pods } from "../../api/kinds.ts";

/** Requests through the API server to a program that says what it was asked. */
const { server, client } = await startInProcessServer({
  network: {
    fetch: ({ ip, port, method, path, headers }) => {
      const said = path.startsWith("/headers") ? Object.entries(headers).sort().map(([name, value]) => `${name}: ${value}`).join("\n") : `${method} ${ip}:${port}${path}`;
      return Promise.resolve({ status: 200, headers: { "content-type": "text/plain" }, body: new TextEncoder().encode(said) });
    },
  },
});
await client.create(pods, { metadata: { name: "p", namespace: "default" }, spec: { containers: [{ name: "c", image: "busybox" }] } });
await client.patch(pods, { namespace: "default", name: "p" }, { type: "merge", body: { status: { podIP: "10.244.1.2" } } }, { subresource: "status" });

async function ask(method: string, rest: string, more: { headers?: { readonly [name: string]: string }; remoteAddress?: string } = {}): Promise<string> {
  const path = `/api/v1/namespaces/default/pods/p:8080/proxy${rest}`;
  const { status, headers, body } = await server.handle({ method, path, query: "", headers: {}, ...more, credentials: { type: "certificate", commonName: "admin", organizations: ["system:masters"] }, wants: "bytes" });
  const text = body.type === "bytes" ? body.parts.map((part) => new TextDecoder().decode(part)).join("") : body.type;
  return `${status} ${String(headers["location"] ?? text)}`;
}

test("every method reaches the program", async () => {
  for (const method of ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]) expect(await ask(method, "/a")).toBe(`200 ${method} 10.244.1.2:8080/a`);
  expect(await ask("HEAD", "/a")).toBe("200 none");
  expect(await ask("BREW", "/a")).toMatch(/^405 /);
});

test("who reads is sent to the path with a slash, who writes is taken there", async () => {
  for (const method of ["GET", "HEAD"]) expect(await ask(method, "")).toBe("301 /api/v1/namespaces/default/pods/p:8080/proxy/");
  for (const method of ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"]) expect(await ask(method, "")).toBe(`200 ${method} 10.244.1.2:8080/`);
});

test("the program is told who asked, and under what path", async () => {
  const headers = { ":authority": "127.0.0.1:6443", "user-agent": "kubectl", authorization: "Bearer x" };
  const base = "/api/v1/namespaces/default/pods/p:8080/proxy";
  expect(await ask("GET", "/headers", { headers, remoteAddress: "172.18.0.1" })).toBe(`200 host: 127.0.0.1:6443\nuser-agent: kubectl\nx-forwarded-for: 172.18.0.1\nx-forwarded-uri: ${base}/headers`);
  // Through `kubectl proxy` there were two on the way.
  const twice = { host: "localhost:8001", "x-forwarded-for": "127.0.0.1", "x-forwarded-uri": "/claimed", "x-forwarded-host": "kept" };
  expect(await ask("GET", "/headers//a%20b/./", { headers: twice, remoteAddress: "172.18.0.1" })).toBe(`200 host: localhost:8001\nx-forwarded-for: 127.0.0.1, 172.18.0.1\nx-forwarded-host: kept\nx-forwarded-uri: ${base}/headers/a b/`);
  expect(await ask("POST", "/headers/..%0a")).toBe(`200 host: 10.244.1.2:8080\nx-forwarded-uri: ${base}/headers/.. `);
  // A caller within the process has no address.
  expect(await ask("GET", "/headers%0Ax:%20y%")).toBe(`200 host: 10.244.1.2:8080\nx-forwarded-uri: ${base}/headers%0Ax:%20y%`);
});
