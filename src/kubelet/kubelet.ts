import type { Environment, Timer } from "../base/environment.ts";
import { badRequest, internalError, notFound } from "../base/status-error.ts";
import { nodes, pods } from "../api/kinds.ts";
import type { ContainerImage, Node, Pod } from "../api/types/core-v1.ts";
import type { Client, Watch } from "../client/client.ts";
import { EventRecorder } from "../client/event-recorder.ts";
import { NodeState } from "../placement/node-state.ts";
import type { ContainerTarget, ExecOptions, LogOptions, NodeAgent, NodeStats } from "../server/node-agent.ts";
import type { ByteSink, Channels, PortClient, PortConnection } from "../server/request.ts";
import { refusal, resizeRefusal } from "./admission.ts";
import { ContentWatches } from "./content-watches.ts";
import { attachSession, execSession } from "./exec-session.ts";
import { ImagePuller } from "./image-puller.ts";
import { readLog } from "./log-reader.ts";
import { registrationEvents, schedulableEvent } from "./node-events.ts";
import { capacityOf } from "./node-object.ts";
import type { NodeFacts } from "./node-object.ts";
import { nodeStats } from "./node-stats.ts";
import { NodeReporter } from "./node-reporter.ts";
import { PodObjects } from "./objects.ts";
import type { PodMeans } from "./pod-means.ts";
import { PodTokens } from "./pod-tokens.ts";
import { PodWorker } from "./pod-worker.ts";
import type { ContainerRuntime, FoundSandbox, NodeFiles, NodeNetwork, SandboxDns } from "./runtime.ts";
import { nextRegular } from "./resync.ts";
import { podFolder, refreshVolumes } from "./volumes.ts";

/** A kubelet looks at its own node every ten seconds (upstream: `nodeStatusUpdateFrequency`). */
const nodeLookMs = 10_000;
/** Pause before a failed list of Pods is tried again, as client-go's reflector. */
const relistMs = 800;
/** What a request for logs hears of a container that waits; any other reason is told as it is. */
const waitingWords: ReadonlyMap<string, string> = new Map([["ErrImagePull", "image can't be pulled"], ["ImagePullBackOff", "trying and failing to pull image"]]);

export interface KubeletOptions {
  readonly environment: Environment;
  /** Under the node's own identity. */
  readonly client: Client;
  readonly facts: NodeFacts;
  readonly runtime: ContainerRuntime;
  readonly files: NodeFiles;
  readonly network: NodeNetwork;
  readonly images: () => readonly ContainerImage[];
  /** How a Pod resolves names, by its policy. */
  readonly resolver: (pod: Pod) => SandboxDns;
  readonly clusterDomain: string;
  /** When the machine was started; absent: now. */
  readonly bootedAt?: number;
}

/**
 * The agent of one node: registers it, runs the Pods bound to it through a container runtime, and answers the API server about
 * logs and commands. Everything it does follows from its watch of Pods, the runtime's changes and timers; between them it
 * does nothing.
 */
export class Kubelet implements NodeAgent {
  private readonly options: KubeletOptions;
  private readonly environment: Environment;
  private readonly means: PodMeans;
  private readonly reporter: NodeReporter;
  private readonly tokens: PodTokens;
  private readonly workers = new Map<string, PodWorker>();
  private node: Node | undefined;
  /** What stands on the node, as far as somebody has asked. */
  private room: NodeState | undefined;
  private nodeLook: Timer | undefined;
  private watch: Watch | undefined;
  private retry: Timer | undefined;
  private readonly contents: ContentWatches;
  private readonly refreshes = new Map<string, Timer>();
  /** What an earlier kubelet left running, by the uid of its Pod; undefined once it has been taken over. */
  private found: ReadonlyMap<string, FoundSandbox> | undefined;
  private stopped = false;

  constructor(options: KubeletOptions) {
    this.options = options;
    this.environment = options.environment;
    const { client, environment, facts, runtime } = options;
    this.contents = new ContentWatches({ client, environment, changed: (uid) => this.contentChanged(uid) });
    this.tokens = new PodTokens({ client, environment, due: (uid) => void this.renew(uid) });
    this.means = {
      environment,
      client,
      recorder: new EventRecorder({ client, environment, component: "kubelet", host: facts.name }),
      runtime,
      files: options.files,
      network: options.network,
      objects: new PodObjects(client),
      puller: new ImagePuller(runtime, environment),
      nodeName: facts.name,
      hostIps: facts.addresses,
      allocatable: capacityOf(facts),
      resolver: options.resolver,
      clusterDomain: options.clusterDomain,
      token: (pod, audience, expirationSeconds) => this.tokens.token(pod, audience, expirationSeconds),
      resizeRefusal: (pod) => {
        const others = this.roomBeside(pod.metadata.uid);
        return others && resizeRefusal(pod, others);
      },
      roomFreed: () => this.roomFreed(),
      describedAnew: (uid) => void this.renew(uid),
      gone: (uid) => this.gone(uid),
    };
    this.found = new Map(runtime.listSandboxes().map((sandbox) => [sandbox.podUid, sandbox]));
    runtime.onContainerChange((id, podUid) => this.workers.get(podUid)?.containerChanged(id));
    this.reporter = new NodeReporter({
      environment, client, facts, images: options.images, bootedAt: options.bootedAt ?? environment.clock.now(),
      registered: (node, before) => {
        this.node = node;
        this.announce(node, before);
        void this.list();
      },
    });
  }

