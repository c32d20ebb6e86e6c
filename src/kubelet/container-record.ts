import type { Container, ContainerState, ContainerStateTerminated, ContainerStatus, Pod, ResourceRequirements } from "../api/types/core-v1.ts";
import { formatTime, parseTime } from "../base/time.ts";
import type { ContainerInfo, ContainerRuntime, FoundSandbox, ImageInfo } from "./runtime.ts";

/**
 * What the kubelet knows of one container of a Pod. `id` names the newest attempt in the runtime; `info` is the runtime's
 * last word on it. Without either the container has not been created yet and `waiting` says why.
 */
export interface ContainerRecord {
  /** As the Pod has it now: the image of a container may change while it runs. */
  spec: Container;
  readonly kind: "init" | "sidecar" | "main" | "ephemeral";
  id: string | undefined;
  info: ContainerInfo | undefined;
  image: ImageInfo | undefined;
  /** The image by the name under which the newest attempt was created. */
  createdFrom: string | undefined;
  waiting: { readonly reason: string; readonly message?: string } | undefined;
  /** What the newest attempt may use; undefined where it has not been created. */
  applied: ResourceRequirements | undefined;
  /** How the attempt before the newest ended. */
  last: ContainerStateTerminated | undefined;
  restarts: number;
  /** Back-off before the next attempt; 0: none yet. */
  backoffMs: number;
  backoffSince: number;
  /** When the kubelet looks again at what waits; 0: it does not wait. */
  againAt: number;
  /** The startup probe has succeeded, or there is none. */
  started: boolean;
  ready: boolean;
  /** The postStart hook has ended. */
  hooked: boolean;
  /** A probe has killed the newest attempt, and another one follows however it ended. */
  due: boolean;
  /** The newest attempt was of a sandbox that is no more: the Pod begins anew, with its init containers. */
  stale: boolean;
  message: string | undefined;
}

function fresh(spec: Container, kind: ContainerRecord["kind"]): ContainerRecord {
  return {
    spec, kind, id: undefined, info: undefined, image: undefined, createdFrom: undefined, applied: undefined, waiting: undefined, last: undefined, restarts: 0, backoffMs: 0, backoffSince: 0, againAt: 0, started: false, ready: false,
    hooked: false, due: false, stale: false, message: undefined,
  };
}

/** Containers that were added to a Pod while it runs and that are not known yet. */
export function addedRecords(pod: Pod, known: readonly ContainerRecord[]): ContainerRecord[] {
  const added = (pod.spec.ephemeralContainers ?? []).filter(({ name }) => !known.some((record) => record.spec.name === name));
  return added.map((container) => fresh({ ...container, resources: container.resources ?? {} } as Container, "ephemeral"));
}

export function recordsOf(pod: Pod): ContainerRecord[] {
  const inits = (pod.spec.initContainers ?? []).map((spec) => fresh(spec, spec.restartPolicy === "Always" ? "sidecar" : "init"));
  return [...inits, ...pod.spec.containers.map((spec) => fresh(spec, "main")), ...addedRecords(pod, [])];
}

const scheme = "containerd://";

