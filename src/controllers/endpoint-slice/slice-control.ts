import { endpointSlices } from "../../api/kinds.ts";
import type { EndpointSlice } from "../../api/types/discovery-v1.ts";
import type { Environment } from "../../base/environment.ts";
import { isStatus } from "../../base/status-error.ts";
import type { Client } from "../../client/client.ts";
import { keyOf } from "../../client/informer.ts";
import type { Informer } from "../../client/informer.ts";
import { AwaitedStatus } from "../awaited-status.ts";
import { UnseenWrites } from "../unseen-writes.ts";
import type { SlicePlan } from "./fit.ts";
import { serviceNameLabel, timed } from "./slices.ts";

/** Carries out plans for slices, and waits until the view shows what was written. */

const byService = "service";

/** The key of the Service that a slice belongs to. */
export function serviceOf(slice: EndpointSlice): string {
  return `${slice.metadata.namespace}/${slice.metadata.labels?.[serviceNameLabel] ?? ""}`;
}

export class SliceControl {
  private readonly client: Client;
  private readonly slices: Informer<EndpointSlice>;
  private readonly unseen: UnseenWrites;
  private readonly awaited: AwaitedStatus;

  constructor(options: { environment: Environment; client: Client; slices: Informer<EndpointSlice> }) {
    this.client = options.client;
    this.slices = options.slices;
    this.unseen = new UnseenWrites(options.environment);
    this.awaited = new AwaitedStatus(this.unseen);
    this.slices.addIndex(byService, (slice) => [serviceOf(slice)]);
  }

  stop(): void {
    this.unseen.stop();
  }

  /** Slices of one Service, whoever manages them. */
  of(service: string): readonly EndpointSlice[] {
    return this.slices.byIndex(byService, service);
  }

  /** The view shows this change. */
  shown(current: EndpointSlice | undefined, previous: EndpointSlice | undefined): void {
    if (current) {
      this.awaited.shown(current);
      if (!previous) this.unseen.settle(creation(keyOf(current)));
    }
    if (!previous || current?.metadata.uid === previous.metadata.uid) return;
    this.unseen.settle(deletion(previous));
    this.unseen.forget(previous.metadata.uid);
    this.awaited.forget(previous.metadata.uid);
  }

  /** Resolves when the view shows all that was written for this Service. */
  async seen(service: string): Promise<void> {
    await this.unseen.seen(service);
    for (const slice of this.of(service)) await this.unseen.seen(slice.metadata.uid);
  }

  async carryOut(service: string, plan: SlicePlan, time: string | undefined): Promise<void> {
    for (const slice of plan.create) await this.create(service, timed(slice, time));
    for (const slice of plan.update) {
      const written = await this.client.update(endpointSlices, timed(slice, time));
      this.awaited.wrote(written, this.slices.get(keyOf(slice)));
    }
    for (const slice of plan.delete) await this.remove(service, slice);
  }

  private async create(service: string, slice: EndpointSlice): Promise<void> {
    const write = creation(keyOf(slice));
    this.unseen.announce(service, write);
    try {
      await this.client.create(endpointSlices, slice);
    } catch (error) {
      this.unseen.settle(write);
      // Whoever made it had the same view.
      if (!isStatus(error, "AlreadyExists")) throw error;
    }
  }

  private async remove(service: string, slice: EndpointSlice): Promise<void> {
    const { namespace, name, uid } = slice.metadata;
    const write = deletion(slice);
    this.unseen.announce(service, write);
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
