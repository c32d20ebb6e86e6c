import type { Instant } from "../../base/environment.ts";
import { formatTime } from "../../base/time.ts";
import type { NamespaceCondition } from "../../api/types/core-v1.ts";

/** What one sweep over the content of a namespace left. */
export interface Findings {
  /** By resource in upstream's spelling (`configmaps.`, `jobs.batch`): how many objects are left. */
  readonly remaining: ReadonlyMap<string, number>;
  /** By finalizer: how many objects it holds. */
  readonly finalizers: ReadonlyMap<string, number>;
  readonly failures: readonly string[];
}

export const nothingFound: Findings = { remaining: new Map(), finalizers: new Map(), failures: [] };

type Judged = Pick<NamespaceCondition, "status" | "reason" | "message">;

const fine: readonly (readonly [type: string, reason: string, message: string])[] = [
  ["NamespaceDeletionDiscoveryFailure", "ResourcesDiscovered", "All resources successfully discovered"],
  ["NamespaceDeletionGroupVersionParsingFailure", "ParsedGroupVersions", "All legacy kube types successfully parsed"],
  ["NamespaceDeletionContentFailure", "ContentDeleted", "All content successfully deleted, may be waiting on finalization"],
  ["NamespaceContentRemaining", "ContentRemoved", "All content successfully removed"],
  ["NamespaceFinalizersRemaining", "ContentHasNoFinalizers", "All content-preserving finalizers finished"],
];

/** The conditions of a namespace being deleted after a sweep; others are kept. A time moves only when its status does. */
export function namespaceConditions(old: readonly NamespaceCondition[], findings: Findings, now: Instant): readonly NamespaceCondition[] {
  const wrong = judgeWrong(findings);
  const conditions = [...old];
  for (const [type, reason, message] of fine) {
    const judged: Judged = wrong.get(type) ?? { status: "False", reason, message };
    const at = conditions.findIndex((condition) => condition.type === type);
    const known = conditions[at];
    const lastTransitionTime = known?.status === judged.status ? known.lastTransitionTime : formatTime(now);
    const next: NamespaceCondition = { type, status: judged.status, ...(lastTransitionTime === undefined ? {} : { lastTransitionTime }), ...reasonOf(judged) };
    if (known) conditions[at] = next;
    else conditions.push(next);
  }
  return conditions;
}

function reasonOf({ reason = "", message = "" }: Judged): { reason: string; message: string } {
  return { reason, message };
}

function judgeWrong({ remaining, finalizers, failures }: Findings): ReadonlyMap<string, Judged> {
  const wrong = new Map<string, Judged>();
  const note = (type: string, reason: string, message: string) => wrong.set(type, { status: "True", reason, message });
  if (failures.length > 0) {
    const text = failures.length === 1 ? failures[0] : `[${failures.join(", ")}]`;
    note("NamespaceDeletionContentFailure", "ContentDeletionFailed", `Failed to delete all resource types, ${failures.length} remaining: ${text}`);
  }
  const left = [...remaining].map(([resource, count]) => `${resource} has ${count} resource instances`).sort();
  if (left.length > 0) note("NamespaceContentRemaining", "SomeResourcesRemain", `Some resources are remaining: ${left.join(", ")}`);
  const holding = [...finalizers].map(([finalizer, count]) => `${finalizer} in ${count} resource instances`).sort();
  if (holding.length > 0) note("NamespaceFinalizersRemaining", "SomeFinalizersRemain", `Some content in the namespace has finalizers remaining: ${holding.join(", ")}`);
  return wrong;
}
