import { leases, nodes, pods } from "../src/api/kinds.ts";
import type { Node, Pod } from "../src/api/types/core-v1.ts";
import { formatMicroTime, formatTime } from "../src/base/time.ts";
import { isStatus } from "../src/base/status-error.ts";
import type { ControllerContext } from "../src/client/controller-context.ts";
import type { InProcessServer } from "./in-process-server.ts";

/** What controllers are given in a cluster: each acts under its own service account, with upstream's rights. */
export function controllerContext(server: InProcessServer): ControllerContext {
  const groups = ["system:serviceaccounts", "system:serviceaccounts:kube-system", "system:authenticated"];
  return { ...server.context, client: (name) => server.as({ name: `system:serviceaccount:kube-system:${name}`, groups }) };
}

/**
 * Plays scheduler and kubelets for tests of controllers: what it does, it does at once and only when told. Pods go to the node
 * that their affinity names, else to the first one.
 */
export class PlayedNodes {
  private readonly server: InProcessServer;

  constructor(server: InProcessServer) {
    this.server = server;
  }

  /** A node that reports Ready. */
  async add(name: string, options: { labels?: { [key: string]: string }; ready?: boolean } = {}): Promise<Node> {
    const labels = { "kubernetes.io/hostname": name, ...options.labels };
    const node = await this.server.client.create(nodes, { metadata: { name, labels } });
    return options.ready === false ? node : this.report(name);
  }

  /** A node that reports Ready and has lost the taint of its first moment, as where the node controller runs. */
  async join(name: string, options: { labels?: { [key: string]: string } } = {}): Promise<Node> {
    await this.add(name, options);
    return this.server.client.patch(nodes, { name }, { type: "merge", body: { spec: { taints: null } } });
  }

  /** The kubelet posts its status. */
  async report(name: string, ready: "True" | "False" = "True"): Promise<Node> {
    const now = formatTime(this.server.clock.now());
    const healthy = (type: string, status: string, reason: string) => ({ type, status, lastHeartbeatTime: now, lastTransitionTime: now, reason, message: reason });
    const conditions = [
      healthy("MemoryPressure", "False", "KubeletHasSufficientMemory"),
      healthy("DiskPressure", "False", "KubeletHasNoDiskPressure"),
      healthy("PIDPressure", "False", "KubeletHasSufficientPID"),
      healthy("Ready", ready, ready === "True" ? "KubeletReady" : "KubeletNotReady"),
    ];
    return this.server.client.patch(nodes, { name }, { type: "strategic", body: { status: { conditions } } }, { subresource: "status" });
  }

  /** The kubelet renews its lease. */
  async renew(name: string): Promise<void> {
    const { client, clock } = this.server;
    const spec = { holderIdentity: name, leaseDurationSeconds: 40, renewTime: formatMicroTime(clock.now()) };
    try {
      await client.patch(leases, { namespace: "kube-node-lease", name }, { type: "merge", body: { spec } });
    } catch (error) {
      if (!isStatus(error, "NotFound")) throw error;
      await client.create(leases, { metadata: { namespace: "kube-node-lease", name }, spec });
    }
  }

  async pods(): Promise<readonly Pod[]> {
    return (await this.server.client.list(pods)).items;
  }

  /** One round of scheduler and kubelets: binds, runs, ends. Then everything settles. True when there was something to do. */
  async round(options: { ready?: (pod: Pod) => boolean } = {}): Promise<boolean> {
    await this.server.settle();
    let changed = false;
    for (const pod of await this.pods()) changed = (await this.play(pod, options.ready ?? (() => true))) || changed;
    await this.server.settle();
    return changed;
  }

  /** Rounds until nothing is left to do. */
  async rounds(options: { ready?: (pod: Pod) => boolean } = {}): Promise<void> {
    for (let count = 0; await this.round(options); count++) if (count > 100) throw new Error("the played nodes do not come to rest");
  }

  private async play(pod: Pod, ready: (pod: Pod) => boolean): Promise<boolean> {
    const { client } = this.server;
    const { name, namespace, deletionTimestamp } = pod.metadata;
    if (deletionTimestamp !== undefined) {
      await client.delete(pods, { namespace, name }, { gracePeriodSeconds: 0 });
      return true;
    }
    if (!pod.spec.nodeName) {
      await this.bind(pod);
      return true;
    }
    const isReady = pod.status.conditions?.find((condition) => condition.type === "Ready")?.status === "True";
    if (pod.status.phase === "Failed" || pod.status.phase === "Succeeded") return false;
    if (pod.status.phase === "Running" && isReady === ready(pod)) return false;
    await this.become(pod, { phase: "Running", ready: ready(pod) });
    return true;
  }

  /** The scheduler's part. */
  async bind(pod: Pod): Promise<void> {
    const { name, namespace } = pod.metadata;
    const binding = { apiVersion: "v1", kind: "Binding", metadata: { name, namespace }, target: { apiVersion: "v1", kind: "Node", name: await this.nodeFor(pod) } };
    await this.server.client.create({ ...pods, kind: "Binding" } as never, binding as never, { subresource: "binding" });
  }

  /** Sets a Pod's phase, as its kubelet would. */
  async become(pod: Pod, state: { phase: string; ready?: boolean; reason?: string }): Promise<void> {
    const condition = { type: "Ready", status: state.ready === true ? "True" : "False", lastTransitionTime: formatTime(this.server.clock.now()) };
    const body = { status: { phase: state.phase, conditions: [condition], ...(state.reason === undefined ? {} : { reason: state.reason }) } };
    await this.server.client.patch(pods, pod.metadata, { type: "strategic", body }, { subresource: "status" });
  }

  private async nodeFor(pod: Pod): Promise<string> {
    const terms = pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
    const named = terms?.[0]?.matchFields?.[0]?.values?.[0];
    return named ?? ((await this.server.client.list(nodes)).items[0]?.metadata.name as string);
  }
}
