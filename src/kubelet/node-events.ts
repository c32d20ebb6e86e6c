import type { Node } from "../api/types/core-v1.ts";

/** What a kubelet tells of its node when it registers: in the order in which upstream's does, and only what changed since the last time. */
export interface NodeEvent {
  readonly type: "Normal" | "Warning";
  readonly reason: string;
  readonly message: string;
}

/** A condition that took this status is told under this reason. */
const conditionEvents: readonly (readonly [condition: string, status: string, reason: string])[] = [
  ["MemoryPressure", "False", "NodeHasSufficientMemory"],
  ["DiskPressure", "False", "NodeHasNoDiskPressure"],
  ["PIDPressure", "False", "NodeHasSufficientPID"],
  ["Ready", "True", "NodeReady"],
];

const statusOf = (node: Node | undefined, condition: string): string | undefined => node?.status.conditions?.find(({ type }) => type === condition)?.status;

/** Told when a cordon is put on or taken off. */
export function schedulableEvent({ metadata: { name }, spec }: Node): NodeEvent {
  const reason = spec.unschedulable ? "NodeNotSchedulable" : "NodeSchedulable";
  return { type: "Normal", reason, message: `Node ${name} status is now: ${reason}` };
}

/** `before` is the node as an earlier kubelet left it; absent: it is new. */
export function registrationEvents(node: Node, before: Node | undefined): NodeEvent[] {
  const { name } = node.metadata;
  const bootId = node.status.nodeInfo?.bootID;
  const events: NodeEvent[] = [
    { type: "Normal", reason: "Starting", message: "Starting kubelet." },
    { type: "Normal", reason: "NodeAllocatableEnforced", message: "Updated Node Allocatable limit across pods" },
  ];
  for (const [condition, status, reason] of conditionEvents) {
    if (statusOf(node, condition) === status && statusOf(before, condition) !== status) events.push({ type: "Normal", reason, message: `Node ${name} status is now: ${reason}` });
  }
  if (before?.status.nodeInfo && before.status.nodeInfo.bootID !== bootId) events.push({ type: "Warning", reason: "Rebooted", message: `Node ${name} has been rebooted, boot id: ${bootId}` });
  return events;
}
