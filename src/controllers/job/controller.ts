import type { Environment } from "../../base/environment.ts";
import { isStatus } from "../../base/status-error.ts";
import { sameData } from "../../api/equality.ts";
import { jobs, pods } from "../../api/kinds.ts";
import { matchesSelector } from "../../api/label-selector.ts";
import type { Job, JobStatus } from "../../api/types/batch-v1.ts";
import type { Pod } from "../../api/types/core-v1.ts";
import type { Client } from "../../client/client.ts";
import type { Controller, ControllerContext } from "../../client/controller-context.ts";
import type { EventRecorder } from "../../client/event-recorder.ts";
import type { Informer } from "../../client/informer.ts";
import { keyOf } from "../../client/informer.ts";
import type { Outcome } from "../../client/reconciler.ts";
import { Reconciler } from "../../client/reconciler.ts";
import { AwaitedStatus } from "../awaited-status.ts";
import { claimable, controlledBy, indexByOwner, ownerChanged } from "../indexes.ts";
import { claimAll, controllerOf } from "../owner.ts";
import { UnseenWrites } from "../unseen-writes.ts";
import { noBackoff } from "./backoff.ts";
import type { Backoff } from "./backoff.ts";
import { isTracked, trackingFinalizer } from "./job-pods.ts";
import type { JobView } from "./plan.ts";
import { isFinished, planJob } from "./plan.ts";
import { PodControl, settleJobPodChange } from "./pod-control.ts";
import type { Tracking } from "./tracking.ts";
import { settleJob, trackJob } from "./tracking.ts";

/**
 * Runs Jobs: reads the shared views, asks the plan, carries it out, counts. A change of a Job's spec is looked at at once; what
 * Pods do, and what the status says, is gathered for a second, so that many Pods that end together are one write. Jobs that
 * name another controller in `managedBy` are left alone. A Pod that no unfinished Job answers for loses its tracking finalizer.
 */
export function startJobController(context: ControllerContext): Controller {
  return new JobController(context);
}

/** Upstream's ConcurrentJobSyncs. */
const concurrency = 5;
/** Upstream's syncJobBatchPeriod. */
const gatherMs = 1000;
const ownName = "kubernetes.io/job-controller";

/** What is remembered of a Job between looks; nothing of it is needed to count right. */
interface Memory {
  /** Of this Job's Pods, all names ever seen: a new Pod never takes the name of a past one. */
  readonly usedNames: Set<string>;
  firstOrdinal: number;
  backoff: Backoff;
}

class JobController implements Controller {
  private readonly environment: Environment;
  private readonly client: Client;
  private readonly recorder: EventRecorder;
  private readonly jobs: Informer<Job>;
  private readonly pods: Informer<Pod>;
  private readonly synced: Promise<void>;
  private readonly queue: Reconciler;
  private readonly orphans: Reconciler;
  private readonly unseen: UnseenWrites;
  private readonly podControl: PodControl;
  private readonly memories = new Map<string, Memory>();
  private readonly awaitedStatus: AwaitedStatus;
  private readonly stops: (() => void)[] = [];

  constructor(context: ControllerContext) {
    const { environment, informers } = context;
    this.environment = environment;
    this.client = context.client("job-controller");
    this.recorder = context.recorder("job-controller");
    this.unseen = new UnseenWrites(environment);
    this.awaitedStatus = new AwaitedStatus(this.unseen);
    this.podControl = new PodControl({ client: this.client, recorder: this.recorder, unseen: this.unseen });
    this.jobs = informers.of(jobs);
    this.pods = informers.of(pods);
    indexByOwner(this.pods);
    this.synced = informers.synced();
    this.queue = new Reconciler({ name: "job", environment, concurrency, reconcile: (key) => this.sync(key) });
    this.orphans = new Reconciler({ name: "job orphan pods", environment, reconcile: (key) => this.syncOrphan(key) });
    this.stops.push(
      this.jobs.onChange((current, previous) => this.jobChanged(current, previous)),
      this.pods.onChange((current, previous) => this.podChanged(current, previous)),
    );
  }

