import { formatTime } from "../../src/base/time.ts";
import { leases, nodes, pods } from "../../src/api/kinds.ts";
import type { Pod } from "../../src/api/types/core-v1.ts";
import { keyOf } from "../../src/client/informer.ts";
import { Informers } from "../../src/client/informer.ts";
import type { NodeCluster } from "../../src/node/create-cluster.ts";

/**
 * The kubelet's part as it was played when the transcripts were recorded (their README, "What kwok means for timing"): no container
 * runs; a bound Pod is Running and Ready after 0.7 s, a Job's Pod succeeds one second later unless its annotations say otherwise, a
 * deleted Pod ends 0.8 s later and is removed 0.1 s after that.
 */
const startMs = 700;
/** Pods that come together start one after the other, as they did: each writes on its own. */
const staggerMs = 2;
const jobMs = 1000;
const endMs = 800;
const removeMs = 100;
const heartbeatMs = 10_000;

/** The recording's player held all leases. */
const holderIdentity = "vm_00000000-0000-0000-0000-000000000000";

const outcome = "transcripts.example/outcome";
const after = "transcripts.example/after";
const exitCodeOf = "transcripts.example/exit-code";

/** How long the recorded counterpart of a Pod took for each stage, in milliseconds, as far as it went through it. */
export interface PodTimes {
  readonly start?: number;
  readonly finish?: number;
  readonly end?: number;
  readonly remove?: number;
}

export class FakeKubelets {
  private readonly cluster: NodeCluster;
  private readonly timesOf: (pod: Pod) => PodTimes;
  private readonly informers: Informers;
  /** Their leases are not renewed; Pods live on. */
  private readonly silent = new Set<string>();
  private readonly unmanaged = new Set<string>();
  private readonly addresses = new Map<string, string>();
  private readonly podCounts = new Map<string, number>();
  private readonly scheduled = new Set<string>();
  /** Instants at which something is planned. */
  private readonly taken = new Set<number>();

  constructor(cluster: NodeCluster, timesOf: (pod: Pod) => PodTimes = () => ({})) {
    this.cluster = cluster;
    this.timesOf = timesOf;
    this.informers = new Informers({ client: cluster.client, environment: cluster.environment });
    this.informers.of(pods).onChange((current) => {
      if (current) this.look(current);
    });
    this.informers.of(nodes).onChange((current, previous) => {
      if (!current && previous) this.silent.add(previous.metadata.name);
    });
  }

  stop(): void {
    this.informers.stop();
  }

  /** A node as kwok's: Ready at once and renewing its lease; with `managed: false` nobody plays its kubelet. */
  async addNode(name: string, options: { controlPlane?: boolean; managed?: boolean } = {}): Promise<void> {
    const address = `172.18.0.${this.addresses.size + 2}`;
    this.addresses.set(name, address);
    this.silent.delete(name);
    this.unmanaged.delete(name);
    const plane = options.controlPlane === true;
    const managed = options.managed !== false;
    await this.cluster.client.create(nodes, {
      metadata: {
        name,
        ...(managed ? { annotations: { "kwok.x-k8s.io/node": "fake" } } : {}),
        labels: {
          "beta.kubernetes.io/arch": "amd64", "beta.kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64", "kubernetes.io/hostname": name, "kubernetes.io/os": "linux",
          ...(plane ? { "node-role.kubernetes.io/control-plane": "" } : {}),
        },
      },
      spec: { providerID: `kind://docker/learning/${name}`, ...(plane ? { taints: [{ key: "node-role.kubernetes.io/control-plane", effect: "NoSchedule" as const }] } : {}) },
      status: {
        capacity: { cpu: "4", memory: "8Gi", pods: "110" },
        allocatable: { cpu: "4", memory: "8Gi", pods: "110" },
        addresses: [{ type: "InternalIP", address }, { type: "Hostname", address: name }],
        nodeInfo: { machineID: "", systemUUID: "", bootID: "", kernelVersion: "6.12.0-amd64", osImage: "Debian GNU/Linux 13 (trixie)", containerRuntimeVersion: "containerd://2.2.0", kubeletVersion: "v1.36.3", kubeProxyVersion: managed ? "kwok-0.8.0" : "", operatingSystem: "linux", architecture: "amd64" },
      },
    });
    if (!managed) return void this.unmanaged.add(name);
    await this.postReady(name);
    await this.beat(name);
  }