/** Takes over what an earlier kubelet of this node wrote: attempts, and containers that are dead by now. */
export function restoreRecord(record: ContainerRecord, status: ContainerStatus, runtime: Pick<ContainerRuntime, "containerStatus" | "imageStatus">): void {
  record.restarts = status.restartCount;
  record.last = status.lastState.terminated;
  const id = status.containerID?.slice(scheme.length);
  if (!id) return;
  const started = status.state.running?.startedAt ?? status.state.terminated?.startedAt;
  const ended = status.state.terminated;
  const found = runtime.containerStatus(id);
  record.id = id;
  record.image = runtime.imageStatus(record.spec.image ?? "");
  record.createdFrom = record.spec.image;
  const user = status.user?.linux;
  const remembered = user === undefined ? {} : { user: { uid: user.uid, gid: user.gid, supplementalGroups: user.supplementalGroups ?? [] } };
  record.info =
    found ??
    (ended
      ? {
          id, name: record.spec.name, attempt: status.restartCount, state: "exited", createdAt: 0, exitCode: ended.exitCode, startedAt: parseTime(ended.startedAt ?? "") ?? 0, finishedAt: parseTime(ended.finishedAt ?? "") ?? 0,
          ...remembered, ...(ended.reason === undefined ? {} : { reason: ended.reason }), ...(ended.message === undefined ? {} : { message: ended.message }),
        }
      : { id, name: record.spec.name, attempt: status.restartCount, state: "exited", createdAt: 0, startedAt: parseTime(started ?? "") ?? 0, finishedAt: parseTime(started ?? "") ?? 0, exitCode: 255, reason: "Unknown", ...remembered });
  // What was granted last may be less than what the Pod asks for.
  if (isRunning(record) && status.resources) record.spec = { ...record.spec, resources: status.resources };
  record.applied = record.spec.resources;
  // What runs on stays as ready as it was until a probe says otherwise.
  record.started = isRunning(record) && (status.started ?? false);
  record.ready = isRunning(record) && status.ready;
}

/** Takes over an attempt that the kubelet before this one began without having told of it. One that it only created is removed. */
export function findNewest(record: ContainerRecord, sandbox: FoundSandbox, runtime: Pick<ContainerRuntime, "containerStatus" | "removeContainer">): void {
  for (const id of sandbox.containers) {
    const info = runtime.containerStatus(id);
    if (info?.name !== record.spec.name) continue;
    if (info.state === "created") void runtime.removeContainer(id);
    else if (record.id === undefined || info.attempt > record.restarts) {
      record.last = terminatedState(record) ?? record.last;
      Object.assign(record, { id, info, restarts: info.attempt, createdFrom: record.spec.image, applied: record.spec.resources, started: false, ready: false });
    }
  }
}

/** Whether it runs another image than the Pod names by now. */
export function isOutdated(record: ContainerRecord): boolean {
  return isRunning(record) && record.createdFrom !== record.spec.image;
}

/** Whether it must be started anew to have what was granted to it. */
export function isResizeDue(record: ContainerRecord): boolean {
  const { applied, spec } = record;
  if (!isRunning(record) || applied === undefined || applied === spec.resources) return false;
  return (spec.resizePolicy ?? []).some(
    ({ resourceName, restartPolicy }) =>
      restartPolicy === "RestartContainer" && (["requests", "limits"] as const).some((side) => applied[side]?.[resourceName] !== spec.resources[side]?.[resourceName]),
  );
}

export function isRunning(record: ContainerRecord): boolean {
  return record.info?.state === "running";
}

export function hasExited(record: ContainerRecord): boolean {
  return record.info?.state === "exited";
}

/** Whether the end of the newest attempt is followed by another: by the container's rules for exit codes, then its policy, then the Pod's. */
export function isRestarted({ spec, info, due }: ContainerRecord, pod: Pod): boolean {
  if (due) return true;
  const exitCode = info?.exitCode ?? 0;
  for (const { action, exitCodes } of spec.restartPolicyRules ?? []) {
    if (action === "Restart" && exitCodes && (exitCodes.values ?? []).includes(exitCode) === (exitCodes.operator === "In")) return true;
  }
  const policy = policyOf(spec, pod);
  return policy === "Always" || (policy === "OnFailure" && exitCode !== 0);
}

/** The container's own restart policy, else its Pod's. */
export function policyOf(spec: Container, pod: Pod): string {
  return spec.restartPolicy ?? pod.spec.restartPolicy ?? "Always";
}