  stop(): void {
    for (const stop of this.stops) stop();
    this.queue.stop();
    this.orphans.stop();
  }

  private jobChanged(current: Job | undefined, previous: Job | undefined): void {
    if (previous && current?.metadata.uid !== previous.metadata.uid) this.forget(previous);
    if (!current) return;
    this.awaitedStatus.shown(current);
    if (isFinished(current)) this.releasePods(current.metadata.uid);
    if (previous && current.metadata.generation === previous.metadata.generation) this.gather(current);
    else this.queue.add(keyOf(current));
  }

  private forget(job: Job): void {
    const { uid } = job.metadata;
    this.memories.delete(uid);
    this.awaitedStatus.forget(uid);
    this.unseen.forget(uid);
    this.releasePods(uid);
  }

  /** Pods that nobody counts any more need no tracking. */
  private releasePods(jobUid: string): void {
    for (const pod of controlledBy(this.pods, jobUid)) if (isTracked(pod)) this.orphans.add(keyOf(pod));
  }

  private gather(job: Job): void {
    this.queue.addAt(keyOf(job), this.environment.clock.now() + gatherMs);
  }

  private podChanged(current: Pod | undefined, previous: Pod | undefined): void {
    settleJobPodChange(this.unseen, current, previous);
    if (current && previous && ownerChanged(current, previous)) this.wakeOwner(previous);
    const pod = current ?? previous;
    if (!pod) return;
    if (controllerOf(pod)) {
      const job = this.wakeOwner(pod);
      if (current && isTracked(current) && current.metadata.deletionTimestamp !== undefined && (!job || isFinished(job))) this.orphans.add(keyOf(current));
      return;
    }
    if (!current) return;
    if (isTracked(current)) this.orphans.add(keyOf(current));
    const isNews = !previous || ownerChanged(current, previous) || !sameData(current.metadata.labels, previous.metadata.labels);
    if (!isNews || current.metadata.deletionTimestamp !== undefined) return;
    for (const job of this.jobs.list(current.metadata.namespace)) if (matchesSelector(job.spec.selector, current.metadata.labels)) this.gather(job);
  }

  private wakeOwner(pod: Pod): Job | undefined {
    const job = this.ownerOf(pod);
    if (job && !isFinished(job)) this.gather(job);
    return job;
  }

  private ownerOf(pod: Pod): Job | undefined {
    const owner = controllerOf(pod);
    if (owner?.kind !== jobs.kind) return undefined;
    const job = this.jobs.get(`${pod.metadata.namespace ?? ""}/${owner.name}`);
    return job?.metadata.uid === owner.uid ? job : undefined;
  }

  private async sync(key: string): Promise<Outcome> {
    await this.synced;
    const uid = this.jobs.get(key)?.metadata.uid;
    if (uid === undefined) return;
    await this.unseen.seen(uid);
    const job = this.jobs.get(key);
    if (!job || job.metadata.uid !== uid || isFinished(job) || isForeign(job)) return;
    const view = await this.look(job);
    const plan = planJob(view);
    const removed = await this.podControl.remove(job, plan.remove, plan.untrack);
    const made = await this.podControl.make(job, plan.make);
    const memory = this.memoryOf(job);
    memory.firstOrdinal = plan.firstOrdinal;
    for (const { name } of made.done) memory.usedNames.add(name);
    const tracking = trackJob(view, plan, { removed: removed.done, made: made.done.length });
    if (tracking.suspendEvent) this.recorder.event(job, "Normal", tracking.suspendEvent, `Job ${tracking.suspendEvent.toLowerCase()}`);
    const written = await this.writeStatus(job, tracking.status);
    memory.backoff = plan.backoff;
    const failure = removed.failure ?? made.failure ?? (await this.count(written, view, tracking));
    if (failure !== undefined) throw failure;
    return plan.again === undefined ? undefined : { again: plan.again };
  }

