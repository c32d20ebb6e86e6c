import type { Environment, Instant } from "../../base/environment.ts";
import { isStatus } from "../../base/status-error.ts";
import { formatTime } from "../../base/time.ts";
import type { TimeZone } from "../../base/time-zone.ts";
import type { Partially } from "../../base/json.ts";
import { sameData } from "../../api/equality.ts";
import { cronJobs, jobs } from "../../api/kinds.ts";
import type { CronJob, CronJobStatus, Job } from "../../api/types/batch-v1.ts";
import type { Client } from "../../client/client.ts";
import type { Controller, ControllerContext } from "../../client/controller-context.ts";
import type { EventRecorder } from "../../client/event-recorder.ts";
import { referenceTo } from "../../client/event-recorder.ts";
import type { Informer } from "../../client/informer.ts";
import { keyOf } from "../../client/informer.ts";
import type { Outcome } from "../../client/reconciler.ts";
import { Reconciler } from "../../client/reconciler.ts";
import { AwaitedStatus } from "../awaited-status.ts";
import { isNamespaceEnding, messageOf } from "../creation-failure.ts";
import { controlledBy, indexByOwner, ownerChanged } from "../indexes.ts";
import { controllerOf, controllerReference } from "../owner.ts";
import { UnseenWrites } from "../unseen-writes.ts";
import type { Run } from "./plan.ts";
import { finishedCondition, planCronJob, scheduledKey, withRun, withoutActive } from "./plan.ts";
import type { ReadSchedule } from "./schedule.ts";
import { readSchedule } from "./schedule.ts";

/**
 * Runs CronJobs: looks at one when it changes, when one of its Jobs does, and exactly when its next run is due. After a change of
 * the schedule it waits for the next run of the new one, so that a change does not itself start a Job.
 */
export function startCronJobController(context: ControllerContext): Controller {
  return new CronJobController(context);
}

/** Upstream's ConcurrentCronJobSyncs. */
const concurrency = 5;

class CronJobController implements Controller {
  private readonly environment: Environment;
  private readonly client: Client;
  private readonly recorder: EventRecorder;
  private readonly cronJobs: Informer<CronJob>;
  private readonly jobs: Informer<Job>;
  private readonly synced: Promise<void>;
  private readonly queue: Reconciler;
  private readonly unseen: UnseenWrites;
  /** By uid. Reading a schedule makes a time zone, which is dear. */
  private readonly schedules = new Map<string, { schedule: string; timeZone: string | undefined; read: ReadSchedule }>();
  private readonly awaitedStatus: AwaitedStatus;
  private readonly stops: (() => void)[] = [];

  constructor(context: ControllerContext) {
    const { environment, informers } = context;
    this.environment = environment;
    this.client = context.client("cronjob-controller");
    this.recorder = context.recorder("cronjob-controller");
    this.unseen = new UnseenWrites(environment);
    this.awaitedStatus = new AwaitedStatus(this.unseen);
    this.cronJobs = informers.of(cronJobs);
    this.jobs = informers.of(jobs);
    indexByOwner(this.jobs);
    this.synced = informers.synced();
    this.queue = new Reconciler({ name: "cronjob", environment, concurrency, reconcile: (key) => this.sync(key) });
    this.stops.push(
      this.cronJobs.onChange((current, previous) => this.cronJobChanged(current, previous)),
      this.jobs.onChange((current, previous) => this.jobChanged(current, previous)),
    );
  }

  stop(): void {
    for (const stop of this.stops) stop();
    this.queue.stop();
  }

  private cronJobChanged(current: CronJob | undefined, previous: CronJob | undefined): void {
    if (previous && current?.metadata.uid !== previous.metadata.uid) {
      const { uid } = previous.metadata;
      this.schedules.delete(uid);
      this.awaitedStatus.forget(uid);
      this.unseen.forget(uid);
    }
    if (!current) return;
    this.awaitedStatus.shown(current);
    const isRescheduled = previous && (previous.spec.schedule !== current.spec.schedule || previous.spec.timeZone !== current.spec.timeZone);
    if (isRescheduled) this.awaitNextRun(current);
    else this.queue.add(keyOf(current));
  }