  /** Nothing is done or answered any more, and nothing is cleaned up: the node is switched off. */
  stop(): void {
    this.stopped = true;
    this.reporter.stop();
    this.watch?.stop();
    this.retry?.cancel();
    this.nodeLook?.cancel();
    this.contents.stop();
    for (const timer of this.refreshes.values()) timer.cancel();
    for (const worker of this.workers.values()) worker.stop();
    this.workers.clear();
    this.tokens.stop();
  }

  async logs(target: ContainerTarget, options: LogOptions, sink: ByteSink): Promise<void> {
    const { worker, record } = this.find(target);
    const id = options.previous ? worker.previousContainer(target.container) : record.id;
    const log = id === undefined ? undefined : this.options.runtime.log(id);
    if (!log) {
      if (options.previous) throw badRequest(`previous terminated container "${target.container}" in pod "${target.pod}" not found`);
      const waiting = worker.pod.status.containerStatuses?.find(({ name }) => name === target.container)?.state.waiting?.reason ?? record.waiting?.reason ?? "ContainerCreating";
      throw badRequest(`container "${target.container}" in pod "${target.pod}" is waiting to start: ${waitingWords.get(waiting) ?? waiting}`);
    }
    await readLog(log, options, sink);
  }

  async exec(target: ContainerTarget, options: ExecOptions, channels: Channels): Promise<void> {
    const id = this.runningContainer(target) ?? refuseUpgrade(`container not found ("${target.container}")`);
    await execSession((asked) => this.options.runtime.exec(id, asked), options, { channels, isRelayed: true });
  }

  async attach(target: ContainerTarget, options: ExecOptions, channels: Channels): Promise<void> {
    const id = this.runningContainer(target) ?? refuseUpgrade(`container ${target.container} not found in pod ${target.pod}_${target.namespace}`);
    await attachSession((asked) => this.options.runtime.attach(id, asked), options, channels);
  }

  stats(): NodeStats {
    return nodeStats(this.options.runtime, this.workers.values());
  }

  async portForward(target: Omit<ContainerTarget, "container">, port: number, client: PortClient): Promise<PortConnection> {
    const sandbox = this.workers.get(target.uid)?.sandboxId;
    if (sandbox === undefined) throw new Error(`error forwarding port ${port} to pod ${target.uid}: pod not found ("${target.pod}_${target.namespace}")`);
    try {
      return await this.options.runtime.portForward(sandbox, port, client);
    } catch (error) {
      throw new Error(`error forwarding port ${port} to pod ${sandbox}, uid : ${error instanceof Error ? error.message : String(error)}`, { cause: error });
    }
  }

  private runningContainer(target: ContainerTarget): string | undefined {
    const record = this.workerOf(target)?.record(target.container);
    return record?.info?.state === "running" ? record.id : undefined;
  }

  private find(target: ContainerTarget) {
    const worker = this.workerOf(target);
    const record = worker?.record(target.container);
    if (!worker || !record) throw notFound({ group: "", plural: "pods" }, target.pod);
    return { worker, record };
  }

  private workerOf({ uid, pod: name, namespace }: ContainerTarget) {
    return this.workers.get(uid) ?? [...this.workers.values()].find(({ pod }) => pod.metadata.name === name && pod.metadata.namespace === namespace);
  }

  /** The Node object changed: at the next look at it a cordon is told, unless it has gone again. */
  nodeChanged(node: Node): void {
    const before = this.node;
    if (this.stopped || !before || before.metadata.uid !== node.metadata.uid) return;
    const told = before.spec.unschedulable ?? false;
    this.nodeLook?.cancel();
    this.nodeLook = undefined;
    if ((node.spec.unschedulable ?? false) === told) return;
    this.nodeLook = this.environment.clock.after(nodeLookMs, () => {
      this.node = node;
      const { type, reason, message } = schedulableEvent(node);
      this.means.recorder.eventFor(referenceOf(node), type, reason, message);
    });
  }

  private announce(node: Node, before: Node | undefined): void {
    for (const { type, reason, message } of registrationEvents(node, before)) this.means.recorder.eventFor(referenceOf(node), type, reason, message);
  }

  private async list(): Promise<void> {
    const { client, facts } = this.options;
    const fieldSelector = `spec.nodeName=${facts.name}`;
    try {
      const page = await client.list(pods, { fieldSelector });
      if (this.stopped) return;
      const there = new Set(page.items.map(({ metadata }) => metadata.uid));
      for (const worker of [...this.workers.values()]) if (!there.has(worker.uid)) worker.remove();
      for (const pod of page.items) await this.take(pod);
      await this.endOrphans(there);
      this.follow(fieldSelector, page.resourceVersion);
    } catch (error) {
      if (this.stopped) return;
      this.environment.log.debug(`kubelet of ${facts.name}: list of pods failed`, { error: String(error) });
      this.retry = this.environment.clock.after(relistMs, () => void this.list());
    }
  }

