import type { PodSpec } from "../api/types/core-v1.ts";

export interface HostPort {
  /** "0.0.0.0" when the Pod names none. */
  readonly ip: string;
  readonly protocol: string;
  readonly port: number;
}

const none: readonly HostPort[] = [];

/** The ports of the node that a Pod takes; those of init containers count only for sidecars. */
export function hostPortsOf(spec: PodSpec): readonly HostPort[] {
  let found: HostPort[] | undefined;
  const sidecars = spec.initContainers?.filter((container) => container.restartPolicy === "Always") ?? [];
  for (const container of [...spec.containers, ...sidecars]) {
    for (const { hostPort, hostIP, protocol } of container.ports ?? []) {
      if (!hostPort) continue;
      (found ??= []).push({ ip: hostIP || "0.0.0.0", protocol: protocol || "TCP", port: hostPort });
    }
  }
  return found ?? none;
}

/** Whether two cannot be taken at once: same port and protocol, and one address covers the other. */
export function portsClash(a: HostPort, b: HostPort): boolean {
  return a.port === b.port && a.protocol === b.protocol && (a.ip === b.ip || a.ip === "0.0.0.0" || b.ip === "0.0.0.0");
}
