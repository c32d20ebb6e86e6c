import { beforeEach, expect, test } from "vitest";
import { startInProcessServer } from "../../../test/in-process-server.ts";
import type { InProcessServer } from "../../../test/in-process-server.ts";
import { controllerContext } from "../../../test/played-nodes.ts";
import { events, persistentVolumeClaims, persistentVolumes, pods, storageClasses } from "../../api/kinds.ts";
import type { PersistentVolume, PersistentVolumeClaim, Pod } from "../../api/types/core-v1.ts";
import { startClaimProtectionController, startVolumeProtectionController } from "../volume-protection/controller.ts";
import { startPersistentVolumeController } from "./controller.ts";

let server: InProcessServer;
const namespace = "default";

beforeEach(async () => {
  server = await startInProcessServer();
  const context = controllerContext(server);
  startPersistentVolumeController(context);
  startVolumeProtectionController(context);
  startClaimProtectionController(context);
});

async function volume(name: string, spec: object = {}): Promise<void> {
  await server.client.create(persistentVolumes, { metadata: { name }, spec: { capacity: { storage: "1Gi" }, accessModes: ["ReadWriteOnce"], hostPath: { path: `/tmp/${name}` }, ...spec } } as never);
}

async function claim(name: string, spec: object = {}): Promise<void> {
  await server.client.create(persistentVolumeClaims, { metadata: { namespace, name }, spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } }, ...spec } } as never);
}

async function pod(name: string, claimName: string): Promise<Pod> {
  return await server.client.create(pods, { metadata: { namespace, name }, spec: { nodeName: "n", containers: [{ name: "c", image: "nginx" }], volumes: [{ name: "v", persistentVolumeClaim: { claimName } }] } } as never);
}

/** `name phase other`, as the tables of kubectl show them. */
async function seen(): Promise<readonly string[]> {
  await server.settle();
  const ofVolume = ({ metadata, status, spec }: PersistentVolume): string => `${metadata.name} ${metadata.deletionTimestamp ? "Terminating" : status.phase} ${spec.claimRef?.name ?? "-"}`;
  const ofClaim = ({ metadata, status, spec }: PersistentVolumeClaim): string => `${metadata.name} ${metadata.deletionTimestamp ? "Terminating" : status.phase} ${spec.volumeName ?? "-"}`;
  return [...(await server.client.list(persistentVolumes)).items.map(ofVolume), ...(await server.client.list(persistentVolumeClaims)).items.map(ofClaim)];
}

async function told(): Promise<readonly string[]> {
  await server.settle();
  return (await server.client.list(events)).items.map(({ type, reason, message, count, source }) => `${type} ${reason} ${source?.component} ${message}${(count ?? 1) > 1 ? ` x${count}` : ""}`);
}

test("a claim without a volume says so once and waits; a volume that comes is bound to it, and then nothing is written", async () => {
  await claim("data");
  expect(await seen()).toEqual(["data Pending -"]);
  expect(await told()).toEqual(["Normal FailedBinding persistentvolume-controller no persistent volumes available for this claim and no storage class is set"]);
  await volume("pv", { capacity: { storage: "3Gi" } });
  expect(await seen()).toEqual(["pv Bound data", "data Bound pv"]);
  const bound = await server.client.get(persistentVolumeClaims, { namespace, name: "data" });
  expect(bound.metadata.finalizers).toEqual(["kubernetes.io/pvc-protection"]);
  expect(bound.status).toEqual({ phase: "Bound", accessModes: ["ReadWriteOnce"], capacity: { storage: "3Gi" } });
  const { revision } = server.store;
  await server.advance(3_000_000);
  expect(server.store.revision).toBe(revision);
});

test("of many claims and volumes made at once every claim gets a volume of its own", async () => {
  await Promise.all([..."abcdefgh"].map((name) => claim(name)));
  await Promise.all([..."abcdefgh"].map((name) => volume(`pv-${name}`)));
  const lines = (await seen()).slice(8);
  expect(lines.every((line) => line.includes(" Bound pv-"))).toBe(true);
  expect(new Set(lines.map((line) => line.split(" ")[2])).size).toBe(8);
});

