import { sameData } from "../api/equality.ts";
import { namespaces as namespaceKind, nodes as nodeKind, pods as podKind } from "../api/kinds.ts";
import type { Node, Pod } from "../api/types/core-v1.ts";
import type { Client } from "../client/client.ts";
import type { Controller, ControllerContext } from "../client/controller-context.ts";
import { keyOf } from "../client/informer.ts";
import { wantedBy } from "../placement/fit.ts";
import type { NodeStates } from "../placement/node-state.ts";
import { takesRoom } from "../placement/node-state.ts";
import { existing as shunned } from "../placement/pod-affinity.ts";
import { ClaimKeeper } from "./claim-keeper.ts";
import { usesClaim, usesClaims } from "./claims.ts";
import type { ClaimBindings } from "./claims.ts";
import { DecisionWriter, schedulerName } from "./decision-writer.ts";
import { decide } from "./decide.ts";
import type { Decision } from "./decide.ts";
import { Placements } from "./placements.ts";
import { SchedulingQueue } from "./queue.ts";
import type { Lack, Waiting } from "./queue.ts";
import { endMayHelp, neighbourMatters, nodeChanges, nodeMayHelp } from "./wake.ts";

/** Client of the user system:kube-scheduler, and where its events say they come from. */
export interface SchedulerOptions {
  readonly context: ControllerContext;
  readonly client: Client;
  /** The host part of `reportingInstance`. */
  readonly host: string;
}

/**
 * Places Pods: one at a time, by priority and order of arrival. A Pod counts on its node from the decision on, before the
 * binding is in the view, so two decisions never take the same room. Bindings are sent without waiting for each other.
 */
