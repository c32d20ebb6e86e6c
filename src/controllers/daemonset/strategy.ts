import type { DaemonSet } from "../../api/types/apps-v1.ts";

/** A number, or a percentage of `total` rounded up; what is neither counts as 0. */
function scaled(value: number | string | undefined, total: number): number {
  if (typeof value === "number") return value;
  const match = /^(\d+)%$/.exec(value ?? "");
  return match ? Math.ceil((Number(match[1]) * total) / 100) : 0;
}

/** Nodes that may have a second Pod while the roll-out replaces the first, of `desired` nodes. */
export function surgeOf(set: DaemonSet, desired: number): number {
  const { type, rollingUpdate } = set.spec.updateStrategy;
  return type === "RollingUpdate" ? scaled(rollingUpdate?.maxSurge, desired) : 0;
}

/** Nodes that may be without an available Pod during a roll-out. */
export function unavailableOf(set: DaemonSet, desired: number): number {
  const { type, rollingUpdate } = set.spec.updateStrategy;
  return type === "RollingUpdate" ? scaled(rollingUpdate?.maxUnavailable, desired) : 0;
}