  private awaitNextRun(cronJob: CronJob): void {
    const next = this.scheduleOf(cronJob).schedule?.next(this.environment.clock.now());
    if (next !== undefined) this.queue.addAt(keyOf(cronJob), next);
  }

  private jobChanged(current: Job | undefined, previous: Job | undefined): void {
    if (current && !previous) this.unseen.settle(creation(keyOf(current)));
    if (previous && (!current || current.metadata.uid !== previous.metadata.uid)) this.unseen.settle(deletion(previous.metadata.uid));
    if (current?.metadata.deletionTimestamp !== undefined) this.unseen.settle(deletion(current.metadata.uid));
    if (current && previous && ownerChanged(current, previous)) this.wakeOwner(previous);
    const job = current ?? previous;
    if (job) this.wakeOwner(job);
  }

  private wakeOwner(job: Job): void {
    const owner = controllerOf(job);
    if (owner?.kind !== cronJobs.kind) return;
    const cronJob = this.cronJobs.get(`${job.metadata.namespace ?? ""}/${owner.name}`);
    if (cronJob?.metadata.uid === owner.uid) this.queue.add(keyOf(cronJob));
  }

  private scheduleOf(cronJob: CronJob): ReadSchedule {
    const { schedule, timeZone } = cronJob.spec;
    const known = this.schedules.get(cronJob.metadata.uid);
    if (known && known.schedule === schedule && known.timeZone === timeZone) return known.read;
    const read = readSchedule(cronJob);
    this.schedules.set(cronJob.metadata.uid, { schedule, timeZone, read });
    return read;
  }

  private async sync(key: string): Promise<Outcome> {
    await this.synced;
    const uid = this.cronJobs.get(key)?.metadata.uid;
    if (uid === undefined) return;
    await this.unseen.seen(uid);
    const cronJob = this.cronJobs.get(key);
    if (!cronJob || cronJob.metadata.uid !== uid) return;
    const own = controlledBy(this.jobs, uid);
    const gone = await this.goneJobs(cronJob, own);
    const plan = planCronJob({ cronJob, jobs: own, gone, read: this.scheduleOf(cronJob), now: this.environment.clock.now() });
    for (const { type, reason, message } of plan.told) this.recorder.event(cronJob, type, reason, message);
    let status = plan.status;
    let again = plan.again;
    try {
      for (const reference of plan.replace) {
        await this.remove(cronJob, { name: reference.name ?? "", uid: reference.uid ?? "" });
        status = withoutActive(status, reference.uid ?? "");
      }
      if (plan.run) {
        const started = await this.start(cronJob, plan.run);
        if (typeof started !== "string") status = withRun(status, referenceTo(started), plan.run.scheduledAt);
        // As upstream: a CronJob whose name is taken stands still until something changes.
        else if (started === "blocked") again = undefined;
      }
      for (const finished of plan.clear) await this.clear(cronJob, finished);
    } finally {
      await this.writeStatus(cronJob, status);
    }
    return again === undefined ? undefined : { again };
  }

  /** Active Jobs that neither the view nor the server has. */
  private async goneJobs(cronJob: CronJob, own: readonly Job[]): Promise<ReadonlySet<string>> {
    const gone = new Set<string>();
    const there = new Set(own.map(({ metadata }) => metadata.uid));
    for (const { uid = "", name = "" } of cronJob.status.active ?? []) {
      if (there.has(uid)) continue;
      try {
        const job = await this.client.get(jobs, { namespace: cronJob.metadata.namespace, name });
        if (job.metadata.uid !== uid) gone.add(uid);
      } catch (error) {
        if (!isStatus(error, "NotFound")) throw error;
        gone.add(uid);
      }
    }
    return gone;
  }

