import type { Node, PodSpec, Taint, Toleration } from "../api/types/core-v1.ts";

export type Effect = "NoSchedule" | "PreferNoSchedule" | "NoExecute";

/** Whether one toleration tolerates one taint: an empty key with Exists tolerates all, an empty effect every effect. */
export function tolerates(toleration: Toleration, taint: Taint): boolean {
  if (toleration.effect && toleration.effect !== taint.effect) return false;
  if (toleration.key && toleration.key !== taint.key) return false;
  switch (toleration.operator || "Equal") {
    case "Exists":
      return true;
    case "Equal":
      return (toleration.key ?? "") === taint.key && (toleration.value ?? "") === (taint.value ?? "");
    case "Lt":
    case "Gt":
      return comparesTo(toleration, taint);
    default:
      return false;
  }
}

/** Numeric tolerations (1.35, alpha): both sides must be whole numbers. */
function comparesTo(toleration: Toleration, taint: Taint): boolean {
  const asked = Number(toleration.value);
  const there = Number(taint.value);
  if (!Number.isInteger(asked) || !Number.isInteger(there)) return false;
  return toleration.operator === "Lt" ? there < asked : there > asked;
}

/** The first taint with one of these effects that no toleration tolerates. */
export function untoleratedTaint(
  taints: readonly Taint[] | undefined,
  tolerations: readonly Toleration[] | undefined,
  effects: readonly Effect[],
): Taint | undefined {
  if (!taints) return undefined;
  for (const taint of taints) {
    if (!effects.includes(taint.effect as Effect)) continue;
    if (!tolerations?.some((toleration) => tolerates(toleration, taint))) return taint;
  }
  return undefined;
}

const unschedulableTaint: Taint = { key: "node.kubernetes.io/unschedulable", effect: "NoSchedule" };

/** Whether a cordon of this node keeps the Pod away: it counts as a taint that can be tolerated. */
export function isCordonedFor(spec: PodSpec, node: Node): boolean {
  return node.spec.unschedulable === true && untoleratedTaint([unschedulableTaint], spec.tolerations, ["NoSchedule"]) !== undefined;
}
