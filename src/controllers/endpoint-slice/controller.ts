import { endpointSlices, nodes, pods, services } from "../../api/kinds.ts";
import type { Node, Pod, Service } from "../../api/types/core-v1.ts";
import type { EndpointSlice } from "../../api/types/discovery-v1.ts";
import { isStatus } from "../../base/status-error.ts";
import type { Controller, ControllerContext } from "../../client/controller-context.ts";
import type { EventRecorder } from "../../client/event-recorder.ts";
import type { Informer } from "../../client/informer.ts";
import { keyOf } from "../../client/informer.ts";
import type { Outcome } from "../../client/reconciler.ts";
import { Reconciler } from "../../client/reconciler.ts";
import { isNamespaceEnding, messageOf } from "../creation-failure.ts";
import { indexByNode, podsOn } from "../indexes.ts";
import { GatheredLooks } from "../gathered-looks.ts";
import { TriggerTimes, hasPods, matters, selects } from "../service-pods.ts";
import { planSlices } from "./plan.ts";
import { SliceControl, serviceOf } from "./slice-control.ts";
import { isManagedBy, serviceManager } from "./slices.ts";

/**
 * Keeps the EndpointSlices of Services with a selector. A Service is looked at when it, one of its Pods or slices, or the zone of
 * a node under its Pods changes; never before the view shows what was written last. Slices of a Service that is gone are the
 * garbage collector's.
 */
export function startEndpointSliceController(context: ControllerContext): Controller {
  return new EndpointSliceController(context);
}

/** Upstream's ConcurrentServiceEndpointSyncs. */
const concurrency = 5;
const zoneLabel = "topology.kubernetes.io/zone";

class EndpointSliceController implements Controller {
  private readonly recorder: EventRecorder;
  private readonly services: Informer<Service>;
  private readonly pods: Informer<Pod>;
  private readonly nodes: Informer<Node>;
  private readonly synced: Promise<void>;
  private readonly queue: Reconciler;
  private readonly looks: GatheredLooks;
  /** How many Pods a Service had at the last look. */
  private readonly sizes = new Map<string, number>();
  private readonly control: SliceControl;
  private readonly triggerTimes = new TriggerTimes();
  private readonly stops: (() => void)[] = [];
  private stopped = false;

  constructor(context: ControllerContext) {
    const { environment, informers } = context;
    this.recorder = context.recorder("endpoint-slice-controller");
    this.services = informers.of(services);
    this.pods = informers.of(pods);
    this.nodes = informers.of(nodes);
    const slices = informers.of(endpointSlices);
    indexByNode(this.pods);
    this.control = new SliceControl({ environment, client: context.client("endpointslice-controller"), slices });
    this.synced = informers.synced();
    this.queue = new Reconciler({ name: "endpoint slices", environment, concurrency, reconcile: (key) => this.sync(key) });
    this.looks = new GatheredLooks({ queue: this.queue, environment });
    this.stops.push(
      this.services.onChange((current, previous) => this.serviceChanged(current, previous)),
      this.pods.onChange((current, previous) => this.podChanged(current, previous)),
      this.nodes.onChange((current, previous) => this.nodeChanged(current, previous)),
      slices.onChange((current, previous) => this.sliceChanged(current, previous)),
    );
  }

  stop(): void {
    this.stopped = true;
    for (const stop of this.stops) stop();
    this.queue.stop();
    this.control.stop();
  }

  private serviceChanged(current: Service | undefined, previous: Service | undefined): void {
    if (previous && current?.metadata.uid !== previous.metadata.uid) this.forget(keyOf(previous));
    if (current && hasPods(current)) this.queue.add(keyOf(current));
  }

  private forget(key: string): void {
    this.triggerTimes.forget(key);
    this.looks.forget(key);
    this.sizes.delete(key);
  }

  private wake(key: string): void {
    this.looks.wake(key, this.sizes.get(key) ?? 0);
  }

  private podChanged(current: Pod | undefined, previous: Pod | undefined): void {
    if (current && previous && !matters(current, previous)) return;
    const pod = (current ?? previous) as Pod;
    for (const service of this.services.list(pod.metadata.namespace)) {
      if ((current && selects(service, current)) || (previous && selects(service, previous))) this.wake(keyOf(service));
    }
  }

  private nodeChanged(current: Node | undefined, previous: Node | undefined): void {
    if (current && previous && current.metadata.labels?.[zoneLabel] === previous.metadata.labels?.[zoneLabel]) return;
    for (const pod of podsOn(this.pods, ((current ?? previous) as Node).metadata.name)) this.podChanged(pod, undefined);
  }

  private sliceChanged(current: EndpointSlice | undefined, previous: EndpointSlice | undefined): void {
    this.control.shown(current, previous);
    const slice = (current ?? previous) as EndpointSlice;
    const service = this.services.get(serviceOf(slice));
    if (service && hasPods(service) && isManagedBy(slice, serviceManager)) this.wake(keyOf(service));
  }

  private async sync(key: string): Promise<Outcome> {
    await this.synced;
    await this.control.seen(key);
    const service = this.stopped ? undefined : this.services.get(key);
    if (!service || !hasPods(service) || service.metadata.deletionTimestamp !== undefined) return;
    const selected = this.pods.list(service.metadata.namespace).filter((pod) => selects(service, pod));
    this.sizes.set(key, selected.length);
    this.looks.looked(key);
    const slices = this.control.of(key).filter((slice) => isManagedBy(slice, serviceManager) && slice.metadata.deletionTimestamp === undefined);
    const plan = planSlices({ service, pods: selected, zoneOf: (name) => this.zoneOf(name), slices });
    try {
      await this.control.carryOut(key, plan, this.triggerTimes.look(service, selected));
    } catch (error) {
      // Somebody changed a slice; its event asks for another look.
      if (isStatus(error, "Conflict") || isNamespaceEnding(error)) return;
      this.recorder.event(service, "Warning", "FailedToUpdateEndpointSlices", `Error updating Endpoint Slices for Service ${key}: ${messageOf(error)}`);
      throw error;
    }
  }

  private zoneOf(nodeName: string): string | undefined | null {
    const node = this.nodes.get(nodeName);
    return node ? node.metadata.labels?.[zoneLabel] || undefined : null;
  }
}
