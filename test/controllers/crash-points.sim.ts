import { afterEach, describe, expect, it } from "vitest";
import { cronJobs, daemonSets, deployments, endpointSlices, jobs, namespaces, persistentVolumeClaims, persistentVolumes, podDisruptionBudgets, pods, replicaSets, resourceQuotas, services, storageClasses } from "../../src/api/kinds.ts";
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

/**
 * Whoever controls a cluster may die after any write, with or without having heard the answer, or go on unnoticed beside its successor: who
 * takes over has fresh views, no promise is broken at any revision, and in the end everything stands as it would have otherwise.
 */

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

const manners = ["heard", "unheard", "lives on"] as const;

interface Death {
  /** The number of the write. */
  readonly after: number;
  readonly manner: (typeof manners)[number];
}

class World {
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

  create(kind: KindRef, name: string, spec: object, more: object = {}): Promise<KubeObject> {
    return this.server.client.create(kind as KindRef<KubeObject>, { metadata: { name, namespace: kind.namespaced ? "work" : undefined, ...more }, spec } as never);
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

const template = (command: string, more: object = {}, labels: object = { app: "x" }): object => ({ metadata: { labels }, spec: { terminationGracePeriodSeconds: 1, automountServiceAccountToken: false, containers: [{ name: "c", image: "busybox:1.36", command: ["sh", "-c", command] }], ...more } });
const selector = { matchLabels: { app: "x" } };
const rollingTo = (command: string): object => ({ spec: { template: { spec: { containers: [{ name: "c", command: ["sh", "-c", command] }] } } } });
const seconds = 1000;

/** Each story ends at rest. */
const stories: { readonly [name: string]: (world: World) => Promise<void> } = {
  "a Deployment is rolled out anew, scaled and exposed": async (world) => {
    await world.create(services, "web", { selector: { app: "x" }, ports: [{ port: 80 }] });
    await world.create(podDisruptionBudgets, "web", { minAvailable: 1, selector });
    await world.create(resourceQuotas, "all", { hard: { pods: "20", services: "3" } });
    await world.create(deployments, "web", { replicas: 4, selector, template: template("sleep 1d") });
    await world.server.advance(10 * seconds);
    await world.patch(deployments, "web", rollingTo("sleep 2d"));
    await world.server.advance(5 * seconds);
    await world.patch(deployments, "web", { spec: { replicas: 2 } });
    await world.server.advance(60 * seconds);
  },
  "a Deployment is made anew at once": async (world) => {
    await world.create(deployments, "web", { replicas: 2, strategy: { type: "Recreate" }, selector, template: template("sleep 1d") });
    await world.server.advance(10 * seconds);
    await world.patch(deployments, "web", rollingTo("sleep 2d"));
    await world.server.advance(60 * seconds);
  },
  "a DaemonSet is rolled out anew": async (world) => {
    await world.create(daemonSets, "daemon", { selector, template: template("sleep 1d") });
    await world.server.advance(10 * seconds);
    await world.patch(daemonSets, "daemon", rollingTo("sleep 2d"));
    await world.server.advance(60 * seconds);
  },
  "a DaemonSet is rolled out with a surge": async (world) => {
    await world.create(daemonSets, "surging", { updateStrategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } }, selector, template: template("sleep 1d") });
    await world.server.advance(10 * seconds);
    await world.patch(daemonSets, "surging", rollingTo("sleep 2d"));
    await world.server.advance(60 * seconds);
  },
  "a Job of which some Pods fail": async (world) => {
    await world.create(jobs, "some", { completions: 3, parallelism: 2, template: template('sleep 3; [ -e /mark/$HOSTNAME ] || { mkdir -p /mark/x && [ ! -e /mark/second ] && touch /mark/second; }', { restartPolicy: "Never" }) });
    await world.server.advance(300 * seconds);
    await world.patch(jobs, "some", { spec: { suspend: false } });
    await world.server.advance(60 * seconds);
  },
  "an indexed Job with an index that fails": async (world) => {
    await world.create(jobs, "by-index", { completions: 3, parallelism: 2, completionMode: "Indexed", backoffLimitPerIndex: 1, template: template("sleep 2; test $JOB_COMPLETION_INDEX != 1", { restartPolicy: "Never" }) });
    await world.server.advance(120 * seconds);
  },
  "a Job that gives up": async (world) => {
    await world.create(jobs, "hopeless", { backoffLimit: 1, parallelism: 2, completions: 2, template: template("sleep 2; exit 1", { restartPolicy: "Never" }) });
    await world.server.advance(120 * seconds);
  },
  "a Job that is suspended and resumed": async (world) => {
    await world.create(jobs, "paused", { parallelism: 2, completions: 2, template: template("sleep 8", { restartPolicy: "Never" }) });
    await world.server.advance(4 * seconds);
    await world.patch(jobs, "paused", { spec: { suspend: true } });
    await world.server.advance(10 * seconds);
    await world.patch(jobs, "paused", { spec: { suspend: false } });
    await world.server.advance(60 * seconds);
  },
  "a CronJob that forbids a second run": async (world) => {
    await world.create(cronJobs, "forbid", { schedule: "* * * * *", concurrencyPolicy: "Forbid", successfulJobsHistoryLimit: 1, jobTemplate: { spec: { template: template("sleep 90", { restartPolicy: "Never" }) } } });
    await world.server.advance(290 * seconds);
    await world.patch(cronJobs, "forbid", { spec: { suspend: true } });
    await world.server.advance(150 * seconds);
  },
  "a CronJob that replaces its run": async (world) => {
    await world.create(cronJobs, "replace", { schedule: "* * * * *", concurrencyPolicy: "Replace", jobTemplate: { spec: { template: template("sleep 90", { restartPolicy: "Never" }) } } });
    await world.server.advance(170 * seconds);
    await world.patch(cronJobs, "replace", { spec: { suspend: true } });
    await world.server.advance(150 * seconds);
  },
  "deletions in the foreground, and of an owner alone": async (world) => {
    await world.create(deployments, "web", { replicas: 2, selector, template: template("sleep 1d") });
    await world.create(jobs, "long", { template: template("sleep 1d", { restartPolicy: "Never" }, { app: "y" }) });
    await world.create(daemonSets, "daemon", { selector: { matchLabels: { app: "z" } }, template: template("sleep 1d", {}, { app: "z" }) });
    await world.server.advance(10 * seconds);
    const name = (each: string): { namespace: string; name: string } => ({ namespace: "work", name: each });
    await world.server.client.delete(deployments, name("web"), { propagationPolicy: "Foreground" });
    await world.server.client.delete(jobs, name("long"), { propagationPolicy: "Background" });
    await world.server.client.delete(daemonSets, name("daemon"), { propagationPolicy: "Orphan" });
    await world.server.advance(60 * seconds);
  },
  "a namespace that goes with all that is in it": async (world) => {
    await world.create(deployments, "web", { replicas: 2, selector, template: template("sleep 1d") });
    await world.create(jobs, "long", { template: template("sleep 1d", { restartPolicy: "Never" }, { app: "y" }) });
    await world.create(services, "web", { selector: { app: "x" }, ports: [{ port: 80 }] });
    await world.server.advance(10 * seconds);
    await world.server.client.delete(namespaces, { name: "work" });
    await world.server.advance(120 * seconds);
  },
  "claims that wait for a Pod, and one that does not": async (world) => {
    const { client } = world.server;
    await client.create(storageClasses, { metadata: { name: "late" }, provisioner: "kubernetes.io/no-provisioner", volumeBindingMode: "WaitForFirstConsumer" });
    const access = { accessModes: ["ReadWriteOnce" as const] };
    for (const [name, storageClassName] of [["v1", "late"], ["v2", "late"], ["v3", ""]] as const) {
      await client.create(persistentVolumes, { metadata: { name }, spec: { ...access, storageClassName, capacity: { storage: "1Gi" }, persistentVolumeReclaimPolicy: "Delete", hostPath: { path: `/tmp/${name}` } } });
      await world.create(persistentVolumeClaims, name.replace("v", "c"), { ...access, storageClassName, resources: { requests: { storage: "1Gi" } } });
    }
    const volumes = ["c1", "c2", "c3"].map((claimName) => ({ name: claimName, persistentVolumeClaim: { claimName } }));
    await world.create(deployments, "stored", { replicas: 1, strategy: { type: "Recreate" }, selector, template: template("sleep 1d", { volumes }) });
    await world.server.advance(30 * seconds);
    await world.server.client.delete(deployments, { namespace: "work", name: "stored" });
    await world.server.client.delete(persistentVolumeClaims, { namespace: "work", name: "c3" });
    await world.server.advance(60 * seconds);
  },
  "a machine that is off for a quarter of an hour": async (world) => {
    await world.create(deployments, "web", { replicas: 2, selector, template: template("sleep 1d") });
    await world.create(daemonSets, "daemon", { selector: { matchLabels: { app: "z" } }, template: template("sleep 1d", {}, { app: "z" }) });
    await world.create(jobs, "work", { backoffLimit: 3, template: template("sleep 400", { restartPolicy: "Never", nodeSelector: { "kubernetes.io/hostname": "two" } }, { app: "y" }) });
    await world.server.advance(10 * seconds);
    world.machines[1]?.powerOff();
    await world.server.advance(900 * seconds);
    world.machines[1]?.powerOn();
    await world.server.advance(600 * seconds);
  },
};
/** All deaths with `CORACLE_CRASH_POINTS=all`; otherwise a few that differ from story to story. */
const everything = process.env["CORACLE_CRASH_POINTS"] === "all";
const only = process.env["CORACLE_CRASH_STORY"];

