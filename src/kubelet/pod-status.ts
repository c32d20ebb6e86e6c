import type { ContainerStatus, Pod, PodCondition, PodStatus } from "../api/types/core-v1.ts";
import { formatTime } from "../base/time.ts";
import type { ContainerRecord } from "./container-record.ts";
import { containerStatus, hasExited, isRestarted, isRunning } from "./container-record.ts";

/** Why a node refuses or ends a Pod, as its status tells it. */
export interface Failure {
  readonly reason: string;
  readonly message: string;
}

/** The status of a Pod from what its containers do: pure. */
export interface PodView {
  readonly pod: Pod;
  /** Of init, sidecar and main containers. */
  readonly records: readonly ContainerRecord[];
  /** Containers that were added to the running Pod: they decide nothing about it. */
  readonly ephemeral: readonly ContainerRecord[];
  readonly podIps: readonly string[];
  readonly hostIps: readonly string[];
  readonly sandboxReady: boolean;
  readonly startedAt: number;
  readonly now: number;
  /** The Pod will run nothing any more: it is being deleted, was refused, or ran out of time. */
  readonly ending: boolean;
  /** Why it failed, where not a container's doing. */
  readonly failure: Failure | undefined;
  /** Other resources that the Pod asks for: not granted yet, or on their way to its containers. */
  readonly resize: { readonly pending: Failure | undefined; readonly isInProgress: boolean };
}

type Phase = "Pending" | "Running" | "Succeeded" | "Failed";

/** Upstream's `getPhase`. */
export function phaseOf({ pod, records, ending, failure }: PodView): Phase {
  if (failure) return "Failed";
  let pendingInit = 0;
  let failedInit = 0;
  for (const record of records) {
    if (record.kind === "main") continue;
    if (record.kind === "sidecar") {
      if (!record.started && !hasExited(record)) pendingInit++;
    } else if (hasExited(record)) {
      if (record.info?.exitCode === 0) continue;
      if (isRestarted(record, pod)) pendingInit++;
      else failedInit++;
    } else pendingInit++;
  }
  let running = 0;
  let stopped = 0;
  let succeeded = 0;
  let waiting = 0;
  for (const record of records) {
    if (record.kind !== "main") continue;
    if (isRunning(record)) running++;
    else if (hasExited(record)) {
      stopped++;
      if (record.info?.exitCode === 0) succeeded++;
    } else if (record.last) stopped++;
    else waiting++;
  }
  const sidecarsUp = records.some((record) => record.kind === "sidecar" && isRunning(record));
  if (failedInit > 0) return "Failed";
  if (ending && running === 0 && !sidecarsUp) return stopped > 0 && stopped === succeeded && waiting === 0 && pendingInit === 0 ? "Succeeded" : "Failed";
  if (pendingInit > 0 || waiting > 0) return "Pending";
  if (running > 0) return "Running";
  if (stopped === 0) return "Pending";
  const comesBack = records.some((record) => record.kind === "main" && (hasExited(record) ? isRestarted(record, pod) : record.last !== undefined));
  if (comesBack || sidecarsUp) return "Running";
  return stopped === succeeded ? "Succeeded" : "Failed";
}

/** The API says that it has ended, whoever wrote that (the Pod garbage collector does): it never runs again. */
export function isOver(pod: Pod): boolean {
  return pod.status.phase === "Succeeded" || pod.status.phase === "Failed";
}

/** Of the condition DisruptionTarget, where this kubelet is who ends the Pod. */
export const evictionReason = "TerminationByKubelet";

/** They are there only while they are true. */
export const resizeConditions: readonly string[] = ["PodResizePending", "PodResizeInProgress"];

interface Verdict {
  readonly type: string;
  readonly ok: boolean;
  readonly reason?: string;
  readonly message?: string;
}

function initialized({ pod, records }: PodView, phase: Phase): Verdict {
  const incomplete = records.filter((record) => (record.kind === "init" && !(hasExited(record) && record.info?.exitCode === 0)) || (record.kind === "sidecar" && !record.started));
  const begun = records.some((record) => record.kind === "main" && record.id !== undefined);
  if (phase === "Succeeded") return { type: "Initialized", ok: true, reason: "PodCompleted" };
  if ((pod.spec.initContainers ?? []).length === 0 || incomplete.length === 0 || begun) return { type: "Initialized", ok: true };
  return { type: "Initialized", ok: false, reason: "ContainersNotInitialized", message: `containers with incomplete status: [${incomplete.map(({ spec }) => spec.name).join(" ")}]` };
}

function containersReady({ records }: PodView, phase: Phase): Verdict {
  const type = "ContainersReady";
  if (phase === "Succeeded") return { type, ok: false, reason: "PodCompleted" };
  if (phase === "Failed") return { type, ok: false, reason: "PodFailed" };
  const unready = records.filter((record) => record.kind !== "init" && !(isRunning(record) && record.ready));
  if (unready.length === 0) return { type, ok: true };
  return { type, ok: false, reason: "ContainersNotReady", message: `containers with unready status: [${unready.map(({ spec }) => spec.name).join(" ")}]` };
}

