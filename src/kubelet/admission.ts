import type { Pod } from "../api/types/core-v1.ts";
import { isExtendedResource } from "../api/validation/quantities.ts";
import { hostPortsOf } from "../placement/host-ports.ts";
import { nodeMatches } from "../placement/node-affinity.ts";
import type { NodeState } from "../placement/node-state.ts";
import type { Amounts } from "../placement/resources.ts";
import { podAmounts } from "../placement/resources.ts";
import { untoleratedTaint } from "../placement/taints.ts";
import type { Failure } from "./pod-status.ts";

/** Whether a Pod that runs here can have what it asks for now: never on this node, not while the others take so much, or at once. */
export function resizeRefusal(pod: Pod, state: NodeState): Failure | undefined {
  const asked = podAmounts(pod.spec);
  for (const resource of ["memory", "cpu"]) {
    const [requested = 0, capacity = 0] = [asked[resource], state.allocatable[resource]];
    if (requested > capacity) return { reason: "Infeasible", message: `Node didn't have enough capacity: ${resource}, requested: ${requested}, capacity: ${capacity}` };
  }
  const message = lacking(asked, state)?.message;
  return message === undefined ? undefined : { reason: "Deferred", message };
}

/** Reasons of upstream for the resources that a node can be out of. */
function outOf(resource: string): string {
  return `OutOf${resource}`;
}

/** The first of the resources that the others leave too little of. Of devices that the node does not tell of, others keep count. */
function lacking(asked: Amounts, state: NodeState): { readonly resource: string; readonly message: string } | undefined {
  for (const resource of Object.keys(asked).sort()) {
    if (!(resource in state.allocatable) && isExtendedResource(resource)) continue;
    const requested = asked[resource] as number;
    const capacity = state.allocatable[resource] ?? 0;
    const used = state.requested[resource] ?? 0;
    if (requested > 0 && requested > capacity - used) return { resource, message: `Node didn't have enough resource: ${resource}, requested: ${requested}, used: ${used}, capacity: ${capacity}` };
  }
  return undefined;
}

/**
 * Whether a Pod that names this node may run on it, judged by what is there already. The answer is the status that refuses it,
 * in upstream's words.
 */
export function refusal(pod: Pod, state: NodeState): Failure | undefined {
  const { node } = state;
  const others = state.pods.size;
  const reject = (reason: string, message: string): Failure => ({ reason, message: `Pod was rejected: ${message}` });
  const podsMax = state.allocatable["pods"] ?? 0;
  if (others + 1 > podsMax) return reject("OutOfpods", `Node didn't have enough resource: pods, requested: 1, used: ${others}, capacity: ${podsMax}`);
  const asked = podAmounts(pod.spec);
  const short = lacking(asked, state);
  if (short) return reject(outOf(short.resource), short.message);
  if (!nodeMatches(pod.spec, node)) return reject("NodeAffinity", "Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector");
  for (const port of hostPortsOf(pod.spec)) if (state.portTaken(port)) return reject("NodePorts", "Predicate NodePorts failed: node(s) didn't have free ports for the requested pod ports");
  const taint = untoleratedTaint(node.spec.taints, pod.spec.tolerations, ["NoExecute"]);
  if (taint) return reject("TaintToleration", "Predicate TaintToleration failed: node(s) had taints that the pod didn't tolerate");
  return undefined;
}
