import { pods } from "../../src/api/kinds.ts";
import type { Pod } from "../../src/api/types/core-v1.ts";
import type { NodeCluster } from "../../src/node/create-cluster.ts";

/**
 * Recorded commands name Pods whose suffixes were drawn. A recorded Pod corresponds to the one of ours that came at the same place in
 * the order of creation among Pods of the same owner (and, for a DaemonSet, of the same node).
 */
function familyOf(pod: Pod): string {
  const { namespace, name, generateName } = pod.metadata;
  const term = pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms[0];
  const node = pod.metadata.ownerReferences?.[0]?.kind === "DaemonSet" ? (term?.matchFields?.[0]?.values?.[0] ?? "") : "";
  return `${namespace}/${generateName ?? name}/${node}`;
}

class Order {
  private readonly families = new Map<string, string[]>();

  add(pod: Pod): void {
    const family = familyOf(pod);
    const names = this.families.get(family) ?? [];
    if (names.includes(pod.metadata.name)) return;
    names.push(pod.metadata.name);
    this.families.set(family, names);
  }

  *entries(): Iterable<[string, number, string]> {
    for (const [family, names] of this.families) for (const [i, name] of names.entries()) yield [family, i, name];
  }

  at(family: string, index: number): string | undefined {
    return this.families.get(family)?.[index];
  }
}

export class PodNames {
  private readonly ours = new Order();
  private readonly recorded = new Map<string, { family: string; index: number }>();

  constructor(cluster: NodeCluster, recordedPods: readonly Pod[]) {
    const order = new Order();
    for (const pod of recordedPods) order.add(pod);
    for (const [family, index, name] of order.entries()) this.recorded.set(name, { family, index });
    cluster.client.watch(pods, { resourceVersion: "0" }, {
      event: (event) => {
        if (event.type === "ADDED") this.ours.add(event.object);
      },
      ended: () => undefined,
    });
  }

  /** The text with recorded names replaced by ours; names without a counterpart stay. */
  translate(text: string): string {
    return text.replace(/[a-z0-9][-a-z0-9.]*-[bcdfghjklmnpqrstvwxz2456789]{5}\b/g, (name) => {
      const place = this.recorded.get(name);
      return (place && this.ours.at(place.family, place.index)) ?? name;
    });
  }
}
