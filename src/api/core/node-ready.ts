import type { Node } from "../types/core-v1.ts";

/** Whether the Node is there and its kubelet has said, not long ago, that it is Ready. */
export function isNodeReady(node: Node | undefined): boolean {
  return node?.status.conditions?.some(({ type, status }) => type === "Ready" && status === "True") ?? false;
}
