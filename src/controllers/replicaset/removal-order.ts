import { costAnnotation } from "../../api/core/pod-annotations.ts";
import type { Pod } from "../../api/types/core-v1.ts";
import type { Instant } from "../../base/environment.ts";
import { parseTime } from "../../base/time.ts";
import { isPodActive, isPodReady, podCondition } from "../pod-status.ts";

/**
 * Which Pods go first when there are too many, in upstream's order: those without a node, those not running, not ready, the
 * cheaper ones, those that share their node with more of their kin, those ready for a shorter time, with more restarts, younger.
 * Times are compared by the power of two of their age, so that of Pods of about one age not always the same is hit.
 */
export function removalOrder(pods: readonly Pod[], options: { readonly related: readonly Pod[]; readonly now: Instant }): readonly Pod[] {
  const onNode = new Map<string, number>();
  for (const pod of options.related) {
    const node = pod.spec.nodeName ?? "";
    if (isPodActive(pod)) onNode.set(node, (onNode.get(node) ?? 0) + 1);
  }
  const traits = pods.map((pod) => traitsOf(pod, onNode.get(pod.spec.nodeName ?? "") ?? 0));
  return traits.toSorted((a, b) => compare(a, b, options.now)).map(({ pod }) => pod);
}

interface Traits {
  readonly pod: Pod;
  /** Lower goes first, compared one after the other. */
  readonly ranks: readonly number[];
  readonly ready: boolean;
  readonly readySince: Instant | undefined;
  readonly restarts: readonly [regular: number, sidecars: number];
  readonly created: Instant | undefined;
}

const phases: { readonly [phase: string]: number } = { Pending: 0, Unknown: 1, Running: 2 };

function traitsOf(pod: Pod, onNode: number): Traits {
  const ready = isPodReady(pod);
  const since = podCondition(pod, "Ready")?.lastTransitionTime;
  return {
    pod,
    ranks: [pod.spec.nodeName ? 1 : 0, phases[pod.status.phase ?? ""] ?? 0, ready ? 1 : 0, deletionCost(pod), -onNode],
    ready,
    readySince: ready && since !== undefined ? parseTime(since) : undefined,
    restarts: [maxRestarts(pod, false), maxRestarts(pod, true)],
    created: parseTime(pod.metadata.creationTimestamp),
  };
}

function deletionCost(pod: Pod): number {
  const text = pod.metadata.annotations?.[costAnnotation] ?? "0";
  const cost = /^(0|-?[1-9]\d*)$/.test(text) ? Number(text) : 0;
  return Math.abs(cost) <= 0x7fffffff ? cost : 0;
}

function maxRestarts(pod: Pod, sidecars: boolean): number {
  const names = new Set((pod.spec.initContainers ?? []).filter((container) => container.restartPolicy === "Always").map(({ name }) => name));
  const statuses = sidecars ? (pod.status.initContainerStatuses ?? []).filter(({ name }) => names.has(name)) : (pod.status.containerStatuses ?? []);
  return Math.max(0, ...statuses.map(({ restartCount }) => restartCount));
}

function compare(a: Traits, b: Traits, now: Instant): number {
  for (const [index, rank] of a.ranks.entries()) {
    const difference = rank - (b.ranks[index] as number);
    if (difference !== 0) return difference;
  }
  if (a.ready && b.ready && a.readySince !== b.readySince) return byAge(a, b, { a: a.readySince, b: b.readySince }, now);
  const restarts = b.restarts[0] - a.restarts[0] || b.restarts[1] - a.restarts[1];
  if (restarts !== 0) return restarts;
  if (a.created !== b.created) return byAge(a, b, { a: a.created, b: b.created }, now);
  return byUid(a, b);
}

/** The younger first; about equally old ones by uid. An unknown time counts as just now. */
function byAge(a: Traits, b: Traits, times: { a: Instant | undefined; b: Instant | undefined }, now: Instant): number {
  if (times.a === undefined || times.b === undefined) return Number(times.b === undefined) - Number(times.a === undefined);
  return magnitude(now - times.a) - magnitude(now - times.b) || byUid(a, b);
}

/** The power of two of an age in nanoseconds. */
function magnitude(ms: number): number {
  return ms > 0 ? Math.trunc(Math.log2(ms * 1e6)) : -1;
}

function byUid(a: Traits, b: Traits): number {
  return a.pod.metadata.uid < b.pod.metadata.uid ? -1 : 1;
}
