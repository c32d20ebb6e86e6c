import { isStatus } from "../base/status-error.ts";
import { sameData } from "../api/equality.ts";
import { pods } from "../api/kinds.ts";
import type { Pod, PodStatus } from "../api/types/core-v1.ts";
import { evictionReason, isOver, resizeConditions } from "./pod-status.ts";
import type { PodMeans } from "./pod-means.ts";

/** Pause before a write that the server did not answer is tried again: longer each time, up to upstream's period of ten seconds. */
const [retryMsMin, retryMsMax] = [1000, 10_000];
/** Conditions that this kubelet decides; all others are kept as they stand. */
const ownConditions = new Set(["PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled", ...resizeConditions]);

/**
 * Brings one Pod's status to the server: only what differs, one write at a time, always the newest wish. A write is bound to
 * the revision it was made from, so that it never undoes what somebody else wrote.
 */
export class StatusWriter {
  private readonly means: PodMeans;
  private readonly adopted: (pod: Pod) => void;
  private pod: Pod;
  private wanted: PodStatus | undefined;
  private writing: Promise<void> | undefined;
  private retryMs = retryMsMin;
  /** Ends the pause. */
  private hurry: (() => void) | undefined;
  private stopped = false;

  constructor(means: PodMeans, pod: Pod, adopted: (pod: Pod) => void) {
    this.means = means;
    this.pod = pod;
    this.adopted = adopted;
  }

  /** What the API says now. Where somebody else has written what this kubelet decides, it is put right: the node was taken for lost. */
  seen(pod: Pod): void {
    this.pod = pod;
    this.hurry?.();
    if (!isOver(pod)) this.begin();
  }

  write(status: PodStatus): void {
    this.wanted = status;
    this.begin();
  }

  private begin(): void {
    if (!this.writing && !this.stopped && !this.isWritten()) this.writing = this.work();
  }

  /** Resolves when what was asked for so far is written, or cannot be. */
  async flushed(): Promise<void> {
    while (this.writing && !this.stopped) await this.writing;
  }

  /** The Pod has ended on this node: its object goes, unless finalizers hold it. */
  async deleteObject(): Promise<void> {
    const { name, namespace, uid } = this.pod.metadata;
    try {
      await this.means.client.delete(pods, { name, namespace }, { gracePeriodSeconds: 0, preconditions: { uid } });
    } catch (error) {
      if (!isStatus(error, "NotFound") && !isStatus(error, "Conflict")) throw error;
    }
  }

  stop(): void {
    this.stopped = true;
    this.hurry?.();
  }

  private isWritten(): boolean {
    return this.wanted === undefined || sameData(this.merged(), this.pod.status);
  }

  private merged(): PodStatus {
    const wanted = this.wanted ?? this.pod.status;
    const own = (wanted.conditions ?? []).filter(({ type, reason }) => ownConditions.has(type) || reason === evictionReason);
    const theirs = (this.pod.status.conditions ?? []).filter(({ type }) => !ownConditions.has(type) && !own.some((each) => each.type === type));
    return { ...wanted, conditions: [...own, ...theirs] };
  }

  private async work(): Promise<void> {
    try {
      while (!this.stopped && !this.isWritten()) await this.writeOnce();
    } finally {
      this.writing = undefined;
    }
  }

  private async writeOnce(): Promise<void> {
    const { client, environment } = this.means;
    const { name, namespace, uid } = this.pod.metadata;
    try {
      try {
        this.adopt(await client.update(pods, { ...this.pod, status: this.merged() }, { subresource: "status" }));
      } catch (error) {
        if (!isStatus(error, "Conflict")) throw error;
        const fresh = await client.get(pods, { name, namespace });
        if (fresh.metadata.uid === uid) this.adopt(fresh);
        else this.wanted = undefined;
      }
    } catch (error) {
      if (isStatus(error, "NotFound")) {
        this.wanted = undefined;
        return;
      }
      environment.log.warn(`status of pod ${namespace}/${name} not written, again in ${this.retryMs} ms`, { error: String(error) });
      await this.pause();
    }
  }

  /** Until the next try, or until the server is heard from. */
  private async pause(): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = this.means.environment.clock.after(this.retryMs, resolve);
      this.hurry = () => {
        timer.cancel();
        resolve();
      };
    });
    this.hurry = undefined;
    this.retryMs = Math.min(this.retryMs * 2, retryMsMax);
  }

  private adopt(pod: Pod): void {
    this.retryMs = retryMsMin;
    this.pod = pod;
    this.adopted(pod);
  }
}