let world: World | undefined;
afterEach(() => world?.stop());

async function tell(story: (world: World) => Promise<void>, death?: Death): Promise<{ state: string[]; broken: string[]; writes: number; idle: readonly string[] }> {
  world = await World.start(death);
  await story(world);
  // Back-off of a successor, and of what was refused when nobody was there.
  await world.server.advance(60 * seconds);
  const told = { state: await world.state(), broken: [...world.broken], writes: world.first?.written.length ?? 0, idle: death ? [] : await world.idleWrites() };
  world.stop();
  return told;
}

describe("a control plane that dies", () => {
  for (const [place, [name, story]] of Object.entries(stories).entries()) {
    if (only !== undefined && !name.includes(only)) continue;
    it(name, { timeout: 3_600_000 }, async () => {
      const undisturbed = await tell(story);
      expect(undisturbed.broken).toEqual([]);
      expect(undisturbed.idle).toEqual([]);
      const one = { after: Math.ceil(undisturbed.writes * ((place * 0.37) % 1)), manner: manners[place % manners.length] as Death["manner"] };
      const deaths = everything ? Array.from({ length: undisturbed.writes }, (_, i) => manners.map((manner) => ({ after: i + 1, manner }))).flat() : [one];
      const wrong: string[] = [];
      for (const death of deaths) {
        const { state, broken } = await tell(story, death);
        const lost = undisturbed.state.filter((line) => !state.includes(line));
        const extra = state.filter((line) => !undisturbed.state.includes(line));
        if (broken.length + lost.length + extra.length > 0 || state.length !== undisturbed.state.length) wrong.push(`${JSON.stringify(death)}: ${JSON.stringify({ broken, lost, extra, lines: [undisturbed.state.length, state.length] })}`);
      }
      expect(wrong, `${undisturbed.writes} writes\n${undisturbed.state.join("\n")}`).toEqual([]);
    });
  }
});
