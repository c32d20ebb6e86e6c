import type { Environment, Instant } from "../base/environment.ts";
import type { SystemClock, VirtualClock } from "../base/clock.ts";
import { parseDuration } from "../base/duration.ts";
import { limits } from "../base/limits.ts";
import { StatusError } from "../base/status-error.ts";
import type { Status } from "../base/status-error.ts";
import type { KubeObject, ObjectName } from "../api/kind-ref.ts";
import { isNodeReady } from "../api/core/node-ready.ts";
import { nodes as nodeKind, pods } from "../api/kinds.ts";
import type { KindRegistry } from "../api/registry.ts";
import type { Schema } from "../api/schema/schema.ts";
import { clocks } from "../api/sim/facts.ts";
import type { Store } from "../store/contract.ts";
import { tableKey } from "../server/keys.ts";
import { applyObject } from "../client/apply.ts";
import type { Applied } from "../client/apply.ts";
import type { InProcessClient } from "../client/in-process-client.ts";
import type { Informers } from "../client/informer.ts";
import { objectPath, queryOf } from "../client/path.ts";
import { bodyText } from "./body-text.ts";
import { clockName, clockTime } from "./clock-object.ts";
import type { Cluster } from "./cluster.ts";
import { objectsOf } from "./manifests.ts";
import { OptionError, defaults } from "./options.ts";
import type { ClusterOptions } from "./options.ts";
import { SimulatedNodes, machineFor } from "./simulated-nodes.ts";
import { systemObjects } from "./system-workloads.ts";

/** The means of a cluster. */
export interface Parts {
  readonly environment: Environment;
  /** One of the two clocks. */
  readonly virtual: VirtualClock | undefined;
  readonly system: SystemClock | undefined;
  readonly store: Store;
  readonly registry: KindRegistry;
  readonly schema: Schema;
}

export interface RunningOptions {
  readonly options: ClusterOptions;
  readonly parts: Parts;
  readonly server: Cluster["server"];
  readonly client: InProcessClient;
  readonly own: InProcessClient;
  readonly informers: Informers;
  /** Lets the Clock object say where time is. */
  readonly tellTime: () => Promise<void>;
  readonly stops: readonly (() => void)[];
}

/** How long a cluster may take, on its own clock, for what it was asked to wait for. */
const withinMs = 10 * 60_000;

/** A composed cluster behind the library's face. */
export class RunningCluster implements Cluster {
  readonly name: string;
  readonly server: Cluster["server"];
  readonly client: InProcessClient;
  readonly environment: Environment;
  readonly nodes: SimulatedNodes;
  private readonly options: ClusterOptions;
  private readonly parts: Parts;
  private readonly own: InProcessClient;
  private readonly informers: Informers;
  private readonly tellTime: () => Promise<void>;
  private readonly stops: readonly (() => void)[];
  private readonly closing = new AbortController();

  constructor(composed: RunningOptions) {
    this.options = composed.options;
    this.name = composed.options.name ?? defaults.name;
    this.server = composed.server;
    this.client = composed.client;
    this.own = composed.own;
    this.parts = composed.parts;
    this.environment = composed.parts.environment;
    this.stops = composed.stops;
    this.informers = composed.informers;
    this.tellTime = composed.tellTime;
    this.nodes = new SimulatedNodes({
      cluster: this.name,
      client: composed.own,
      informers: composed.informers,
      wait: (predicate, what) => this.runUntilTrue(predicate, what, withinMs),
      assertOpen: () => this.assertOpen(),
    });
  }

  /** Asks for the machines and what runs on every node, and resolves when all nodes are Ready. `progress` hears how many are. */
  async ready(progress?: (ready: number, asked: number) => void): Promise<void> {
    const count = this.options.nodes ?? defaults.nodes;
    const unready = new Set(Array.from({ length: count }, (_, i) => machineFor(this.name, i, count)).map(({ name }) => name));
    const stop = this.informers.of(nodeKind).onChange((node) => {
      if (node && isNodeReady(node) && unready.delete(node.metadata.name)) progress?.(count - unready.size, count);
    });
    try {
      const names = await Promise.all(Array.from({ length: count }, (_, i) => this.nodes.create(machineFor(this.name, i, count))));
      for (const name of names) await this.nodes.ready(name);
    } finally {
      stop();
    }
    for (const { kind, object } of systemObjects()) await this.own.create(kind, object);
    await this.settle();
  }

  now(): Instant {
    return this.environment.clock.now();
  }

  async apply(yamlOrObjects: string | KubeObject | readonly KubeObject[]): Promise<readonly Applied[]> {
    this.assertOpen();
    const wanted = objectsOf(yamlOrObjects).map((object) => {
      const kind = this.parts.registry.byKind(object.apiVersion, object.kind);
      if (!kind) throw new OptionError(`no matches for kind "${object.kind}" in version "${object.apiVersion}"`);
      return { kind, object };
    });
    const applied: Applied[] = [];
    for (const { kind, object } of wanted) {
      const placed = kind.ref.namespaced && object.metadata.namespace === undefined ? { ...object, metadata: { ...object.metadata, namespace: "default" } } : object;
      applied.push(await applyObject({ client: this.client, schema: this.parts.schema, kind: kind.ref, type: kind.facts.type, object: placed }));
    }
    return applied;
  }

