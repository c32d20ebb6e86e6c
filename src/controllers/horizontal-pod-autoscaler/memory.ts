import type { Pod } from "../../api/types/core-v1.ts";
import type { Requirement } from "../../api/label-selector.ts";
import { selects } from "../../api/label-selector.ts";
import { splitKey } from "../../client/informer.ts";
import type { Past } from "./limits.ts";

/** The longest period or window that `behavior` may name. */
const memoryMs = 3_600_000;

/** What the controller knows of each autoscaler from earlier looks, by key. */
export class Memory {
  private readonly pasts = new Map<string, Past>();
  private readonly selections = new Map<string, readonly Requirement[]>();

  /** What was recommended and changed, as far as it may still matter. */
  past(key: string, now: number): Past | undefined {
    const past = this.pasts.get(key);
    const kept = <T extends { readonly at: number }>(all: readonly T[]): readonly T[] => all.filter(({ at }) => at > now - memoryMs);
    return past && { changes: kept(past.changes), recommendations: kept(past.recommendations) };
  }

  remember(key: string, past: Past): void {
    this.pasts.set(key, past);
  }

  /** What the autoscaler's target selects now. */
  select(key: string, requirements: readonly Requirement[]): void {
    this.selections.set(key, requirements);
  }

  /** The autoscalers of a namespace whose targets selected one of these Pods at their last look, in order. */
  claimants(namespace: string, chosen: readonly Pod[]): readonly string[] {
    const rivals = [...this.selections].filter(([key, requirements]) => splitKey(key).namespace === namespace && chosen.some((pod) => selects(requirements, pod.metadata.labels)));
    return rivals.map(([key]) => key).sort();
  }

  forget(key: string): void {
    this.pasts.delete(key);
    this.selections.delete(key);
  }
}
