import type { Container, Pod } from "../api/types/core-v1.ts";
import { referenceTo } from "../client/event-recorder.ts";
import { containerConfig } from "./container-config.ts";
import { ContainerProbes } from "./container-probes.ts";
import type { ContainerRecord } from "./container-record.ts";
import { hasExited, isOutdated, isResizeDue, isRestarted, isRunning, policyOf, terminatedState } from "./container-record.ts";
import type { PodAddresses } from "./field-paths.ts";
import { runHook } from "./hooks.ts";
import { PullError, goDuration } from "./image-puller.ts";
import { MissingError } from "./objects.ts";
import type { PodMeans } from "./pod-means.ts";
import type { ProbeKind } from "./probes.ts";
import { parseTime } from "../base/time.ts";
import { failureMs, jittered, regularMs } from "./resync.ts";
import { VolumeError } from "./volumes.ts";

/*
 * A container that ended is started again after 10 s, 20 s … 5 min since its end; the first time at once. An attempt that
 * lasted ten minutes past the last back-off starts the series anew (upstream: `MaxContainerBackOff`, twice it).
 */
const crashMsMin = 10_000;
const crashMsMax = 300_000;
/** The start of its sandbox makes a kubelet look at a Pod once more: after the first failed pull the back-off shows soon. */
const pullShownMs = 1000;
/** A container always has this long after TERM. */
const graceMsMin = 2000;
const messageBytesMax = 2048;
const messageLinesMax = 80;

export interface RunnerOptions {
  readonly means: PodMeans;
  readonly pod: () => Pod;
  readonly addresses: () => PodAddresses;
  /** Something changed that the next sync must see. */
  readonly changed: () => void;
  /** The container in the runtime whose processes an ephemeral container is to see. */
  readonly targetOf: (record: ContainerRecord) => string | undefined;
  readonly wakeAt: (instant: number) => void;
  /** The Pod is not to run any more. */
  readonly cancelled: () => boolean;
}

/** Starts, restarts, probes and stops the containers of one Pod. */
export class ContainerRunner {
  private readonly options: RunnerOptions;
  private readonly means: PodMeans;
  private readonly probes: ContainerProbes;
  private readonly previous = new Map<string, string>();
  private interrupts: Set<() => void> | undefined;

  constructor(options: RunnerOptions) {
    this.options = options;
    this.means = options.means;
    this.probes = new ContainerProbes({
      means: options.means,
      target: (record) => this.target(record),
      changed: options.changed,
      dies: (record, kind) => this.dies(record, kind),
      unhealthy: (record, message) => this.tell(record, "Warning", "Unhealthy", message),
    });
  }

  previousOf(container: string): string | undefined {
    return this.previous.get(container);
  }

  /** Ends waits for images and for postStart hooks: the Pod is to end. */
  interrupt(): void {
    const waiting = this.interrupts;
    this.interrupts = undefined;
    for (const end of waiting ?? []) end();
  }

  stop(): void {
    this.stopProbes();
    this.interrupt();
  }

  stopProbes(): void {
    this.probes.stopAll();
  }

  /** From now on no probe ends a container: the Pod is ending them. */
  stopKillingProbes(): void {
    this.probes.stopKilling();
  }

  /** Takes the runtime's word on a container. */
  observe(record: ContainerRecord): void {
    if (!record.id) return;
    record.info = this.means.runtime.containerStatus(record.id) ?? record.info;
    if (!hasExited(record)) return;
    record.ready = false;
    record.started = false;
    record.message ??= this.lastWords(record);
    this.probes.stop(record);
  }

  /** Goes on with a container that an earlier kubelet started: it is probed again, and as ready as it was meanwhile. */
  adopt(record: ContainerRecord): void {
    const before = record.last?.containerID?.slice(record.last.containerID.indexOf("//") + 2);
    if (before !== undefined && this.means.runtime.containerStatus(before)) this.previous.set(record.spec.name, before);
    if (!isRunning(record)) return;
    const { started, ready } = record;
    record.hooked = true;
    this.probes.start(record);
    record.started ||= started;
    record.ready = record.kind !== "init" && (ready || (record.started && !record.spec.readinessProbe));
  }

