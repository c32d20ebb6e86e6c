import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { startRecordingServer } from "../../../test/golden/recorded-requests.ts";
import { KindRegistry } from "../../api/registry.ts";
import type { KubeObject } from "../../api/kind-ref.ts";

/** Every kind that is kept is served with every verb, from its declaration alone: nothing here knows more of a kind than one good object. */
type Draft = Omit<KubeObject, "metadata"> & { metadata: { name?: string; namespace?: string } } & { [field: string]: unknown };

const recorded = JSON.parse(readFileSync(new URL("../../../test/golden/bases.json", import.meta.url), "utf8")) as readonly Draft[];
const draft = (apiVersion: string, kind: string, rest: object, namespace?: string): Draft => ({ apiVersion, kind, metadata: { name: "one", ...(namespace === undefined ? {} : { namespace }) }, ...rest }) as Draft;
const policy = { matchConstraints: { resourceRules: [{ apiGroups: [""], apiVersions: ["v1"], resources: ["pods"], operations: ["CREATE"] }] }, failurePolicy: "Fail", reinvocationPolicy: "Never", mutations: [{ patchType: "JSONPatch", jsonPatch: { expression: "[]" } }] };
const claim = { devices: { requests: [{ name: "r", exactly: { deviceClassName: "c" } }] } };
const others: readonly Draft[] = [
  draft("storage.k8s.io/v1", "CSIStorageCapacity", { storageClassName: "fast" }, "rec"),
  draft("storage.k8s.io/v1", "VolumeAttributesClass", { driverName: "a.example.com", parameters: { a: "b" } }),
  draft("admissionregistration.k8s.io/v1", "MutatingAdmissionPolicy", { spec: policy }),
  draft("admissionregistration.k8s.io/v1", "MutatingAdmissionPolicyBinding", { spec: { policyName: "one" } }),
  draft("resource.k8s.io/v1", "DeviceClass", { spec: {} }),
  draft("resource.k8s.io/v1", "ResourceClaim", { spec: claim }, "rec"),
  draft("resource.k8s.io/v1", "ResourceClaimTemplate", { spec: { spec: claim } }, "rec"),
  draft("resource.k8s.io/v1", "ResourceSlice", { spec: { driver: "a.example.com", nodeName: "n", pool: { name: "p", generation: 1, resourceSliceCount: 1 }, devices: [] } }),
  draft("sim.coracle.dev/v1alpha1", "Clock", { metadata: { name: "cluster" } }),
  draft("sim.coracle.dev/v1alpha1", "Machine", { spec: {} }),
];
const kept = KindRegistry.default().all().filter(({ facts: { verbs } }) => verbs.includes("create") && verbs.includes("watch"));

test.each(kept.map((kind) => [`${kind.ref.apiVersion} ${kind.ref.kind}`, kind] as const))("%s", async (_, { ref, facts }) => {
  const object = [...others, ...recorded].find(({ apiVersion, kind }) => apiVersion === ref.apiVersion && kind === ref.kind);
  if (object === undefined) throw new Error("there is no good object of this kind");
  const { client, settle } = await startRecordingServer(["rec", "rec-lr"]);
  const seen: string[] = [];
  const where = object.metadata.namespace === undefined ? {} : { namespace: object.metadata.namespace };
  const before = await client.list(ref, where);
  const watch = client.watch(ref, { ...where, resourceVersion: before.resourceVersion }, { event: ({ type }) => type !== "BOOKMARK" && seen.push(type), ended: () => seen.push("ended") });

  const made = await client.create(ref, object as unknown as KubeObject);
  const name = { ...where, name: made.metadata.name };
  expect(await client.get(ref, name)).toEqual(made);
  expect((await client.list(ref, where)).items).toHaveLength(before.items.length + 1);
  const updated = await client.update(ref, { ...made, metadata: { ...made.metadata, labels: { ...made.metadata.labels, updated: "yes" } } } as KubeObject);
  expect(updated.metadata.labels).toMatchObject({ updated: "yes" });
  const patched = await client.patch(ref, name, { type: "merge", body: { metadata: { annotations: { patched: "yes" } } } });
  expect(patched.metadata.annotations).toMatchObject({ patched: "yes" });
  if (facts.subresources?.some((subresource) => subresource.name === "status")) expect((await client.update(ref, patched, { subresource: "status" })).metadata.uid).toBe(made.metadata.uid);

  // Gone, or held by whoever has to end it.
  const isGoing = async (): Promise<boolean> => client.get(ref, name).then(({ metadata }) => metadata.deletionTimestamp !== undefined, () => true);
  expect(await isGoing()).toBe(false);
  if (facts.verbs.includes("deletecollection")) await client.deleteCollection(ref, { ...where, fieldSelector: `metadata.name=${name.name}` });
  else await client.delete(ref, name);
  expect(await isGoing()).toBe(true);
  await client.delete(ref, name).catch(() => undefined);
  await settle();
  expect(seen.slice(0, 3)).toEqual(["ADDED", "MODIFIED", "MODIFIED"]);
  expect(["DELETED", "MODIFIED"]).toContain(seen.at(-1));
  watch.stop();
});
