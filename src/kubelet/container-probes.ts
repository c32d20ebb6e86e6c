import type { ContainerRecord } from "./container-record.ts";
import type { PodMeans } from "./pod-means.ts";
import { ProbeWorker } from "./probes.ts";
import type { ProbeKind, ProbeTarget } from "./probes.ts";

export interface ContainerProbesOptions {
  readonly means: PodMeans;
  readonly target: (record: ContainerRecord) => ProbeTarget;
  /** Readiness or start changed: the next sync must see it. */
  readonly changed: () => void;
  /** A probe has failed too often for the container to live. */
  readonly dies: (record: ContainerRecord, kind: ProbeKind) => void;
  readonly unhealthy: (record: ContainerRecord, message: string) => void;
}

/** The probes of the containers of one Pod: what they find is written into the container's record. */
export class ContainerProbes {
  private readonly options: ContainerProbesOptions;
  private readonly workers = new Map<ContainerRecord, ProbeWorker[]>();

  constructor(options: ContainerProbesOptions) {
    this.options = options;
  }

  /** A container has started: it counts as started and ready as far as no probe has to say so. */
  start(record: ContainerRecord): void {
    const { startupProbe, readinessProbe, livenessProbe } = record.spec;
    record.started = !startupProbe;
    record.ready = record.started && !readinessProbe;
    if (record.kind === "init" || (!startupProbe && !readinessProbe && !livenessProbe)) return;
    const { means, target, changed, dies, unhealthy } = this.options;
    const workers: ProbeWorker[] = [];
    const add = (kind: ProbeKind, probe: typeof startupProbe, verdict: (ok: boolean) => void): void => {
      if (!probe) return;
      workers.push(new ProbeWorker({
        kind, probe, target: target(record), means, since: record.info?.startedAt ?? 0, verdict,
        enabled: () => kind === "Startup" || record.started,
        failed: (message, errored) => unhealthy(record, `${kind} probe ${errored ? "errored and resulted in unknown state" : "failed"}: ${message}`),
      }));
    };
    add("Startup", startupProbe, (ok) => {
      if (!ok) return dies(record, "Startup");
      record.started = true;
      record.ready = !readinessProbe;
      for (const worker of workers) worker.hurry();
      changed();
    });
    add("Readiness", readinessProbe, (ok) => {
      record.ready = ok;
      changed();
    });
    add("Liveness", livenessProbe, (ok) => {
      if (!ok) dies(record, "Liveness");
    });
    this.workers.set(record, workers);
  }

  stop(record: ContainerRecord): void {
    for (const worker of this.workers.get(record) ?? []) worker.stop();
    this.workers.delete(record);
  }

  stopAll(): void {
    for (const workers of this.workers.values()) for (const worker of workers) worker.stop();
    this.workers.clear();
  }

  /** From now on no probe ends a container: the Pod is ending them. */
  stopKilling(): void {
    for (const workers of this.workers.values()) for (const worker of workers) if (worker.kills) worker.stop();
  }
}
