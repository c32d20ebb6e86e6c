import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { startInProcessServer } from "../../../test/in-process-server.ts";
import type { InProcessServer } from "../../../test/in-process-server.ts";

/**
 * Pods as a real server answered a dry run: what admission adds (account, token volume, tolerations, priority) stands where it stood there, to
 * the letter. What is drawn is made equal.
 */
interface Line {
  readonly request: { readonly path: string; readonly body: { readonly kind: string; readonly metadata: { readonly name: string } } };
  readonly status: number;
  readonly body: { readonly spec: unknown };
}

const lines = readFileSync(join(import.meta.dirname, "../../../test/golden/defaults.jsonl"), "utf8")
  .split("\n")
  .filter((line) => line !== "")
  .map((line) => JSON.parse(line) as Line)
  .filter(({ request, status }) => request.body.kind === "Pod" && status === 201);

const asAdmin = { headers: { "content-type": "application/json" }, credentials: { type: "certificate", commonName: "admin", organizations: ["system:masters"] }, wants: "bytes" } as const;

async function post({ server }: InProcessServer, path: string, query: string, body: object): Promise<Line["body"]> {
  const answer = await server.handle({ ...asAdmin, method: "POST", path, query, body: new TextEncoder().encode(JSON.stringify(body)) });
  if (answer.body.type !== "bytes") throw new Error("bytes were expected");
  return JSON.parse(answer.body.parts.map((part) => new TextDecoder().decode(part)).join("")) as Line["body"];
}

function steady(spec: unknown): string {
  return JSON.stringify(spec, null, 1)?.replaceAll(/kube-api-access-[a-z0-9]{5}/g, "kube-api-access-<suffix>");
}

test.each(lines.map((line) => [line.request.body.metadata.name, line] as const))("%s", async (_, { request, body }) => {
  const cluster = await startInProcessServer();
  await post(cluster, "/api/v1/namespaces", "", { apiVersion: "v1", kind: "Namespace", metadata: { name: "rec" } });
  await post(cluster, "/api/v1/namespaces/rec/serviceaccounts", "", { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "default" } });
  const [path = "", query = ""] = request.path.split("?");
  const answer = await post(cluster, path, query, request.body);
  expect(steady(answer.spec), JSON.stringify(answer)).toBe(steady(body.spec));
});