  /**
   * The Job of a run: made now, or by somebody with the same view who did not live to note it. "over": it has run already.
   * "blocked": its name belongs to a stranger, or the namespace is going.
   */
  private async start(cronJob: CronJob, run: Run): Promise<Job | "over" | "blocked"> {
    const { namespace, uid } = cronJob.metadata;
    const write = creation(`${namespace ?? ""}/${run.name}`);
    this.unseen.announce(uid, write);
    try {
      const job = await this.client.create<Job>(jobs, buildJob(cronJob, run, this.scheduleOf(cronJob).zone));
      this.recorder.event(cronJob, "Normal", "SuccessfulCreate", `Created job ${job.metadata.name}`);
      return job;
    } catch (error) {
      this.unseen.settle(write);
      if (isNamespaceEnding(error)) return "blocked";
      if (!isStatus(error, "AlreadyExists")) {
        this.recorder.event(cronJob, "Warning", "FailedCreate", `Error creating job: ${messageOf(error)}`);
        throw error;
      }
    }
    const there = await this.client.get(jobs, { namespace, name: run.name });
    if (controllerOf(there)?.uid !== uid) return "blocked";
    return finishedCondition(there) === undefined ? there : "over";
  }

  /** A Job of the history that cannot be deleted is told about, and tried again at the next look. */
  private async clear(cronJob: CronJob, job: Job): Promise<void> {
    try {
      await this.remove(cronJob, job.metadata);
    } catch (error) {
      this.environment.log.debug(`cronjob: ${job.metadata.name} not deleted`, { error: String(error) });
    }
  }

  private async remove(cronJob: CronJob, { name, uid }: { name: string; uid: string }): Promise<void> {
    const { namespace, uid: owner } = cronJob.metadata;
    this.unseen.announce(owner, deletion(uid));
    try {
      await this.client.delete(jobs, { namespace, name }, { propagationPolicy: "Background", preconditions: { uid } });
    } catch (error) {
      this.unseen.settle(deletion(uid));
      if (isStatus(error, "NotFound")) return;
      this.recorder.event(cronJob, "Warning", "FailedDelete", `Deleted job: ${messageOf(error)}`);
      throw error;
    }
    this.recorder.event(cronJob, "Normal", "SuccessfulDelete", `Deleted job ${name}`);
  }

  private async writeStatus(cronJob: CronJob, status: CronJobStatus): Promise<void> {
    if (sameData(status, cronJob.status)) return;
    const written = await this.client.update(cronJobs, { ...cronJob, status }, { subresource: "status" });
    this.awaitedStatus.wrote(written, this.cronJobs.get(keyOf(written)));
  }
}

function buildJob(cronJob: CronJob, run: Run, zone: TimeZone): Partially<Job> {
  const { metadata, spec } = cronJob.spec.jobTemplate;
  return {
    apiVersion: jobs.apiVersion,
    kind: jobs.kind,
    metadata: {
      name: run.name,
      namespace: cronJob.metadata.namespace,
      ...(metadata.labels === undefined ? {} : { labels: metadata.labels }),
      annotations: { ...metadata.annotations, [scheduledKey]: formatInZone(run.scheduledAt, zone) },
      ownerReferences: [controllerReference(cronJob, cronJobs)],
    },
    spec,
  };
}

/** RFC 3339 in the CronJob's own zone, as upstream writes it into the annotation. */
function formatInZone(instant: Instant, zone: TimeZone): string {
  const offsetMs = zone.offsetAt(instant);
  if (offsetMs === 0) return formatTime(instant);
  const minutes = Math.floor(Math.abs(offsetMs) / 60_000);
  const offset = `${String(Math.floor(minutes / 60)).padStart(2, "0")}:${String(minutes % 60).padStart(2, "0")}`;
  return `${formatTime(instant + offsetMs).slice(0, -1)}${offsetMs < 0 ? "-" : "+"}${offset}`;
}

function creation(key: string): string {
  return `create ${key}`;
}

function deletion(uid: string): string {
  return `delete ${uid}`;
}
