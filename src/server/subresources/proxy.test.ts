import { expect, test } from "vitest";
import { startInProcessServer } from "../../../test/in-process-server.ts";
import { pods } from "../../api/kinds.ts";

/** Requests through the API server to a program that says what it was asked. */
const { server, client } = await startInProcessServer({
  network: { fetch: ({ ip, port, method, path }) => Promise.resolve({ status: 200, headers: { "content-type": "text/plain" }, body: new TextEncoder().encode(`${method} ${ip}:${port}${path}`) }) },
});
await client.create(pods, { metadata: { name: "p", namespace: "default" }, spec: { containers: [{ name: "c", image: "busybox" }] } });
await client.patch(pods, { namespace: "default", name: "p" }, { type: "merge", body: { status: { podIP: "10.244.1.2" } } }, { subresource: "status" });

async function ask(method: string, rest: string): Promise<string> {
  const path = `/api/v1/namespaces/default/pods/p:8080/proxy${rest}`;
  const { status, headers, body } = await server.handle({ method, path, query: "", headers: {}, credentials: { type: "certificate", commonName: "admin", organizations: ["system:masters"] }, wants: "bytes" });
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