  private follow(fieldSelector: string, resourceVersion: string): void {
    if (this.stopped) return;
    this.watch = this.options.client.watch(pods, { fieldSelector, resourceVersion }, {
      event: ({ type, object }) => {
        if (type === "DELETED") this.workers.get(object.metadata.uid)?.remove();
        else if (type !== "BOOKMARK") void this.take(object);
      },
      ended: () => {
        if (!this.stopped) this.retry = this.environment.clock.after(relistMs, () => void this.list());
      },
    });
  }

  private async take(pod: Pod): Promise<void> {
    const worker = this.workers.get(pod.metadata.uid);
    if (worker) {
      worker.update(pod);
      return;
    }
    const ended = pod.status.phase === "Succeeded" || pod.status.phase === "Failed";
    const failure = ended || pod.status.startTime !== undefined ? undefined : await this.judge(pod);
    if (this.stopped || this.workers.has(pod.metadata.uid)) return;
    if (failure) this.means.recorder.event(pod, "Warning", failure.reason, failure.message.replace(/^Pod was rejected: /, ""));
    this.workers.set(pod.metadata.uid, new PodWorker(this.means, pod, { failure, sandbox: this.found?.get(pod.metadata.uid) }));
    this.contents.add(pod);
  }

  /** What runs for Pods that were deleted while no kubelet was there. */
  private async endOrphans(there: ReadonlySet<string>): Promise<void> {
    const orphans = [...(this.found?.values() ?? [])].filter(({ podUid }) => !there.has(podUid));
    this.found = undefined;
    for (const { id, podUid } of orphans) {
      await this.options.runtime.removeSandbox(id);
      await this.options.files.remove(podFolder(podUid));
    }
  }

  private async judge(pod: Pod) {
    const needsNode = pod.spec.nodeSelector !== undefined || pod.spec.affinity?.nodeAffinity !== undefined || !toleratesAll(pod);
    if (needsNode) {
      try {
        this.node = await this.options.client.get(nodes, { name: this.options.facts.name });
      } catch (error) {
        this.environment.log.debug("node not read", { error: String(error) });
      }
    }
    const others = this.roomBeside(pod.metadata.uid);
    return others && refusal(pod, others);
  }

  /** The node with the Pods that take room beside this one, each with what was granted to it; to be read at once. */
  private roomBeside(uid: string): NodeState | undefined {
    if (!this.node) return undefined;
    const room = (this.room ??= new NodeState(this.node));
    room.replaceNode(this.node);
    room.remove(uid);
    for (const worker of this.workers.values()) {
      if (worker.uid === uid) continue;
      const { allocated } = worker;
      if (!worker.takesRoom) room.remove(worker.uid);
      else if (room.pods.get(worker.uid)?.spec !== allocated.spec) room.add(allocated);
    }
    return room;
  }

  private roomFreed(): void {
    for (const worker of this.workers.values()) if (worker.waitsForRoom) worker.lookAtResize();
  }

  private gone(uid: string): void {
    this.room?.remove(uid);
    if (this.workers.delete(uid)) this.roomFreed();
    this.tokens.forget(uid);
    this.contents.remove(uid);
    this.refreshes.get(uid)?.cancel();
    this.refreshes.delete(uid);
  }

  /** An image was pulled or removed. */
  imagesChanged(): void {
    this.reporter.imagesChanged();
  }

  /** Content of a volume changed: its files follow at the Pod's next regular look. */
  private contentChanged(podUid: string): void {
    const worker = this.workers.get(podUid);
    if (!worker || this.refreshes.has(podUid)) return;
    const at = nextRegular({ uid: podUid, startedAt: worker.startedAt, now: this.environment.clock.now() });
    this.refreshes.set(podUid, this.environment.clock.at(at, () => {
      this.refreshes.delete(podUid);
      void this.renew(podUid);
    }));
  }

  private async renew(podUid: string): Promise<void> {
    const worker = this.workers.get(podUid);
    if (!worker?.mounted) return;
    const { files, objects, allocatable, token } = this.means;
    const addresses = { podIps: worker.podIps(), hostIps: this.means.hostIps };
    await refreshVolumes({ pod: worker.pod, files, objects, allocatable, addresses, token, now: this.environment.clock.now() }).catch((error: unknown) => {
      this.environment.log.debug(`volumes of ${worker.pod.metadata.name} not refreshed`, { error: String(error) });
    });
  }
}

function toleratesAll(pod: Pod): boolean {
  return pod.spec.tolerations?.some(({ key, operator, effect }) => !key && operator === "Exists" && !effect) ?? false;
}

/** The container does not run: the kubelet answers so instead of changing to a stream. */
function refuseUpgrade(why: string): never {
  throw internalError(`unable to upgrade connection: ${why}`);
}

/** How a kubelet names its node in events: the name stands for the uid. */
function referenceOf({ metadata: { name } }: Node): { kind: string; name: string; uid: string } {
  return { kind: "Node", name, uid: name };
}
