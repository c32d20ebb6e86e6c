import type { Controller, ControllerContext } from "../../client/controller-context.ts";
import type { Client } from "../../client/client.ts";
import type { EventRecorder } from "../../client/event-recorder.ts";
import type { Informer } from "../../client/informer.ts";
import { keyOf, splitKey } from "../../client/informer.ts";
import { Reconciler } from "../../client/reconciler.ts";
import { sameData } from "../../api/equality.ts";
import { nodes, pods } from "../../api/kinds.ts";
import type { Node, Pod } from "../../api/types/core-v1.ts";
import type { Environment, Instant, Timer } from "../../base/environment.ts";
import { isStatus } from "../../base/status-error.ts";
import { markDisrupted } from "../disruption.ts";
import { indexByNode, podsOn } from "../indexes.ts";
import { evictionDelayMs, noExecuteTaints } from "./plan.ts";

/**
 * Deletes the Pods of nodes with NoExecute taints that they do not tolerate, or no longer tolerate: a toleration with
 * tolerationSeconds counts from the moment the taint is seen, and a taint that goes in time lets the Pod stay. Looks at a Pod
 * when the NoExecute taints of its node change, when it is bound, and when its tolerations change; otherwise sets one timer
 * per Pod that has to leave later.
 */
export function startTaintEvictionController(context: ControllerContext): Controller {
  return new TaintEvictionController(context);
}

/** An eviction that is due at `at`. Kept after it was carried out, so that it is not begun again before the taint or the Pod has gone. */
interface Eviction {
  readonly uid: string;
  readonly at: Instant;
  timer: Timer | undefined;
}

const disruption = { reason: "DeletionByTaintManager", message: "Taint manager: deleting due to NoExecute taint" } as const;
/** Upstream's ConcurrentTaintEviction worker count. */
const concurrency = 8;

class TaintEvictionController implements Controller {
  private readonly environment: Environment;
  private readonly client: Client;
  private readonly recorder: EventRecorder;
  private readonly pods: Informer<Pod>;
  private readonly nodes: Informer<Node>;
  private readonly evictions = new Map<string, Eviction>();
  private readonly queue: Reconciler;
  private readonly stops: (() => void)[];

  constructor(context: ControllerContext) {
    this.environment = context.environment;
    this.client = context.client("node-controller");
    this.recorder = context.recorder("taint-eviction-controller");
    this.pods = context.informers.of(pods);
    this.nodes = context.informers.of(nodes);
    indexByNode(this.pods);
    this.queue = new Reconciler({ name: "taint eviction", environment: this.environment, concurrency, reconcile: (key) => this.evict(key) });
    this.stops = [
      this.nodes.onChange((current, previous) => this.nodeChanged(current, previous)),
      this.pods.onChange((current, previous) => this.podChanged(current, previous)),
    ];
  }

  stop(): void {
    for (const stop of this.stops) stop();
    for (const { timer } of this.evictions.values()) timer?.cancel();
    this.queue.stop();
  }

  private nodeChanged(current: Node | undefined, previous: Node | undefined): void {
    if (!current) return;
    const taints = noExecuteTaints(current.spec.taints);
    if (previous ? sameData(taints, noExecuteTaints(previous.spec.taints)) : taints.length === 0) return;
    for (const pod of podsOn(this.pods, current.metadata.name)) this.judge(pod, current);
  }

  private podChanged(current: Pod | undefined, previous: Pod | undefined): void {
    if (previous && (!current || current.metadata.uid !== previous.metadata.uid)) this.cancel(keyOf(previous));
    if (!current?.spec.nodeName) return;
    const same = previous?.metadata.uid === current.metadata.uid && previous.spec.nodeName === current.spec.nodeName;
    if (same && sameData(previous.spec.tolerations, current.spec.tolerations)) return;
    const node = this.nodes.get(current.spec.nodeName);
    if (node && noExecuteTaints(node.spec.taints).length > 0) this.judge(current, node);
  }

  private judge(pod: Pod, node: Node): void {
    const key = keyOf(pod);
    const taints = noExecuteTaints(node.spec.taints);
    const delay = taints.length === 0 ? undefined : evictionDelayMs(taints, pod.spec.tolerations);
    if (delay === undefined) return this.cancel(key);
    const known = this.evictions.get(key);
    const now = this.environment.clock.now();
    if (delay === 0) {
      if (known && !known.timer) return;
      this.cancel(key);
      this.evictions.set(key, { uid: pod.metadata.uid, at: now, timer: undefined });
      this.queue.add(key);
    } else if (!known) {
      // An eviction that is under way keeps its instant, whatever taints come after.
      const at = now + delay;
      this.evictions.set(key, { uid: pod.metadata.uid, at, timer: this.environment.clock.at(at, () => this.due(key)) });
    }
  }

  private due(key: string): void {
    const eviction = this.evictions.get(key);
    if (!eviction) return;
    eviction.timer = undefined;
    this.queue.add(key);
  }

  private cancel(key: string): void {
    const eviction = this.evictions.get(key);
    if (!eviction) return;
    this.evictions.delete(key);
    if (!eviction.timer) return;
    eviction.timer.cancel();
    this.tell(key, "Cancelling deletion of Pod");
  }

  private tell(key: string, what: string): void {
    const { namespace = "", name } = splitKey(key);
    this.recorder.eventFor({ kind: "Pod", namespace, name, apiVersion: "v1" }, "Normal", "TaintManagerEviction", `${what} ${key}`);
  }

  private async evict(key: string): Promise<void> {
    const eviction = this.evictions.get(key);
    if (!eviction || eviction.timer) return;
    const name = splitKey(key);
    this.tell(key, "Marking for deletion Pod");
    try {
      const pod = await this.client.get(pods, name);
      if (pod.metadata.uid !== eviction.uid) return;
      await markDisrupted(this.client, pod, { disruption }, this.environment.clock.now());
      await this.client.delete(pods, name, { preconditions: { uid: eviction.uid } });
    } catch (error) {
      if (!isStatus(error, "NotFound") && !isStatus(error, "Conflict")) throw error;
    }
  }
}
