import { sameData } from "../../api/equality.ts";
import { endpoints } from "../../api/kinds.ts";
import type { EndpointAddress, EndpointPort, EndpointSubset, Endpoints, Pod, Service, ServicePort } from "../../api/types/core-v1.ts";
import { isPodReady } from "../pod-status.ts";
import { addressesOf, headlessLabel, hostnameFor, isHeadless, isReachable, targetPortIn, triggerTimeKey } from "../service-pods.ts";

/**
 * The Endpoints object of a Service, as a pure function of the Service, its Pods and the object that is there: the older form of
 * its EndpointSlices, one object with the addresses that share their ports in one subset, at most a thousand of them.
 */

const managedByLabel = "endpoints.kubernetes.io/managed-by";
const capacityKey = "endpoints.kubernetes.io/over-capacity";
/** Upstream's limit; what is beyond is left out and the object says so. */
const addressesMax = 1000;

interface Place {
  readonly address: EndpointAddress;
  readonly ready: boolean;
  /** Indexes of the Service's ports with their number in the Pod: what the address shares with others. */
  readonly ports: readonly EndpointPort[];
}

/** The object that should be there, or undefined when the one that is says it all. `time`: see `TriggerTimes`. */
export function planEndpoints(service: Service, options: { readonly pods: readonly Pod[]; readonly standing: Endpoints | undefined; readonly time: string | undefined }): Endpoints | undefined {
  const { standing, time } = options;
  const places = options.pods.flatMap((pod) => placeOf(service, pod));
  const truncated = places.length > addressesMax;
  const subsets = subsetsOf(truncated ? readyFirst(places).slice(0, addressesMax) : places);
  const labels = labelsOf(service);
  const sameCapacity = (standing?.metadata.annotations?.[capacityKey] === "truncated") === truncated;
  if (standing && sameCapacity && sameData(standing.subsets, subsets) && sameData(standing.metadata.labels, labels)) return undefined;
  const annotations: { [key: string]: string } = { ...standing?.metadata.annotations };
  delete annotations[triggerTimeKey];
  delete annotations[capacityKey];
  if (time !== undefined) annotations[triggerTimeKey] = time;
  if (truncated) annotations[capacityKey] = "truncated";
  const { annotations: _, ...meta } = standing?.metadata ?? ({ name: service.metadata.name, namespace: service.metadata.namespace } as Endpoints["metadata"]);
  return {
    kind: endpoints.kind,
    apiVersion: endpoints.apiVersion,
    metadata: { ...meta, labels, ...(Object.keys(annotations).length === 0 ? {} : { annotations }) },
    ...(subsets.length === 0 ? {} : { subsets }),
  };
}

function labelsOf(service: Service): { readonly [key: string]: string } {
  const labels: { [key: string]: string } = { ...service.metadata.labels, [managedByLabel]: "endpoint-controller" };
  delete labels[headlessLabel];
  return isHeadless(service) ? { ...labels, [headlessLabel]: "" } : labels;
}

function placeOf(service: Service, pod: Pod): readonly Place[] {
  const early = service.spec.publishNotReadyAddresses === true;
  if (!isReachable(pod) || (pod.metadata.deletionTimestamp !== undefined && !early)) return [];
  const [ip] = addressesOf(pod, service.spec.ipFamilies?.[0] === "IPv6" ? "IPv6" : "IPv4");
  if (ip === undefined) return [];
  const wanted = service.spec.ports ?? [];
  const ports = wanted.flatMap((port) => portIn(pod, port));
  if (ports.length === 0 && !(wanted.length === 0 && isHeadless(service))) return [];
  const hostname = hostnameFor(pod, service);
  const { namespace, name, uid } = pod.metadata;
  const address: EndpointAddress = {
    ip,
    ...(hostname === undefined ? {} : { hostname }),
    ...(pod.spec.nodeName ? { nodeName: pod.spec.nodeName } : {}),
    targetRef: { kind: "Pod", ...(namespace === undefined ? {} : { namespace }), name, uid },
  };
  return [{ address, ready: early || isPodReady(pod), ports }];
}

function portIn(pod: Pod, port: ServicePort): readonly EndpointPort[] {
  const number = targetPortIn(pod, port);
  if (number === undefined) return [];
  const { name, protocol = "TCP", appProtocol } = port;
  return [{ ...(name === undefined ? {} : { name }), port: number, protocol, ...(appProtocol === undefined ? {} : { appProtocol }) }];
}

function readyFirst(places: readonly Place[]): readonly Place[] {
  return [...places.filter(({ ready }) => ready), ...places.filter(({ ready }) => !ready)];
}

/** Addresses that share all their ports stand together, in order of address. */
function subsetsOf(places: readonly Place[]): readonly EndpointSubset[] {
  const groups = new Map<string, Place[]>();
  for (const place of places) {
    const key = JSON.stringify(place.ports);
    const group = groups.get(key);
    if (group) group.push(place);
    else groups.set(key, [place]);
  }
  return [...groups.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, group]) => {
    const inOrder = group.toSorted((a, b) => compareAddresses(a.address, b.address));
    const ready = inOrder.filter((place) => place.ready).map(({ address }) => address);
    const waiting = inOrder.filter((place) => !place.ready).map(({ address }) => address);
    const ports = group[0]?.ports ?? [];
    return { ...(ready.length === 0 ? {} : { addresses: ready }), ...(waiting.length === 0 ? {} : { notReadyAddresses: waiting }), ...(ports.length === 0 ? {} : { ports }) };
  });
}

/** By text, as upstream compares them. */
function compareAddresses(a: EndpointAddress, b: EndpointAddress): number {
  if (a.ip !== b.ip) return a.ip < b.ip ? -1 : 1;
  return (a.targetRef?.uid ?? "") < (b.targetRef?.uid ?? "") ? -1 : 1;
}
