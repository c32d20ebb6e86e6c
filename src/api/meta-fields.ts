import type { ObjectMeta } from "./types/meta-v1.ts";

/** The fields of ObjectMeta in the order in which upstream writes them. */
export const metaFields = [
  "name",
  "generateName",
  "namespace",
  "selfLink",
  "uid",
  "resourceVersion",
  "generation",
  "creationTimestamp",
  "deletionTimestamp",
  "deletionGracePeriodSeconds",
  "labels",
  "annotations",
  "ownerReferences",
  "finalizers",
  "managedFields",
] as const satisfies readonly (keyof ObjectMeta)[];

/** Where `kubectl apply` keeps what it applied last, for the next time. */
export const lastAppliedAnnotation = "kubectl.kubernetes.io/last-applied-configuration";
