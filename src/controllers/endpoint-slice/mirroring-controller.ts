import { endpointSlices, endpoints, services } from "../../api/kinds.ts";
import type { Endpoints, Service } from "../../api/types/core-v1.ts";
import type { EndpointSlice } from "../../api/types/discovery-v1.ts";
import { isStatus } from "../../base/status-error.ts";
import type { Controller, ControllerContext } from "../../client/controller-context.ts";
import type { EventRecorder } from "../../client/event-recorder.ts";
import type { Informer } from "../../client/informer.ts";
import { keyOf } from "../../client/informer.ts";
import type { Outcome } from "../../client/reconciler.ts";
import { Reconciler } from "../../client/reconciler.ts";
import { isNamespaceEnding, messageOf } from "../creation-failure.ts";
import { planMirror } from "./plan.ts";
import { SliceControl, serviceOf } from "./slice-control.ts";
import { isManagedBy, mirrorManager } from "./slices.ts";

/**
 * Mirrors Endpoints that somebody wrote for a Service without a selector into EndpointSlices, which is what the proxy reads. They
 * are not mirrored when a label forbids it, when they are a lock of a leader election, or when the Service has a selector.
 */
export function startEndpointSliceMirroringController(context: ControllerContext): Controller {
  return new MirroringController(context);
}

/** Upstream's MirroringConcurrentServiceEndpointSyncs. */
const concurrency = 5;
const skipLabel = "endpointslice.kubernetes.io/skip-mirror";
const leaderKey = "control-plane.alpha.kubernetes.io/leader";

class MirroringController implements Controller {
  private readonly recorder: EventRecorder;
  private readonly services: Informer<Service>;
  private readonly endpoints: Informer<Endpoints>;
  private readonly synced: Promise<void>;
  private readonly queue: Reconciler;
  private readonly control: SliceControl;
  private readonly stops: (() => void)[] = [];
  private stopped = false;

  constructor(context: ControllerContext) {
    const { environment, informers } = context;
    this.recorder = context.recorder("endpoint-slice-mirroring-controller");
    this.services = informers.of(services);
    this.endpoints = informers.of(endpoints);
    const slices = informers.of(endpointSlices);
    this.control = new SliceControl({ environment, client: context.client("endpointslicemirroring-controller"), slices });
    this.synced = informers.synced();
    this.queue = new Reconciler({ name: "endpoint slice mirrors", environment, concurrency, reconcile: (key) => this.sync(key) });
    this.stops.push(
      this.endpoints.onChange((current, previous) => this.queue.add(keyOf((current ?? previous) as Endpoints))),
      this.services.onChange((current, previous) => {
        // Its selector decides; nothing else of a Service does.
        const had = previous?.spec.selector !== undefined;
        if (!current || !previous || had !== (current.spec.selector !== undefined)) this.queue.add(keyOf((current ?? previous) as Service));
      }),
      slices.onChange((current, previous) => this.sliceChanged(current, previous)),
    );
  }

  stop(): void {
    this.stopped = true;
    for (const stop of this.stops) stop();
    this.queue.stop();
    this.control.stop();
  }

  private sliceChanged(current: EndpointSlice | undefined, previous: EndpointSlice | undefined): void {
    this.control.shown(current, previous);
    const slice = (current ?? previous) as EndpointSlice;
    if (isManagedBy(slice, mirrorManager)) this.queue.add(serviceOf(slice));
  }

  private async sync(key: string): Promise<Outcome> {
    await this.synced;
    await this.control.seen(key);
    if (this.stopped) return;
    const object = this.endpoints.get(key);
    const service = this.services.get(key);
    const mirrored = object && service && service.spec.selector === undefined && isMirrored(object) ? object : undefined;
    const slices = this.control.of(key).filter((slice) => isManagedBy(slice, mirrorManager) && slice.metadata.deletionTimestamp === undefined);
    try {
      await this.control.carryOut(key, planMirror(mirrored, slices), undefined);
    } catch (error) {
      if (isStatus(error, "Conflict") || isNamespaceEnding(error)) return;
      if (object) this.recorder.event(object, "Warning", "FailedToUpdateEndpointSlices", `Error updating EndpointSlices for Endpoints ${key}: ${messageOf(error)}`);
      throw error;
    }
  }
}

function isMirrored({ metadata }: Endpoints): boolean {
  return metadata.labels?.[skipLabel] !== "true" && metadata.annotations?.[leaderKey] === undefined && metadata.deletionTimestamp === undefined;
}
