import { endpointSlices, nodes, pods, services } from "../../api/kinds.ts";
import type { Node, Pod, Service } from "../../api/types/core-v1.ts";
import type { EndpointSlice } from "../../api/types/discovery-v1.ts";
import { isStatus } from "../../base/status-error.ts";
import type { Client } from "../../client/client.ts";
import type { Controller, ControllerContext } from "../../client/controller-context.ts";
import type { EventRecorder } from "../../client/event-recorder.ts";
import type { Informer } from "../../client/informer.ts";
import { keyOf } from "../../client/informer.ts";
import type { Outcome } from "../../client/reconciler.ts";
import { Reconciler } from "../../client/reconciler.ts";
import { AwaitedStatus } from "../awaited-status.ts";
import { isNamespaceEnding, messageOf } from "../creation-failure.ts";
import { indexByNode, podsOn } from "../indexes.ts";
import { TriggerTimes, hasPods, matters, selects } from "../service-pods.ts";
import { UnseenWrites } from "../unseen-writes.ts";
import { planSlices } from "./plan.ts";
import type { SlicePlan } from "./plan.ts";
import { isOurs, serviceNameLabel, timed } from "./slices.ts";

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
const byService = "service";
const zoneLabel = "topology.kubernetes.io/zone";

class EndpointSliceController implements Controller {
  private readonly client: Client;
  private readonly recorder: EventRecorder;
  private readonly services: Informer<Service>;
  private readonly pods: Informer<Pod>;
  private readonly nodes: Informer<Node>;
  private readonly slices: Informer<EndpointSlice>;
  private readonly synced: Promise<void>;
  private readonly queue: Reconciler;
  private readonly unseen: UnseenWrites;
  private readonly awaited: AwaitedStatus;
  private readonly triggerTimes = new TriggerTimes();
  private readonly stops: (() => void)[] = [];
  private stopped = false;

  constructor(context: ControllerContext) {
    const { environment, informers } = context;
    this.client = context.client("endpointslice-controller");
    this.recorder = context.recorder("endpoint-slice-controller");
    this.services = informers.of(services);
    this.pods = informers.of(pods);
    this.nodes = informers.of(nodes);
    this.slices = informers.of(endpointSlices);
    indexByNode(this.pods);
    this.slices.addIndex(byService, (slice) => [`${slice.metadata.namespace}/${slice.metadata.labels?.[serviceNameLabel] ?? ""}`]);
    this.synced = informers.synced();
    this.unseen = new UnseenWrites(environment);
    this.awaited = new AwaitedStatus(this.unseen);
    this.queue = new Reconciler({ name: "endpoint slices", environment, concurrency, reconcile: (key) => this.sync(key) });
    this.stops.push(
      this.services.onChange((current, previous) => this.serviceChanged(current, previous)),
      this.pods.onChange((current, previous) => this.podChanged(current, previous)),
      this.nodes.onChange((current, previous) => this.nodeChanged(current, previous)),
      this.slices.onChange((current, previous) => this.sliceChanged(current, previous)),
    );
  }

  stop(): void {
    this.stopped = true;
    for (const stop of this.stops) stop();
    this.queue.stop();
    this.unseen.stop();
  }

  private serviceChanged(current: Service | undefined, previous: Service | undefined): void {
    if (previous && current?.metadata.uid !== previous.metadata.uid) {
      this.unseen.forget(previous.metadata.uid);
      this.triggerTimes.forget(keyOf(previous));
    }
    if (current && hasPods(current)) this.queue.add(keyOf(current));
  }

  private podChanged(current: Pod | undefined, previous: Pod | undefined): void {
    if (current && previous && !matters(current, previous)) return;
    const pod = (current ?? previous) as Pod;
    for (const service of this.services.list(pod.metadata.namespace)) {
      if ((current && selects(service, current)) || (previous && selects(service, previous))) this.queue.add(keyOf(service));
    }
  }

  private nodeChanged(current: Node | undefined, previous: Node | undefined): void {
    if (current && previous && current.metadata.labels?.[zoneLabel] === previous.metadata.labels?.[zoneLabel]) return;
    for (const pod of podsOn(this.pods, ((current ?? previous) as Node).metadata.name)) this.podChanged(pod, undefined);
  }

  private sliceChanged(current: EndpointSlice | undefined, previous: EndpointSlice | undefined): void {
    const slice = (current ?? previous) as EndpointSlice;
    if (current) {
      this.awaited.shown(current);
      if (!previous) this.unseen.settle(creation(keyOf(current)));
    }
    if (previous && current?.metadata.uid !== previous.metadata.uid) {
      this.unseen.settle(deletion(previous));
      this.unseen.forget(previous.metadata.uid);
      this.awaited.forget(previous.metadata.uid);
    }
    const service = this.services.get(`${slice.metadata.namespace}/${slice.metadata.labels?.[serviceNameLabel] ?? ""}`);
    if (service && hasPods(service) && isOurs(slice)) this.queue.add(keyOf(service));
  }

  private async sync(key: string): Promise<Outcome> {
    await this.synced;
    const uid = this.services.get(key)?.metadata.uid;
    if (uid === undefined) return;
    await this.unseen.seen(uid);
    for (const slice of this.slices.byIndex(byService, key)) await this.unseen.seen(slice.metadata.uid);
    const service = this.stopped ? undefined : this.services.get(key);
    if (!service || !hasPods(service) || service.metadata.deletionTimestamp !== undefined) return;
    const selected = this.pods.list(service.metadata.namespace).filter((pod) => selects(service, pod));
    const slices = this.slices.byIndex(byService, key).filter((slice) => isOurs(slice) && slice.metadata.deletionTimestamp === undefined);
    const plan = planSlices({ service, pods: selected, zoneOf: (name) => this.zoneOf(name), slices });
    const time = this.triggerTimes.look(service, selected);
    try {
      await this.carryOut(service, plan, time);
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

  private async carryOut(service: Service, plan: SlicePlan, time: string | undefined): Promise<void> {
    const { uid } = service.metadata;
    for (const slice of plan.create) {
      const write = creation(keyOf(slice));
      this.unseen.announce(uid, write);
      try {
        await this.client.create(endpointSlices, timed(slice, time));
      } catch (error) {
        this.unseen.settle(write);
        // Whoever made it had the same view.
        if (!isStatus(error, "AlreadyExists")) throw error;
      }
    }
    for (const slice of plan.update) {
      const written = await this.client.update(endpointSlices, timed(slice, time));
      this.awaited.wrote(written, this.slices.get(keyOf(slice)));
    }
    for (const slice of plan.delete) await this.remove(uid, slice);
  }

  private async remove(owner: string, slice: EndpointSlice): Promise<void> {
    const { namespace, name, uid } = slice.metadata;
    const write = deletion(slice);
    this.unseen.announce(owner, write);
    try {
      await this.client.delete(endpointSlices, { namespace, name }, { preconditions: { uid } });
    } catch (error) {
      this.unseen.settle(write);
      if (!isStatus(error, "NotFound") && !isStatus(error, "Conflict")) throw error;
    }
  }
}

function creation(key: string): string {
  return `create ${key}`;
}

function deletion(slice: EndpointSlice): string {
  return `delete ${slice.metadata.uid}`;
}
