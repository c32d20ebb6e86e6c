import { sameData } from "../api/equality.ts";
import type { Container, Pod, ResourceRequirements } from "../api/types/core-v1.ts";
import type { ContainerRecord } from "./container-record.ts";
import { hasExited, isResizeDue, isRunning } from "./container-record.ts";
import type { PodMeans } from "./pod-means.ts";
import type { Failure } from "./pod-status.ts";

/**
 * Changes what the containers of one Pod have while they run. What the Pod asks for counts only once the node has room for it:
 * until then its records keep what was granted before, and the status says that a resize is pending. What was granted is then
 * brought to the containers, or they are started anew where their policy says so; until that is done it is in progress.
 */
export class PodResizer {
  /** Why what the Pod asks for now is not granted. */
  pending: Failure | undefined;
  private readonly means: PodMeans;
  private readonly records: readonly ContainerRecord[];
  /** The Pod as it was when a resize was granted whose containers do not all have it yet. */
  private granted: Pod | undefined;

  constructor(means: PodMeans, records: readonly ContainerRecord[]) {
    this.means = means;
    this.records = records;
  }

  get isInProgress(): boolean {
    return this.granted !== undefined;
  }

  /** The Pod as the node has room for it. */
  allocated(pod: Pod): Pod {
    if (this.pending === undefined) return pod;
    const kept = (containers: readonly Container[] | undefined): readonly Container[] | undefined => containers?.map((container) => ({ ...container, resources: this.grantedTo(container) }));
    const { containers, initContainers } = pod.spec;
    return { ...pod, spec: { ...pod.spec, containers: kept(containers) ?? [], ...(initContainers ? { initContainers: kept(initContainers) ?? [] } : {}) } };
  }

  /** Judges what the Pod asks for by now. True: something was granted. */
  look(pod: Pod): boolean {
    const asked = [...(pod.spec.initContainers ?? []), ...pod.spec.containers];
    const changed = asked.filter((container) => !sameData(container.resources, this.grantedTo(container)));
    if (changed.length === 0) {
      this.pending = undefined;
      return false;
    }
    const refusal = this.means.resizeRefusal(pod);
    if (refusal) {
      if (!sameData(refusal, this.pending)) this.tell("Warning", pod, refusal.reason, refusal.message);
      this.pending = refusal;
      return false;
    }
    this.pending = undefined;
    for (const container of changed) {
      const record = this.record(container);
      if (record) record.spec = { ...record.spec, resources: container.resources };
    }
    this.granted = pod;
    this.tell("Normal", pod, "started");
    return true;
  }

  /** Gives the containers that go on running what was granted. */
  async apply(): Promise<void> {
    for (const record of this.records) {
      if (record.id === undefined || !isRunning(record) || record.applied === undefined || sameData(record.applied, record.spec.resources) || isResizeDue(record)) continue;
      const { resources } = record.spec;
      await this.means.runtime.updateContainer(record.id, resources.limits ?? {});
      record.applied = resources;
    }
  }

  /** Whether all containers have by now what was granted; it is told once. */
  finish(restarts: (record: ContainerRecord) => boolean): void {
    if (this.granted === undefined) return;
    const open = this.records.some((record) => (isRunning(record) && record.applied !== undefined && !sameData(record.applied, record.spec.resources)) || (hasExited(record) && record.kind !== "init" && restarts(record)));
    if (open) return;
    this.tell("Normal", this.granted, "completed");
    this.granted = undefined;
  }

  private record({ name }: Container): ContainerRecord | undefined {
    return this.records.find(({ spec }) => spec.name === name);
  }

  private grantedTo(container: Container): ResourceRequirements {
    return this.record(container)?.spec.resources ?? container.resources;
  }

  private tell(type: "Normal" | "Warning", pod: Pod, what: string, error?: string): void {
    const reasons: { readonly [what: string]: string } = { started: "ResizeStarted", completed: "ResizeCompleted", Deferred: "ResizeDeferred", Infeasible: "ResizeInfeasible" };
    this.means.recorder.event(pod, type, reasons[what] ?? what, `Pod resize ${what}: ${summary(pod, error)}`);
  }
}

/** In the order in which upstream writes it. */
function summary({ spec, metadata }: Pod, error: string | undefined): string {
  const each = ({ name, resources: { limits, requests } }: Container): object => ({ name, resources: { ...(limits ? { limits } : {}), ...(requests ? { requests } : {}) } });
  const { initContainers = [], containers } = spec;
  return JSON.stringify({ ...(initContainers.length === 0 ? {} : { initContainers: initContainers.map(each) }), containers: containers.map(each), generation: metadata.generation ?? 0, ...(error === undefined ? {} : { error }) });
}
