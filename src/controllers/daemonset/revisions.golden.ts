import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { startInProcessServer } from "../../../test/in-process-server.ts";
import { PlayedNodes, controllerContext } from "../../../test/played-nodes.ts";
import { controllerRevisions, daemonSets, namespaces, serviceAccounts } from "../../api/kinds.ts";
import type { DaemonSet, DaemonSetSpec } from "../../api/types/apps-v1.ts";
import type { Partially } from "../../base/json.ts";
import { startDaemonSetController } from "./controller.ts";

/**
 * The history of recorded DaemonSets (image changes, undos, restarts, revisionHistoryLimit 2 and 0): the same changes give the
 * same revisions under the same names and numbers, renumbered and removed in the same order.
 */
interface Story {
  readonly topic: string;
  readonly name: string;
  readonly namespace: string;
  readonly changes: readonly { readonly afterMs: number; readonly annotations: { readonly [key: string]: string }; readonly spec: DaemonSetSpec }[];
  /** What happened, name, number, change cause. */
  readonly revisions: readonly (readonly [string, string, number, string])[];
}

const stories = JSON.parse(readFileSync(new URL("golden/revisions.json", import.meta.url), "utf8")) as Story[];

test.each(stories)("$topic", async ({ name, namespace, changes, revisions }) => {
  const server = await startInProcessServer();
  const played = new PlayedNodes(server);
  const { client, clock } = server;
  await client.create(namespaces, { metadata: { name: namespace } });
  await client.create(serviceAccounts, { metadata: { namespace, name: "default" } });
  for (const node of ["a", "b"]) await played.join(node);
  startDaemonSetController(controllerContext(server));
  const seen: (readonly [string, string, number, string])[] = [];
  server.informers.of(controllerRevisions).onChange((current, previous) => {
    const { metadata, revision } = (current ?? previous) as NonNullable<typeof current>;
    const what = !previous ? "ADDED" : current ? "MODIFIED" : "DELETED";
    seen.push([what, metadata.name, revision, metadata.annotations?.["kubernetes.io/change-cause"] ?? ""]);
  });
  const start = clock.now();
  for (const [i, { afterMs, annotations, spec }] of changes.entries()) {
    await clock.advanceTo(start + afterMs);
    if (i === 0) await client.create(daemonSets, { metadata: { namespace, name, annotations }, spec } as Partially<DaemonSet>);
    else {
      const body = [
        { op: "replace", path: "/spec", value: spec },
        ...Object.entries(annotations).map(([key, value]) => ({ op: "add", path: `/metadata/annotations/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`, value })),
      ];
      await client.patch(daemonSets, { namespace, name }, { type: "json", body });
    }
    await server.settle();
    // The recorded roll-outs were over before the next change, but for those within a second.
    if ((changes[i + 1]?.afterMs ?? Infinity) - afterMs > 1000) await played.rounds();
  }
  expect(seen).toEqual(revisions);
});
