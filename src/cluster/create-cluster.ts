import type { Environment, Instant } from "../base/environment.ts";
import { SystemClock, VirtualClock } from "../base/clock.ts";
import { parseDuration } from "../base/duration.ts";
import { SeededRandom } from "../base/random.ts";
import { FifoRunner } from "../base/runner.ts";
import { parseTime } from "../base/time.ts";
import type { KubeObject, ObjectName } from "../api/kind-ref.ts";
import { daemonSets, pods as podKind } from "../api/kinds.ts";
import type { Pod } from "../api/types/core-v1.ts";
import { KindRegistry } from "../api/registry.ts";
import { loadSchema } from "../api/schema/schema.ts";
import type { Schema } from "../api/schema/schema.ts";
import { clocks, simTypes } from "../api/sim/facts.ts";
import { parseYamlDocuments } from "../api/yaml.ts";
import type { Store } from "../store/contract.ts";
import { MemoryStore } from "../store/memory-store.ts";
import { tableKey } from "../server/keys.ts";
import { createApiServer } from "../server/server.ts";
import { applyObject } from "../client/apply.ts";
import type { Applied } from "../client/apply.ts";
import { InProcessClient } from "../client/in-process-client.ts";
import { clockName, clockTime, startClockObject } from "./clock-object.ts";
import type { Cluster } from "./cluster.ts";
import { startControlPlane } from "./control-plane.ts";
import { administrator, apiServerUser } from "./identities.ts";
import { Machines } from "./machines.ts";
import { nodesMax } from "./names.ts";
import { defaults } from "./options.ts";
import type { ClusterHost, ClusterOptions } from "./options.ts";
import { SimulatedNodes, machineFor } from "./simulated-nodes.ts";
import { systemDaemonSets } from "./system-workloads.ts";

/** What a cluster is made of, before anything runs. */
interface Parts {
  readonly environment: Environment;
  readonly virtual: VirtualClock | undefined;
  readonly systemClock: SystemClock | undefined;
  readonly registry: KindRegistry;
  readonly schema: Schema;
}

/** A mistake in the options of a cluster: a caller's, not a broken invariant. */
export class OptionError extends Error {}

function partsOf(options: ClusterOptions, host: ClusterHost): Parts {
  const runner = new FifoRunner(host.runner);
  const now = options.now ?? defaults.now;
  const start = typeof now === "number" ? now : parseTime(now);
  if (start === undefined || !Number.isFinite(start)) throw new OptionError(`now: ${JSON.stringify(now)} is not a time such as 2026-01-01T00:00:00Z`);
  const count = options.nodes ?? defaults.nodes;
  if (!Number.isInteger(count) || count < 0 || count > nodesMax) throw new OptionError(`nodes: ${count} is not a whole number from 0 to ${nodesMax}`);
  const virtual = options.clock === "system" ? undefined : new VirtualClock({ start, runner });
  const systemClock = virtual ? undefined : new SystemClock({ host: host.clock, runner });
  const environment: Environment = {
    clock: (virtual ?? systemClock) as VirtualClock | SystemClock,
    random: new SeededRandom(options.seed ?? defaults.seed),
    runner,
    log: host.log,
  };
  return { environment, virtual, systemClock, registry: KindRegistry.default(), schema: loadSchema(simTypes) };
}

/**
 * Puts a cluster together and resolves when the API server answers: machines have been asked for, nodes may not be Ready yet. The
 * caller goes on with `ready()`. Rejects with OptionError for options that cannot be.
 */
export async function composeCluster(options: ClusterOptions, host: ClusterHost): Promise<ComposedCluster> {
  const parts = partsOf(options, host);
  const { environment } = parts;
  const store = new MemoryStore();
  let agents: Machines | undefined;
  const server = await createApiServer({
    environment,
    store,
    registry: parts.registry,
    schema: parts.schema,
    nodeAgents: (name) => agents?.agentOf(name),
  });
  const clientOf = (user: typeof administrator, fieldManager: string): InProcessClient => new InProcessClient({ server, environment, user, fieldManager });
  const controlPlane = startControlPlane({ environment, server, caPem: host.caPem ?? testCaPem, hostName: host.hostName ?? options.name ?? defaults.name });
  const { informers } = controlPlane;
  const own = clientOf(apiServerUser, "coracle");
  agents = new Machines({ environment, server, client: own, informers, images: options.images ?? {} });
  const clockObject = parts.virtual
    ? await startClockObject({ clock: parts.virtual, environment, client: own, informers, ...(host.alarm === undefined ? {} : { hostAlarm: host.alarm }) })
    : undefined;
  return new ComposedCluster({ options, parts, server, store, client: clientOf(administrator, "coracle"), own, informers, machines: agents, stops: [() => clockObject?.stop(), () => agents?.stop(), () => controlPlane.stop(), () => parts.systemClock?.stop(), () => void store.close()] });
}

interface ComposedOptions {
  readonly options: ClusterOptions;
  readonly parts: Parts;
  readonly server: Cluster["server"];
  readonly store: Store;
  readonly client: InProcessClient;
  readonly own: InProcessClient;
  readonly informers: Informers;
  readonly machines: Machines;
  readonly stops: readonly (() => void)[];
}

/** How long a cluster may take, on its own clock, for what it was asked to wait for. */
const withinMs = 10 * 60_000;

