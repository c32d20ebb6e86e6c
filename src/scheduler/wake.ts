import { nodeMatches } from "../placement/node-affinity.ts";
import { amountsOf } from "../placement/resources.ts";
import { isCordonedFor, untoleratedTaint } from "../placement/taints.ts";
import type { Node, Pod } from "../api/types/core-v1.ts";
import { sameData } from "../api/equality.ts";
import type { Wanted } from "../placement/fit.ts";
import { hostPortsOf, portsClash } from "../placement/host-ports.ts";

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

/**
 * Whether a changed node is worth another look for a Pod that found no place: it now passes the checks that only the node
 * itself decides. Room taken by other Pods is judged by the look itself.
 */
export function nodeMayFit(wanted: Wanted, node: Node): boolean {
  const { spec } = wanted.pod;
  if (isCordonedFor(spec, node)) return false;
  if (untoleratedTaint(node.spec.taints, spec.tolerations, ["NoSchedule", "NoExecute"])) return false;
  if (!nodeMatches(spec, node)) return false;
  const there = amountsOf(node.status.allocatable);
  return Object.keys(wanted.amounts).every((resource) => (wanted.amounts[resource] as number) <= (there[resource] ?? 0));
}

/** Whether the end of `gone` on a node frees what a waiting Pod lacked: a resource it asks for, a port, or a Pod's place. */
export function endMayHelp(wanted: Wanted, gone: Pod, lacking: ReadonlySet<string>): boolean {
  if (lacking.has("pods")) return true;
  if (lacking.has("ports") && hostPortsOf(gone.spec).some((taken) => wanted.ports.some((port) => portsClash(port, taken)))) return true;
  for (const container of gone.spec.containers) {
    for (const resource of Object.keys(container.resources.requests ?? {})) if (lacking.has(resource)) return true;
  }
  return false;
}
