import { storageClassAnnotation } from "../core/storage.ts";
import type { PersistentVolumeClaim } from "../types/core-v1.ts";
import type { StorageClass } from "../types/storage-v1.ts";

/** The class of claims that name none: what admission gives new claims, and the binder those that were made before there was one. */

const markers = ["storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class"];

/** Of several defaults the newest, of those the first by name. */
export function defaultClass(classes: readonly StorageClass[]): StorageClass | undefined {
  const defaults = classes.filter(({ metadata }) => markers.some((key) => metadata.annotations?.[key] === "true"));
  const newestFirst = (a: StorageClass, b: StorageClass): number => {
    if (a.metadata.creationTimestamp !== b.metadata.creationTimestamp) return a.metadata.creationTimestamp > b.metadata.creationTimestamp ? -1 : 1;
    return a.metadata.name < b.metadata.name ? -1 : 1;
  };
  return defaults.toSorted(newestFirst)[0];
}

/** Whether a claim names a class, the empty one ("none, and no default either") included. */
export function hasClass({ spec, metadata }: PersistentVolumeClaim): boolean {
  return spec.storageClassName !== undefined || metadata.annotations?.[storageClassAnnotation] !== undefined;
}
