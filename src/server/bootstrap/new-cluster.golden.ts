import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { startInProcessServer } from "../../../test/in-process-server.ts";

/** A new cluster holds what a new cluster of upstream's holds. What running components write is not there yet. */
interface Item {
  readonly metadata: { readonly [field: string]: unknown };
}

const recorded = JSON.parse(readFileSync(join(import.meta.dirname, "../../../data/kubernetes-1.36/new-cluster.json"), "utf8")) as { [path: string]: readonly Item[] };

/** Written by the root certificate controller and by the server's own lease. */
const writtenLater = new Set(["/api/v1/configmaps", "/apis/coordination.k8s.io/v1/leases"]);

/** Without what differs from cluster to cluster. */
function steady({ metadata, ...rest }: Item): unknown {
  const { uid: _uid, resourceVersion: _revision, creationTimestamp: _time, managedFields: _managed, ...kept } = metadata;
  return JSON.parse(JSON.stringify({ metadata: kept, ...rest }).replace('"targetPort":6644', '"targetPort":6443').replaceAll(/"lastTransitionTime":"[^"]*"/g, '"lastTransitionTime":"<time>"')) as unknown;
}

test.each(Object.keys(recorded).filter((path) => !writtenLater.has(path)))("%s", async (path) => {
  const { server } = await startInProcessServer();
  const response = await server.handle({
    method: "GET",
    path,
    query: "",
    headers: {},
    credentials: { type: "certificate", commonName: "admin", organizations: ["system:masters"] },
    wants: "bytes",
  });
  if (response.body.type !== "bytes") throw new Error("a list in bytes was expected");
  const { items } = JSON.parse(response.body.parts.map((part) => new TextDecoder().decode(part)).join("")) as { items: readonly Item[] };
  expect(items.map(steady)).toEqual(recorded[path]?.map(steady));
});
