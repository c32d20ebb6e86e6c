import type { Namespace, ServiceAccount } from "../../api/types/core-v1.ts";

/** The account that Pods run under when they name none. */
export const defaultName = "default";

/** Whether the namespace has to be given its default account: it is there, is not going, and has none. */
export function needsAccount(space: Namespace | undefined, account: ServiceAccount | undefined): boolean {
  return space !== undefined && space.status.phase !== "Terminating" && account === undefined;
}
