import type { Pod } from "../api/types/core-v1.ts";
import type { PodDisruptionBudget } from "../api/types/policy-v1.ts";
import type { Environment, Random } from "../base/environment.ts";
import type { NodeStates } from "../placement/node-state.ts";
import { existing as shunned } from "../placement/pod-affinity.ts";
import type { ClaimKeeper } from "./claim-keeper.ts";
import type { ClaimBindings } from "./claims.ts";
import { usesClaims } from "./claims.ts";
import { decide } from "./decide.ts";
import type { Decision } from "./decide.ts";
import type { DecisionWriter } from "./decision-writer.ts";
import type { Placements } from "./placements.ts";
import type { Lack, SchedulingQueue, Waiting } from "./queue.ts";
import type { ServicesOf } from "./spread-score.ts";
import { endMayHelp } from "./wake.ts";

export interface AttemptsMeans {
  readonly environment: Environment;
  readonly random: Random;
  readonly queue: SchedulingQueue;
  readonly placements: Placements;
  readonly claims: ClaimKeeper;
  readonly writer: DecisionWriter;
  readonly namespaceLabels: (name: string) => { readonly [key: string]: string } | undefined;
  readonly servicesOf: ServicesOf;
  readonly budgets: () => readonly PodDisruptionBudget[];
}

/**
 * One look at one Pod: decides where it goes, counts it there at once, and writes the decision without holding up the next. Whatever
 * comes of the writing, the Pod is then bound and forgotten, or back in the queue.
 */
export class Attempts {
  private readonly means: AttemptsMeans;
  /** Pods for which others were evicted, and the node they were promised, by uid. */
  private readonly nominated = new Map<string, string>();

  constructor(means: AttemptsMeans) {
    this.means = means;
  }

  look(waiting: Waiting): void {
    const { queue, claims, random, namespaceLabels, servicesOf, budgets } = this.means;
    const { pod } = waiting.wanted;
    if (usesClaims(pod) && !claims.hasSynced) return queue.park(waiting, new Set(["volumes"]));
    const decision = decide(waiting.wanted, this.withNominated(pod), random, { claims, namespaceLabels, servicesOf, budgets: budgets() });
    if (decision.type === "pending" && decision.promised) return void this.fail(waiting, decision.message, { lacking: new Set([...anyEnd, ...lackingOf(decision)]) });
    this.forget(pod, decision.type === "bind" ? decision.nodeName : undefined);
    if (decision.type === "bind") void this.bind(waiting, decision.nodeName, decision.claims);
    else if (decision.type === "preempt") void this.makeRoom(waiting, decision);
    else void this.fail(waiting, decision.message, { lacking: lackingOf(decision), nominatedNodeName: "" });
  }

  /** Keeps the room that the Pod was promised, as its status tells: by this scheduler's predecessor, or by somebody else. */
  note(pod: Pod): void {
    const { nominatedNodeName } = pod.status;
    if (nominatedNodeName) this.nominated.set(pod.metadata.uid, nominatedNodeName);
    else this.forget(pod);
  }

  /** What the Pod was promised is free again, unless that is where it goes now. */
  forget(pod: Pod, goesTo?: string): void {
    const { uid } = pod.metadata;
    const promised = this.nominated.get(uid);
    if (promised === undefined) return;
    this.nominated.delete(uid);
    if (promised !== goesTo) this.means.queue.wakeWhere((waiting) => waiting.wanted.pod.metadata.uid !== uid && endMayHelp(waiting.wanted, pod, waiting.lacking));
  }

  /**
   * Evicts the victims and nominates the node. Until they are gone the Pod counts there, so that nobody else of lower or equal priority
   * takes the room; their end wakes it.
   */
  private async makeRoom(waiting: Waiting, decision: Extract<Decision, { type: "preempt" }>): Promise<void> {
    const { pod } = waiting.wanted;
    const { nodeName, victims } = decision.preemption;
    this.nominated.set(pod.metadata.uid, nodeName);
    const lacking = new Set<Lack>([...anyEnd, ...Object.keys(waiting.wanted.amounts)]);
    const gone = this.fail(waiting, decision.message, { lacking, nominatedNodeName: nodeName });
    for (const victim of victims) await this.means.writer.evict(victim, pod, nodeName);
    await gone;
  }

  /** The nodes as they will stand when Pods of at least this priority have taken what they were promised. */
  private withNominated(pod: Pod): NodeStates {
    const { queue, placements } = this.means;
    const promises = [...this.nominated].flatMap(([uid, nodeName]) => {
      const promised = uid !== pod.metadata.uid && queue.priorityOf(uid) >= (pod.spec.priority ?? 0) ? queue.podOf(uid) : undefined;
      return promised ? [{ pod: promised, nodeName }] : [];
    });
    return placements.withPromised(promises);
  }

  private async bind(waiting: Waiting, nodeName: string, bindings: ClaimBindings | undefined): Promise<void> {
    const { environment, queue, placements, claims, writer } = this.means;
    const { pod } = waiting.wanted;
    const { uid } = pod.metadata;
    placements.count(pod, nodeName);
    try {
      if (bindings && !(await claims.bring(bindings, nodeName))) {
        placements.uncount(uid, nodeName);
        await this.fail(waiting, 'running PreBind plugin "VolumeBinding": binding volumes: context deadline exceeded', { lacking: new Set(["volumes"]) });
        return queue.wakeWhere((each) => each === waiting);
      }
      await writer.bind(pod, nodeName);
      queue.drop(waiting.key);
    } catch (error) {
      environment.log.debug(`scheduler: binding of ${waiting.key} failed`, { error: String(error) });
      placements.uncount(uid, nodeName);
      queue.retry(waiting);
    }
  }

  /** `nominatedNodeName`: what the Pod is promised now, "" for nothing. */
  private async fail(waiting: Waiting, message: string, { lacking, nominatedNodeName }: { lacking: ReadonlySet<Lack>; nominatedNodeName?: string }): Promise<void> {
    this.means.queue.park(waiting, lacking);
    await this.means.writer.refuse(waiting.wanted.pod, message, nominatedNodeName);
  }
}

/** Of a Pod that any other's end may help. */
const anyEnd: readonly Lack[] = ["pods", "ports", "sole", "affinity", "shunned", "spread"];

/** By predicate; all others are the node's own. */
const lackOf: { readonly [predicate: string]: Lack } = { NodePorts: "ports", VolumeRestrictions: "sole", VolumeBinding: "volumes", VolumeZone: "volumes", InterPodAffinity: "affinity", PodTopologySpread: "spread" };

/** What kept a Pod from its nodes, for waking. */
function lackingOf(decision: Extract<Decision, { type: "pending" }>): ReadonlySet<Lack> {
  const lacking = new Set<Lack>(decision.unbound ? ["volumes", "claims"] : decision.outranks ? anyEnd : []);
  for (const { misfit } of decision.refusals) {
    if (misfit.insufficient) for (const resource of misfit.insufficient) lacking.add(resource);
    else lacking.add(misfit === shunned ? "shunned" : lackOf[misfit.predicate] ?? "node");
  }
  return lacking;
}
