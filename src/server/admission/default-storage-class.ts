import type { Draft } from "../../base/json.ts";
import { defaultClass, hasClass } from "../../api/storage/default-class.ts";
import type { PersistentVolumeClaim } from "../../api/types/core-v1.ts";
import type { StorageClass } from "../../api/types/storage-v1.ts";
import type { AdmissionPlugin } from "./admission.ts";

/** DefaultStorageClass: a claim that names no class gets the default one, where there is one. */
export const defaultStorageClass: AdmissionPlugin = {
  name: "DefaultStorageClass",
  mutate({ operation, kind, subresource, object }, view) {
    if (operation !== "CREATE" || kind.facts.kind !== "PersistentVolumeClaim" || subresource !== "" || object === undefined) return;
    const claim = object as unknown as Draft<PersistentVolumeClaim>;
    if (hasClass(claim as PersistentVolumeClaim)) return;
    const name = defaultClass(view.list<StorageClass>("storageclasses.storage.k8s.io/"))?.metadata.name;
    if (name !== undefined) claim.spec.storageClassName = name;
  },
};
