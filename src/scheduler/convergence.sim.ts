import { describe, expect, it } from "vitest";
import { startInProcessServer } from "../../test/in-process-server.ts";
import type { InProcessServer } from "../../test/in-process-server.ts";
import { nodes, podDisruptionBudgets, pods, priorityClasses } from "../api/kinds.ts";
import type { Node, Pod } from "../api/types/core-v1.ts";
import type { Partially } from "../base/json.ts";
import { SeededRandom } from "../base/random.ts";
import { wantedBy } from "../placement/fit.ts";
import { NodeState, NodeStates, takesRoom } from "../placement/node-state.ts";
import { decide } from "./decide.ts";
import { startScheduler } from "./scheduler.ts";

/**
 * Nobody waits who would fit. Pods with all sorts of wishes and priorities come, go and are called otherwise while nodes change; whenever
 * the back-off of all is over and those who were evicted are gone, a fresh look at what stands finds no place for any Pod that still waits,
 * nor anybody to evict for it, and then nobody is evicted any more.
 */
const hostname = "kubernetes.io/hostname";

class Churn {
  private readonly random: SeededRandom;
  private readonly cluster: InProcessServer;
  private made = 0;
  private joined = 0;

  constructor(cluster: InProcessServer, seed: number) {
    this.cluster = cluster;
    this.random = new SeededRandom(seed);
  }

  private pick<T>(list: readonly T[]): T {
    return list[this.random.below(list.length)] as T;
  }

  private chance(share: number): boolean {
    return this.random.fraction() < share;
  }

  async addNode(name: string): Promise<void> {
    const status = { allocatable: { cpu: this.pick(["2", "4"]), memory: "8Gi", pods: this.pick(["3", "110"]) } };
    await this.cluster.client.create(nodes, { metadata: { name, labels: { [hostname]: name, zone: this.pick(["a", "b"]) } }, status } as Partially<Node>);
    await this.cluster.client.patch(nodes, { name }, { type: "merge", body: { spec: { taints: null } } });
  }

  private async addPod(): Promise<void> {
    const app = this.pick(["red", "blue", "green"]);
    const term = { topologyKey: this.pick([hostname, "zone"]), labelSelector: { matchLabels: { app: this.pick([app, "red"]) } } };
    const required = { requiredDuringSchedulingIgnoredDuringExecution: [term] };
    const affinity = { ...(this.chance(0.3) ? { podAntiAffinity: required } : this.chance(0.3) ? { podAffinity: required } : {}) };
    const topologySpreadConstraints = this.chance(0.2) ? [{ maxSkew: 1, topologyKey: term.topologyKey, whenUnsatisfiable: "DoNotSchedule", labelSelector: { matchLabels: { app } } }] : [];
    const container = { name: "c", image: "x", resources: { requests: { cpu: this.pick(["0", "500m", "1500m", "3"]) } }, ports: this.chance(0.15) ? [{ containerPort: 80, hostPort: 80 }] : [] };
    const spec = {
      affinity, topologySpreadConstraints, containers: [container],
      ...(this.chance(0.2) ? { nodeSelector: { disk: "ssd" } } : {}),
      ...(this.chance(0.2) ? { tolerations: [{ key: "team", operator: "Exists" }] } : {}),
      ...(this.chance(0.1) ? { schedulingGates: [{ name: "later" }] } : {}),
      ...(this.chance(0.3) ? { priorityClassName: this.pick(["high", "higher"]) } : {}),
    };
    await this.cluster.client.create(pods, { metadata: { name: `p${this.made++}`, namespace: "default", labels: { app } }, spec } as unknown as Partially<Pod>);
  }

  private async changePod(): Promise<void> {
    const { items } = await this.cluster.client.list(pods, { namespace: "default" });
    if (items.length === 0) return;
    const { metadata, spec } = this.pick(items);
    const what = this.random.fraction();
    if (spec.schedulingGates && spec.schedulingGates.length > 0) await this.cluster.client.patch(pods, metadata, { type: "merge", body: { spec: { schedulingGates: null } } });
    else if (what < 0.3) await this.cluster.client.patch(pods, metadata, { type: "merge", body: { metadata: { labels: { app: this.pick(["red", "blue", "green"]) } } } });
    else if (what < 0.5 && spec.nodeName) await this.cluster.client.patch(pods, metadata, { type: "merge", body: { status: { phase: "Succeeded" } } }, { subresource: "status" });
    else await this.cluster.client.delete(pods, metadata, { gracePeriodSeconds: this.chance(0.5) ? 0 : 30 });
  }

