import { pods } from "../../api/kinds.ts";
import type { PersistentVolumeClaim, Pod } from "../../api/types/core-v1.ts";
import type { ObjectMeta } from "../../api/types/meta-v1.ts";
import { claimNameOf } from "../../placement/volume-match.ts";
import { controllerReference } from "../owner.ts";

/** The claims that a Pod has made for itself: those that are missing, and in upstream's words what stands in their way. Pure. */

export type NewClaim = Pick<PersistentVolumeClaim, "spec"> & { readonly metadata: Pick<ObjectMeta, "name" | "namespace" | "labels" | "annotations" | "ownerReferences"> };

export interface OwnClaims {
  readonly create: readonly NewClaim[];
  readonly failures: readonly string[];
}

export function planOwnClaims(pod: Pod, standing: (name: string) => PersistentVolumeClaim | undefined): OwnClaims {
  const create: NewClaim[] = [];
  const failures: string[] = [];
  if (pod.metadata.deletionTimestamp !== undefined) return { create, failures };
  const { namespace = "" } = pod.metadata;
  for (const volume of pod.spec.volumes ?? []) {
    const template = volume.ephemeral?.volumeClaimTemplate;
    const name = claimNameOf(pod, volume);
    if (template === undefined || name === undefined) continue;
    const claim = standing(name);
    if (claim === undefined) {
      const { labels, annotations } = template.metadata ?? {};
      const metadata = { name, namespace, ownerReferences: [controllerReference(pod, pods)], ...(labels && { labels }), ...(annotations && { annotations }) };
      create.push({ metadata, spec: template.spec });
    } else if (!claim.metadata.ownerReferences?.some(({ uid, controller }) => controller === true && uid === pod.metadata.uid)) {
      failures.push(`ephemeral volume ${volume.name}: PVC ${namespace}/${name} was not created for pod ${namespace}/${pod.metadata.name} (pod is not owner)`);
    }
  }
  return { create, failures };
}
