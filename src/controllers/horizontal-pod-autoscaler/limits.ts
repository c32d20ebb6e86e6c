import type { HorizontalPodAutoscaler, HPAScalingRules } from "../../api/types/autoscaling-v2.ts";
import type { Instant } from "../../base/environment.ts";

/**
 * What a recommendation may become: held by the stabilization windows, by the rates of the policies, by minimum and maximum. Without
 * `behavior` other rules hold than with its defaults, as upstream has it: only the highest recommendation of five minutes counts, and
 * one step at most doubles. Pure.
 */

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

export interface LimitView {
  readonly current: number;
  readonly wanted: number;
  readonly past: Past;
  readonly now: Instant;
}

/** Upstream's defaults where `behavior` leaves something out. */
const upDefaults = { stabilizationWindowSeconds: 0, policies: [{ type: "Pods", value: 4, periodSeconds: 15 }, { type: "Percent", value: 100, periodSeconds: 15 }] };
const downDefaults = { stabilizationWindowSeconds: 300, policies: [{ type: "Percent", value: 100, periodSeconds: 15 }] };
/** Without `behavior`: one step goes to twice the size, and to four in any case (upstream's scaleUpLimitFactor and -Minimum). */
const stepFactor = 2;
const stepMin = 4;

type Rules = HPAScalingRules & typeof upDefaults;
type Direction = "Up" | "Down";

const ready: Note = { reason: "ReadyForNewScale", message: "recommended size matches current size" };
const tooFew: Note = { reason: "TooFewReplicas", message: "the desired replica count is less than the minimum replica count" };
const tooMany: Note = { reason: "TooManyReplicas", message: "the desired replica count is more than the maximum replica count" };
const within = { status: "False", reason: "DesiredWithinRange", message: "the desired count is within the acceptable range" } as const;
const tooFast = (direction: Direction): Note => ({
  reason: `Scale${direction}Limit`,
  message: `the desired replica count is ${direction === "Up" ? "increasing" : "decreasing"} faster than the maximum scale rate`,
});
const stabilized = (direction: Direction): Note =>
  direction === "Up"
    ? { reason: "ScaleUpStabilized", message: "recent recommendations were lower than current one, applying the lowest recent recommendation" }
    : { reason: "ScaleDownStabilized", message: "recent recommendations were higher than current one, applying the highest recent recommendation" };

/** The recommendation within its limits, with upstream's reasons. */
export function limit({ spec }: HorizontalPodAutoscaler, view: LimitView): Limited {
  const bounds = { least: spec.minReplicas ?? 1, most: spec.maxReplicas };
  if (!spec.behavior) return limitPlainly(view, bounds);
  const up = { ...upDefaults, ...spec.behavior.scaleUp } as Rules;
  const down = { ...downDefaults, ...spec.behavior.scaleDown } as Rules;
  const { current, wanted } = view;
  const lowest = Math.min(wanted, ...recent(view, up.stabilizationWindowSeconds));
  const highest = Math.max(wanted, ...recent(view, down.stabilizationWindowSeconds));
  const steady = Math.min(Math.max(current, lowest), highest);
  const able = steady === wanted ? ready : stabilized(wanted >= current ? "Up" : "Down");
  if (steady > current) {
    const most = Math.max(current, furthest(up, view, 1));
    const bound = Math.min(most, bounds.most);
    if (steady > bound) return { replicas: bound, able, limited: { status: "True", ...(bounds.most > most ? tooFast("Up") : tooMany) } };
  } else if (steady < current) {
    const least = Math.min(current, furthest(down, view, -1));
    const bound = Math.max(least, bounds.least);
    if (steady < bound) return { replicas: bound, able, limited: { status: "True", ...(bounds.least < least ? tooFast("Down") : tooFew) } };
  }
  return { replicas: steady, able, limited: within };
}

function limitPlainly(view: LimitView, { least, most }: { readonly least: number; readonly most: number }): Limited {
  const steady = Math.max(view.wanted, ...recent(view, downDefaults.stabilizationWindowSeconds));
  const able = steady === view.wanted ? ready : stabilized("Down");
  if (steady < least) return { replicas: least, able, limited: { status: "True", ...tooFew } };
  const step = Math.max(stepFactor * view.current, stepMin);
  const bound = Math.min(step, most);
  if (steady > bound) return { replicas: bound, able, limited: { status: "True", ...(most > step ? tooFast("Up") : tooMany) } };
  return { replicas: steady, able, limited: within };
}

/** What was recommended within the window. The rounds are exactly a window apart here and a little more upstream, so its edge is outside. */
function recent({ past, now }: LimitView, seconds: number): number[] {
  return past.recommendations.filter(({ at }) => at > now - seconds * 1000).map(({ replicas }) => replicas);
}

/** How far the policies let it go from where each of their periods began. In floating point, as upstream counts: 10 % more than 100 is 111. */
function furthest(rules: Rules, { current, past, now }: LimitView, direction: 1 | -1): number {
  if (rules.selectPolicy === "Disabled") return current;
  const ends = rules.policies.map(({ type, value, periodSeconds }) => {
    const start = current - past.changes.filter(({ at }) => at > now - periodSeconds * 1000).reduce((sum, { by }) => sum + by, 0);
    if (type === "Pods") return start + direction * value;
    return direction > 0 ? Math.ceil(start * (1 + value / 100)) : Math.trunc(start * (1 - value / 100));
  });
  return (rules.selectPolicy === "Min") === (direction > 0) ? Math.min(...ends) : Math.max(...ends);
}