  /** The second half: finalizers go, numbers move to the counters, the Job may be finished. Returns what failed. */
  private async count(job: Job, view: JobView, tracking: Tracking): Promise<unknown> {
    const { done, failure } = await this.podControl.untrackAll(job.metadata.uid, tracking.untrack);
    const untracked = new Set(done.map(({ metadata }) => metadata.uid));
    const stillTracked = new Set(view.pods.filter((pod) => isTracked(pod) && !untracked.has(pod.metadata.uid)).map(({ metadata }) => metadata.uid));
    const { status, finished } = settleJob(tracking, job.status, stillTracked, this.environment.clock.now());
    await this.writeStatus(job, status);
    if (finished && tracking.final) this.tellEnd(job, status, tracking.final);
    return failure;
  }

  private tellEnd(job: Job, status: JobStatus, { type, reason = "", message = "" }: { type: string; reason?: string; message?: string }): void {
    if (type !== "Complete") return this.recorder.event(job, "Warning", reason, message);
    if (job.spec.completions !== undefined && (status.succeeded ?? 0) > job.spec.completions) {
      this.recorder.event(job, "Warning", "TooManySucceededPods", "Too many succeeded pods running after completion count reached");
    }
    this.recorder.event(job, "Normal", "Completed", "Job completed");
  }

  private async look(job: Job): Promise<JobView> {
    const matches = (pod: Pod): boolean => matchesSelector(job.spec.selector, pod.metadata.labels);
    const objects = claimable(this.pods, job);
    const own = await claimAll({ client: this.client, owner: job, ownerKind: jobs, kind: pods, objects, matches, finalizers: [trackingFinalizer] });
    const memory = this.memoryOf(job);
    for (const pod of own) memory.usedNames.add(pod.metadata.name);
    return {
      job,
      pods: own,
      now: this.environment.clock.now(),
      backoff: memory.backoff,
      isUsed: (name) => memory.usedNames.has(name) || this.pods.get(`${job.metadata.namespace ?? ""}/${name}`) !== undefined,
      firstOrdinal: memory.firstOrdinal,
    };
  }

  private memoryOf(job: Job): Memory {
    const { uid } = job.metadata;
    let memory = this.memories.get(uid);
    if (!memory) this.memories.set(uid, (memory = { usedNames: new Set(), firstOrdinal: 0, backoff: noBackoff }));
    return memory;
  }

  /** Writes a status that differs, on condition that nobody else wrote meanwhile; the Job with it. */
  private async writeStatus(job: Job, status: JobStatus): Promise<Job> {
    if (sameData(status, job.status)) return job;
    const written = await this.client.update(jobs, { ...job, status }, { subresource: "status" });
    this.awaitedStatus.wrote(written, this.jobs.get(keyOf(written)));
    return written;
  }

  private async syncOrphan(key: string): Promise<void> {
    await this.synced;
    const pod = this.pods.get(key);
    if (!pod || !isTracked(pod)) return;
    const owner = controllerOf(pod);
    if (owner && (owner.kind !== jobs.kind || owner.apiVersion !== jobs.apiVersion)) return;
    if (owner && (await this.isAnsweredFor(pod, owner.name, owner.uid))) return;
    await this.podControl.untrack(pod.metadata.uid, pod);
    this.unseen.forget(pod.metadata.uid);
  }

  /** Asks the server: a Job that the view does not show yet is no reason to stop tracking. */
  private async isAnsweredFor(pod: Pod, jobName: string, jobUid: string): Promise<boolean> {
    try {
      const job = await this.client.get(jobs, { namespace: pod.metadata.namespace, name: jobName });
      return job.metadata.uid === jobUid && (isForeign(job) || !isFinished(job));
    } catch (error) {
      if (isStatus(error, "NotFound")) return false;
      throw error;
    }
  }
}

function isForeign(job: Job): boolean {
  return job.spec.managedBy !== undefined && job.spec.managedBy !== ownName;
}
