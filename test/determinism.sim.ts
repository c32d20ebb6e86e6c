import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { createCluster } from "../src/node/create-cluster.ts";
import type { NodeCluster } from "../src/node/create-cluster.ts";
import { ApiConnection } from "../src/node/api-connection.ts";
import { KindRegistry } from "../src/api/registry.ts";
import type { Watch } from "../src/client/client.ts";

/**
 * The same seed gives the same history, byte for byte: a mixed workload is run twice, and every state that the store ever held is
 * compared. Another seed gives another history. A busy neighbour in the same process changes nothing, and no more do those
 * who read through a port.
 */
const workload = `
apiVersion: apps/v1
kind: DaemonSet
metadata: { name: agent }
spec:
  selector: { matchLabels: { app: agent } }
  template:
    metadata: { labels: { app: agent } }
    spec:
      tolerations: [{ operator: Exists }]
      containers:
      - { name: agent, image: busybox, command: [sh, -c, 'while true; do echo on-$(hostname); sleep 10; done'] }
---
apiVersion: batch/v1
kind: Job
metadata: { name: some-fail }
spec:
  completions: 3
  parallelism: 2
  backoffLimit: 4
  template:
    spec:
      restartPolicy: Never
      containers:
      - { name: c, image: busybox, command: [sh, -c, 'sleep 3; test $(($(date +%s) % 2)) = 0'] }
---
apiVersion: batch/v1
kind: CronJob
metadata: { name: tick }
spec:
  schedule: "* * * * *"
  jobTemplate:
    spec:
      template:
        spec:
          restartPolicy: OnFailure
          containers:
          - { name: c, image: busybox, command: [date] }
---
apiVersion: v1
kind: Pod
metadata: { name: crasher }
spec:
  containers:
  - { name: c, image: alpine, command: [sh, -c, 'sleep 2; exit 1'] }
---
apiVersion: v1
kind: Pod
metadata: { name: no-image }
spec:
  containers:
  - { name: c, image: not-in-the-catalogue }
`;

/** Every change of every kind, in order of revision, as the bytes that a watcher would see. */
async function history(cluster: NodeCluster): Promise<string> {
  const states: { revision: number; text: string }[] = [];
  for (const kind of KindRegistry.default().all()) {
    if (kind.storage !== kind || !kind.facts.verbs.includes("watch")) continue;
    const { items } = await cluster.client.list(kind.ref);
    for (const item of items) states.push({ revision: Number(item.metadata.resourceVersion), text: JSON.stringify(item) });
  }
  return states.sort((a, b) => a.revision - b.revision).map((state) => state.text).join("\n");
}

/** A digest that grows with every change from the first revision on. */
async function record(cluster: NodeCluster): Promise<() => { digest: string; changes: number }> {
  const hash = createHash("sha256");
  let changes = 0;
  const watches: Watch[] = [];
  for (const kind of KindRegistry.default().all()) {
    if (kind.storage !== kind || !kind.facts.verbs.includes("watch")) continue;
    const page = await cluster.client.list(kind.ref);
    const watch = cluster.client.watch(kind.ref, { resourceVersion: page.resourceVersion }, {
      event: (event) => {
        if (event.type === "BOOKMARK") return;
        changes++;
        hash.update(`${event.type} ${JSON.stringify(event.object)}\n`);
      },
      ended: (reason) => hash.update(`ended ${kind.ref.plural} ${reason}\n`),
    });
    watches.push(watch);
  }
  return () => {
    for (const watch of watches) watch.stop();
    return { digest: hash.digest("hex"), changes };
  };
}

async function run(cluster: NodeCluster): Promise<{ digest: string; changes: number; final: string }> {
  const end = await record(cluster);
  await cluster.apply(workload);
  await cluster.advance("2m30s");
  await cluster.nodes.stop(`${cluster.name}-worker`);
  await cluster.advance("6m");
  await cluster.nodes.start(`${cluster.name}-worker`);
  await cluster.nodes.add();
  await cluster.client.delete({ group: "apps", version: "v1", apiVersion: "apps/v1", kind: "DaemonSet", plural: "daemonsets", namespaced: true }, { namespace: "default", name: "agent" });
  await cluster.advance("2m");
  const final = await history(cluster);
  return { ...end(), final };
}

async function runAlone(seed: number): Promise<{ digest: string; changes: number; final: string }> {
  await using cluster = await createCluster({ seed });
  return await run(cluster);
}

describe("history", () => {
  it("is a function of the seed, byte for byte", async () => {
    const first = await runAlone(7);
    expect(first.changes).toBeGreaterThan(300);
    const second = await runAlone(7);
    expect(second.final).toBe(first.final);
    expect(second.digest).toBe(first.digest);
    const other = await runAlone(8);
    expect(other.digest).not.toBe(first.digest);
  }, 120_000);

  it("does not depend on a busy neighbour in the same process, nor on who reads through a port", async () => {
    const alone = await runAlone(3);
    await using neighbour = await createCluster({ name: "neighbour", seed: 99 });
    await neighbour.apply(workload);
    let over = false;
    const busy = (async () => {
      while (!over) await neighbour.advance("7s");
    })();
    await using cluster = await createCluster({ seed: 3 });
    const { access } = await cluster.listen();
    const connection = new ApiConnection(access);
    const watching = (async () => {
      let frames = 0;
      for await (const _ of connection.watch("/api/v1/pods?watch=true")) frames++;
      return frames;
    })();
    const reading = (async () => {
      while (!over) expect((await connection.get("/apis/batch/v1/jobs")).status).toBe(200);
    })();
    const beside = await run(cluster);
    over = true;
    await Promise.all([busy, reading]);
    await cluster.close();
    expect(await watching).toBeGreaterThan(20);
    connection.close();
    expect(beside.final).toBe(alone.final);
    expect(beside.digest).toBe(alone.digest);
  }, 120_000);
});
