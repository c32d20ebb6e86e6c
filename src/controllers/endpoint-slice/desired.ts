import { sameData } from "../../api/equality.ts";
import type { Pod, Service } from "../../api/types/core-v1.ts";
import type { Endpoint, EndpointPort } from "../../api/types/discovery-v1.ts";
import { isPodReady } from "../pod-status.ts";
import type { Family } from "../service-pods.ts";
import { addressesOf, hostnameFor, isHeadless, isReachable, targetPortIn } from "../service-pods.ts";

/** What the slices of a Service should say, not yet cut into slices: pure. */

/** Endpoints that share their ports: named ports may have other numbers in other Pods. */
export interface EndpointGroup {
  readonly ports: readonly EndpointPort[];
  /** By name of the Pod. */
  readonly endpoints: readonly Endpoint[];
}

/** The zone of a node, undefined when it has none; `null` when the node does not exist. */
export type ZoneOf = (nodeName: string) => string | undefined | null;

export function endpointGroups(service: Service, options: { readonly pods: readonly Pod[]; readonly family: Family; readonly zoneOf: ZoneOf }): readonly EndpointGroup[] {
  const groups: { ports: readonly EndpointPort[]; endpoints: Endpoint[] }[] = [];
  for (const pod of options.pods) {
    if (!isReachable(pod)) continue;
    const addresses = addressesOf(pod, options.family);
    if (addresses.length === 0) continue;
    const zone = pod.spec.nodeName ? options.zoneOf(pod.spec.nodeName) : undefined;
    // A Pod of a node that is gone is about to go too; who publishes Pods that are not ready wants it all the same.
    if (zone === null && service.spec.publishNotReadyAddresses !== true) continue;
    const ports = portsOf(service, pod);
    let group = groups.find((each) => samePorts(each.ports, ports));
    if (!group) groups.push((group = { ports, endpoints: [] }));
    group.endpoints.push(endpointOf(service, pod, { addresses, zone: zone ?? undefined }));
  }
  return groups;
}

/** The order of ports does not count. The server says `null` for none. */
export function samePorts(a: readonly EndpointPort[] | null | undefined, b: readonly EndpointPort[]): boolean {
  const sorted = (ports: readonly EndpointPort[]): readonly EndpointPort[] => ports.toSorted((x, y) => ((x.name ?? "") < (y.name ?? "") ? -1 : 1));
  return sameData(sorted(a ?? []), sorted(b));
}

function portsOf(service: Service, pod: Pod): readonly EndpointPort[] {
  const { ports = [] } = service.spec;
  if (isHeadless(service) && ports.length === 0) return [];
  return ports.flatMap((port) => {
    const number = targetPortIn(pod, port);
    if (number === undefined) return [];
    return [{ name: port.name ?? "", protocol: port.protocol ?? "TCP", port: number, ...(port.appProtocol === undefined ? {} : { appProtocol: port.appProtocol }) }];
  });
}

function endpointOf(service: Service, pod: Pod, options: { addresses: readonly string[]; zone: string | undefined }): Endpoint {
  const serving = isPodReady(pod);
  const terminating = pod.metadata.deletionTimestamp !== undefined;
  const ready = service.spec.publishNotReadyAddresses === true || (serving && !terminating);
  const hostname = hostnameFor(pod, service);
  const { namespace, name, uid } = pod.metadata;
  return {
    addresses: options.addresses,
    conditions: { ready, serving, terminating },
    ...(hostname === undefined ? {} : { hostname }),
    targetRef: { kind: "Pod", ...(namespace === undefined ? {} : { namespace }), name, uid },
    ...(pod.spec.nodeName ? { nodeName: pod.spec.nodeName } : {}),
    ...(options.zone === undefined ? {} : { zone: options.zone }),
  };
}
