import type { Environment, Timer } from "../base/environment.ts";
import { parseTime } from "../base/time.ts";
import { sameData } from "../api/equality.ts";
import type { Pod } from "../api/types/core-v1.ts";
import type { ContainerRecord } from "./container-record.ts";
import { addedRecords, findNewest, hasExited, isRunning, recordsOf, restoreRecord } from "./container-record.ts";
import { ContainerRunner } from "./container-runner.ts";
import type { PodMeans } from "./pod-means.ts";
import { concerns, isDescribedAnew, isOlder } from "./pod-change.ts";
import { PodLimits } from "./pod-limits.ts";
import { isOver, phaseOf, podStatus } from "./pod-status.ts";
import type { Failure, PodView } from "./pod-status.ts";
import { PodResizer } from "./pod-resizer.ts";
import { pullSecretsWarning } from "./pull-secrets.ts";
import { sandboxConfig } from "./sandbox.ts";
import { StatusWriter } from "./status-writer.ts";
import type { FoundSandbox, SandboxInfo } from "./runtime.ts";
import { VolumeError, podFolder, setUpVolumes } from "./volumes.ts";

/*
 * A failed mount is tried again after half a second, doubling to two minutes (upstream's volume manager); a sandbox that
 * could not be made after ten seconds (its sync back-off).
 */
const mountMsMin = 500;
const mountMsMax = 122_000;
const sandboxMs = 10_000;
const failureMs = 1000;
const graceSecondsDefault = 30;

/**
 * Runs one Pod from its arrival on the node to its end. All decisions are taken in `sync`, one at a time: whatever happens
 * (the Pod changed, a container ended, a back-off is over) only asks for the next one.
 *
 * `active` → `ending` (containers are being stopped) → `ended` (nothing runs, nothing will). From `ended` only the deletion
 * of the object is left.
 */
export class PodWorker {
  pod: Pod;
  /** Of all its containers. Those that are added while it runs come last. */
  readonly records: ContainerRecord[];
  private readonly means: PodMeans;
  private readonly environment: Environment;
  private readonly runner: ContainerRunner;
  private readonly writer: StatusWriter;
  private readonly resizer: PodResizer;
  private readonly limits: PodLimits;
  /** When this node took the Pod on. */
  readonly startedAt: number;
  private stage: "active" | "ending" | "ended" = "active";
  private failure: Failure | undefined;
  private sandbox: SandboxInfo | undefined;
  private sandboxUp = false;
  /** An earlier one has stopped by itself: the machine lost power. */
  private sandboxLost: boolean;
  private places: ReadonlyMap<string, string> | undefined;
  private mountMs = mountMsMin;
  private dirty = false;
  private busy = false;
  private stopped = false;
  private removed = false;
  private wake: { readonly at: number; readonly timer: Timer } | undefined;

  /** `sandbox` is what an earlier kubelet of this node made for it. */
  constructor(means: PodMeans, pod: Pod, { failure, sandbox }: { failure?: Failure | undefined; sandbox?: FoundSandbox | undefined } = {}) {
    this.means = means;
    this.environment = means.environment;
    this.pod = pod;
    this.failure = failure;
    this.records = recordsOf(pod);
    this.resizer = new PodResizer(means, this.records);
    this.startedAt = parseTime(pod.status.startTime ?? "") ?? this.environment.clock.now();
    this.restore(sandbox);
    // One that has stopped is of use only where nothing will be started any more.
    if (sandbox && (!sandbox.stopped || this.stage === "ended")) {
      this.sandbox = { id: sandbox.id, ips: [sandbox.ip] };
      this.sandboxUp = !sandbox.stopped;
    }
    this.sandboxLost = sandbox !== undefined && this.sandbox === undefined;
    this.writer = new StatusWriter(means, pod, (written) => this.update(written));
    this.runner = new ContainerRunner({
      means,
      pod: () => this.pod,
      addresses: () => ({ podIps: this.podIps(), hostIps: means.hostIps }),
      changed: () => this.kick(),
      targetOf: ({ spec, kind }) => {
        const named = kind === "ephemeral" ? this.pod.spec.ephemeralContainers?.find(({ name }) => name === spec.name)?.targetContainerName : undefined;
        return named === undefined ? undefined : this.record(named)?.id;
      },
      wakeAt: (instant) => this.wakeAt(instant),
      cancelled: () => this.stopped || this.shouldEnd(),
    });
    this.limits = new PodLimits({
      means,
      pod: () => this.pod,
      startedAt: this.startedAt,
      diskBytes: (container) => means.runtime.containerDiskBytes?.(this.record(container)?.id ?? "") ?? 0,
      exceeded: (type, failure) => this.exceeded(type, failure),
    });
    if (!this.sandboxUp && pod.spec.restartPolicy !== "Never") for (const record of this.records) record.stale = record.id !== undefined;
    for (const record of this.records) this.runner.adopt(record);
    this.lookAtResize();
    if (this.stage === "active") this.limits.watchTime();
    else this.limits.stop();
    this.kick();
  }

