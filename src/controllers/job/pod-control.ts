import { isStatus } from "../../base/status-error.ts";
import { pods } from "../../api/kinds.ts";
import type { Job } from "../../api/types/batch-v1.ts";
import type { Pod } from "../../api/types/core-v1.ts";
import type { Client } from "../../client/client.ts";
import type { EventRecorder } from "../../client/event-recorder.ts";
import { isNamespaceEnding, messageOf, refusalText } from "../creation-failure.ts";
import { controllerOf } from "../owner.ts";
import { slowStart } from "../slow-start.ts";
import { creation, deletion, settlePodChange } from "../unseen-pods.ts";
import type { UnseenWrites } from "../unseen-writes.ts";
import type { NewPod } from "./job-pods.ts";
import { buildPod, isTracked, trackingFinalizer } from "./job-pods.ts";

/** Writes of one kind, side by side; the first failure among them. */
export interface Written<T> {
  readonly done: readonly T[];
  readonly failure: unknown;
}

/** Makes, deletes and untracks the Pods of Jobs, and tells about it in events. Every write is announced as unseen first. */
export class PodControl {
  private readonly client: Client;
  private readonly recorder: EventRecorder;
  private readonly unseen: UnseenWrites;

  constructor(options: { client: Client; recorder: EventRecorder; unseen: UnseenWrites }) {
    this.client = options.client;
    this.recorder = options.recorder;
    this.unseen = options.unseen;
  }

  async make(job: Job, wanted: readonly NewPod[]): Promise<Written<NewPod>> {
    const done: NewPod[] = [];
    const failure = await slowStart(wanted.length, async (index) => {
      const each = wanted[index] as NewPod;
      if (await this.create(job, each)) done.push(each);
    });
    return { done, failure };
  }

  async remove(job: Job, doomed: readonly Pod[], untrackFirst: boolean): Promise<Written<Pod>> {
    return each(doomed, async (pod) => {
      if (untrackFirst) await this.untrack(job.metadata.uid, pod);
      const { namespace, name, uid } = pod.metadata;
      const write = deletion(pod);
      this.unseen.announce(job.metadata.uid, write);
      try {
        await this.client.delete(pods, { namespace, name }, { preconditions: { uid } });
        this.recorder.event(job, "Normal", "SuccessfulDelete", `Deleted pod: ${name}`);
      } catch (error) {
        this.unseen.settle(write);
        if (isStatus(error, "NotFound") || isStatus(error, "Conflict")) return;
        this.recorder.event(job, "Warning", "FailedDelete", `Error deleting: ${messageOf(error)}`);
        throw error;
      }
    });
  }

  async untrackAll(ownerUid: string, tracked: readonly Pod[]): Promise<Written<Pod>> {
    return each(tracked, (pod) => this.untrack(ownerUid, pod));
  }

  /** Takes the tracking finalizer off; that the Pod is gone is as good. */
  async untrack(ownerUid: string, pod: Pod): Promise<void> {
    if (!isTracked(pod)) return;
    const { namespace, name, uid } = pod.metadata;
    const write = untracking(pod);
    this.unseen.announce(ownerUid, write);
    try {
      const body = { metadata: { uid, "$deleteFromPrimitiveList/finalizers": [trackingFinalizer] } };
      await this.client.patch(pods, { namespace, name }, { type: "strategic", body });
    } catch (error) {
      this.unseen.settle(write);
      if (!isStatus(error, "NotFound") && !isStatus(error, "Conflict")) throw error;
    }
  }

  /** False when there is nothing to wait for: the namespace is going. A Pod of the Job that is there already is as good as made. */
  private async create(job: Job, made: NewPod): Promise<boolean> {
    const pod = buildPod(job, made);
    const { namespace } = job.metadata;
    const write = creation(`${namespace ?? ""}/${made.name}`);
    this.unseen.announce(job.metadata.uid, write);
    try {
      await this.client.create(pods, pod);
      this.recorder.event(job, "Normal", "SuccessfulCreate", `Created pod: ${made.name}`);
      return true;
    } catch (error) {
      this.unseen.settle(write);
      if (isNamespaceEnding(error)) return false;
      if (isStatus(error, "AlreadyExists") && (await this.isOwn(job, made.name))) return true;
      this.recorder.event(job, "Warning", "FailedCreate", `Error creating: ${refusalText(error, made.name, pod.metadata?.generateName ?? "")}`);
      throw error;
    }
  }

  private async isOwn(job: Job, name: string): Promise<boolean> {
    const there = await this.client.get(pods, { namespace: job.metadata.namespace, name });
    return controllerOf(there)?.uid === job.metadata.uid;
  }
}

/** Notes that the view now shows this change of a Pod. */
export function settleJobPodChange(unseen: UnseenWrites, current: Pod | undefined, previous: Pod | undefined): void {
  settlePodChange(unseen, current, previous);
  if (current && !isTracked(current)) unseen.settle(untracking(current));
  if (previous && current?.metadata.uid !== previous.metadata.uid) unseen.settle(untracking(previous));
}

async function each<T>(items: readonly T[], act: (item: T) => Promise<void>): Promise<Written<T>> {
  const outcomes = await Promise.allSettled(items.map(act));
  const failed = outcomes.find((outcome) => outcome.status === "rejected");
  return { done: items.filter((_, index) => outcomes[index]?.status === "fulfilled"), failure: failed?.reason };
}

function untracking(pod: Pod): string {
  return `untrack ${pod.metadata.uid}`;
}
