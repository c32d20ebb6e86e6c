import { sameData } from "../api/equality.ts";
import { matchesSelector } from "../api/label-selector.ts";
import type { Pod, Service, ServicePort } from "../api/types/core-v1.ts";
import type { Instant } from "../base/environment.ts";
import { formatTime, parseTime } from "../base/time.ts";
import { isPodReady, isPodTerminal, podCondition } from "./pod-status.ts";

/** The Pods behind a Service: which ones, on which ports, since when. What the controllers of Endpoints and EndpointSlices share. */

export const headlessLabel = "service.kubernetes.io/headless";
export const triggerTimeKey = "endpoints.kubernetes.io/last-change-trigger-time";

/** Whether the cluster finds the Pods of this Service; those without a selector bring their own addresses. */
export function hasPods(service: Service): boolean {
  return service.spec.type !== "ExternalName" && service.spec.selector !== undefined;
}

export function selects(service: Service, pod: Pod): boolean {
  return hasPods(service) && service.metadata.namespace === pod.metadata.namespace && matchesSelector({ matchLabels: service.spec.selector ?? {} }, pod.metadata.labels);
}

export function isHeadless(service: Service): boolean {
  return service.spec.clusterIP === "None";
}

export type Family = "IPv4" | "IPv6";

/** The Pod's addresses of one family. */
export function addressesOf(pod: Pod, family: Family): readonly string[] {
  const { podIP, podIPs } = pod.status;
  const all = podIPs === undefined || podIPs.length === 0 ? (podIP === undefined || podIP === "" ? [] : [podIP]) : podIPs.map(({ ip }) => ip ?? "");
  return all.filter((ip) => ip !== "" && ip.includes(":") === (family === "IPv6"));
}

/** Whether traffic may reach a Pod at all: it has an address and has not ended. */
export function isReachable(pod: Pod): boolean {
  const { podIP, podIPs } = pod.status;
  return !isPodTerminal(pod) && ((podIP ?? "") !== "" || (podIPs ?? []).length > 0);
}

/** The number that a port of a Service has in this Pod: a name is looked up in its containers. */
export function targetPortIn(pod: Pod, port: ServicePort): number | undefined {
  const target = port.targetPort ?? port.port;
  if (typeof target === "number") return target;
  const sidecars = (pod.spec.initContainers ?? []).filter((container) => container.restartPolicy === "Always");
  for (const container of [...pod.spec.containers, ...sidecars]) {
    const found = container.ports?.find(({ name, protocol }) => name === target && (protocol ?? "TCP") === (port.protocol ?? "TCP"));
    if (found) return found.containerPort;
  }
  return undefined;
}

/** The Pod has a name of its own below the Service's. */
export function hostnameFor(pod: Pod, service: Service): string | undefined {
  const { hostname, subdomain } = pod.spec;
  return hostname && subdomain === service.metadata.name ? hostname : undefined;
}

/** Whether a change of a Pod may change what a Service says of it. */
export function matters(current: Pod, previous: Pod): boolean {
  const facts = (pod: Pod): unknown => [
    pod.status.podIP, pod.status.podIPs, isPodReady(pod), isPodTerminal(pod), pod.metadata.deletionTimestamp !== undefined, pod.metadata.uid,
    pod.spec.nodeName, pod.spec.hostname, pod.spec.subdomain, pod.metadata.labels ?? {},
  ];
  return !sameData(facts(current), facts(previous));
}

/**
 * When what a controller is about to write came to be, for whoever measures how long it took: the earliest change since the last
 * look; at the first look the Service's birth.
 */
export class TriggerTimes {
  private readonly known = new Map<string, { readonly born: Instant; readonly ready: ReadonlyMap<string, Instant> }>();

  /** Undefined: nothing changed that has a time. */
  look(service: Service, pods: readonly Pod[]): string | undefined {
    const key = `${service.metadata.namespace}/${service.metadata.name}`;
    const before = this.known.get(key);
    const born = parseTime(service.metadata.creationTimestamp) ?? 0;
    const ready = new Map<string, Instant>();
    let earliest: Instant | undefined = born > (before?.born ?? -Infinity) ? born : undefined;
    for (const pod of pods) {
      const since = parseTime(podCondition(pod, "Ready")?.lastTransitionTime ?? "");
      if (since === undefined) continue;
      ready.set(pod.metadata.name, since);
      if (since > (before?.ready.get(pod.metadata.name) ?? -Infinity)) earliest = Math.min(earliest ?? since, since);
    }
    this.known.set(key, { born, ready });
    const time = before === undefined ? born : earliest;
    return time === undefined ? undefined : formatTime(time);
  }

  forget(key: string): void {
    this.known.delete(key);
  }
}