export function startScheduler(options: SchedulerOptions): Controller {
  const { context, client } = options;
  const { environment } = context;
  const random = environment.random.fork("scheduler");
  const writer = new DecisionWriter(options);
  const placements = new Placements();
  /** Pods for which others were evicted, and the node they were promised, by uid. */
  const nominated = new Map<string, string>();
  const namespaces = context.informers.of(namespaceKind);
  const namespaceLabels = (name: string) => namespaces.get(name)?.metadata.labels;
  let stopped = false;
  let pumping = false;
  const queue = new SchedulingQueue({ environment, onActive: () => pump() });
  const claims = new ClaimKeeper({
    context,
    client,
    claimChanged: (claim) => queue.wakeWhere(({ wanted }) => usesClaim(wanted.pod, claim)),
    volumesChanged: () => queue.wakeWhere(({ lacking }) => lacking.has("volumes")),
  });

  function pump(): void {
    if (pumping || stopped) return;
    pumping = true;
    environment.runner.post(() => {
      pumping = false;
      const waiting = stopped ? undefined : queue.take();
      if (!waiting) return;
      look(waiting);
      pump();
    });
  }

  function look(waiting: Waiting): void {
    const { pod } = waiting.wanted;
    if (usesClaims(pod) && !claims.hasSynced) return queue.park(waiting, new Set(["volumes"]));
    const decision = decide(waiting.wanted, withNominated(pod), random, { claims, namespaceLabels });
    nominated.delete(pod.metadata.uid);
    if (decision.type === "bind") void bind(waiting, decision.nodeName, decision.claims);
    else if (decision.type === "preempt") void makeRoom(waiting, decision);
    else void fail(waiting, decision.message, lackingOf(decision));
  }

  /**
   * Evicts the victims and nominates the node. Until they are gone the Pod counts there, so that nobody else of lower or equal priority
   * takes the room; their end wakes it.
   */
  async function makeRoom(waiting: Waiting, decision: Extract<Decision, { type: "preempt" }>): Promise<void> {
    const { pod } = waiting.wanted;
    const { nodeName, victims } = decision.preemption;
    nominated.set(pod.metadata.uid, nodeName);
    const gone = fail(waiting, decision.message, new Set(["pods", ...Object.keys(waiting.wanted.amounts), "ports"]), nodeName);
    for (const victim of victims) await writer.evict(victim, pod, nodeName);
    await gone;
  }

  /** The nodes as they will stand when Pods of at least this priority have taken what they were promised. */
  function withNominated(pod: Pod): NodeStates {
    const promises = [...nominated].flatMap(([uid, nodeName]) => {
      const promised = uid !== pod.metadata.uid && queue.priorityOf(uid) >= (pod.spec.priority ?? 0) ? queue.podOf(uid) : undefined;
      return promised ? [{ pod: promised, nodeName }] : [];
    });
    return placements.withPromised(promises);
  }

  async function bind(waiting: Waiting, nodeName: string, bindings: ClaimBindings | undefined): Promise<void> {
    const { pod } = waiting.wanted;
    const { uid } = pod.metadata;
    placements.count(pod, nodeName);
    try {
      if (bindings && !(await claims.bring(bindings, nodeName))) {
        placements.uncount(uid, nodeName);
        await fail(waiting, 'running PreBind plugin "VolumeBinding": binding volumes: context deadline exceeded', new Set(["volumes"]));
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

  async function fail(waiting: Waiting, message: string, lacking: ReadonlySet<Lack>, nominatedNodeName?: string): Promise<void> {
    queue.park(waiting, lacking);
    await writer.refuse(waiting.wanted.pod, message, nominatedNodeName);
  }

  function onPod(current: Pod | undefined, previous: Pod | undefined): void {
    const pod = current ?? (previous as Pod);
    const standing = current !== undefined && takesRoom(current);
    if (standing && current.spec.nodeName) {
      queue.drop(keyOf(pod));
      placements.count(current, current.spec.nodeName);
      if (standsAnew(current, previous)) neighbourChanged(current, previous);
      return;
    }
    if (placements.has(pod.metadata.uid) && (!standing || previous?.spec.nodeName)) {
      placements.uncount(pod.metadata.uid);
      queue.wakeWhere((waiting) => endMayHelp(waiting.wanted, pod, waiting.lacking));
      neighbourChanged(pod, previous);
    }
    if (!standing || current.metadata.deletionTimestamp || current.spec.schedulerName !== schedulerName) {
      nominated.delete(pod.metadata.uid);
      return queue.drop(keyOf(pod));
    }
    // Decided already: the view has not seen the binding yet.
    if (placements.has(pod.metadata.uid)) return;
    if (current.spec.schedulingGates && current.spec.schedulingGates.length > 0) return;
    queue.put(keyOf(pod), wantedBy(current), previous !== undefined && changedWish(current, previous));
  }

  /** A Pod came to a node, goes from it, or is another to those that mind it. */
  function neighbourChanged(pod: Pod, before: Pod | undefined): void {
    queue.wakeMinding((waiting) => neighbourMatters(waiting, pod, namespaceLabels) || (before !== undefined && neighbourMatters(waiting, before, namespaceLabels)));
  }

  function onNode(current: Node | undefined, previous: Node | undefined): void {
    if (!current) {
      placements.removeNode((previous as Node).metadata.name);
      // Those who stand on it are in nobody's way any more, and beside nobody.
      return queue.wakeMinding(() => true);
    }
    const changes = nodeChanges(current, placements.putNode(current) ? previous : undefined);
    if (changes.size > 0) queue.wakeWhere((waiting) => nodeMayHelp(waiting, current, previous, changes));
  }

  const stopNodes = context.informers.of(nodeKind).onChange(onNode);
  const stopPods = context.informers.of(podKind).onChange(onPod);
  return {
    stop() {
      stopped = true;
      stopNodes();
      stopPods();
      claims.stop();
    },
  };
}

/** Whether a Pod on a node is news to Pods that mind where it stands. */
function standsAnew(current: Pod, previous: Pod | undefined): boolean {
  if (!previous?.spec.nodeName || previous.metadata.deletionTimestamp !== current.metadata.deletionTimestamp) return true;
  return previous.metadata.labels !== current.metadata.labels && !sameData(previous.metadata.labels, current.metadata.labels);
}

function changedWish(current: Pod, previous: Pod): boolean {
  if (current.spec === previous.spec && current.metadata.labels === previous.metadata.labels) return false;
  const wish = (pod: Pod): string => JSON.stringify([pod.metadata.labels, pod.spec.nodeSelector, pod.spec.affinity, pod.spec.tolerations, pod.spec.schedulingGates, wantedBy(pod).amounts]);
  return wish(current) !== wish(previous);
}

/** By predicate; all others are the node's own. */
const lackOf: { readonly [predicate: string]: Lack } = { NodePorts: "ports", VolumeBinding: "volumes", InterPodAffinity: "affinity", PodTopologySpread: "spread" };

/** What kept a Pod from its nodes, for waking. */
function lackingOf(decision: Extract<Decision, { type: "pending" }>): ReadonlySet<Lack> {
  const lacking = new Set<Lack>(decision.unbound ? ["volumes", "claims"] : []);
  for (const { misfit } of decision.refusals) {
    if (misfit.insufficient) for (const resource of misfit.insufficient) lacking.add(resource);
    else lacking.add(misfit === shunned ? "shunned" : lackOf[misfit.predicate] ?? "node");
  }
  return lacking;
}