  async advance(duration: string | number): Promise<void> {
    this.assertOpen();
    const clock = this.virtualClock("advance");
    const ms = msOf("advance", duration);
    const target = clock.now() + ms;
    if (target > limits.instantMax) throw new OptionError(`advance: ${duration} goes beyond the year 9999`);
    await this.own.patch(clocks, { name: clockName }, { type: "merge", body: { spec: { at: clockTime(target) } } });
    await clock.advanceTo(target);
    await this.settle();
  }

  async runUntil(predicate: () => boolean | Promise<boolean>, options: { within?: string | number } = {}): Promise<void> {
    if (typeof predicate !== "function") throw new OptionError("runUntil takes a function that says whether it is time");
    await this.runUntilTrue(predicate, predicate.toString(), msOf("within", options.within ?? withinMs));
    await this.settle();
  }

  async settle(): Promise<void> {
    this.assertOpen();
    await this.settled();
  }

  private settled(): Promise<void> {
    return this.parts.virtual ? this.parts.virtual.settled() : this.environment.runner.idle();
  }

  async logs(pod: string | (ObjectName & { container?: string })): Promise<string> {
    this.assertOpen();
    const { container, ...name } = { namespace: "default", container: undefined, ...(typeof pod === "string" ? { name: pod } : pod) };
    if (typeof name.name !== "string" || name.name === "" || name.name.includes("/")) throw new OptionError("logs: takes the name of a Pod, or { namespace, name, container }");
    const path = objectPath(pods, name, "log");
    const response = await this.client.request({ method: "GET", path, query: queryOf({ container }), headers: {}, wants: "bytes" });
    const text = (await bodyText(response)) ?? "";
    if (response.status >= 400) throw new StatusError(JSON.parse(text) as Status & { message: string });
    return text;
  }

  async close(): Promise<void> {
    if (this.closing.signal.aborted) return;
    this.closing.abort();
    this.client.close(this.closedError());
    for (const stop of this.stops) stop();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  get isClosed(): boolean {
    return this.closing.signal.aborted;
  }

  /** Throws once the cluster is closed: nothing in it works any more, and an answer would be a lie. */
  assertOpen(): void {
    if (this.isClosed) throw this.closedError();
  }

  private closedError(): Error {
    return new Error(`cluster "${this.name}" is closed`);
  }

  private virtualClock(asked: string): VirtualClock {
    if (!this.parts.virtual) throw new OptionError(`${asked}: this cluster follows the machine's clock; only a virtual clock can be moved`);
    return this.parts.virtual;
  }

  private async runUntilTrue(predicate: () => boolean | Promise<boolean>, what: string, limitMs: number): Promise<void> {
    this.assertOpen();
    await this.settle();
    if (await predicate()) return;
    this.assertOpen();
    const { virtual } = this.parts;
    if (virtual) {
      const isThere = await virtual.advanceTo(virtual.now() + limitMs, predicate).finally(() => this.isClosed || this.tellTime());
      if (isThere) return;
    } else if (await this.watchStore(predicate, limitMs)) {
      return;
    }
    this.assertOpen();
    throw new Error(`not within ${limitMs / 1000} s of the cluster's time: ${what}`);
  }

  /** On the machine's clock: asks after every change of what the store holds. */
  private async watchStore(predicate: () => boolean | Promise<boolean>, limitMs: number): Promise<boolean> {
    const { clock, runner } = this.environment;
    let wake = (): void => undefined;
    const abort = new AbortController();
    const watches = this.parts.registry.all().map((kind) => this.parts.store.watch(`${tableKey(kind)}/`, this.parts.store.revision, () => wake()));
    const end = new Promise<true>((resolve) => {
      clock.sleep(limitMs, abort.signal).then(() => resolve(true), () => resolve(true));
      this.closing.signal.addEventListener("abort", () => resolve(true), { signal: abort.signal });
    });
    try {
      for (;;) {
        const changed = new Promise<boolean>((resolve) => (wake = () => resolve(false)));
        await runner.idle();
        if (await predicate()) return true;
        if (await Promise.race([changed, end])) return false;
      }
    } finally {
      abort.abort();
      for (const watch of watches) watch.stop();
    }
  }
}

function msOf(what: string, duration: string | number): number {
  const ms = typeof duration === "number" ? duration : parseDuration(duration);
  if (ms !== undefined && ms < 0) throw new OptionError(`${what}: ${duration} goes back in time`);
  if (ms !== undefined && Number.isFinite(ms)) return Math.round(ms);
  throw new OptionError(`${what}: ${typeof duration === "number" ? duration : JSON.stringify(duration)} is not a duration such as 90s, 1h30m or 30d, or milliseconds`);
}