  private async changeNode(): Promise<void> {
    const { items } = await this.cluster.client.list(nodes);
    const { metadata } = this.pick(items);
    if (this.chance(0.1)) {
      if (items.length > 1) await this.cluster.client.delete(nodes, metadata);
      return this.addNode(`n${3 + ++this.joined}`);
    }
    const body = this.pick<object>([
      { metadata: { labels: { disk: "ssd" } } }, { metadata: { labels: { disk: null } } }, { metadata: { labels: { zone: this.pick(["a", "b", "c"]) } } },
      { spec: { unschedulable: true } }, { spec: { unschedulable: null } }, { spec: { taints: [{ key: "team", effect: "NoSchedule" }] } }, { spec: { taints: null } },
    ]);
    if (this.chance(0.2)) await this.cluster.client.patch(nodes, metadata, { type: "merge", body: { status: { allocatable: { cpu: this.pick(["1", "2", "6"]) } } } }, { subresource: "status" });
    else await this.cluster.client.patch(nodes, metadata, { type: "merge", body });
  }

  async begin(): Promise<void> {
    const { client } = this.cluster;
    for (const [name, value] of [["high", 100], ["higher", 200]] as const) await client.create(priorityClasses, { metadata: { name }, value });
    await client.create(podDisruptionBudgets, { metadata: { name: "red", namespace: "default" }, spec: { minAvailable: 1, selector: { matchLabels: { app: "red" } } } });
    for (const name of ["n1", "n2", "n3"]) await this.addNode(name);
  }

  /** What kubelets do: those who are to go are gone. True when there was somebody. */
  async endLeaving(): Promise<boolean> {
    const leaving = (await this.cluster.client.list(pods, { namespace: "default" })).items.filter(({ metadata }) => metadata.deletionTimestamp);
    for (const { metadata } of leaving) await this.cluster.client.delete(pods, metadata, { gracePeriodSeconds: 0 });
    return leaving.length > 0;
  }

  async step(): Promise<void> {
    const what = this.random.fraction();
    if (what < 0.5) await this.addPod();
    else if (what < 0.75) await this.changePod();
    else await this.changeNode();
    if (this.chance(0.3)) await this.cluster.advance(this.random.below(5000));
  }
}

/** Pods that wait though there is a place or could be made one, each with the node. */
async function waitingInVain(cluster: InProcessServer): Promise<string[]> {
  const states = new NodeStates();
  for (const node of (await cluster.client.list(nodes)).items) states.set(node.metadata.name, new NodeState(node));
  const { items } = await cluster.client.list(pods, { namespace: "default" });
  for (const pod of items) if (pod.spec.nodeName && takesRoom(pod)) states.get(pod.spec.nodeName)?.add(pod);
  const vain: string[] = [];
  for (const pod of items) {
    if (pod.spec.nodeName || pod.metadata.deletionTimestamp || (pod.spec.schedulingGates ?? []).length > 0) continue;
    const decision = decide(wantedBy(pod), states, new SeededRandom(1));
    if (decision.type === "pending") continue;
    const where = decision.type === "bind" ? decision.nodeName : `${decision.preemption.nodeName} for ${decision.preemption.victims.map(({ metadata }) => metadata.name).join()}`;
    vain.push(`${pod.metadata.name} ${decision.type} ${where}: ${pod.status.conditions?.[0]?.message ?? ""}`);
  }
  return vain;
}

describe("scheduler", () => {
  it.each(Array.from({ length: 8 }, (_, i) => i + 1))("lets nobody wait who would fit, seed %i", async (seed) => {
    const cluster = await startInProcessServer({ seed });
    const churn = new Churn(cluster, seed);
    await churn.begin();
    startScheduler({ context: cluster.context, client: cluster.client, host: "test" });
    for (let round = 0; round < 6; round++) {
      for (let i = 0; i < 25; i++) await churn.step();
      let [quiet, evictions] = [0, 0];
      while (quiet < 3 && evictions < 20) {
        await cluster.advance(11_000);
        if (await churn.endLeaving()) [quiet, evictions] = [0, evictions + 1];
        else quiet++;
      }
      expect(evictions, `seed ${seed}, round ${round}`).toBeLessThan(20);
      expect(await waitingInVain(cluster), `seed ${seed}, round ${round}`).toEqual([]);
    }
  });
});