  /** Takes over what the Pod says of a container now. With another image nothing waits any more for what failed with the old one. */
  change(record: ContainerRecord, spec: Container): void {
    if (spec.image !== record.spec.image) {
      record.againAt = 0;
      record.backoffMs = 0;
    }
    record.spec = spec;
  }

  /** Starts what is to run now, in the Pod's order. False when something has to come first. */
  async runAll(records: readonly ContainerRecord[], places: ReadonlyMap<string, string>): Promise<boolean> {
    for (const record of records) if (record.kind === "ephemeral" && record.id === undefined && !this.options.cancelled()) await this.start(record, places);
    const mainBegun = records.some(({ kind, id, stale }) => kind === "main" && id !== undefined && !stale);
    for (const record of records) {
      if (this.options.cancelled()) return false;
      if (record.kind === "main" || record.kind === "ephemeral") continue;
      if (record.kind === "init") {
        if (mainBegun || (hasExited(record) && record.info?.exitCode === 0 && !record.stale)) continue;
        if (!isRunning(record)) await this.start(record, places);
        return false;
      }
      if (this.mustEnd(record)) await this.end(record);
      if (!isRunning(record)) await this.start(record, places);
      if (!record.started && !mainBegun) return false;
    }
    for (const record of records) {
      if (this.options.cancelled()) return false;
      if (record.kind !== "main") continue;
      if (this.mustEnd(record)) await this.end(record);
      else if (isRunning(record) || (hasExited(record) && !this.restarts(record))) continue;
      await this.start(record, places);
    }
    return true;
  }

  /** The preStop hook, then TERM (not before `turn`, while there is time), then KILL. Resolves when the container has ended. */
  async kill(record: ContainerRecord, options: { graceMs: number; message?: string; turn?: Promise<unknown> }): Promise<void> {
    if (!record.id || !isRunning(record)) return;
    const { clock } = this.means.environment;
    this.tell(record, "Normal", "Killing", options.message ?? `Stopping container ${record.spec.name}`);
    const until = clock.now() + options.graceMs;
    const { preStop } = record.spec.lifecycle ?? {};
    if (preStop && options.graceMs > 0) {
      const hook = runHook(preStop, this.target(record), this.means).then((failure) => {
        if (failure !== undefined) this.tell(record, "Warning", "FailedPreStopHook", `PreStopHook failed`);
      });
      await this.within(hook, options.graceMs);
    }
    if (options.turn) await this.within(options.turn, until - clock.now());
    await this.means.runtime.stopContainer(record.id, Math.max(until - clock.now(), graceMsMin));
    this.observe(record);
  }

  /** Waits for something, but not longer than this. */
  private async within(work: Promise<unknown>, ms: number): Promise<void> {
    if (ms <= 0) return;
    await new Promise<void>((resolve) => {
      const timer = this.means.environment.clock.after(ms, resolve);
      const end = (): void => {
        timer.cancel();
        resolve();
      };
      work.then(end, end);
    });
  }

  private mustEnd(record: ContainerRecord): boolean {
    return isOutdated(record) || isResizeDue(record);
  }

  /** Makes room for another image or other resources, whatever the restart policy. */
  private end(record: ContainerRecord): Promise<void> {
    const why = isOutdated(record) ? "definition changed, will be restarted" : "resize requires restart";
    return this.kill(record, { graceMs: this.graceMs(), message: `Container ${record.spec.name} ${why}` });
  }

  /** Whether its end is followed by another attempt. */
  restarts(record: ContainerRecord): boolean {
    return isRestarted(record, this.options.pod());
  }

