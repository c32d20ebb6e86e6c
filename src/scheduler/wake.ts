import { nodeMatches } from "../placement/node-affinity.ts";
import { amountsOf } from "../placement/resources.ts";
import { isCordonedFor, untoleratedTaint } from "../placement/taints.ts";
import type { Node, Pod } from "../api/types/core-v1.ts";
import { sameData } from "../api/equality.ts";
import type { Wanted } from "../placement/fit.ts";
import { hostPortsOf, portsClash } from "../placement/host-ports.ts";
import { affinityConcerns } from "../placement/pod-affinity.ts";
import type { NamespaceLabels } from "../placement/pod-affinity.ts";
import { spreadConcerns } from "../placement/topology-spread.ts";
import type { Lack, Waiting } from "./queue.ts";
import { shareClaim } from "./volume-rules.ts";

/** Which parts of a node changed in a way that could make room. */
export type NodeChange = "added" | "allocatable" | "labels" | "taints" | "unschedulable";

/** What a node's change could open; nothing for heartbeats. */
export function nodeChanges(current: Node, previous: Node | undefined): ReadonlySet<NodeChange> {
  const changes = new Set<NodeChange>();
  if (!previous) return changes.add("added");
  if (!sameData(current.status.allocatable, previous.status.allocatable)) changes.add("allocatable");
  if (!sameData(current.metadata.labels, previous.metadata.labels)) changes.add("labels");
  if (!sameData(current.spec.taints, previous.spec.taints)) changes.add("taints");
  if (current.spec.unschedulable !== previous.spec.unschedulable) changes.add("unschedulable");
  return changes;
}

/** Whether a node has become worth another look for a Pod that found no place. */
export function nodeMayHelp({ wanted, lacking }: Waiting, current: Node, previous: Node | undefined, changes: ReadonlySet<NodeChange>): boolean {
  // A promise that cannot be kept must not keep others away.
  if (wanted.pod.status.nominatedNodeName === current.metadata.name) return true;
  // Those who stand on it count elsewhere now, whether or not anybody may come to it.
  if (previous && changes.has("labels") && domainMatters(wanted.pod, lacking, current, previous)) return true;
  if (!nodeMayFit(wanted, current)) return false;
  if (!previous || changes.has("added") || !nodeMayFit(wanted, previous)) return true;
  if (changes.has("allocatable") && [...lacking].some((lack) => !notOfAmounts.has(lack))) return true;
  return changes.has("labels") && lacking.has("volumes") && !lacking.has("claims");
}

function domainMatters(pod: Pod, lacking: ReadonlySet<Lack>, current: Node, previous: Node): boolean {
  return lacking.has("shunned") || topologyKeysOf(pod, lacking).some((key) => current.metadata.labels?.[key] !== previous.metadata.labels?.[key]);
}

const notOfAmounts: ReadonlySet<Lack> = new Set<Lack>(["ports", "sole", "volumes", "claims", "node", "affinity", "shunned", "spread"]);

function topologyKeysOf({ spec: { affinity, topologySpreadConstraints = [] } }: Pod, lacking: ReadonlySet<Lack>): string[] {
  const terms = [affinity?.podAffinity, affinity?.podAntiAffinity].flatMap((each) => each?.requiredDuringSchedulingIgnoredDuringExecution ?? []);
  return [...(lacking.has("affinity") ? terms : []), ...(lacking.has("spread") ? topologySpreadConstraints : [])].map(({ topologyKey }) => topologyKey);
}

/** Whether it may help a Pod that minds others that one of these came, went or changed. */
export function neighbourMatters({ wanted: { pod }, lacking }: Waiting, other: Pod, namespaceLabels: NamespaceLabels): boolean {
  return ((lacking.has("affinity") || lacking.has("shunned")) && affinityConcerns(pod, other, namespaceLabels)) || (lacking.has("spread") && spreadConcerns(pod, other));
}

/** Whether a node passes the checks that only the node itself decides. Room taken by other Pods is judged by the look itself. */
function nodeMayFit(wanted: Wanted, node: Node): boolean {
  const { spec } = wanted.pod;
  if (isCordonedFor(spec, node)) return false;
  if (untoleratedTaint(node.spec.taints, spec.tolerations, ["NoSchedule", "NoExecute"])) return false;
  if (!nodeMatches(spec, node)) return false;
  const there = amountsOf(node.status.allocatable);
  return Object.keys(wanted.amounts).every((resource) => (wanted.amounts[resource] as number) <= (there[resource] ?? 0));
}

/** Whether the end of `gone` on a node frees what a waiting Pod lacked: a resource it asks for, a port, or a Pod's place. */
export function endMayHelp(wanted: Wanted, gone: Pod, lacking: ReadonlySet<Lack>): boolean {
  if (lacking.has("pods")) return true;
  if (lacking.has("ports") && hostPortsOf(gone.spec).some((taken) => wanted.ports.some((port) => portsClash(port, taken)))) return true;
  if (lacking.has("sole") && shareClaim(wanted.pod, gone)) return true;
  for (const container of gone.spec.containers) {
    for (const resource of Object.keys(container.resources.requests ?? {})) if (lacking.has(resource)) return true;
  }
  return false;
}
