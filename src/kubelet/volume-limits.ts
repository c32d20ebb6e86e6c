import type { Pod } from "../api/types/core-v1.ts";
import { quantityValue } from "../base/quantity.ts";
import type { NodeFiles } from "./runtime.ts";

/** How often a kubelet measures what Pods keep on its disk (upstream's eviction manager: every ten seconds). */
export const measureMs = 10_000;

/** Whether the Pod has a volume that it may fill up to a limit; memory has limits of its own. */
export function hasLimitedVolume(pod: Pod): boolean {
  return limitedVolumes(pod).length > 0;
}

/** Why the Pod is to be evicted, in the eviction manager's words; undefined while all keep to their limits. */
export async function exceededLimit(pod: Pod, places: ReadonlyMap<string, string>, files: NodeFiles): Promise<string | undefined> {
  for (const { name, limit } of limitedVolumes(pod)) {
    const used = await files.usedBytes(places.get(name) ?? "");
    if (used > quantityValue(limit)) return `Usage of EmptyDir volume "${name}" exceeds the limit "${limit}". `;
  }
  return undefined;
}

function limitedVolumes(pod: Pod): { readonly name: string; readonly limit: string }[] {
  return (pod.spec.volumes ?? []).flatMap(({ name, emptyDir }) => (emptyDir?.sizeLimit === undefined || emptyDir.medium === "Memory" || quantityValue(emptyDir.sizeLimit) === 0 ? [] : [{ name, limit: emptyDir.sizeLimit }]));
}