  private async start(record: ContainerRecord, places: ReadonlyMap<string, string>): Promise<void> {
    if (hasExited(record)) {
      if (record.kind === "init" && !record.stale && !this.restarts(record)) return;
      if (this.isBackingOff(record)) return;
    }
    // Between two looks what failed stays as it is, whatever else makes this Pod's worker run.
    const waits = record.waiting !== undefined && record.waiting.reason !== "CrashLoopBackOff";
    if (waits && this.means.environment.clock.now() < record.againAt) return this.options.wakeAt(record.againAt);
    const { spec } = record;
    try {
      const image = await this.interruptible(this.means.puller.ensure(this.options.pod().metadata.uid, spec, (type, reason, message) => this.tell(record, type, reason, message)));
      if (image === undefined || this.options.cancelled() || record.spec.image !== spec.image) return;
      record.image = image;
      await this.create(record, places);
    } catch (error) {
      this.refused(record, error);
    }
  }

  /** Not later than `latest`: upstream's jitter makes a restart up to half its back-off later, here it comes when the back-off is over. */
  private lookAgain(record: ContainerRecord, ms: number, latest = Infinity): void {
    const now = this.means.environment.clock.now();
    record.againAt = Math.min(now + jittered(ms, `${this.options.pod().metadata.uid}/${record.spec.name}/${now}`), latest);
    this.options.wakeAt(record.againAt);
  }

  /** True while the back-off lasts; afterwards it is doubled for the next time. */
  private isBackingOff(record: ContainerRecord): boolean {
    const { clock } = this.means.environment;
    const now = clock.now();
    // Of one that a probe has killed the end before counts, and only now: then it is like any other that has ended.
    const ended = record.due ? (parseTime(record.last?.finishedAt ?? "") ?? -Infinity) : (record.info?.finishedAt ?? now);
    const expired = ended - record.backoffSince > 2 * crashMsMax;
    if (record.backoffMs > 0 && !expired && now < ended + record.backoffMs) {
      record.due = false;
      if (!record.stale && !this.restarts(record)) return true;
      const { name } = record.spec;
      const { metadata } = this.options.pod();
      const pod = `${metadata.name}_${metadata.namespace}(${metadata.uid})`;
      if (record.waiting?.reason !== "CrashLoopBackOff" || now >= record.againAt) {
        this.tell(record, "Warning", "BackOff", `Back-off restarting failed container ${name} in pod ${pod}`);
        this.lookAgain(record, regularMs, ended + record.backoffMs);
      }
      record.waiting = { reason: "CrashLoopBackOff", message: `back-off ${goDuration(record.backoffMs)} restarting failed container=${name} pod=${pod}` };
      this.options.wakeAt(record.againAt);
      return true;
    }
    record.backoffMs = record.backoffMs === 0 || expired ? crashMsMin : Math.min(record.backoffMs * 2, crashMsMax);
    record.backoffSince = now;
    return false;
  }

  private async create(record: ContainerRecord, places: ReadonlyMap<string, string>): Promise<void> {
    const { runtime, environment } = this.means;
    const { image: createdFrom, resources } = record.spec;
    const config = await containerConfig(record, { pod: this.options.pod(), addresses: this.options.addresses(), places, target: this.options.targetOf(record), means: this.means });
    if (this.options.cancelled()) return;
    const sandboxId = this.sandboxId;
    if (sandboxId === undefined) return;
    const id = await runtime.createContainer(sandboxId, config);
    this.succeed(record, id);
    Object.assign(record, { createdFrom, applied: resources });
    this.tell(record, "Normal", "Created", "Container created");
    try {
      await runtime.startContainer(id);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      this.observe(record);
      if (this.restarts(record)) record.waiting = { reason: "RunContainerError", message };
      this.tell(record, "Warning", "Failed", `Error: ${message}`);
      environment.clock.after(pullShownMs, () => this.options.changed());
      return;
    }
    this.observe(record);
    this.tell(record, "Normal", "Started", "Container started");
    if (isRunning(record)) await this.afterStart(record);
  }

  /** The sandbox in which containers are created; set by the worker before each round. */
  sandboxId: string | undefined;

  /** A new attempt takes the place of the one before. */
  private succeed(record: ContainerRecord, id: string): void {
    const ended = terminatedState(record);
    if (record.id !== undefined) {
      record.last = ended;
      record.restarts++;
      const older = this.previous.get(record.spec.name);
      if (older) void this.means.runtime.removeContainer(older);
      this.previous.set(record.spec.name, record.id);
    }
    record.id = id;
    record.info = this.means.runtime.containerStatus(id);
    record.waiting = undefined;
    record.message = undefined;
    record.hooked = false;
    record.due = false;
    record.stale = false;
  }

