import { cronJobs, daemonSets, deployments, endpointSlices, jobs, namespaces, persistentVolumeClaims, persistentVolumes, podDisruptionBudgets, pods, replicaSets, resourceQuotas } from "../../src/api/kinds.ts";
import type { KindRef, KubeObject } from "../../src/api/kind-ref.ts";
import type { Job } from "../../src/api/types/batch-v1.ts";
import type { Pod } from "../../src/api/types/core-v1.ts";
import { startControlPlane } from "../../src/cluster/control-plane.ts";
import type { ControlPlane } from "../../src/cluster/control-plane.ts";
import type { ApiRequest, ApiResponse, ApiServer } from "../../src/server/request.ts";
import { Registry } from "../../src/sim/images/registry.ts";
import { SimulatedMachine } from "../../src/sim/machine.ts";
import { SimulatedNetwork } from "../../src/sim/network.ts";
import type { InProcessServer } from "../in-process-server.ts";
import { startInProcessServer } from "../in-process-server.ts";

/** The ground of the campaigns here: whole control planes over simulated machines, the promises that hold at every revision, and what is there in the end. */

/** The way to the API server of one life of the control plane: after so many writes nothing comes through any more. */
class MortalServer implements ApiServer {
  readonly written: string[] = [];
  private dead = false;
  private readonly inner: ApiServer;
  private readonly death: (Death & { readonly died: () => void }) | undefined;

  constructor(inner: ApiServer, death?: Death & { readonly died: () => void }) {
    this.inner = inner;
    this.death = death;
  }

  handle(request: ApiRequest): ReturnType<ApiServer["handle"]> {
    if (this.dead) return unavailable;
    const isWrite = request.method !== "GET" && !request.path.includes("/events");
    if (!isWrite) return this.inner.handle(request);
    this.written.push(`${request.method} ${request.path}`);
    const answer = this.inner.handle(request);
    if (this.written.length !== this.death?.after) return answer;
    this.dead = this.death.manner !== "lives on";
    this.death.died();
    return this.death.manner === "unheard" ? Promise.resolve(answer).then(() => unavailable) : answer;
  }
}

const unavailable = { status: 503, headers: {}, body: { type: "object", object: { kind: "Status", apiVersion: "v1", status: "Failure", reason: "ServiceUnavailable", code: 503, message: "gone" } } } as unknown as ApiResponse;

export const manners = ["heard", "unheard", "lives on"] as const;

export interface Death {
  /** The number of the write. */
  readonly after: number;
  readonly manner: (typeof manners)[number];
}

/** A namespace `work` on two simulated machines, `one` and `two`, under a whole control plane that may die. */
export class World {
  readonly server: InProcessServer;
  readonly machines: SimulatedMachine[] = [];
  readonly broken = new Set<string>();
  first: MortalServer | undefined;
  private readonly lives: ControlPlane[] = [];

  private constructor(server: InProcessServer) {
    this.server = server;
  }

  static async start(death: Death | undefined): Promise<World> {
    const server = await startInProcessServer();
    const world = new World(server);
    const network = new SimulatedNetwork();
    await server.client.create(namespaces, { metadata: { name: "work" } });
    for (const [i, name] of ["one", "two"].entries()) {
      const client = server.as({ name: `system:node:${name}`, groups: ["system:nodes", "system:authenticated"] });
      const machine = new SimulatedMachine({ name, index: i + 1, environment: server.environment, client, images: new Registry(), network, spec: {} });
      world.machines.push(machine);
      machine.powerOn();
    }
    world.watch();
    world.first = new MortalServer(server.server, death && { ...death, died: () => world.succeed(death.manner) });
    world.live(world.first);
    await server.advance(30_000);
    return world;
  }

  private live(server: ApiServer): void {
    this.lives.push(startControlPlane({ environment: this.server.environment, server, caPem: "pem", hostName: "host" }));
  }

  private succeed(manner: Death["manner"]): void {
    if (manner !== "lives on") this.lives.at(-1)?.stop();
    this.server.environment.runner.post(() => this.live(new MortalServer(this.server.server)));
  }

  /** The writes of a successor that finds everything at rest. */
  async idleWrites(): Promise<readonly string[]> {
    this.lives.at(-1)?.stop();
    const idle = new MortalServer(this.server.server);
    this.live(idle);
    await this.server.advance(120_000);
    return idle.written;
  }

  stop(): void {
    for (const life of this.lives) life.stop();
    for (const machine of this.machines) machine.powerOff();
  }

  create(kind: KindRef, name: string, spec: object): Promise<KubeObject> {
    return this.server.client.create(kind as KindRef<KubeObject>, { metadata: { name, namespace: kind.namespaced ? "work" : undefined }, spec } as never);
  }

  patch(kind: KindRef, name: string, body: object): Promise<KubeObject> {
    return this.server.client.patch(kind as KindRef<KubeObject>, { namespace: kind.namespaced ? "work" : undefined, name }, { type: "strategic", body });
  }