  /** Its lease is renewed no more. */
  silence(name: string): void {
    this.silent.add(name);
  }

  async revive(name: string): Promise<void> {
    this.silent.delete(name);
    await this.beat(name);
    await this.postReady(name);
  }

  private async postReady(name: string): Promise<void> {
    const now = formatTime(this.cluster.now());
    const condition = (type: string, status: string, reason: string, message: string) => ({ type, status, reason, message, lastHeartbeatTime: now, lastTransitionTime: now });
    await this.cluster.client.patch(nodes, { name }, {
      type: "strategic",
      body: {
        status: {
          phase: "Running",
          conditions: [
            condition("Ready", "True", "KubeletReady", "kubelet is posting ready status"),
            condition("MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
            condition("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
            condition("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
            condition("NetworkUnavailable", "False", "RouteCreated", "RouteController created a route"),
          ],
        },
      },
    }, { subresource: "status" });
  }

  private async beat(name: string): Promise<void> {
    if (this.silent.has(name)) return;
    const renewTime = `${formatTime(this.cluster.now()).slice(0, -1)}.000000Z`;
    const name_ = { namespace: "kube-node-lease", name };
    try {
      await this.cluster.client.patch(leases, name_, { type: "merge", body: { spec: { renewTime } } });
    } catch {
      const node = await this.cluster.client.get(nodes, { name });
      const ownerReferences = [{ apiVersion: "v1", kind: "Node", name, uid: node.metadata.uid }];
      await this.cluster.client.create(leases, { metadata: { ...name_, ownerReferences }, spec: { holderIdentity, leaseDurationSeconds: 40, renewTime } });
    }
    this.cluster.environment.clock.after(heartbeatMs, () => void this.beat(name).catch(() => undefined));
  }

  /** Plans what happens next to a Pod, once per stage. */
  private look(pod: Pod): void {
    const node = pod.spec.nodeName;
    if (!node || !this.addresses.has(node) || this.unmanaged.has(node)) return;
    const times = this.timesOf(pod);
    if (pod.metadata.deletionTimestamp) {
      const running = pod.status.phase === "Running";
      return this.plan(pod, "end", running ? (times.end ?? endMs) : removeMs, () => this.end(pod));
    }
    if (pod.status.phase === "Pending" && !pod.status.startTime) {
      if (pod.metadata.annotations?.[outcome] === "hold") return;
      this.plan(pod, "start", times.start ?? startMs, () => this.startPod(pod));
    } else if (pod.status.phase === "Running" && pod.metadata.ownerReferences?.[0]?.kind === "Job") {
      const asked = pod.metadata.annotations?.[outcome];
      if (asked === "run") return;
      const delay = pod.metadata.annotations?.[after];
      this.plan(pod, "finish", times.finish ?? (delay === undefined ? jobMs : Number.parseFloat(delay) * 1000), () => this.finish(pod, asked === "fail" ? Number(pod.metadata.annotations?.[exitCodeOf] ?? 1) : 0));
    }
  }

  private plan(pod: Pod, stage: string, delayMs: number, act: () => Promise<void>): void {
    const id = `${pod.metadata.uid}/${stage}`;
    if (this.scheduled.has(id)) return;
    this.scheduled.add(id);
    const { clock } = this.cluster.environment;
    // Never two at one instant.
    let at = clock.now() + Math.round(delayMs);
    while (this.taken.has(at)) at += staggerMs;
    this.taken.add(at);
    clock.at(at, () => {
      this.taken.delete(at);
      void act().catch(() => undefined);
    });
  }

  private current(pod: Pod): Pod | undefined {
    const there = this.informers.of(pods).get(keyOf(pod));
    return there?.metadata.uid === pod.metadata.uid ? there : undefined;
  }

  private async startPod(pod: Pod): Promise<void> {
    const there = this.current(pod);
    if (!there || there.metadata.deletionTimestamp) return;
    const missing = pod.spec.containers.some((container) => container.image?.includes("does-not-exist"));
    const ready = !missing && !pod.spec.containers.some((container) => container.readinessProbe?.exec?.command?.join(" ") === "false");
    await this.write(there, missing ? "Pending" : "Running", ready, missing ? { waiting: { reason: "ImagePullBackOff", message: "Back-off pulling image" } } : { running: { startedAt: formatTime(this.cluster.now()) } });
  }

  private async finish(pod: Pod, exitCode: number): Promise<void> {
    const there = this.current(pod);
    if (!there || there.metadata.deletionTimestamp || there.status.phase !== "Running") return;
    await this.terminate(there, exitCode);
  }

  private async end(pod: Pod): Promise<void> {
    const there = this.current(pod);
    if (!there) return;
    if (there.status.phase === "Running") {
      const job = there.metadata.ownerReferences?.[0]?.kind === "Job";
      await this.terminate(there, job ? 137 : 0);
      this.cluster.environment.clock.after(this.timesOf(pod).remove ?? removeMs, () => void this.remove(there).catch(() => undefined));
    } else {
      await this.remove(there);
    }
  }

  private async remove(pod: Pod): Promise<void> {
    await this.cluster.client.delete(pods, pod.metadata, { gracePeriodSeconds: 0, preconditions: { uid: pod.metadata.uid } });
  }

  private async terminate(pod: Pod, exitCode: number): Promise<void> {
    const startedAt = pod.status.containerStatuses?.[0]?.state.running?.startedAt;
    const finishedAt = formatTime(this.cluster.now());
    await this.write(pod, exitCode === 0 ? "Succeeded" : "Failed", false, { terminated: { exitCode, reason: exitCode === 0 ? "Completed" : "Error", ...(startedAt === undefined ? {} : { startedAt }), finishedAt } });
  }

  private async write(pod: Pod, phase: string, ready: boolean, state: object): Promise<void> {
    const now = formatTime(this.cluster.now());
    const ended = phase === "Succeeded" || phase === "Failed";
    const why = ended ? { reason: phase === "Succeeded" ? "PodCompleted" : "PodFailed" } : ready ? {} : { reason: "ContainersNotReady", message: `containers with unready status: [${pod.spec.containers.map((container) => container.name).join(" ")}]` };
    const condition = (type: string, yes: boolean, more: object = {}) => ({ type, status: yes ? "True" : "False", lastProbeTime: null, lastTransitionTime: now, ...more });
    const name = pod.spec.nodeName as string;
    const count = this.podCounts.get(name) ?? 2;
    if (!pod.status.podIP) this.podCounts.set(name, count + 1);
    const hostIP = this.addresses.get(name) ?? "172.18.0.99";
    const podIP = pod.status.podIP ?? (pod.spec.hostNetwork ? hostIP : `10.244.${Number(hostIP.split(".")[3]) - 2}.${count}`);
    await this.cluster.client.patch(pods, pod.metadata, {
      type: "strategic",
      body: {
        status: {
          phase,
          conditions: [
            condition("PodReadyToStartContainers", !ended),
            condition("Initialized", true, ended ? { reason: "PodCompleted" } : {}),
            condition("Ready", ready, why),
            condition("ContainersReady", ready, why),
          ],
          hostIP,
          hostIPs: [{ ip: hostIP }],
          podIP,
          podIPs: [{ ip: podIP }],
          startTime: pod.status.startTime ?? now,
          ...initStatuses(pod, now),
          containerStatuses: pod.spec.containers.map((container) => ({
            name: container.name, state, lastState: {}, ready, restartCount: 0, image: container.image ?? "", imageID: "", ...(ended ? { started: false } : "running" in state && !ready ? { started: true } : {}),
          })),
        },
      },
    }, { subresource: "status", fieldManager: "kwok" });
  }
}

/** Init containers have ended by the time a Pod is written as started. */
function initStatuses(pod: Pod, now: string): object {
  const { initContainers = [] } = pod.spec;
  if (initContainers.length === 0) return {};
  const state = { terminated: { exitCode: 0, reason: "Completed", startedAt: now, finishedAt: now } };
  return { initContainerStatuses: initContainers.map(({ name, image = "" }) => ({ name, state, lastState: {}, ready: true, restartCount: 0, image, imageID: "" })) };
}