  private async afterStart(record: ContainerRecord): Promise<void> {
    const { postStart } = record.spec.lifecycle ?? {};
    if (postStart) {
      const failure = await this.interruptible(runHook(postStart, this.target(record), this.means));
      if (failure !== undefined) {
        this.tell(record, "Warning", "FailedPostStartHook", "PostStartHook failed");
        await this.kill(record, { graceMs: this.graceMs(), message: "FailedPostStartHook" });
        return;
      }
    }
    record.hooked = true;
    if (isRunning(record)) this.probes.start(record);
  }

  /** Ends a container of which a probe has failed too often. */
  private dies(record: ContainerRecord, kind: ProbeKind): void {
    const probe = kind === "Startup" ? record.spec.startupProbe : record.spec.livenessProbe;
    const graceMs = probe?.terminationGracePeriodSeconds === undefined ? this.graceMs() : probe.terminationGracePeriodSeconds * 1000;
    record.due = policyOf(record.spec, this.options.pod()) !== "Never";
    void this.kill(record, { graceMs, message: `Container ${record.spec.name} failed ${kind.toLowerCase()} probe${record.due ? ", will be restarted" : ""}` });
  }

  private graceMs(): number {
    return (this.options.pod().spec.terminationGracePeriodSeconds ?? 30) * 1000;
  }

  private refused(record: ContainerRecord, error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    if (error instanceof PullError) {
      this.tell(record, "Warning", "Failed", `Error: ${error.reason}`);
      const first = record.waiting === undefined && error.reason === "ErrImagePull";
      record.waiting = { reason: error.reason, message };
      if (first) this.options.wakeAt((record.againAt = this.means.environment.clock.now() + pullShownMs));
      else this.lookAgain(record, failureMs);
      return;
    }
    const reason = error instanceof MissingError || error instanceof VolumeError ? "CreateContainerConfigError" : "CreateContainerError";
    this.tell(record, "Warning", "Failed", `Error: ${message}`);
    record.waiting = { reason, message };
    this.lookAgain(record, failureMs);
  }

  /** The container's message for its status: what it wrote for it, or the end of its log where asked. */
  private lastWords(record: ContainerRecord): string | undefined {
    const { info, spec } = record;
    if (info?.message !== undefined && info.message !== "") return info.message;
    if (spec.terminationMessagePolicy !== "FallbackToLogsOnError" || info?.exitCode === 0 || !record.id) return undefined;
    const entries = this.means.runtime.log(record.id)?.entries() ?? [];
    const decoder = new TextDecoder();
    return entries.slice(-messageLinesMax).map(({ text }) => decoder.decode(text)).join("").slice(-messageBytesMax);
  }

  private target(record: ContainerRecord) {
    return { containerId: record.id ?? "", container: record.spec, podIp: this.options.addresses().podIps[0] ?? "" };
  }

  private tell(record: ContainerRecord, type: "Normal" | "Warning", reason: string, message: string): void {
    const field = { main: "containers", ephemeral: "ephemeralContainers", init: "initContainers", sidecar: "initContainers" }[record.kind];
    this.means.recorder.eventFor(referenceTo(this.options.pod(), `spec.${field}{${record.spec.name}}`), type, reason, message);
  }

  /** The result, or undefined when the Pod is to end first. */
  private interruptible<T>(work: Promise<T>): Promise<T | undefined> {
    return new Promise((resolve, reject) => {
      const interrupts = (this.interrupts ??= new Set());
      const end = (): void => resolve(undefined);
      interrupts.add(end);
      work.then(
        (value) => {
          interrupts.delete(end);
          resolve(value);
        },
        (error: unknown) => {
          interrupts.delete(end);
          reject(error instanceof Error ? error : new Error(String(error)));
        },
      );
    });
  }
}
