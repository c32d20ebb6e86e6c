import { endpoints } from "../../api/kinds.ts";
import type { Endpoints } from "../../api/types/core-v1.ts";
import { isStatus } from "../../base/status-error.ts";
import type { Client } from "../../client/client.ts";
import type { Controller, ControllerContext } from "../../client/controller-context.ts";
import type { EventRecorder } from "../../client/event-recorder.ts";
import type { Informer } from "../../client/informer.ts";
import { keyOf, splitKey } from "../../client/informer.ts";
import type { Outcome } from "../../client/reconciler.ts";
import { Reconciler } from "../../client/reconciler.ts";
import { AwaitedStatus } from "../awaited-status.ts";
import { isNamespaceEnding, messageOf } from "../creation-failure.ts";
import { ServiceLooks } from "../service-looks.ts";
import { hasPods } from "../service-pods.ts";
import { UnseenWrites } from "../unseen-writes.ts";
import { planEndpoints } from "./plan.ts";

/**
 * Keeps the Endpoints object of each Service with a selector, and removes it with the Service. Nothing of the cluster reads it;
 * clients of before EndpointSlices do.
 */
export function startEndpointsController(context: ControllerContext): Controller {
  return new EndpointsController(context);
}

/** Upstream's ConcurrentEndpointSyncs. */
const concurrency = 5;

class EndpointsController implements Controller {
  private readonly client: Client;
  private readonly recorder: EventRecorder;
  private readonly endpoints: Informer<Endpoints>;
  private readonly synced: Promise<void>;
  private readonly queue: Reconciler;
  private readonly looks: ServiceLooks;
  private readonly unseen: UnseenWrites;
  private readonly awaited: AwaitedStatus;
  private readonly stops: (() => void)[] = [];
  private stopped = false;

  constructor(context: ControllerContext) {
    const { environment, informers } = context;
    this.client = context.client("endpoint-controller");
    this.recorder = context.recorder("endpoint-controller");
    this.endpoints = informers.of(endpoints);
    this.unseen = new UnseenWrites(environment);
    this.awaited = new AwaitedStatus(this.unseen);
    this.queue = new Reconciler({ name: "endpoints", environment, concurrency, reconcile: (key) => this.sync(key) });
    this.looks = new ServiceLooks(context, this.queue);
    this.synced = informers.synced();
    this.stops.push(
      ...this.looks.watch({ concerns: () => true, gone: true }),
      this.endpoints.onChange((current, previous) => this.endpointsChanged(current, previous)),
    );
  }

  stop(): void {
    this.stopped = true;
    for (const stop of this.stops) stop();
    this.queue.stop();
    this.unseen.stop();
  }

  private endpointsChanged(current: Endpoints | undefined, previous: Endpoints | undefined): void {
    if (current) this.awaited.shown(current);
    if (current && !previous) this.unseen.settle(creation(keyOf(current)));
    if (current || !previous) return;
    this.unseen.forget(previous.metadata.uid);
    this.awaited.forget(previous.metadata.uid);
    this.queue.add(keyOf(previous));
  }

  private async sync(key: string): Promise<Outcome> {
    await this.synced;
    await this.unseen.seen(key);
    const before = this.endpoints.get(key);
    if (before) await this.unseen.seen(before.metadata.uid);
    if (this.stopped) return;
    const service = this.looks.services.get(key);
    if (!service) return await this.remove(key);
    if (!hasPods(service)) return;
    const standing = this.endpoints.get(key);
    const next = planEndpoints(service, { ...this.looks.look(service), standing });
    try {
      if (next) await this.write(key, next, standing);
    } catch (error) {
      if (isStatus(error, "Conflict") || isNamespaceEnding(error)) return;
      const what = standing ? "update" : "create";
      this.recorder.event(standing ?? service, "Warning", standing ? "FailedToUpdateEndpoint" : "FailedToCreateEndpoint", `Failed to ${what} endpoint for service ${key}: ${messageOf(error)}`);
      throw error;
    }
  }

  private async write(key: string, next: Endpoints, standing: Endpoints | undefined): Promise<void> {
    if (standing) {
      this.awaited.wrote(await this.client.update(endpoints, next), this.endpoints.get(key));
      return;
    }
    this.unseen.announce(key, creation(key));
    try {
      await this.client.create(endpoints, next);
    } catch (error) {
      this.unseen.settle(creation(key));
      if (!isStatus(error, "AlreadyExists")) throw error;
    }
  }

  /** The Service is gone. */
  private async remove(key: string): Promise<void> {
    if (!this.endpoints.get(key)) return;
    try {
      await this.client.delete(endpoints, splitKey(key));
    } catch (error) {
      if (!isStatus(error, "NotFound")) throw error;
    }
  }
}

function creation(key: string): string {
  return `create ${key}`;
}