  get uid(): string {
    return this.pod.metadata.uid;
  }

  /** Whether it still takes room on the node. */
  get takesRoom(): boolean {
    return this.stage !== "ended" && !(this.failure && this.records.every(({ id }) => id === undefined));
  }

  /** The Pod with what was granted to it. */
  get allocated(): Pod {
    return this.resizer.allocated(this.pod);
  }

  /** Whether it asks for more than the node could give so far. */
  get waitsForRoom(): boolean {
    return this.resizer.pending !== undefined && this.stage === "active";
  }

  /** Takes other resources over when there is room for them. */
  lookAtResize(): void {
    if (this.stage !== "active" || this.shouldEnd()) return;
    const before = this.resizer.pending;
    if (this.resizer.look(this.pod)) this.means.roomFreed();
    else if (this.resizer.pending === before) return;
    this.kick();
  }

  record(container: string): ContainerRecord | undefined {
    return this.records.find(({ spec }) => spec.name === container);
  }

  /** A state of the object that the node has heard of: from its watch, or as the answer to a write. */
  update(pod: Pod): void {
    if (isOlder(pod, this.pod)) return;
    if (isDescribedAnew(pod, this.pod)) this.means.describedAnew(this.uid);
    const before = this.pod.metadata.deletionGracePeriodSeconds;
    const changed = concerns(this.pod, pod);
    const deadline = this.pod.spec.activeDeadlineSeconds;
    this.pod = pod;
    for (const spec of [...(pod.spec.initContainers ?? []), ...pod.spec.containers]) {
      const record = this.record(spec.name);
      // Other resources are taken over once there is room for them.
      if (record) this.runner.change(record, sameData(record.spec.resources, spec.resources) ? spec : { ...spec, resources: record.spec.resources });
    }
    this.lookAtResize();
    if (pod.spec.activeDeadlineSeconds !== deadline) this.limits.watchTime();
    this.records.push(...addedRecords(pod, this.records));
    this.writer.seen(pod);
    const grace = pod.metadata.deletionGracePeriodSeconds;
    if (this.stage === "ending" && grace !== undefined && grace !== before) {
      for (const record of this.records) if (record.id && isRunning(record)) void this.means.runtime.stopContainer(record.id, Math.max(grace, 1) * 1000);
    }
    if (pod.metadata.deletionTimestamp) this.runner.interrupt();
    if (changed) this.kick();
  }

  /** The object is gone: what still runs is ended and nothing is written any more. */
  remove(): void {
    this.removed = true;
    this.runner.interrupt();
    this.kick();
  }

  containerChanged(id: string): void {
    const record = this.records.find((each) => each.id === id);
    if (!record) return;
    this.runner.observe(record);
    this.kick();
  }

  /** Volumes that come from the API are to be brought up to date; resolves when they are. */
  get mounted(): boolean {
    return this.places !== undefined;
  }

  podIps(): readonly string[] {
    return this.sandbox?.ips ?? [];
  }

  previousContainer(container: string): string | undefined {
    return this.runner.previousOf(container);
  }

  /** The machine lost power: nothing happens any more. */
  stop(): void {
    this.stopped = true;
    this.runner.stop();
    this.writer.stop();
    this.wake?.timer.cancel();
    this.limits.stop();
  }

