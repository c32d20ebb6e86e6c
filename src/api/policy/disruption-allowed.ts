import type { Condition } from "../types/meta-v1.ts";

/** The condition DisruptionAllowed of a budget, which the eviction of Pods and the controller of budgets both write. */
export interface DisruptionState {
  readonly allowed: number;
  readonly generation: number;
  /** RFC 3339. */
  readonly now: string;
  /** Set when the budget cannot be worked out. */
  readonly failure?: string;
}

/** The conditions with this one brought up to date; the list itself when it says so already. */
export function disruptionAllowedCondition(conditions: readonly Condition[], state: DisruptionState): readonly Condition[] {
  const { allowed, generation, now, failure } = state;
  const standing = conditions.find(({ type }) => type === "DisruptionAllowed");
  const status = failure === undefined && allowed > 0 ? "True" : "False";
  const reason = failure !== undefined ? "SyncFailed" : allowed > 0 ? "SufficientPods" : "InsufficientPods";
  const message = failure ?? "";
  if (standing !== undefined && standing.status === status && standing.reason === reason && standing.message === message && standing.observedGeneration === generation) return conditions;
  const lastTransitionTime = standing?.status === status ? standing.lastTransitionTime : now;
  const next: Condition = { type: "DisruptionAllowed", status, observedGeneration: generation, lastTransitionTime, reason, message };
  return standing === undefined ? [...conditions, next] : conditions.map((condition) => (condition === standing ? next : condition));
}
