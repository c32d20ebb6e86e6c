import type { Pod } from "../../api/types/core-v1.ts";
import type { KubeObject } from "../../api/kind-ref.ts";
import type { Change, Store } from "../../store/contract.ts";

/** Which Pods are on a node, followed through the store's watch. */
export class PodsByNode {
  private readonly store: Store;
  private readonly keys = new Map<string, Set<string>>();

  constructor(store: Store) {
    this.store = store;
    const page = store.list("pods/");
    for (const { key, object } of page.items) this.add(key, nodeOf(object));
    store.watch("pods/", page.revision, (change) => this.follow(change));
  }

  /** Whether a Pod of the namespace ("": of any) on the node is such a one. The newest are looked at first: they ask the most. */
  some(nodeName: string, namespace: string, holds: (pod: Pod) => boolean): boolean {
    const prefix = namespace === "" ? "pods/" : `pods/${namespace}/`;
    for (const key of [...(this.keys.get(nodeName) ?? [])].reverse()) {
      if (!key.startsWith(prefix)) continue;
      const pod = this.store.get(key)?.object as Pod | undefined;
      if (pod !== undefined && holds(pod)) return true;
    }
    return false;
  }

  private follow({ type, current, previous }: Change): void {
    const before = previous === undefined ? "" : nodeOf(previous.object);
    const after = type === "delete" ? "" : nodeOf(current.object);
    if (before === after) return;
    const left = this.keys.get(before);
    left?.delete(current.key);
    if (left?.size === 0) this.keys.delete(before);
    this.add(current.key, after);
  }

  private add(key: string, nodeName: string): void {
    if (nodeName === "") return;
    const there = this.keys.get(nodeName);
    if (there === undefined) this.keys.set(nodeName, new Set([key]));
    else there.add(key);
  }
}

function nodeOf(object: KubeObject): string {
  return (object as Pod).spec?.nodeName ?? "";
}
