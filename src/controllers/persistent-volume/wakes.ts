import type { KubeObject } from "../../api/kind-ref.ts";
import type { PersistentVolume, PersistentVolumeClaim } from "../../api/types/core-v1.ts";
import type { StorageClass } from "../../api/types/storage-v1.ts";
import type { Informer } from "../../client/informer.ts";
import { keyOf } from "../../client/informer.ts";
import { bindCompleted } from "../../placement/volume-match.ts";
import type { NewestWrites } from "./newest-writes.ts";

/** Claims and volumes wait in one queue, in the order in which they changed. */
export type Waiting = { readonly claim: string } | { readonly volume: string };

const claimPrefix = "claim ";
const volumePrefix = "volume ";
const claimIndex = "claimRef";
const volumeIndex = "volumeName";

/** What a key of the queue stands for: a claim by namespace and name, or a volume by name. */
export function waitingOf(key: string): Waiting {
  return key.startsWith(claimPrefix) ? { claim: key.slice(claimPrefix.length) } : { volume: key.slice(volumePrefix.length) };
}

export interface WakesMeans {
  readonly claims: NewestWrites<PersistentVolumeClaim>;
  readonly volumes: NewestWrites<PersistentVolume>;
  readonly classes: Informer<StorageClass>;
  readonly queue: { add(key: string): void };
}

/**
 * Queues a claim or volume when it or what it names changes, and every claim that waits when a volume becomes free or a class comes. What
 * was written here needs no second look. Returns what ends it.
 */
export function wakeOnChanges({ claims, volumes, classes, queue }: WakesMeans): () => void {
  indexByName(volumes.informer, claimIndex, ({ spec: { claimRef } }) => (claimRef === undefined ? undefined : `${claimRef.namespace}/${claimRef.name}`));
  indexByName(claims.informer, volumeIndex, ({ spec }) => spec.volumeName);
  const wakeWaiting = (concerns: (claim: PersistentVolumeClaim) => boolean = () => true): void => {
    for (const claim of claims.list()) if (claim.metadata.annotations?.[bindCompleted] === undefined && concerns(claim)) queue.add(claimPrefix + keyOf(claim));
  };
  const claimChanged = (current: PersistentVolumeClaim | undefined, previous: PersistentVolumeClaim | undefined): void => {
    const key = keyOf((current ?? previous) as PersistentVolumeClaim);
    if (current && !claims.isOwn(current)) queue.add(claimPrefix + key);
    for (const volume of volumes.informer.byIndex(claimIndex, key)) queue.add(volumePrefix + volume.metadata.name);
  };
  const volumeChanged = (current: PersistentVolume | undefined, previous: PersistentVolume | undefined): void => {
    const { name } = ((current ?? previous) as PersistentVolume).metadata;
    if (current && !volumes.isOwn(current)) queue.add(volumePrefix + name);
    for (const claim of claims.informer.byIndex(volumeIndex, name)) queue.add(claimPrefix + keyOf(claim));
    const { claimRef } = current?.spec ?? {};
    if (claimRef !== undefined) queue.add(`${claimPrefix}${claimRef.namespace}/${claimRef.name}`);
    else if (current?.status.phase === "Available") wakeWaiting();
  };
  const stops = [
    claims.onChange(claimChanged),
    volumes.onChange(volumeChanged),
    classes.onChange((current) => {
      if (current) wakeWaiting(({ spec }) => (spec.storageClassName ?? current.metadata.name) === current.metadata.name);
    }),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}

function indexByName<T extends KubeObject>(informer: Informer<T>, index: string, nameOf: (object: T) => string | undefined): void {
  informer.addIndex(index, (object) => {
    const name = nameOf(object);
    return name === undefined || name === "" ? [] : [name];
  });
}
