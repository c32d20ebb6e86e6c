import { beforeEach, expect, test } from "vitest";
import { events, nodes, persistentVolumeClaims, persistentVolumes, pods, storageClasses } from "../../src/api/kinds.ts";
import { startEphemeralVolumeController } from "../../src/controllers/ephemeral-volume/controller.ts";
import { startGarbageCollector } from "../../src/controllers/garbage-collector/controller.ts";
import { startPersistentVolumeController } from "../../src/controllers/persistent-volume/controller.ts";
import { startClaimProtectionController, startVolumeProtectionController } from "../../src/controllers/volume-protection/controller.ts";
import { createCluster } from "../../src/node/create-cluster.ts";
import { startScheduler } from "../../src/scheduler/scheduler.ts";
import { startInProcessServer } from "../in-process-server.ts";
import type { InProcessServer } from "../in-process-server.ts";
import { PlayedNodes, controllerContext } from "../played-nodes.ts";

/** The scheduler and the binder of volumes together: who waits for whom. */
let server: InProcessServer;
const namespace = "default";

beforeEach(async () => {
  server = await startInProcessServer();
  const context = controllerContext(server);
  startEphemeralVolumeController(context);
  startGarbageCollector(context);
  startPersistentVolumeController(context);
  startVolumeProtectionController(context);
  startClaimProtectionController(context);
  startScheduler({ context, client: server.as({ name: "system:kube-scheduler", groups: ["system:authenticated"] }), host: "test" });
  const played = new PlayedNodes(server);
  for (const name of ["a", "b"]) {
    await played.join(name, { labels: { zone: name } });
    await server.client.patch(nodes, { name }, { type: "merge", body: { status: { allocatable: { cpu: "4", memory: "8Gi", pods: "110" } } } }, { subresource: "status" });
  }
  await server.client.create(storageClasses, { metadata: { name: "late" }, provisioner: "kubernetes.io/no-provisioner", volumeBindingMode: "WaitForFirstConsumer" } as never);
});

async function volume(name: string, options: { readonly zone?: string; readonly className?: string } = {}): Promise<void> {
  const nodeAffinity = { required: { nodeSelectorTerms: [{ matchExpressions: [{ key: "zone", operator: "In", values: [options.zone ?? ""] }] }] } };
  const spec = { capacity: { storage: "1Gi" }, accessModes: ["ReadWriteOnce"], hostPath: { path: "/data" }, storageClassName: options.className ?? "", ...(options.zone === undefined ? {} : { nodeAffinity }) };
  await server.client.create(persistentVolumes, { metadata: { name }, spec } as never);
}

async function claim(name: string, storageClassName = ""): Promise<void> {
  await server.client.create(persistentVolumeClaims, { metadata: { namespace, name }, spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } }, storageClassName } } as never);
}

async function pod(name: string, claimName: string): Promise<void> {
  await server.client.create(pods, { metadata: { namespace, name }, spec: { containers: [{ name: "c", image: "nginx" }], volumes: [{ name: "v", persistentVolumeClaim: { claimName } }] } } as never);
}

async function nodeOf(name: string): Promise<string | undefined> {
  await server.settle();
  return (await server.client.get(pods, { namespace, name })).spec.nodeName;
}

async function refusals(name: string): Promise<readonly string[]> {
  await server.settle();
  return (await server.client.list(events)).items.filter(({ reason, involvedObject }) => reason === "FailedScheduling" && involvedObject.name === name).map(({ message }) => message ?? "");
}

test("a Pod waits for its claim, the claim for a volume, and then it goes where the volume is", async () => {
  await pod("web", "data");
  expect(await refusals("web")).toEqual(['0/2 nodes are available: persistentvolumeclaim "data" not found. not found']);
  await claim("data");
  await server.advance(2000);
  expect((await refusals("web")).at(-1)).toBe("0/2 nodes are available: pod has unbound immediate PersistentVolumeClaims. not found");
  await volume("pv", { zone: "b" });
  await server.advance(10_000);
  expect(await nodeOf("web")).toBe("b");
});

test("a volume that no node reaches keeps the Pod away", async () => {
  await volume("pv", { zone: "c" });
  await claim("data");
  await server.settle();
  await pod("web", "data");
  expect(await refusals("web")).toEqual(["0/2 nodes are available: 2 node(s) didn't match PersistentVolume's node affinity. no new claims to deallocate, preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling."]);
});

