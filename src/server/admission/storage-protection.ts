import type { AdmissionPlugin } from "./admission.ts";

/** What may not go while it is used, with the finalizer that its controller takes off. */
const finalizers: { readonly [kind: string]: string } = {
  PersistentVolume: "kubernetes.io/pv-protection",
  PersistentVolumeClaim: "kubernetes.io/pvc-protection",
};

/** StorageObjectInUseProtection: claims and volumes are made with the finalizer that keeps them while they are used. */
export const storageProtection: AdmissionPlugin = {
  name: "StorageObjectInUseProtection",
  mutate({ operation, kind, subresource, object }) {
    const finalizer = kind.ref.group === "" ? finalizers[kind.facts.kind] : undefined;
    if (operation !== "CREATE" || subresource !== "" || object === undefined || finalizer === undefined) return;
    const standing = object.metadata.finalizers ?? [];
    if (!standing.includes(finalizer)) object.metadata.finalizers = [...standing, finalizer];
  },
};