  private restore(sandbox: FoundSandbox | undefined): void {
    const { status } = this.pod;
    const known = [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? []), ...(status.ephemeralContainerStatuses ?? [])];
    for (const record of this.records) {
      const container = known.find(({ name }) => name === record.spec.name);
      if (container) restoreRecord(record, container, this.means.runtime);
      if (sandbox) findNewest(record, sandbox, this.means.runtime);
    }
    const done = isOver(this.pod);
    if (done) this.stage = "ended";
    if (done && status.phase === "Failed" && status.reason) this.failure = { reason: status.reason, message: status.message ?? "" };
  }

  private shouldEnd(): boolean {
    return this.removed || this.failure !== undefined || isOver(this.pod) || this.pod.metadata.deletionTimestamp !== undefined;
  }

  private kick(): void {
    if (this.stopped) return;
    this.dirty = true;
    if (this.busy) return;
    this.busy = true;
    this.environment.runner.post(() => this.loop());
  }

  private async loop(): Promise<void> {
    while (this.dirty && !this.stopped) {
      this.dirty = false;
      try {
        await this.sync();
      } catch (error) {
        this.environment.log.warn(`pod ${this.pod.metadata.namespace}/${this.pod.metadata.name}: sync failed, again in ${failureMs} ms`, { error: String(error) });
        this.wakeAt(this.environment.clock.now() + failureMs);
      }
    }
    this.busy = false;
  }

  private async sync(): Promise<void> {
    if (this.stage === "ended") return this.afterEnd();
    if (this.shouldEnd()) return this.end();
    const phase = phaseOf(this.view());
    if (phase === "Succeeded" || phase === "Failed" || this.served()) return this.end();
    // An end that is followed by another attempt at once is not told.
    if (!this.records.some((record) => record.due && hasExited(record))) this.publish();
    if (!(await this.prepare())) return;
    this.runner.sandboxId = this.sandbox?.id;
    await this.resizer.apply();
    const complete = await this.runner.runAll(this.records, this.places ?? new Map());
    if (!complete && this.shouldEnd()) this.dirty = true;
    this.resizer.finish((record) => this.runner.restarts(record));
    if (!this.stopped) this.publish();
    const after = phaseOf(this.view());
    if (after === "Succeeded" || after === "Failed" || this.served()) this.dirty = true;
  }

  /** All main containers have come to their end for good: sidecars do not keep a Pod alive. */
  private served(): boolean {
    return this.records.every((record) => record.kind !== "main" || (hasExited(record) && !this.runner.restarts(record)));
  }

  /** The sandbox that runs now. */
  get sandboxId(): string | undefined {
    return this.sandboxUp ? this.sandbox?.id : undefined;
  }

  /** Volumes and sandbox. False when something is missing; it is tried again. */
  private async prepare(): Promise<boolean> {
    if (!this.places && !(await this.mount())) return false;
    const warning = this.pod.spec.imagePullSecrets === undefined ? undefined : await pullSecretsWarning(this.pod, this.means.objects);
    if (warning !== undefined) this.tell("Warning", "FailedToRetrieveImagePullSecret", warning);
    if (!this.sandboxUp) {
      if (this.sandboxLost) this.tell("Normal", "SandboxChanged", "Pod sandbox changed, it will be killed and re-created.");
      this.sandboxLost = false;
      try {
        this.sandbox = await this.means.runtime.runSandbox(sandboxConfig(this.pod, this.means));
        this.sandboxUp = true;
        // Whoever comes after this kubelet makes its own.
        if (this.stopped) await this.means.runtime.removeSandbox(this.sandbox.id);
      } catch (error) {
        this.tell("Warning", "FailedCreatePodSandBox", `Failed to create pod sandbox: ${error instanceof Error ? error.message : String(error)}`);
        this.wakeAt(this.environment.clock.now() + sandboxMs);
        this.publish();
        return false;
      }
    }
    return !this.stopped;
  }

  private async mount(): Promise<boolean> {
    const { files, objects, allocatable } = this.means;
    try {
      this.places = await setUpVolumes({
        pod: this.pod, files, objects, allocatable, addresses: { podIps: this.podIps(), hostIps: this.means.hostIps }, token: this.means.token, now: this.environment.clock.now(),
      });
      this.limits.watchDisk(this.places);
      return true;
    } catch (error) {
      if (!(error instanceof VolumeError)) throw error;
      this.tell("Warning", "FailedMount", error.message);
      this.publish();
      this.wakeAt(this.environment.clock.now() + this.mountMs);
      this.mountMs = Math.min(this.mountMs * 2, mountMsMax);
      return false;
    }
  }

  /** Stops everything, writes the last status, gives the sandbox back. */
  private async end(): Promise<void> {
    this.stage = "ending";
    this.limits.stop();
    const grace = this.failure?.reason === "Evicted" ? 0 : (this.pod.metadata.deletionGracePeriodSeconds ?? this.pod.spec.terminationGracePeriodSeconds ?? graceSecondsDefault);
    const running = this.records.filter(isRunning);
    if (running.length > 0) this.publish();
    this.runner.stopKillingProbes();
    const graceMs = Math.max(grace, 1) * 1000;
    // Hooks begin at once; a sidecar is stopped after those that may rely on it.
    let turn: Promise<unknown> = Promise.all(running.filter(({ kind }) => kind !== "sidecar").map((record) => this.runner.kill(record, { graceMs })));
    for (const record of running.filter(({ kind }) => kind === "sidecar").reverse()) turn = Promise.all([turn, this.runner.kill(record, { graceMs, turn })]);
    await turn;
    this.runner.stopProbes();
    if (this.sandbox) await this.means.runtime.stopSandbox(this.sandbox.id);
    this.sandboxUp = false;
    this.stage = "ended";
    this.means.roomFreed();
    if (this.removed) return this.cleanUp();
    this.publish();
    this.dirty = true;
  }

  private async afterEnd(): Promise<void> {
    if (this.removed) return this.cleanUp();
    if (!this.pod.metadata.deletionTimestamp) return;
    this.publish();
    await this.writer.flushed();
    if (this.removed || this.stopped) return;
    await this.cleanUp();
    await this.writer.deleteObject();
  }

  private async cleanUp(): Promise<void> {
    if (this.sandbox) await this.means.runtime.removeSandbox(this.sandbox.id);
    for (const record of this.records) if (record.id) await this.means.runtime.removeContainer(record.id);
    if ((this.pod.spec.volumes ?? []).some(({ hostPath }) => !hostPath)) await this.means.files.remove(podFolder(this.uid));
    this.means.puller.forget(this.uid);
    if (this.removed) {
      this.stop();
      this.means.gone(this.uid);
    }
  }

  /** A limit of the whole Pod is passed: it ends. */
  private exceeded(type: "Normal" | "Warning", failure: Failure): void {
    if (this.stage !== "active" || this.shouldEnd()) return;
    this.failure = failure;
    this.tell(type, failure.reason, failure.message);
    this.runner.interrupt();
    this.kick();
  }

  private wakeAt(instant: number): void {
    if (this.stopped || (this.wake && this.wake.at <= instant && this.wake.at > this.environment.clock.now())) return;
    this.wake?.timer.cancel();
    const timer = this.environment.clock.at(instant, () => {
      this.wake = undefined;
      this.kick();
    });
    this.wake = { at: instant, timer };
  }

  private tell(type: "Normal" | "Warning", reason: string, message: string): void {
    this.means.recorder.event(this.pod, type, reason, message);
  }

  private view(): PodView {
    const { clock } = this.environment;
    return {
      pod: this.pod, records: this.records.filter(({ kind }) => kind !== "ephemeral"), ephemeral: this.records.filter(({ kind }) => kind === "ephemeral"), podIps: this.lastIps(), hostIps: this.means.hostIps, sandboxReady: this.sandboxUp, startedAt: this.startedAt, now: clock.now(),
      ending: this.stage === "ended" && !this.allDone(), failure: this.failure, resize: this.resizer,
    };
  }

  /** Addresses stay in the status of a Pod that has ended. */
  private lastIps(): readonly string[] {
    const known = this.podIps();
    return known.length > 0 ? known : this.stage === "active" ? [] : (this.pod.status.podIPs ?? []).map(({ ip }) => ip);
  }

  /** All containers came to their own end: their codes and the restart policy decide. */
  private allDone(): boolean {
    return !this.pod.metadata.deletionTimestamp && !this.removed && this.records.every((record) => record.kind === "ephemeral" || hasExited(record));
  }

  private publish(): void {
    if (this.removed) return;
    this.writer.write(podStatus(this.view()));
  }
}
