import type { Controller, ControllerContext } from "../../client/controller-context.ts";
import type { Client } from "../../client/client.ts";
import type { Informer } from "../../client/informer.ts";
import { keyOf } from "../../client/informer.ts";
import type { Outcome } from "../../client/reconciler.ts";
import { Reconciler } from "../../client/reconciler.ts";
import { nodes, pods } from "../../api/kinds.ts";
import type { Node, Pod } from "../../api/types/core-v1.ts";
import type { Environment, Instant } from "../../base/environment.ts";
import { isStatus } from "../../base/status-error.ts";
import type { DisruptionMark } from "../disruption.ts";
import { markDisrupted } from "../disruption.ts";
import { indexByNode, podsOn } from "../indexes.ts";
import { isPodTerminal } from "../pod-status.ts";
import { isAbandoned, isForced, surplusEnded } from "./plan.ts";

/**
 * Removes Pods that nobody else will: those of a node that has been gone for 40 seconds (a node may come back under its
 * name), those that are being deleted without a node to end them, and the oldest ended ones when there are too many. A Pod is
 * marked as failed first, so that its owner counts it, then deleted without grace.
 */
export function startPodGcController(context: ControllerContext, options: PodGcOptions = {}): Controller {
  return new PodGcController(context, options);
}

export interface PodGcOptions {
  /** Ended Pods that may stay. Default: upstream's --terminated-pod-gc-threshold. */
  readonly endedMax?: number;
}

/** Upstream's quarantineTime. */
const quarantineMs = 40_000;
const endedMaxDefault = 12_500;
/** Surplus is removed together, this long after it arose: upstream's gcCheckPeriod. Finding the oldest costs a sort of all. */
const surplusMs = 20_000;
/** Side by side, as many as upstream's worker would have in flight. */
const concurrency = 4;

const nodeGone = { reason: "DeletionByPodGC", message: "PodGC: node no longer exists" } as const;

/** Queue keys: the surplus of ended Pods, a node that is gone, a Pod that is being deleted. */
const surplusKey = "surplus";

class PodGcController implements Controller {
  private readonly environment: Environment;
  private readonly client: Client;
  private readonly pods: Informer<Pod>;
  private readonly nodes: Informer<Node>;
  private readonly synced: Promise<void>;
  private readonly queue: Reconciler;
  private readonly stops: (() => void)[];
  /** Since when nodes with Pods have been missing. */
  private readonly missing = new Map<string, Instant>();
  private readonly ended = new Set<string>();
  private readonly endedMax: number;

  constructor(context: ControllerContext, options: PodGcOptions) {
    this.endedMax = options.endedMax ?? endedMaxDefault;
    this.environment = context.environment;
    this.client = context.client("pod-garbage-collector");
    this.pods = context.informers.of(pods);
    this.nodes = context.informers.of(nodes);
    indexByNode(this.pods);
    this.synced = context.informers.synced();
    this.queue = new Reconciler({ name: "pod garbage collection", environment: this.environment, concurrency, reconcile: (key) => this.reconcile(key) });
    this.stops = [
      this.nodes.onChange((current, previous) => this.nodeChanged(current, previous)),
      this.pods.onChange((current, previous) => this.podChanged(current, previous)),
    ];
  }

  stop(): void {
    for (const stop of this.stops) stop();
    this.queue.stop();
  }

  private nodeChanged(current: Node | undefined, previous: Node | undefined): void {
    if (current) this.missing.delete(current.metadata.name);
    else if (previous) this.queue.add(`node/${previous.metadata.name}`);
    if (!current?.spec.taints || current.spec.taints === previous?.spec.taints) return;
    for (const pod of podsOn(this.pods, current.metadata.name)) if (isAbandoned(pod, current)) this.queue.add(`pod/${keyOf(pod)}`);
  }

  private podChanged(current: Pod | undefined, previous: Pod | undefined): void {
    const key = keyOf((current ?? previous) as Pod);
    if (current && isPodTerminal(current)) this.ended.add(key);
    else this.ended.delete(key);
    if (this.ended.size > this.endedMax) this.queue.addAt(surplusKey, this.environment.clock.now() + surplusMs);
    if (!current) return;
    const { nodeName } = current.spec;
    if (nodeName && nodeName !== previous?.spec.nodeName && !this.nodes.get(nodeName)) this.queue.add(`node/${nodeName}`);
    if (current.metadata.deletionTimestamp !== undefined && isAbandoned(current, nodeName ? this.nodes.get(nodeName) : undefined)) this.queue.add(`pod/${key}`);
  }

  private async reconcile(key: string): Promise<Outcome> {
    await this.synced;
    if (key === surplusKey) return this.removeSurplus();
    if (key.startsWith("node/")) return this.removeOrphans(key.slice("node/".length));
    const pod = this.pods.get(key.slice("pod/".length));
    if (pod && isAbandoned(pod, pod.spec.nodeName ? this.nodes.get(pod.spec.nodeName) : undefined)) await this.remove(pod, { failed: true });
    return undefined;
  }

  private async removeSurplus(): Promise<void> {
    const ended = [...this.ended].sort().flatMap((key) => this.pods.get(key) ?? []);
    for (const pod of surplusEnded(ended, this.endedMax)) await this.remove(pod, { failed: true });
  }

  /** The Pods of a node that has been gone long enough; looks again when it has not. */
  private async removeOrphans(name: string): Promise<Outcome> {
    const orphans = podsOn(this.pods, name);
    if (this.nodes.get(name) || orphans.length === 0) {
      this.missing.delete(name);
      return undefined;
    }
    const now = this.environment.clock.now();
    const since = this.missing.get(name) ?? now;
    this.missing.set(name, since);
    if (now < since + quarantineMs) return { again: since + quarantineMs };
    if (await this.nodeExists(name)) return { again: now + quarantineMs };
    this.missing.delete(name);
    for (const pod of orphans) if (!isForced(pod)) await this.remove(pod, { failed: true, disruption: nodeGone });
    return undefined;
  }

  private async nodeExists(name: string): Promise<boolean> {
    try {
      await this.client.get(nodes, { name });
      return true;
    } catch (error) {
      if (isStatus(error, "NotFound")) return false;
      throw error;
    }
  }

  private async remove(pod: Pod, mark: DisruptionMark): Promise<void> {
    try {
      await markDisrupted(this.client, pod, mark, this.environment.clock.now());
      await this.client.delete(pods, pod.metadata, { gracePeriodSeconds: 0, preconditions: { uid: pod.metadata.uid } });
    } catch (error) {
      if (!isStatus(error, "NotFound") && !isStatus(error, "Conflict")) throw error;
    }
  }
}