function podReady(view: PodView, containers: Verdict): Verdict {
  if (!containers.ok) return { ...containers, type: "Ready" };
  const missing: string[] = [];
  for (const { conditionType } of view.pod.spec.readinessGates ?? []) {
    const condition = view.pod.status.conditions?.find(({ type }) => type === conditionType);
    if (!condition) missing.push(`corresponding condition of pod readiness gate "${conditionType}" does not exist.`);
    else if (condition.status !== "True") missing.push(`the status of pod readiness gate "${conditionType}" is not "True", but ${condition.status}`);
  }
  if (missing.length === 0) return { type: "Ready", ok: true };
  return { type: "Ready", ok: false, reason: "ReadinessGatesNotReady", message: missing.join(", ") };
}

function conditionsOf(view: PodView, phase: Phase): PodCondition[] {
  const { pod, now } = view;
  const containers = containersReady(view, phase);
  const { pending, isInProgress } = view.resize;
  const verdicts: Verdict[] = [
    ...(pending ? [{ type: "PodResizePending", ok: true, ...pending }] : []),
    ...(isInProgress ? [{ type: "PodResizeInProgress", ok: true }] : []),
    { type: "PodReadyToStartContainers", ok: view.sandboxReady },
    initialized(view, phase),
    podReady(view, containers),
    containers,
    { type: "PodScheduled", ok: true },
    ...(view.failure?.reason === "Evicted" ? [{ type: "DisruptionTarget", ok: true, reason: evictionReason, message: view.failure.message }] : []),
  ];
  const before = pod.status.conditions ?? [];
  const generation = pod.metadata.generation;
  const own = verdicts.map(({ type, ok, reason, message }): PodCondition => {
    const old = before.find((condition) => condition.type === type);
    const status = ok ? "True" : "False";
    return {
      type,
      ...(generation === undefined ? {} : { observedGeneration: generation }),
      status,
      lastTransitionTime: old?.status === status && old.lastTransitionTime ? old.lastTransitionTime : formatTime(now),
      ...(reason === undefined ? {} : { reason }),
      ...(message === undefined ? {} : { message }),
    };
  });
  return [...own, ...before.filter(({ type }) => !resizeConditions.includes(type) && !verdicts.some((verdict) => verdict.type === type))];
}

export function podStatus(view: PodView): PodStatus {
  const { pod, records, podIps, hostIps, failure } = view;
  const phase = isOver(pod) ? (pod.status.phase as Phase) : phaseOf(view);
  const hasInit = records.some(({ kind }) => kind !== "main");
  const notCreated = hasInit && !initialized(view, phase).ok ? "PodInitializing" : hasInit && records.some(({ kind, id }) => kind !== "main" && id !== undefined) ? "PodInitializing" : "ContainerCreating";
  const statuses = (kinds: readonly string[]): ContainerStatus[] => records.filter(({ kind }) => kinds.includes(kind)).map((record) => containerStatus(record, pod, { whenNotCreated: notCreated, ending: view.ending }));
  const refused = failure !== undefined && records.every(({ id }) => id === undefined);
  const generation = pod.metadata.generation;
  const base: PodStatus = {
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    phase,
    ...(refused ? { conditions: pod.status.conditions ?? [] } : { conditions: conditionsOf(view, phase) }),
    ...(failure ? { message: failure.message, reason: failure.reason } : {}),
    ...(pod.status.nominatedNodeName ? { nominatedNodeName: pod.status.nominatedNodeName } : {}),
  };
  if (refused) return { ...base, startTime: formatTime(view.startedAt), ...(pod.status.qosClass ? { qosClass: pod.status.qosClass } : {}) };
  return {
    ...base,
    ...(hostIps[0] === undefined ? {} : { hostIP: hostIps[0], hostIPs: hostIps.map((ip) => ({ ip })) }),
    ...(podIps[0] === undefined ? {} : { podIP: podIps[0], podIPs: podIps.map((ip) => ({ ip })) }),
    startTime: formatTime(view.startedAt),
    ...(hasInit ? { initContainerStatuses: statuses(["init", "sidecar"]) } : {}),
    containerStatuses: statuses(["main"]),
    ...(view.ephemeral.length === 0 ? {} : { ephemeralContainerStatuses: view.ephemeral.map((record) => containerStatus(record, pod, { whenNotCreated: "ContainerCreating", ending: view.ending })) }),
    ...(pod.status.qosClass ? { qosClass: pod.status.qosClass } : {}),
    ...(pod.status.resourceClaimStatuses ? { resourceClaimStatuses: pod.status.resourceClaimStatuses } : {}),
  };
}