  /** What must hold at every revision. */
  private watch(): void {
    const podView = this.server.informers.of(pods);
    const jobView = this.server.informers.of(jobs);
    podView.onChange(() => {
      const running = podView.list("work").filter((pod) => pod.status.phase !== "Succeeded" && pod.status.phase !== "Failed");
      const daemons = count(running.filter((pod) => ownerOf(pod)?.kind === "DaemonSet" && ownerOf(pod)?.name === "daemon"), (pod) => `two Pods of ${ownerOf(pod)?.name} for ${targetOf(pod)}`);
      const indexed = count(running.filter((pod) => pod.metadata.deletionTimestamp === undefined && pod.metadata.labels?.[indexLabel] !== undefined), (pod) => `two Pods of index ${pod.metadata.labels?.[indexLabel]} of ${ownerOf(pod)?.name}`);
      for (const [what, times] of [...daemons, ...indexed]) if (times > 1) this.broken.add(what);
      const active = count(running.filter((pod) => ownerOf(pod)?.kind === "Job" && pod.metadata.deletionTimestamp === undefined), (pod) => ownerOf(pod)?.name ?? "");
      for (const [name, times] of active) if (times > parallelismMax) this.broken.add(`${times} Pods of Job ${name}`);
    });
    jobView.onChange((current, previous) => {
      const unfinished = jobView.list("work").filter((job) => ownerOf(job)?.name === "forbid" && conclusionOf(job) === "");
      if (unfinished.length > 1) this.broken.add("two unfinished Jobs of a CronJob that forbids it");
      if (current && previous && conclusionOf(previous) !== "" && conclusionOf(current) !== conclusionOf(previous)) this.broken.add(`Job ${current.metadata.name} ended twice`);
      if (current && (current.status.succeeded ?? 0) > (current.spec.completions ?? Infinity)) this.broken.add(`Job ${current.metadata.name} has too many successes`);
    });
  }

  /** Everything that is there, without what differs from life to life. */
  async state(): Promise<string[]> {
    const lines: string[] = [];
    const all = async <T extends KubeObject>(kind: KindRef<T>, describe: (object: T) => string): Promise<void> => {
      for (const object of (await this.server.client.list(kind)).items) if (object.metadata.namespace === undefined || object.metadata.namespace === "work") lines.push(`${kind.kind} ${describe(object)}`);
    };
    await all(pods, (pod) => `${ownerOf(pod)?.name ?? pod.metadata.generateName ?? pod.metadata.name} ${pod.status.phase} ${pod.metadata.labels?.[indexLabel] ?? ""} ${(pod.metadata.finalizers ?? []).join()} ${ownerOf(pod)?.kind === "DaemonSet" ? pod.spec.nodeName : ""} ${pod.metadata.deletionTimestamp === undefined ? "" : "going"}`);
    await all(replicaSets, ({ metadata, spec, status }) => `${metadata.name} ${spec.replicas} ${status.readyReplicas ?? 0} ${metadata.annotations?.["deployment.kubernetes.io/revision"]}`);
    await all(deployments, ({ metadata, status }) => `${metadata.name} ${status.readyReplicas ?? 0} ${status.updatedReplicas ?? 0} ${status.replicas ?? 0} ${metadata.annotations?.["deployment.kubernetes.io/revision"]} ${status.observedGeneration}`);
    await all(daemonSets, ({ metadata, status }) => `${metadata.name} ${status.numberReady} ${status.updatedNumberScheduled ?? 0} ${status.desiredNumberScheduled} ${status.observedGeneration}`);
    await all(jobs, (job) => `${job.metadata.name} ${job.status.succeeded ?? 0} ${job.status.failed ?? 0} ${job.status.active ?? 0} ${conclusionOf(job)} ${job.status.completedIndexes ?? ""} ${job.status.failedIndexes ?? ""} ${JSON.stringify(job.status.uncountedTerminatedPods ?? {})}`);
    await all(cronJobs, ({ metadata, status }) => `${metadata.name} ${status.active?.length ?? 0} ${status.lastScheduleTime}`);
    await all(endpointSlices, ({ metadata, endpoints }) => `${metadata.labels?.["kubernetes.io/service-name"]} ${endpoints?.length ?? 0}`);
    await all(persistentVolumeClaims, ({ metadata, spec, status }) => `${metadata.name} ${status.phase} ${spec.volumeName ?? ""}`);
    await all(persistentVolumes, ({ metadata, spec, status }) => `${metadata.name} ${status.phase} ${spec.claimRef?.name ?? ""}`);
    await all(podDisruptionBudgets, ({ metadata, status }) => `${metadata.name} ${status.disruptionsAllowed} ${status.currentHealthy} ${status.expectedPods}`);
    await all(resourceQuotas, ({ metadata, status }) => `${metadata.name} ${JSON.stringify(status?.used)}`);
    await all(namespaces, ({ metadata, status }) => `${metadata.name} ${status.phase}`);
    return lines.sort();
  }
}

const indexLabel = "batch.kubernetes.io/job-completion-index";
const parallelismMax = 2;

function ownerOf({ metadata }: KubeObject): { readonly kind: string; readonly name: string } | undefined {
  return metadata.ownerReferences?.find(({ controller }) => controller);
}

function targetOf({ spec }: Pod): string {
  return spec.nodeName ?? spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms[0]?.matchFields?.[0]?.values?.[0] ?? "";
}

function conclusionOf(job: Job): string {
  return job.status.conditions?.find(({ type, status }) => (type === "Complete" || type === "Failed") && status === "True")?.type ?? "";
}

function count<T>(items: readonly T[], name: (item: T) => string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const item of items) counts.set(name(item), (counts.get(name(item)) ?? 0) + 1);
  return counts;
}

export const template = (command: string, more: object = {}, labels: object = { app: "x" }): object => ({ metadata: { labels }, spec: { terminationGracePeriodSeconds: 1, automountServiceAccountToken: false, containers: [{ name: "c", image: "busybox:1.36", command: ["sh", "-c", command] }], ...more } });
export const selector = { matchLabels: { app: "x" } };
export const rollingTo = (command: string): object => ({ spec: { template: { spec: { containers: [{ name: "c", command: ["sh", "-c", command] }] } } } });
export const seconds = 1000;