export class ComposedCluster implements Cluster {
  readonly name: string;
  readonly server: Cluster["server"];
  readonly client: InProcessClient;
  readonly environment: Environment;
  readonly nodes: SimulatedNodes;
  private readonly options: ClusterOptions;
  private readonly store: Store;
  private readonly parts: Parts;
  private readonly own: InProcessClient;
  private readonly informers: Informers;
  private readonly machines: Machines;
  private readonly stops: readonly (() => void)[];
  private closed = false;

  constructor(composed: ComposedOptions) {
    this.options = composed.options;
    this.name = composed.options.name ?? defaults.name;
    this.server = composed.server;
    this.store = composed.store;
    this.client = composed.client;
    this.own = composed.own;
    this.parts = composed.parts;
    this.environment = composed.parts.environment;
    this.informers = composed.informers;
    this.machines = composed.machines;
    this.stops = composed.stops;
    this.nodes = new SimulatedNodes({
      cluster: this.name,
      client: composed.own,
      informers: composed.informers,
      wait: (predicate, what) => this.runUntilTrue(predicate, what, withinMs),
    });
  }

  /** Asks for the machines and what runs on every node, and resolves when all nodes are Ready. `progress` hears how many are. */
  async ready(progress?: (ready: number, asked: number) => void): Promise<void> {
    const count = this.options.nodes ?? defaults.nodes;
    const names: string[] = [];
    for (let i = 0; i < count; i++) names.push(await this.nodes.create(machineFor(this.name, i, count)));
    for (const workload of systemDaemonSets()) await this.own.create(daemonSets, workload);
    for (const [i, name] of names.entries()) {
      await this.nodes.ready(name);
      progress?.(i + 1, count);
    }
    await this.settle();
  }

  now(): Instant {
    return this.environment.clock.now();
  }

  async apply(yamlOrObjects: string | KubeObject | readonly KubeObject[]): Promise<readonly Applied[]> {
    const given = typeof yamlOrObjects === "string" ? (parseYamlDocuments(yamlOrObjects) as unknown as KubeObject[]) : [yamlOrObjects].flat();
    const applied: Applied[] = [];
    for (const object of given.flatMap(itemsOf)) {
      const kind = this.parts.registry.byKind(object.apiVersion, object.kind);
      if (!kind) throw new OptionError(`no matches for kind "${object.kind}" in version "${object.apiVersion}"`);
      const placed = kind.ref.namespaced && object.metadata.namespace === undefined ? { ...object, metadata: { ...object.metadata, namespace: "default" } } : object;
      applied.push(await applyObject({ client: this.client, schema: this.parts.schema, kind: kind.ref, type: kind.facts.type, object: placed }));
    }
    return applied;
  }

  async advance(duration: string | number): Promise<void> {
    const clock = this.virtualClock("advance");
    const ms = msOf(duration);
    if (ms < 0) throw new OptionError(`advance: ${duration} goes back in time`);
    const target = clock.now() + ms;
    await this.own.patch(clocks, { name: clockName }, { type: "merge", body: { spec: { at: clockTime(target) } } });
    await clock.advanceTo(target);
    await this.settle();
  }

  async runUntil(predicate: () => boolean | Promise<boolean>, options: { within?: string | number } = {}): Promise<void> {
    await this.runUntilTrue(predicate, predicate.toString(), msOf(options.within ?? withinMs));
    await this.settle();
  }

  settle(): Promise<void> {
    return this.environment.runner.idle();
  }

  async logs(pod: string | (ObjectName & { container?: string })): Promise<string> {
    const target = typeof pod === "string" ? { name: pod, namespace: "default" } : { namespace: "default", ...pod };
    const { name, namespace } = target;
    const container = "container" in target && target.container !== undefined ? `container=${encodeURIComponent(target.container)}` : "";
    const response = await this.client.request({ method: "GET", path: `/api/v1/namespaces/${namespace}/pods/${name}/log`, query: container, headers: {}, wants: "bytes" });
    const text = await bodyText(response);
    if (response.status >= 400) throw new Error(text);
    return text;
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    for (const stop of this.stops) stop();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Pods as the shared view has them, for a host's own questions. */
  pods(): readonly Pod[] {
    return this.informers.of(podKind).list();
  }

  private virtualClock(asked: string): VirtualClock {
    if (!this.parts.virtual) throw new OptionError(`${asked}: this cluster follows the machine's clock; only a virtual clock can be moved`);
    return this.parts.virtual;
  }

  private async runUntilTrue(predicate: () => boolean | Promise<boolean>, what: string, limitMs: number): Promise<void> {
    await this.settle();
    if (await predicate()) return;
    const { virtual } = this.parts;
    if (virtual) {
      if (await virtual.advanceTo(virtual.now() + limitMs, predicate)) return;
    } else if (await this.watchStore(predicate, limitMs)) {
      return;
    }
    throw new Error(`not within ${limitMs / 1000} s of the cluster's time: ${what}`);
  }

  /** On the machine's clock: asks after every change of what the store holds. */
  private async watchStore(predicate: () => boolean | Promise<boolean>, limitMs: number): Promise<boolean> {
    const { clock, runner } = this.environment;
    let wake = (): void => undefined;
    const abort = new AbortController();
    const watches = this.parts.registry.all().map((kind) => this.store.watch(`${tableKey(kind)}/`, this.store.revision, () => wake()));
    const end = clock.sleep(limitMs, abort.signal).then(
      () => true,
      () => true,
    );
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
