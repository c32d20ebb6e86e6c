import type { Node, PersistentVolume, PersistentVolumeClaim, Pod } from "../api/types/core-v1.ts";
import type { StorageClass } from "../api/types/storage-v1.ts";
import { compareQuantity, parseQuantity } from "../base/quantity.ts";
import type { Misfit } from "../placement/fit.ts";
import { zoneMisfit } from "./volume-rules.ts";
import { claimNameOf, className, isFullyBound, matchingVolume, reachesNode, selectedNode, waitsForConsumer } from "../placement/volume-match.ts";

/**
 * What the claims of a Pod ask of nodes, purely. A bound claim goes where its volume can be reached; one that waits for its first Pod gets
 * a volume that the node reaches, or asks a provisioner for one; any other must be bound before the Pod is placed at all.
 */

/** What is known of volumes. `taken`: promised to another claim just now. */
export interface ClaimView {
  claim(namespace: string, name: string): PersistentVolumeClaim | undefined;
  volume(name: string): PersistentVolume | undefined;
  volumes(): readonly PersistentVolume[];
  readonly classes: { get(name: string): StorageClass | undefined };
  taken(volume: PersistentVolume, claim: PersistentVolumeClaim): boolean;
}

export const noClaims: ClaimView = { claim: () => undefined, volume: () => undefined, volumes: () => [], classes: { get: () => undefined }, taken: () => false };

/** What has to be done before a Pod is bound to a node. */
export interface ClaimBindings {
  readonly bind: readonly { readonly claim: PersistentVolumeClaim; readonly volume: PersistentVolume }[];
  /** Claims for which a provisioner is to make a volume that the node reaches. */
  readonly provision: readonly PersistentVolumeClaim[];
}

export interface ClaimCheck {
  refuses(node: Node): Misfit | undefined;
  /** For a node that is not refused. */
  bindings(node: Node): ClaimBindings;
}

export function usesClaims({ spec }: Pod): boolean {
  return spec.volumes?.some(({ persistentVolumeClaim, ephemeral }) => persistentVolumeClaim !== undefined || ephemeral !== undefined) === true;
}

/** Whether one of the Pod's volumes is this claim. */
export function usesClaim(pod: Pod, { metadata }: PersistentVolumeClaim): boolean {
  return pod.metadata.namespace === metadata.namespace && (pod.spec.volumes ?? []).some((volume) => claimNameOf(pod, volume) === metadata.name);
}

const otherNode = "node(s) didn't match PersistentVolume's node affinity";
const nothingToBind = "node(s) didn't find available persistent volumes to bind";
const noVolume = "node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)";
const noProvisioner = "kubernetes.io/no-provisioner";

/** Undefined: the Pod uses no claims. A text says, in upstream's words, why it can be placed nowhere. */
export function claimCheck(pod: Pod, view: ClaimView): ClaimCheck | string | undefined {
  if (!usesClaims(pod)) return undefined;
  const bound: PersistentVolumeClaim[] = [];
  const waiting: PersistentVolumeClaim[] = [];
  for (const volume of pod.spec.volumes ?? []) {
    const name = claimNameOf(pod, volume);
    if (name === undefined) continue;
    const claim = view.claim(pod.metadata.namespace ?? "", name);
    const why = unusable(claim, name, { pod, ephemeral: volume.ephemeral !== undefined });
    if (claim === undefined || why !== undefined) return why;
    if (isFullyBound(claim)) bound.push(claim);
    else if ((claim.spec.volumeName ?? "") === "" && waitsForConsumer(claim, view.classes)) waiting.push(claim);
    else return "pod has unbound immediate PersistentVolumeClaims";
  }
  const volumes = bound.map(({ spec }) => view.volume(spec.volumeName ?? ""));
  return {
    refuses(node) {
      const reasons: string[] = [];
      if (volumes.some((volume) => volume !== undefined && !reachesNode(volume, node))) reasons.push(otherNode);
      if (bindingsOn(node, waiting, view) === undefined) reasons.push(nothingToBind);
      if (volumes.includes(undefined)) reasons.push(noVolume);
      if (reasons.length > 0) return { predicate: "VolumeBinding", reasons, final: true };
      return zoneMisfit(volumes.filter((volume) => volume !== undefined), node);
    },
    bindings: (node) => bindingsOn(node, waiting, view) ?? { bind: [], provision: [] },
  };
}

function unusable(claim: PersistentVolumeClaim | undefined, name: string, { pod, ephemeral }: { readonly pod: Pod; readonly ephemeral: boolean }): string | undefined {
  const quoted = JSON.stringify(name);
  if (claim === undefined) return ephemeral ? `waiting for ephemeral volume controller to create the persistentvolumeclaim ${quoted}` : `persistentvolumeclaim ${quoted} not found`;
  if (claim.status.phase === "Lost") return `persistentvolumeclaim ${quoted} bound to non-existent persistentvolume ${JSON.stringify(claim.spec.volumeName ?? "")}`;
  if (claim.metadata.deletionTimestamp !== undefined) return `persistentvolumeclaim ${quoted} is being deleted`;
  if (!ephemeral || claim.metadata.ownerReferences?.some(({ uid, controller }) => controller === true && uid === pod.metadata.uid)) return undefined;
  return `PVC ${claim.metadata.namespace}/${name} was not created for pod ${pod.metadata.namespace}/${pod.metadata.name} (pod is not owner)`;
}

/** As upstream, the smallest claim chooses first. Undefined: one of them finds nothing here. */
function bindingsOn(node: Node, waiting: readonly PersistentVolumeClaim[], view: ClaimView): ClaimBindings | undefined {
  const bind: { claim: PersistentVolumeClaim; volume: PersistentVolume }[] = [];
  const provision: PersistentVolumeClaim[] = [];
  for (const claim of waiting.toSorted(bySize)) {
    const chosen = claim.metadata.annotations?.[selectedNode];
    if (chosen !== undefined && chosen !== node.metadata.name) return undefined;
    const taken = (volume: PersistentVolume): boolean => view.taken(volume, claim) || bind.some((each) => each.volume === volume);
    const volume = chosen === undefined ? matchingVolume(claim, view.volumes(), { node, waits: true, taken }) : undefined;
    if (volume) bind.push({ claim, volume });
    else if (mayProvision(view.classes.get(className(claim)), node)) provision.push(claim);
    else return undefined;
  }
  return { bind, provision };
}

function bySize(a: PersistentVolumeClaim, b: PersistentVolumeClaim): number {
  const size = ({ spec }: PersistentVolumeClaim) => parseQuantity(spec.resources?.requests?.["storage"] ?? "0") ?? { mantissa: 0n, scale: 0, format: "DecimalSI" as const };
  return compareQuantity(size(a), size(b));
}

function mayProvision(storageClass: StorageClass | undefined, { metadata }: Node): boolean {
  if (storageClass === undefined || storageClass.provisioner === "" || storageClass.provisioner === noProvisioner) return false;
  const terms = storageClass.allowedTopologies ?? [];
  return terms.length === 0 || terms.some(({ matchLabelExpressions = [] }) => matchLabelExpressions.every(({ key, values }) => values.includes(metadata.labels?.[key] ?? "")));
}
