import { endpointSlices, nodes } from "../../api/kinds.ts";
import type { Node } from "../../api/types/core-v1.ts";
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
import { ServiceLooks } from "../service-looks.ts";
import { hasPods } from "../service-pods.ts";
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
  private readonly nodes: Informer<Node>;
  private readonly synced: Promise<void>;
  private readonly queue: Reconciler;
  private readonly looks: ServiceLooks;
  private readonly control: SliceControl;
  private readonly stops: (() => void)[] = [];
  private stopped = false;

  constructor(context: ControllerContext) {
    const { environment, informers } = context;
    this.recorder = context.recorder("endpoint-slice-controller");
    this.nodes = informers.of(nodes);
    const slices = informers.of(endpointSlices);
    this.control = new SliceControl({ environment, client: context.client("endpointslice-controller"), slices });
    this.queue = new Reconciler({ name: "endpoint slices", environment, concurrency, reconcile: (key) => this.sync(key) });
    this.looks = new ServiceLooks(context, this.queue);
    this.synced = informers.synced();
    indexByNode(this.looks.pods);
    this.stops.push(
      ...this.looks.watch({ concerns: hasPods, gone: false }),
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

  private nodeChanged(current: Node | undefined, previous: Node | undefined): void {
    if (current && previous && current.metadata.labels?.[zoneLabel] === previous.metadata.labels?.[zoneLabel]) return;
    for (const pod of podsOn(this.looks.pods, ((current ?? previous) as Node).metadata.name)) this.looks.podChanged(pod, undefined);
  }

  private sliceChanged(current: EndpointSlice | undefined, previous: EndpointSlice | undefined): void {
    this.control.shown(current, previous);
    const slice = (current ?? previous) as EndpointSlice;
    const service = this.looks.services.get(serviceOf(slice));
    if (service && hasPods(service) && isManagedBy(slice, serviceManager)) this.looks.wake(keyOf(service));
  }

  private async sync(key: string): Promise<Outcome> {
    await this.synced;
    await this.control.seen(key);
    const service = this.stopped ? undefined : this.looks.services.get(key);
    if (!service || !hasPods(service) || service.metadata.deletionTimestamp !== undefined) return;
    const { pods, time } = this.looks.look(service);
    const slices = this.control.of(key).filter((slice) => isManagedBy(slice, serviceManager) && slice.metadata.deletionTimestamp === undefined);
    const plan = planSlices({ service, pods, zoneOf: (name) => this.zoneOf(name), slices });
    try {
      await this.control.carryOut(key, plan, time);
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
