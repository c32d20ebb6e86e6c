import type { Deployment } from "../../api/types/apps-v1.ts";

/** How far a roll-out may stray from the wanted number: upwards (maxSurge) and downwards (maxUnavailable). */

export function wantedReplicas(deployment: Deployment): number {
  return deployment.spec.replicas ?? 1;
}

export function isRolling(deployment: Deployment): boolean {
  return deployment.spec.strategy.type === "RollingUpdate";
}

/** A number, or a percentage of `total`; what is neither counts as 0. */
function scaled(value: number | string | undefined, total: number, round: (value: number) => number): number {
  if (typeof value === "number") return value;
  const match = /^(\d+)%$/.exec(value ?? "");
  return match ? round((Number(match[1]) * total) / 100) : 0;
}

function fenceposts(deployment: Deployment): { surge: number; unavailable: number } {
  const { rollingUpdate } = deployment.spec.strategy;
  const total = wantedReplicas(deployment);
  const surge = scaled(rollingUpdate?.maxSurge, total, Math.ceil);
  const unavailable = scaled(rollingUpdate?.maxUnavailable, total, Math.floor);
  // Rounding may leave both at zero, and nothing could ever move.
  return surge === 0 && unavailable === 0 ? { surge, unavailable: 1 } : { surge, unavailable };
}

/** Pods that there may be above the wanted number. */
export function maxSurge(deployment: Deployment): number {
  return isRolling(deployment) ? fenceposts(deployment).surge : 0;
}

/** Pods that may be missing from the wanted number. */
export function maxUnavailable(deployment: Deployment): number {
  const wanted = wantedReplicas(deployment);
  return isRolling(deployment) && wanted > 0 ? Math.min(fenceposts(deployment).unavailable, wanted) : 0;
}
