import type { Pod } from "../api/types/core-v1.ts";
import type { HostPort } from "./host-ports.ts";
import { hostPortsOf } from "./host-ports.ts";
import { nodeMatches } from "./node-affinity.ts";
import type { NodeState } from "./node-state.ts";
import type { Amounts } from "./resources.ts";
import { podAmounts } from "./resources.ts";
import { isCordonedFor, untoleratedTaint } from "./taints.ts";

export type Predicate =
  | "NodeUnschedulable"
  | "NodeName"
  | "TaintToleration"
  | "NodeAffinity"
  | "NodePorts"
  | "NodeResourcesFit"
  | "VolumeRestrictions"
  | "VolumeBinding"
  | "VolumeZone"
  | "PodTopologySpread"
  | "InterPodAffinity";

/** Why a Pod does not fit a node: the first predicate that refused, in the order of upstream's default profile. */
export interface Misfit {
  readonly predicate: Predicate;
  /** Upstream's words; several for resources. */
  readonly reasons: readonly string[];
  /** No eviction of Pods from this node could help. */
  readonly final: boolean;
  /** Resources of which too little is free. */
  readonly insufficient?: readonly string[];
}

/** What the predicates need of a Pod, computed once per Pod. */
export interface Wanted {
  readonly pod: Pod;
  readonly amounts: Amounts;
  readonly ports: readonly HostPort[];
}

export function wantedBy(pod: Pod): Wanted {
  return { pod, amounts: podAmounts(pod.spec), ports: hostPortsOf(pod.spec) };
}

const unschedulable: Misfit = { predicate: "NodeUnschedulable", reasons: ["node(s) were unschedulable"], final: true };
const otherNode: Misfit = { predicate: "NodeName", reasons: ["node(s) didn't match the requested node name"], final: true };
const tainted: Misfit = { predicate: "TaintToleration", reasons: ["node(s) had untolerated taint(s)"], final: true };
const unmatched: Misfit = { predicate: "NodeAffinity", reasons: ["node(s) didn't match Pod's node affinity/selector"], final: true };
const portsTaken: Misfit = { predicate: "NodePorts", reasons: ["node(s) didn't have free ports for the requested pod ports"], final: false };

/** Undefined when the Pod fits the node as it stands now. */
export function misfit(wanted: Wanted, state: NodeState): Misfit | undefined {
  const { spec } = wanted.pod;
  const { node } = state;
  if (isCordonedFor(spec, node)) return unschedulable;
  if (spec.nodeName && spec.nodeName !== node.metadata.name) return otherNode;
  if (untoleratedTaint(node.spec.taints, spec.tolerations, ["NoSchedule", "NoExecute"])) return tainted;
  if (!nodeMatches(spec, node)) return unmatched;
  for (const port of wanted.ports) if (state.portTaken(port)) return portsTaken;
  return resourceMisfit(wanted, state);
}

/** Only the resources (and the number of Pods): what the kubelet asks again when a Pod arrives. */
function resourceMisfit(wanted: Wanted, state: NodeState): Misfit | undefined {
  let reasons: string[] | undefined;
  let insufficient: string[] | undefined;
  let final = false;
  const podsMax = state.allocatable["pods"] ?? 0;
  if (state.pods.size + 1 > podsMax) {
    reasons = ["Too many pods"];
    insufficient = ["pods"];
    final = podsMax < 1;
  }
  for (const resource of Object.keys(wanted.amounts)) {
    const asked = wanted.amounts[resource] as number;
    if (asked === 0) continue;
    const there = state.allocatable[resource] ?? 0;
    if (asked <= there - (state.requested[resource] ?? 0)) continue;
    (reasons ??= []).push(`Insufficient ${resource}`);
    (insufficient ??= []).push(resource);
    if (asked > there) final = true;
  }
  if (!reasons || !insufficient) return undefined;
  return { predicate: "NodeResourcesFit", reasons, final, insufficient };
}
