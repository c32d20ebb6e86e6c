import type { Node, NodeCondition, Taint } from "../../api/types/core-v1.ts";
import type { Instant } from "../../base/environment.ts";
import { formatTime } from "../../base/time.ts";

/** What the state of a node asks of its conditions, taints and labels. Pure. */

const prefix = "node.kubernetes.io/";
export const notReadyTaint = `${prefix}not-ready`;
export const unreachableTaint = `${prefix}unreachable`;
const unschedulableTaint = `${prefix}unschedulable`;

/** The taint that a condition with this status puts on its node. */
const taintOfCondition: { readonly [type: string]: { readonly [status: string]: string } } = {
  Ready: { False: notReadyTaint, Unknown: unreachableTaint },
  MemoryPressure: { True: `${prefix}memory-pressure` },
  DiskPressure: { True: `${prefix}disk-pressure` },
  NetworkUnavailable: { True: `${prefix}network-unavailable` },
  PIDPressure: { True: `${prefix}pid-pressure` },
};
const managedTaints: ReadonlySet<string> = new Set([...Object.values(taintOfCondition).flatMap((byStatus) => Object.values(byStatus)), unschedulableTaint]);

/** Conditions that are unknown when the kubelet is silent; NetworkUnavailable is not the kubelet's. */
const kubeletConditions = ["Ready", "MemoryPressure", "DiskPressure", "PIDPressure"];

export function readyCondition(node: Node): NodeCondition | undefined {
  return node.status.conditions?.find((condition) => condition.type === "Ready");
}

/** The conditions of a node whose kubelet is silent; undefined when they say so already. */
export function silentConditions(node: Node, now: Instant): readonly NodeCondition[] | undefined {
  if (readyCondition(node)?.status === "Unknown") return undefined;
  const conditions = [...(node.status.conditions ?? [])];
  const since = formatTime(now);
  for (const type of kubeletConditions) {
    const at = conditions.findIndex((condition) => condition.type === type);
    const known = conditions[at];
    if (!known) {
      conditions.push({
        type,
        status: "Unknown",
        lastHeartbeatTime: node.metadata.creationTimestamp,
        lastTransitionTime: since,
        reason: "NodeStatusNeverUpdated",
        message: "Kubelet never posted node status.",
      });
    } else if (known.status !== "Unknown") {
      conditions[at] = { ...known, status: "Unknown", lastTransitionTime: since, reason: "NodeStatusUnknown", message: "Kubelet stopped posting node status." };
    }
  }
  return conditions;
}

/** The taints of a node when its NoSchedule taints follow its conditions and its cordon; undefined when they do. */
export function conditionTaints(node: Node, now: Instant): readonly Taint[] | undefined {
  const wanted: string[] = [];
  for (const { type, status } of node.status.conditions ?? []) {
    const key = taintOfCondition[type]?.[status];
    if (key !== undefined) wanted.push(key);
  }
  if (node.spec.unschedulable) wanted.push(unschedulableTaint);
  const taints = node.spec.taints ?? [];
  const managed = (taint: Taint): boolean => taint.effect === "NoSchedule" && managedTaints.has(taint.key);
  const kept = taints.filter((taint) => !managed(taint) || wanted.includes(taint.key));
  const missing = wanted.filter((key) => !taints.some((taint) => taint.effect === "NoSchedule" && taint.key === key));
  if (missing.length === 0 && kept.length === taints.length) return undefined;
  return [...kept, ...missing.map((key): Taint => ({ key, effect: "NoSchedule", timeAdded: formatTime(now) }))];
}

/** The NoExecute taint that the node's readiness asks for; undefined: none. */
export function evictingTaint(node: Node): string | undefined {
  const status = readyCondition(node)?.status;
  return status === undefined ? undefined : taintOfCondition["Ready"]?.[status];
}

export function hasEvictingTaint(node: Node, key: string): boolean {
  return node.spec.taints?.some((taint) => taint.effect === "NoExecute" && taint.key === key) ?? false;
}

/** The taints of a node with `key` as its only readiness NoExecute taint (undefined: with none); undefined when they are so. */
export function withEvictingTaint(node: Node, key: string | undefined, now: Instant): readonly Taint[] | undefined {
  const taints = node.spec.taints ?? [];
  const readiness = (taint: Taint): boolean => taint.effect === "NoExecute" && (taint.key === notReadyTaint || taint.key === unreachableTaint);
  const kept = taints.filter((taint) => !readiness(taint) || taint.key === key);
  if (key === undefined || hasEvictingTaint(node, key)) return kept.length === taints.length ? undefined : kept;
  return [...kept, { key, effect: "NoExecute", timeAdded: formatTime(now) }];
}

/** Old names of labels that follow the new ones. */
const betaLabels: readonly (readonly [stable: string, beta: string])[] = [
  ["kubernetes.io/os", "beta.kubernetes.io/os"],
  ["kubernetes.io/arch", "beta.kubernetes.io/arch"],
];

/** The labels that have to be set; undefined: none. */
export function labelChanges(node: Node): { readonly [key: string]: string } | undefined {
  const labels = node.metadata.labels ?? {};
  const changes: { [key: string]: string } = {};
  for (const [stable, beta] of betaLabels) {
    const value = labels[stable];
    if (value !== undefined && labels[beta] !== value) changes[beta] = value;
  }
  return Object.keys(changes).length === 0 ? undefined : changes;
}

/** How long kubelets of a cluster of this size may use secrets and config maps from their caches, in seconds (upstream's TTL controller). */
const cacheSecondsBySize: readonly (readonly [nodesMax: number, seconds: number])[] = [
  [100, 0],
  [500, 15],
  [1000, 30],
  [2000, 60],
  [Infinity, 300],
];
const ttlAnnotation = "node.alpha.kubernetes.io/ttl";

/** The annotation that a new node gets; undefined when it has it. It is a hint, so it does not follow the size of the cluster. */
export function annotationChanges(node: Node, clusterSize: number): { readonly [key: string]: string } | undefined {
  if (node.metadata.annotations?.[ttlAnnotation] !== undefined) return undefined;
  const seconds = cacheSecondsBySize.find(([nodesMax]) => clusterSize <= nodesMax)?.[1] ?? 0;
  return { [ttlAnnotation]: String(seconds) };
}
