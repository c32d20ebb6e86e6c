import { sameData } from "../api/equality.ts";
import { isStatus } from "../base/status-error.ts";
import { formatTime } from "../base/time.ts";
import { namespaces as namespaceKind, nodes as nodeKind, pods as podKind } from "../api/kinds.ts";
import type { Node, Pod, PodCondition } from "../api/types/core-v1.ts";
import type { Client } from "../client/client.ts";
import type { Controller, ControllerContext } from "../client/controller-context.ts";
import { keyOf } from "../client/informer.ts";
import { wantedBy } from "../placement/fit.ts";
import { NodeState, NodeStates, takesRoom } from "../placement/node-state.ts";
import { ClaimKeeper } from "./claim-keeper.ts";
import { usesClaim, usesClaims } from "./claims.ts";
import type { ClaimBindings } from "./claims.ts";
import { decide } from "./decide.ts";
import type { Decision } from "./decide.ts";
import { SchedulingQueue } from "./queue.ts";
import type { Lack, Waiting } from "./queue.ts";
import { endMayHelp, neighbourMatters, nodeChanges, nodeMayHelp } from "./wake.ts";

const schedulerName = "default-scheduler";

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
  const recorder = context.recorder(schedulerName);
  const instance = `${schedulerName}-${options.host}`;
  const states = new NodeStates();
  /** Where each Pod counts: by uid. Pods on nodes that are not known wait in `homeless`. */
  const placed = new Map<string, string>();
  const homeless = new Map<string, Map<string, Pod>>();
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
    for (const victim of victims) await evict(victim, pod, nodeName);
    await gone;
  }

  async function evict(victim: Pod, preemptor: Pod, nodeName: string): Promise<void> {
    const condition = {
      type: "DisruptionTarget",
      status: "True",
      reason: "PreemptionByScheduler",
      message: `${schedulerName}: preempting to accommodate a higher priority pod`,
      lastTransitionTime: formatTime(environment.clock.now()),
      observedGeneration: victim.metadata.generation ?? 1,
    };
    try {
      await client.patch(podKind, victim.metadata, { type: "strategic", body: { status: { conditions: [condition] } } }, { subresource: "status" });
      await client.delete(podKind, victim.metadata, { preconditions: { uid: victim.metadata.uid } });
      recorder.actionEvent(victim, "Normal", "Preempted", "Preempting", `Preempted by pod ${preemptor.metadata.uid} on node ${nodeName}`, instance);
    } catch (error) {
      environment.log.debug(`scheduler: preemption of ${keyOf(victim)} failed`, { error: String(error) });
    }
  }

  /** The nodes as they will stand when Pods of at least this priority have taken what they were promised. */
  function withNominated(pod: Pod): NodeStates {
    const promises = [...nominated].filter(([uid]) => uid !== pod.metadata.uid && queue.priorityOf(uid) >= (pod.spec.priority ?? 0));
    if (promises.length === 0) return states;
    const view = new NodeStates();
    for (const [name, state] of states) view.set(name, copyOf(state));
    for (const [uid, nodeName] of promises) {
      const there = view.get(nodeName);
      const promised = queue.podOf(uid);
      if (!there || !promised) continue;
      there.add(promised);
    }
    return view;
  }

  async function bind(waiting: Waiting, nodeName: string, bindings: ClaimBindings | undefined): Promise<void> {
    const { pod } = waiting.wanted;
    const { namespace, name, uid } = pod.metadata;
    count(pod, nodeName);
    try {
      if (bindings && !(await claims.bring(bindings, nodeName))) {
        if (placed.get(uid) === nodeName) uncount(uid);
        await fail(waiting, 'running PreBind plugin "VolumeBinding": binding volumes: context deadline exceeded', new Set(["volumes"]));
        return queue.wakeWhere((each) => each === waiting);
      }
      await client.request({
        method: "POST",
        path: `/api/v1/namespaces/${namespace ?? ""}/pods/${name}/binding`,
        query: "",
        headers: {},
        body: { apiVersion: "v1", kind: "Binding", metadata: { name, namespace, uid }, target: { kind: "Node", name: nodeName } } as never,
        wants: "object",
      }).then((response) => {
        if (response.status >= 400) throw new Error(`binding answered ${response.status}`);
      });
      recorder.actionEvent(pod, "Normal", "Scheduled", "Binding", `Successfully assigned ${namespace ?? ""}/${name} to ${nodeName}`, instance);
      queue.drop(waiting.key);
    } catch (error) {
      environment.log.debug(`scheduler: binding of ${waiting.key} failed`, { error: String(error) });
      if (placed.get(uid) === nodeName) uncount(uid);
      queue.retry(waiting);
    }
  }

  async function fail(waiting: Waiting, message: string, lacking: ReadonlySet<Lack>, nominatedNodeName?: string): Promise<void> {
    const { pod } = waiting.wanted;
    queue.park(waiting, lacking);
    recorder.actionEvent(pod, "Warning", "FailedScheduling", "Scheduling", message, instance);
    const condition = pendingCondition(pod, "Unschedulable", message, environment.clock.now());
    if (!condition && nominatedNodeName === undefined) return;
    const status = { ...(condition ? { conditions: [condition] } : {}), ...(nominatedNodeName === undefined ? {} : { nominatedNodeName }) };
    try {
      await client.patch(podKind, pod.metadata, { type: "strategic", body: { status } }, { subresource: "status" });
    } catch (error) {
      if (!isStatus(error, "NotFound")) environment.log.warn(`scheduler: condition of ${waiting.key} not written`, { error: String(error) });
    }
  }

  function count(pod: Pod, nodeName: string): void {
    const { uid } = pod.metadata;
    const before = placed.get(uid);
    if (before !== undefined && before !== nodeName) uncount(uid);
    placed.set(uid, nodeName);
    const state = states.get(nodeName);
    if (state) return state.add(pod);
    let there = homeless.get(nodeName);
    if (!there) homeless.set(nodeName, (there = new Map()));
    there.set(uid, pod);
  }

  function uncount(uid: string): void {
    const nodeName = placed.get(uid);
    if (nodeName === undefined) return;
    placed.delete(uid);
    states.get(nodeName)?.remove(uid);
    homeless.get(nodeName)?.delete(uid);
  }

  function onPod(current: Pod | undefined, previous: Pod | undefined): void {
    const pod = current ?? (previous as Pod);
    const standing = current !== undefined && takesRoom(current);
    if (standing && current.spec.nodeName) {
      queue.drop(keyOf(pod));
      count(current, current.spec.nodeName);
      if (standsAnew(current, previous)) neighbourChanged(current, previous);
      return;
    }
    if (placed.has(pod.metadata.uid) && (!standing || previous?.spec.nodeName)) {
      uncount(pod.metadata.uid);
      queue.wakeWhere((waiting) => endMayHelp(waiting.wanted, pod, waiting.lacking));
      neighbourChanged(pod, previous);
    }
    if (!standing || current.metadata.deletionTimestamp || current.spec.schedulerName !== schedulerName) {
      nominated.delete(pod.metadata.uid);
      return queue.drop(keyOf(pod));
    }
    // Decided already: the view has not seen the binding yet.
    if (placed.has(pod.metadata.uid)) return;
    if (current.spec.schedulingGates && current.spec.schedulingGates.length > 0) return;
    queue.put(keyOf(pod), wantedBy(current), previous !== undefined && previous.spec !== current.spec && changedWish(current, previous));
  }

  /** A Pod came to a node, goes from it, or is another to those that mind it. */
  function neighbourChanged(pod: Pod, before: Pod | undefined): void {
    queue.wakeMinding((waiting) => neighbourMatters(waiting, pod, namespaceLabels) || (before !== undefined && neighbourMatters(waiting, before, namespaceLabels)));
  }

  function onNode(current: Node | undefined, previous: Node | undefined): void {
    const name = (current ?? (previous as Node)).metadata.name;
    if (!current) {
      const state = states.get(name);
      states.delete(name);
      if (state && state.pods.size > 0) homeless.set(name, new Map(state.pods));
      return;
    }
    const known = states.get(name);
    if (known) {
      known.replaceNode(current);
    } else {
      const state = new NodeState(current);
      states.set(name, state);
      for (const pod of homeless.get(name)?.values() ?? []) state.add(pod);
      homeless.delete(name);
    }
    const changes = nodeChanges(current, known ? previous : undefined);
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

function copyOf(state: NodeState): NodeState {
  const copy = new NodeState(state.node);
  for (const pod of state.pods.values()) copy.add(pod);
  return copy;
}

/** Whether a Pod on a node is news to Pods that mind where it stands. */
function standsAnew(current: Pod, previous: Pod | undefined): boolean {
  if (!previous?.spec.nodeName || previous.metadata.deletionTimestamp !== current.metadata.deletionTimestamp) return true;
  return previous.metadata.labels !== current.metadata.labels && !sameData(previous.metadata.labels, current.metadata.labels);
}

function changedWish(current: Pod, previous: Pod): boolean {
  const wish = (pod: Pod): string => JSON.stringify([pod.spec.nodeSelector, pod.spec.affinity, pod.spec.tolerations, pod.spec.schedulingGates, wantedBy(pod).amounts]);
  return wish(current) !== wish(previous);
}

/** By predicate; all others are the node's own. */
const lackOf: { readonly [predicate: string]: Lack } = { NodePorts: "ports", VolumeBinding: "volumes", InterPodAffinity: "affinity", PodTopologySpread: "spread" };

/** What kept a Pod from its nodes, for waking. */
function lackingOf(decision: Extract<Decision, { type: "pending" }>): ReadonlySet<Lack> {
  const lacking = new Set<Lack>(decision.unbound ? ["volumes", "claims"] : []);
  for (const { misfit } of decision.refusals) {
    if (misfit.insufficient) for (const resource of misfit.insufficient) lacking.add(resource);
    else lacking.add(lackOf[misfit.predicate] ?? "node");
  }
  return lacking;
}

/** The PodScheduled condition to write, or undefined when it stands so already. */
function pendingCondition(pod: Pod, reason: string, message: string, now: number): PodCondition | undefined {
  const there = pod.status.conditions?.find((condition) => condition.type === "PodScheduled");
  if (there?.status === "False" && there.reason === reason && there.message === message) return undefined;
  return {
    type: "PodScheduled",
    status: "False",
    reason,
    message,
    lastTransitionTime: there?.status === "False" && there.lastTransitionTime ? there.lastTransitionTime : formatTime(now),
    observedGeneration: pod.metadata.generation ?? 1,
  } as PodCondition;
}