/** How the newest attempt ended. */
export function terminatedState(record: ContainerRecord): ContainerStateTerminated | undefined {
  const { info } = record;
  if (info?.state !== "exited") return undefined;
  const message = record.message ?? info.message;
  return {
    exitCode: info.exitCode ?? 0,
    reason: info.reason ?? "Error",
    ...(message === undefined || message === "" ? {} : { message }),
    startedAt: formatTime(info.startedAt ?? 0),
    finishedAt: formatTime(info.finishedAt ?? 0),
    containerID: `${scheme}${info.id}`,
  };
}

function stateOf(record: ContainerRecord, { whenNotCreated, ending }: Circumstances): { state: ContainerState; lastState: ContainerState } {
  const last: ContainerState = record.last ? { terminated: record.last } : {};
  if (record.info?.state === "running") return { state: { running: { startedAt: formatTime(record.info.startedAt ?? 0) } }, lastState: last };
  const ended = terminatedState(record);
  if (record.waiting && !(ended && ending)) return { state: { waiting: record.waiting }, lastState: ended ? { terminated: ended } : last };
  if (ended) return { state: { terminated: ended }, lastState: last };
  return { state: { waiting: { reason: whenNotCreated } }, lastState: last };
}

interface Circumstances {
  readonly whenNotCreated: string;
  /** Nothing is started any more: a container that has ended waits for nothing. */
  readonly ending: boolean;
}

/** Who a container's processes are, as its Pod asks; the primary group comes first. Without a user the image's own counts, which is root. */
export function identityOf(spec: Container, pod: Pod): { readonly user: number | undefined; readonly groups: readonly number[] } {
  const whole = pod.spec.securityContext;
  const group = spec.securityContext?.runAsGroup ?? whole?.runAsGroup ?? 0;
  return { user: spec.securityContext?.runAsUser ?? whole?.runAsUser, groups: [...new Set([group, ...(whole?.supplementalGroups ?? []), ...(whole?.fsGroup === undefined ? [] : [whole.fsGroup])])] };
}

/** As its Pod asks, where the runtime does not tell. */
function askedUser(spec: Container, pod: Pod): NonNullable<ContainerInfo["user"]> {
  const { user = 0, groups } = identityOf(spec, pod);
  return { uid: user, gid: groups[0] ?? 0, supplementalGroups: groups.toSorted((a, b) => a - b) };
}

/** The status of one container as 1.36 writes it. */
export function containerStatus(record: ContainerRecord, pod: Pod, circumstances: Circumstances): ContainerStatus {
  const { spec, info, image } = record;
  const running = info?.state === "running";
  // What the runtime has made keeps telling its resources and its user, ended or not.
  const made = info?.state === "running" || info?.state === "exited";
  const { state, lastState } = stateOf(record, circumstances);
  const ephemeral = record.kind === "ephemeral";
  const { requests } = spec.resources;
  const shown = state.terminated?.containerID ?? lastState.terminated?.containerID;
  const id = info && !state.waiting ? `${scheme}${info.id}` : shown;
  const mounts = (spec.volumeMounts ?? []).map(({ name, mountPath, readOnly }) => ({ name, mountPath, ...(readOnly ? { readOnly, recursiveReadOnly: "Disabled" } : {}) }));
  return {
    name: spec.name,
    state,
    lastState,
    ready: ephemeral ? false : record.kind === "init" ? info?.state === "exited" && info.exitCode === 0 : running && record.ready,
    restartCount: record.restarts,
    // As the runtime reports it: it knows only containers that have been created.
    image: (record.id === undefined ? undefined : image?.reference) ?? spec.image ?? "",
    imageID: (record.id === undefined ? undefined : image?.id) ?? "",
    ...(id === undefined ? {} : { containerID: id }),
    ...(ephemeral ? {} : { started: record.kind === "init" ? false : running && record.started }),
    ...(made && requests ? { allocatedResources: requests } : {}),
    ...(made ? { resources: record.applied ?? spec.resources } : {}),
    ...(mounts.length === 0 ? {} : { volumeMounts: mounts }),
    ...(made ? { user: { linux: info.user ?? askedUser(spec, pod) } } : {}),
  };
}