test("a claim that waits for its first Pod is bound where the Pod finds a volume, each Pod with one of its own", async () => {
  await volume("on-a", { zone: "a", className: "late" });
  await volume("on-b", { zone: "b", className: "late" });
  for (const name of ["x", "y", "z"]) await claim(name, "late");
  await server.settle();
  expect((await server.client.list(persistentVolumeClaims)).items.map(({ status }) => status.phase)).toEqual(["Pending", "Pending", "Pending"]);
  await Promise.all(["x", "y", "z"].map((name) => pod(`pod-${name}`, name)));
  const placed = await Promise.all(["x", "y", "z"].map((name) => nodeOf(`pod-${name}`)));
  expect(placed.toSorted()).toEqual(["a", "b", undefined]);
  for (const { metadata, spec, status } of (await server.client.list(persistentVolumeClaims)).items) {
    const at = placed[["x", "y", "z"].indexOf(metadata.name)];
    expect([spec.volumeName, status.phase]).toEqual(at === undefined ? [undefined, "Pending"] : [`on-${at}`, "Bound"]);
  }
  const left = `pod-${["x", "y", "z"][placed.indexOf(undefined)]}`;
  // Looked at again when the others' claims were bound: an event for each state of the Pod.
  expect([...new Set(await refusals(left))]).toEqual(["0/2 nodes are available: 2 node(s) didn't find available persistent volumes to bind. no new claims to deallocate, preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling."]);
});

test("a provisioner is told the node; without an answer the Pod is looked at again after ten minutes", async () => {
  await server.client.create(storageClasses, { metadata: { name: "disk" }, provisioner: "disk.example.com", volumeBindingMode: "WaitForFirstConsumer" } as never);
  await claim("data", "disk");
  await pod("web", "data");
  await server.settle();
  const annotations = (await server.client.get(persistentVolumeClaims, { namespace, name: "data" })).metadata.annotations;
  expect(annotations).toMatchObject({ "volume.kubernetes.io/selected-node": expect.stringMatching(/^[ab]$/), "volume.kubernetes.io/storage-provisioner": "disk.example.com" });
  expect(await nodeOf("web")).toBeUndefined();
  await server.advance(600_000);
  expect(await refusals("web")).toEqual(['running PreBind plugin "VolumeBinding": binding volumes: context deadline exceeded']);
  const { spec: asked } = await server.client.get(persistentVolumeClaims, { namespace, name: "data" });
  await server.client.create(persistentVolumes, { metadata: { name: "made" }, spec: { capacity: { storage: "1Gi" }, accessModes: ["ReadWriteOnce"], hostPath: { path: "/disk" }, storageClassName: "disk", claimRef: { namespace, name: "data" } } } as never);
  await server.advance(2000);
  expect([asked.volumeName, await nodeOf("web")]).toEqual([undefined, expect.stringMatching(/^[ab]$/)]);
});

test("a Pod's own claim is made for it, bound, and goes with it", async () => {
  await volume("pv", { zone: "b" });
  const volumeClaimTemplate = { metadata: { labels: { app: "x" } }, spec: { accessModes: ["ReadWriteOnce"], storageClassName: "", resources: { requests: { storage: "1Gi" } } } };
  await server.client.create(pods, { metadata: { namespace, name: "web" }, spec: { containers: [{ name: "c", image: "nginx" }], volumes: [{ name: "scratch", ephemeral: { volumeClaimTemplate } }] } } as never);
  await server.advance(5000);
  expect(await nodeOf("web")).toBe("b");
  const made = await server.client.get(persistentVolumeClaims, { namespace, name: "web-scratch" });
  expect(made).toMatchObject({ metadata: { labels: { app: "x" }, ownerReferences: [{ kind: "Pod", name: "web" }] }, status: { phase: "Bound" } });
  await server.client.delete(pods, { namespace, name: "web" }, { gracePeriodSeconds: 0 });
  await server.advance(5000);
  expect((await server.client.list(persistentVolumeClaims)).items).toEqual([]);
});

test("what one Pod writes into a claimed volume, the next one finds there, on the node of the volume", async () => {
  await using cluster = await createCluster({ nodes: 2 });
  const podWith = (name: string, command: string): string => `
---
apiVersion: v1
kind: Pod
metadata: {name: ${name}}
spec:
  restartPolicy: Never
  containers: [{name: c, image: busybox, command: [sh, -c, "${command}"], volumeMounts: [{name: data, mountPath: /data}]}]
  volumes: [{name: data, persistentVolumeClaim: {claimName: data}}]
`;
  await cluster.apply(`
apiVersion: v1
kind: PersistentVolume
metadata: {name: pv}
spec:
  capacity: {storage: 1Gi}
  accessModes: [ReadWriteOnce]
  hostPath: {path: /srv/pv}
  nodeAffinity: {required: {nodeSelectorTerms: [{matchExpressions: [{key: kubernetes.io/hostname, operator: In, values: [local-worker]}]}]}}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data}
spec: {accessModes: [ReadWriteOnce], storageClassName: "", resources: {requests: {storage: 1Gi}}}
`);
  await cluster.apply(podWith("writer", "echo hello > /data/greeting"));
  await cluster.advance("30s");
  await cluster.apply(podWith("reader", "cat /data/greeting"));
  await cluster.advance("30s");
  expect((await cluster.client.get(pods, { namespace, name: "reader" })).spec.nodeName).toBe("local-worker");
  expect(await cluster.logs("reader")).toBe("hello\n");
});
