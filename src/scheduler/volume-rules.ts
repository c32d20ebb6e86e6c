import type { Node, PersistentVolume, PersistentVolumeClaim, Pod } from "../api/types/core-v1.ts";
import type { Misfit } from "../placement/fit.ts";
import type { Standing } from "../placement/node-state.ts";
import { claimNameOf } from "../placement/volume-match.ts";

/** What volumes forbid beside being out of reach: a second Pod where only one may use a claim, and another zone than theirs. Pure. */

const inUse: Misfit = { predicate: "VolumeRestrictions", reasons: ["node has pod using PersistentVolumeClaim with the same name and ReadWriteOncePod access mode"], final: false };
const elsewhere: Misfit = { predicate: "VolumeZone", reasons: ["node(s) had no available volume zone"], final: true };

function claimNames(pod: Pod): readonly string[] {
  return (pod.spec.volumes ?? []).flatMap((volume) => claimNameOf(pod, volume) ?? []);
}

/** Whether two Pods use one claim. */
export function shareClaim(a: Pod, b: Pod): boolean {
  if (a.metadata.namespace !== b.metadata.namespace) return false;
  const names = claimNames(b);
  return names.length > 0 && claimNames(a).some((name) => names.includes(name));
}

/** Refuses every node while a Pod on any uses a claim of this Pod's that a single Pod may use. */
export function soleUseMisfit(pod: Pod, view: { claim(namespace: string, name: string): PersistentVolumeClaim | undefined }, among: Pick<Standing, "values">): Misfit | undefined {
  const { namespace = "" } = pod.metadata;
  const sole = claimNames(pod).filter((name) => view.claim(namespace, name)?.spec.accessModes?.includes("ReadWriteOncePod"));
  if (sole.length === 0) return undefined;
  for (const { pods } of among.values()) {
    for (const other of pods.values()) if (other.metadata.namespace === namespace && claimNames(other).some((name) => sole.includes(name))) return inUse;
  }
  return undefined;
}

/** Labels of a volume that say where it is, and their old names on nodes. */
const places: readonly (readonly string[])[] = [
  ["topology.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/zone"],
  ["topology.kubernetes.io/region", "failure-domain.beta.kubernetes.io/region"],
];

/** Refuses a node in another zone or region than one of the volumes; a node that says neither is taken as everywhere. */
export function zoneMisfit(volumes: readonly PersistentVolume[], { metadata: { labels = {} } }: Node): Misfit | undefined {
  const here = places.map((names) => names.map((name) => labels[name]).find((value) => value !== undefined));
  if (here.every((place) => place === undefined)) return undefined;
  for (const { metadata } of volumes) {
    for (const [i, names] of places.entries()) {
      const wanted = names.map((name) => metadata.labels?.[name]).find((value) => value !== undefined);
      // Several places stand in one label with two underscores between them.
      if (wanted !== undefined && !wanted.split("__").includes(here[i] ?? "")) return elsewhere;
    }
  }
  return undefined;
}
