import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { startInProcessServer } from "../../../test/in-process-server.ts";
import { PlayedNodes, controllerContext } from "../../../test/played-nodes.ts";
import { controllerRevisions, daemonSets, namespaces, pods, serviceAccounts } from "../../api/kinds.ts";
import type { ControllerRevision, DaemonSet, DaemonSetStatus } from "../../api/types/apps-v1.ts";
import type { Pod } from "../../api/types/core-v1.ts";
import type { Draft, Partially } from "../../base/json.ts";
import { startDaemonSetController } from "./controller.ts";

/**
 * Roll-outs recorded from Kubernetes 1.36.3 with kwok's nodes (Ready 0.7 s after the binding, gone 0.9 s after the deletion),
 * played again with the same manifest, changes and nodes. Compared: the whole sequence of statuses, every Pod and every
 * revision as the controller makes it. Statuses that upstream wrote before it saw its own new Pods (fewer current than
 * desired) are left out: this controller waits for its view.
 */
interface Rollout {
  readonly topic: string;
  readonly manifest: Partially<DaemonSet>;
  readonly changes: readonly { readonly afterMs: number; readonly image: string }[];
  readonly statuses: readonly (readonly number[])[];
  readonly revisions: readonly Partially<ControllerRevision>[];
  readonly pods: readonly Partially<Pod>[];
}

const rollouts = JSON.parse(readFileSync(new URL("golden/rollouts.json", import.meta.url), "utf8")) as Rollout[];
const nodeNames = ["learning-control-plane", "learning-worker", "learning-worker2", "learning-worker3"];

function figures(status: DaemonSetStatus): readonly number[] {
  return [
    status.desiredNumberScheduled,
    status.currentNumberScheduled,
    status.numberMisscheduled,
    status.numberReady,
    status.updatedNumberScheduled ?? 0,
    status.numberAvailable ?? 0,
    status.numberUnavailable ?? 0,
    status.observedGeneration ?? 0,
  ];
}

/** Without what differs from run to run. */
function comparable<T extends { metadata: object }>(object: T): Partially<T> {
  const copy = JSON.parse(JSON.stringify(object)) as Draft<T> & { metadata: { [key: string]: unknown; ownerReferences?: { uid?: string }[] } };
  for (const key of ["uid", "resourceVersion", "creationTimestamp", "managedFields"]) delete copy.metadata[key];
  for (const reference of copy.metadata.ownerReferences ?? []) delete reference.uid;
  return copy as Partially<T>;
}

async function replay(rollout: Rollout): Promise<{ statuses: (readonly number[])[]; revisions: Partially<ControllerRevision>[]; made: Partially<Pod>[] }> {
  const server = await startInProcessServer();
  const played = new PlayedNodes(server);
  const { client, clock, informers } = server;
  const namespace = rollout.manifest.metadata?.namespace as string;
  await client.create(namespaces, { metadata: { name: namespace } });
  await client.create(serviceAccounts, { metadata: { namespace, name: "default" } });
  for (const name of nodeNames) await played.join(name);
  startDaemonSetController(controllerContext(server));
  const statuses: (readonly number[])[] = [];
  const revisions: Partially<ControllerRevision>[] = [];
  const made: Partially<Pod>[] = [];
  informers.of(daemonSets).onChange((current) => {
    if (current && JSON.stringify(figures(current.status)) !== JSON.stringify(statuses.at(-1))) statuses.push(figures(current.status));
  });
  informers.of(controllerRevisions).onChange((current, previous) => void (current && !previous && revisions.push(comparable(current))));
  let bound = 0;
  informers.of(pods).onChange((current, previous) => {
    if (!current) return;
    if (!previous) {
      const { status: _, ...rest } = comparable(current) as Draft<Pod>;
      made.push(rest);
      void played.bind(current);
    } else if (current.spec.nodeName && !previous.spec.nodeName) {
      clock.after(700 + 8 * (bound++ % 4), () => void played.become(current, { phase: "Running", ready: true }));
    } else if (current.metadata.deletionTimestamp !== undefined && previous.metadata.deletionTimestamp === undefined) {
      clock.after(800, () => void played.become(current, { phase: "Succeeded" }));
      clock.after(900, () => void client.delete(pods, current.metadata, { gracePeriodSeconds: 0 }));
    }
  });
  const start = clock.now();
  await client.create(daemonSets, rollout.manifest);
  for (const { afterMs, image } of rollout.changes) {
    await clock.advanceTo(start + afterMs);
    await client.patch(daemonSets, { namespace, name: "agent" }, { type: "strategic", body: { spec: { template: { spec: { containers: [{ name: "agent", image }] } } } } });
  }
  await server.advance(60_000);
  return { statuses, revisions, made };
}

function byText(a: object, b: object): number {
  return JSON.stringify(a) < JSON.stringify(b) ? -1 : 1;
}

/** A Pod that can be compared: keys sorted, its name and what other admission adds left out. */
function sortedPods(list: readonly Partially<Pod>[]): unknown[] {
  const sortKeys = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(sortKeys);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, each]) => [key, sortKeys(each)]));
  };
  return list
    .map((pod) => {
      const { name: _, ...metadata } = (pod.metadata ?? {}) as { name?: string };
      const { volumes: __, containers, ...spec } = pod.spec as Draft<Pod["spec"]>;
      return sortKeys({ ...pod, metadata, spec: { ...spec, containers: containers.map(({ volumeMounts: ___, ...container }) => container) } }) as object;
    })
    .sort(byText);
}

test.each(rollouts)("$topic", async (rollout) => {
  const { statuses, revisions, made } = await replay(rollout);
  const seen = rollout.statuses.filter(([desired, current], i) => i === 0 || desired === current);
  expect(statuses).toEqual(seen);
  expect(revisions).toEqual(rollout.revisions);
  expect(sortedPods(made)).toEqual(sortedPods(rollout.pods));
});
