import type { HorizontalPodAutoscaler, HPAScalingRules } from "../../api/types/autoscaling-v2.ts";
import type { Instant } from "../../base/environment.ts";

/** What a recommendation may become: held by the stabilization windows, by the rates of the policies, by minimum and maximum. Pure. */

export interface Change {
  readonly at: Instant;
  /** Replicas more (or less, below zero) than before. */
  readonly by: number;
}

export interface Recommendation {
  readonly at: Instant;
  readonly replicas: number;
}

export interface Past {
  readonly changes: readonly Change[];
  readonly recommendations: readonly Recommendation[];
}

interface Note {
  readonly reason: string;
  readonly message: string;
}

export interface Limited {
  readonly replicas: number;
  readonly able: Note;
  readonly limited: Note & { readonly status: "True" | "False" };
}

/** Upstream's defaults where `behavior` leaves something out. */
const upDefaults = { stabilizationWindowSeconds: 0, policies: [{ type: "Pods", value: 4, periodSeconds: 15 }, { type: "Percent", value: 100, periodSeconds: 15 }] };
const downDefaults = { stabilizationWindowSeconds: 300, policies: [{ type: "Percent", value: 100, periodSeconds: 15 }] };

type Rules = HPAScalingRules & typeof upDefaults;

const tooFew: Note = { reason: "TooFewReplicas", message: "the desired replica count is less than the minimum replica count" };
const tooMany: Note = { reason: "TooManyReplicas", message: "the desired replica count is more than the maximum replica count" };
const tooFast = (direction: "Up" | "Down"): Note => ({
  reason: `Scale${direction}Limit`,
  message: `the desired replica count is ${direction === "Up" ? "increasing" : "decreasing"} faster than the maximum scale rate`,
});

/** The recommendation within its limits, with upstream's reasons. */
export function limit({ spec }: HorizontalPodAutoscaler, view: { readonly current: number; readonly wanted: number; readonly past: Past; readonly now: Instant }): Limited {
  const { current, wanted, past, now } = view;
  const up = { ...upDefaults, ...spec.behavior?.scaleUp } as Rules;
  const down = { ...downDefaults, ...spec.behavior?.scaleDown } as Rules;
  const recent = (rules: Rules): number[] => past.recommendations.filter(({ at }) => at > now - rules.stabilizationWindowSeconds * 1000).map(({ replicas }) => replicas);
  const lowest = Math.min(wanted, ...recent(up));
  const highest = Math.max(wanted, ...recent(down));
  const steady = Math.min(Math.max(current, lowest), highest);
  const able: Note =
    steady === wanted
      ? { reason: "ReadyForNewScale", message: "recommended size matches current size" }
      : wanted > current
        ? { reason: "ScaleUpStabilized", message: "recent recommendations were lower than current one, applying the lowest recent recommendation" }
        : { reason: "ScaleDownStabilized", message: "recent recommendations were higher than current one, applying the highest recent recommendation" };
  if (steady > current) {
    const most = Math.max(current, furthest(up, { current, past, now, direction: 1 }));
    const bound = Math.min(most, spec.maxReplicas);
    if (steady > bound) return { replicas: bound, able, limited: { status: "True", ...(spec.maxReplicas > most ? tooFast("Up") : tooMany) } };
  } else if (steady < current) {
    const minimum = spec.minReplicas ?? 1;
    const least = Math.min(current, furthest(down, { current, past, now, direction: -1 }));
    const bound = Math.max(least, minimum);
    if (steady < bound) return { replicas: bound, able, limited: { status: "True", ...(minimum < least ? tooFast("Down") : tooFew) } };
  }
  return { replicas: steady, able, limited: { status: "False", reason: "DesiredWithinRange", message: "the desired count is within the acceptable range" } };
}

/** How far the policies let it go from where each of their periods began. */
function furthest(rules: Rules, view: { readonly current: number; readonly past: Past; readonly now: Instant; readonly direction: 1 | -1 }): number {
  const { current, past, now, direction } = view;
  if (rules.selectPolicy === "Disabled") return current;
  const ends = rules.policies.map(({ type, value, periodSeconds }) => {
    const start = current - past.changes.filter(({ at }) => at > now - periodSeconds * 1000).reduce((sum, { by }) => sum + by, 0);
    if (type === "Pods") return start + direction * value;
    return direction > 0 ? Math.ceil((start * (100 + value)) / 100) : Math.trunc((start * (100 - value)) / 100);
  });
  return (rules.selectPolicy === "Min") === (direction > 0) ? Math.min(...ends) : Math.max(...ends);
}
