import type { Pod } from "../api/types/core-v1.ts";
import { addQuantity, formatQuantity, parseQuantity, quantityOf, quantityValue } from "../base/quantity.ts";
import type { NodeFiles } from "./runtime.ts";

/**
 * What a Pod may keep on its node's disk: in a volume up to the volume's limit, in its containers up to theirs, and in all up to the sum of its
 * containers' limits.
 */

/** How often a kubelet measures what Pods keep on its disk (upstream's eviction manager: every ten seconds). */
export const measureMs = 10_000;

const resource = "ephemeral-storage";

/** Whether the Pod is limited in what it may write; memory has limits of its own. */
export function isDiskLimited(pod: Pod): boolean {
  return limitedVolumes(pod).length > 0 || pod.spec.containers.some(({ resources }) => resources.limits?.[resource] !== undefined);
}

export interface DiskUse {
  readonly files: NodeFiles;
  /** Of its volumes. */
  readonly places: ReadonlyMap<string, string>;
  /** What a container takes for its own files and its log. */
  readonly ofContainer: (name: string) => number;
}

/** Why the Pod is to be evicted, in the eviction manager's words; undefined while all keep to their limits. */
export async function exceededLimit(pod: Pod, { files, places, ofContainer }: DiskUse): Promise<string | undefined> {
  for (const { name, limit } of limitedVolumes(pod)) {
    const used = await files.usedBytes(places.get(name) ?? "");
    if (used > quantityValue(limit)) return `Usage of EmptyDir volume "${name}" exceeds the limit "${limit}". `;
  }
  const limits = pod.spec.containers.flatMap(({ name, resources }) => (resources.limits?.[resource] === undefined ? [] : [{ name, limit: resources.limits[resource] }]));
  if (limits.length === 0) return undefined;
  let all = 0;
  for (const { name } of [...(pod.spec.initContainers ?? []), ...pod.spec.containers]) all += ofContainer(name);
  for (const { name, emptyDir } of pod.spec.volumes ?? []) if (emptyDir && emptyDir.medium !== "Memory") all += await files.usedBytes(places.get(name) ?? "");
  const total = limits.map(({ limit }) => parseQuantity(limit) ?? quantityOf(0)).reduce(addQuantity);
  if (all > quantityValue(total)) return `Pod ephemeral local storage usage exceeds the total limit of containers ${formatQuantity(total)}. `;
  const over = limits.find(({ name, limit }) => ofContainer(name) > quantityValue(limit));
  return over && `Container ${over.name} exceeded its local ephemeral storage limit "${over.limit}". `;
}

function limitedVolumes(pod: Pod): { readonly name: string; readonly limit: string }[] {
  return (pod.spec.volumes ?? []).flatMap(({ name, emptyDir }) => (emptyDir?.sizeLimit === undefined || emptyDir.medium === "Memory" || quantityValue(emptyDir.sizeLimit) === 0 ? [] : [{ name, limit: emptyDir.sizeLimit }]));
}
