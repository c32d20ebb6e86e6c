import { shortDuration } from "../../base/duration.ts";
import { parseTime } from "../../base/time.ts";
import type { TableContext, TableDeclaration } from "../declaration.ts";
import { age, columns } from "../table.ts";
import type { ContainerStatus, Pod } from "../types/core-v1.ts";

/**
 * What `kubectl get pods` shows. STATUS is one word for many fields: the phase or reason of the Pod, unless a container says
 * something more telling, unless the Pod is on its way out.
 */
export const podTable: TableDeclaration<Pod> = {
  columns: columns("Name", "Ready", "Status", "Restarts", "Age", "IP*", "Node*", "Nominated Node*", "Readiness Gates*"),
  cells: (object, context) => {
    const summary = summarize(object);
    return [
      object.metadata.name,
      `${summary.ready}/${summary.total}`,
      summary.status,
      restartsText(summary, context),
      age(object, context),
      orNone(object.status?.podIPs?.[0]?.ip),
      orNone(object.spec?.nodeName),
      orNone(object.status?.nominatedNodeName),
      readinessGates(object),
    ];
  },
};

function orNone(text: string | undefined): string {
  return (text ?? "") === "" ? "<none>" : (text ?? "");
}

/** Also what `describe` and other views of a Pod start from. */
export interface PodSummary {
  readonly status: string;
  readonly ready: number;
  readonly total: number;
  readonly restarts: number;
  /** When the last container that restarted had ended, in milliseconds; 0 when none has. */
  readonly restartedAt: number;
}

interface Tally {
  status: string;
  ready: number;
  restarts: number;
  restartedAt: number;
}

function summarize(object: Pod): PodSummary {
  const { spec, status } = object;
  const sidecars = new Set((spec?.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === "Always").map(({ name }) => name));
  const tally: Tally = { status: podReason(object), ready: 0, restarts: 0, restartedAt: 0 };
  const sidecarTally: Tally = { ...tally };
  const initializing = tallyInit(object, sidecars, tally, sidecarTally);
  if (!initializing || hasCondition(object, "Initialized")) {
    tally.restarts = sidecarTally.restarts;
    tally.restartedAt = sidecarTally.restartedAt;
    tallyContainers(object, tally);
  }
  const ended = status?.phase === "Succeeded" || status?.phase === "Failed";
  if (object.metadata.deletionTimestamp !== undefined) {
    if (status?.reason === "NodeLost") tally.status = "Unknown";
    else if (!ended) tally.status = "Terminating";
  }
  return { ...tally, total: (spec?.containers ?? []).length + sidecars.size };
}

function podReason(object: Pod): string {
  const gated = (object.status?.conditions ?? []).some(({ type, reason }) => type === "PodScheduled" && reason === "SchedulingGated");
  if (gated) return "SchedulingGated";
  return (object.status?.reason ?? "") === "" ? (object.status?.phase ?? "") : (object.status?.reason ?? "");
}

function hasCondition(object: Pod, wanted: string): boolean {
  return (object.status?.conditions ?? []).some(({ type, status }) => type === wanted && status === "True");
}

function countRestarts(container: ContainerStatus, tally: Tally): void {
  tally.restarts += container.restartCount ?? 0;
  const ended = parseTime(container.lastState?.terminated?.finishedAt ?? "");
  if (ended !== undefined && ended > tally.restartedAt) tally.restartedAt = ended;
}

/** Whether some init container has still to do its work: the first such one gives the status. */
function tallyInit(object: Pod, sidecars: ReadonlySet<string>, tally: Tally, sidecarTally: Tally): boolean {
  const statuses = object.status?.initContainerStatuses ?? [];
  for (let i = 0; i < statuses.length; i++) {
    const container = statuses[i] as ContainerStatus;
    const sidecar = sidecars.has(container.name);
    countRestarts(container, tally);
    if (sidecar) countRestarts(container, sidecarTally);
    const { terminated, waiting } = container.state ?? {};
    if (terminated !== undefined && (terminated.exitCode ?? 0) === 0) continue;
    if (sidecar && container.started === true) {
      if (container.ready) tally.ready++;
      continue;
    }
    const waitingFor = waiting?.reason ?? "";
    if (terminated !== undefined) tally.status = `Init:${endText(terminated)}`;
    else if (waitingFor !== "" && waitingFor !== "PodInitializing") tally.status = `Init:${waitingFor}`;
    else tally.status = `Init:${i}/${(object.spec?.initContainers ?? []).length}`;
    return true;
  }
  return false;
}

function endText(terminated: { readonly reason?: string; readonly signal?: number; readonly exitCode?: number }): string {
  if ((terminated.reason ?? "") !== "") return terminated.reason ?? "";
  return (terminated.signal ?? 0) !== 0 ? `Signal:${terminated.signal}` : `ExitCode:${terminated.exitCode ?? 0}`;
}

/** From the last to the first: the first container that has something to say wins. */
function tallyContainers(object: Pod, tally: Tally): void {
  let running = false;
  for (const container of (object.status?.containerStatuses ?? []).toReversed()) {
    countRestarts(container, tally);
    const state = container.state ?? {};
    if ((state.waiting?.reason ?? "") !== "") tally.status = state.waiting?.reason ?? "";
    else if (state.terminated !== undefined) tally.status = endText(state.terminated);
    else if (container.ready && state.running !== undefined) {
      running = true;
      tally.ready++;
    }
  }
  if (tally.status === "Completed" && running) tally.status = hasCondition(object, "Ready") ? "Running" : "NotReady";
}

function restartsText(summary: PodSummary, context: TableContext): string {
  if (summary.restarts === 0 || summary.restartedAt === 0) return String(summary.restarts);
  return `${summary.restarts} (${shortDuration(context.now - summary.restartedAt)} ago)`;
}

function readinessGates(object: Pod): string {
  const gates = object.spec?.readinessGates ?? [];
  if (gates.length === 0) return "<none>";
  const met = gates.filter(({ conditionType }) => (object.status?.conditions ?? []).find(({ type }) => type === conditionType)?.status === "True");
  return `${met.length}/${gates.length}`;
}