test("a claim that a Pod uses, and a volume that is bound, go when nobody needs them; Retain keeps the volume, Delete takes it away", async () => {
  await volume("kept");
  await claim("a", { volumeName: "kept" });
  await pod("user", "a");
  expect(await seen()).toEqual(["kept Bound a", "a Bound kept"]);
  await server.client.delete(persistentVolumeClaims, { namespace, name: "a" });
  expect(await seen()).toEqual(["kept Bound a", "a Terminating kept"]);
  await server.client.delete(pods, { namespace, name: "user" }, { gracePeriodSeconds: 0 });
  expect(await seen()).toEqual(["kept Released a"]);
  await server.client.delete(persistentVolumes, { name: "kept" });
  expect(await seen()).toEqual([]);

  await volume("gone", { persistentVolumeReclaimPolicy: "Delete" });
  await claim("b");
  expect(await seen()).toEqual(["gone Bound b", "b Bound gone"]);
  await server.client.delete(persistentVolumes, { name: "gone" });
  expect(await seen()).toEqual(["gone Terminating b", "b Bound gone"]);
  await server.client.delete(persistentVolumeClaims, { namespace, name: "b" });
  expect(await seen()).toEqual([]);
});

test("a released volume is offered again when somebody takes the old claim out of it", async () => {
  await volume("pv");
  await claim("a");
  await server.settle();
  await server.client.delete(persistentVolumeClaims, { namespace, name: "a" });
  await claim("b");
  expect(await seen()).toEqual(["pv Released a", "b Pending -"]);
  await server.client.patch(persistentVolumes, { name: "pv" }, { type: "merge", body: { spec: { claimRef: null } } });
  expect(await seen()).toEqual(["pv Bound b", "b Bound pv"]);
});

test("a bound claim that loses its volume says so", async () => {
  await volume("pv");
  await claim("a");
  await server.settle();
  await server.client.patch(persistentVolumes, { name: "pv" }, { type: "merge", body: { metadata: { finalizers: null } } });
  await server.client.delete(persistentVolumes, { name: "pv" });
  await server.settle();
  for (const { metadata } of (await server.client.list(persistentVolumes)).items) await server.client.patch(persistentVolumes, metadata, { type: "merge", body: { metadata: { finalizers: null } } });
  expect(await seen()).toEqual(["a Lost pv"]);
  expect(await told()).toEqual(["Warning ClaimLost persistentvolume-controller Bound claim has lost its PersistentVolume. Data on the volume is lost!"]);
});

test("classes: the default one is filled in, one that waits is not bound, one of a provisioner is asked for", async () => {
  await claim("old");
  await server.settle();
  const make = (name: string, options: object): Promise<unknown> => server.client.create(storageClasses, { metadata: { name }, provisioner: "disk.example.com", ...options } as never);
  await make("late", { volumeBindingMode: "WaitForFirstConsumer" });
  await make("main", { metadata: { name: "main", annotations: { "storageclass.kubernetes.io/is-default-class": "true" } } });
  await claim("new");
  await claim("none", { storageClassName: "" });
  await claim("waiting", { storageClassName: "late" });
  await volume("pv", { storageClassName: "late" });
  expect(await seen()).toEqual(["pv Available -", "new Pending -", "none Pending -", "old Pending -", "waiting Pending -"]);
  const classes = (await server.client.list(persistentVolumeClaims)).items.map(({ metadata, spec }) => [metadata.name, spec.storageClassName, metadata.annotations?.["volume.kubernetes.io/storage-provisioner"]]);
  expect(classes).toEqual([["new", "main", "disk.example.com"], ["none", "", undefined], ["old", "main", "disk.example.com"], ["waiting", "late", undefined]]);
  expect((await told()).filter((text) => text.includes("WaitForFirstConsumer")).map((text) => text.replace(/ x\d+$/, ""))).toEqual(["Normal WaitForFirstConsumer persistentvolume-controller waiting for first consumer to be created before binding"]);
});
