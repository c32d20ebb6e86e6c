import { endpointSlices, services } from "../../api/kinds.ts";
import type { Service } from "../../api/types/core-v1.ts";
import type { Endpoint, EndpointPort, EndpointSlice } from "../../api/types/discovery-v1.ts";
import { fnv1a32 } from "../../base/hash.ts";
import { childName, hashSuffix } from "../../base/names.ts";
import { controllerReference } from "../owner.ts";
import type { Family } from "../service-pods.ts";
import { headlessLabel, isHeadless, triggerTimeKey } from "../service-pods.ts";

/** EndpointSlices as this controller makes them. */

export const serviceNameLabel = "kubernetes.io/service-name";
const managedByLabel = "endpointslice.kubernetes.io/managed-by";
const controllerName = "endpointslice-controller.k8s.io";

export function isOurs(slice: EndpointSlice): boolean {
  return slice.metadata.labels?.[managedByLabel] === controllerName;
}

/** The Service's labels and those that tell what the slice is. */
export function sliceLabels(service: Service): { readonly [key: string]: string } {
  const labels: { [key: string]: string } = { ...service.metadata.labels };
  for (const own of [headlessLabel, managedByLabel, serviceNameLabel]) delete labels[own];
  return { ...labels, [managedByLabel]: controllerName, [serviceNameLabel]: service.metadata.name, ...(isHeadless(service) ? { [headlessLabel]: "" } : {}) };
}

/** A new slice. `place` and the slices that are there give the name: the same view gives the same name, so that no slice is made twice. */
export function newSlice(
  service: Service,
  options: { readonly family: Family; readonly ports: readonly EndpointPort[]; readonly endpoints: readonly Endpoint[]; readonly existing: readonly EndpointSlice[]; readonly place: number },
): EndpointSlice {
  const { family, ports, endpoints, existing, place } = options;
  let there = 0;
  for (const { metadata } of existing) there = (there + fnv1a32(metadata.uid)) >>> 0;
  return {
    kind: endpointSlices.kind,
    apiVersion: endpointSlices.apiVersion,
    metadata: {
      name: childName(service.metadata.name, hashSuffix(`${service.metadata.uid}/${family}/${there}/${place}`)),
      generateName: `${service.metadata.name}-`,
      namespace: service.metadata.namespace,
      labels: sliceLabels(service),
      ownerReferences: [controllerReference(service, services)],
    } as unknown as EndpointSlice["metadata"],
    addressType: family,
    ...(endpoints.length === 0 ? {} : { endpoints }),
    ...(ports.length === 0 ? {} : { ports }),
  };
}

/** The slice with this content; empty lists are left out. */
export function withContent(slice: EndpointSlice, service: Service, content: { readonly ports: readonly EndpointPort[]; readonly endpoints: readonly Endpoint[] }): EndpointSlice {
  const { endpoints: _, ports: __, ...rest } = slice;
  return {
    ...rest,
    metadata: { ...slice.metadata, labels: sliceLabels(service) },
    ...(content.endpoints.length === 0 ? {} : { endpoints: content.endpoints }),
    ...(content.ports.length === 0 ? {} : { ports: content.ports }),
  };
}

/** The slice with the time of what it tells, as the annotation that upstream writes. */
export function timed(slice: EndpointSlice, time: string | undefined): EndpointSlice {
  const { annotations, ...rest } = slice.metadata;
  const others = Object.fromEntries(Object.entries(annotations ?? {}).filter(([key]) => key !== triggerTimeKey));
  const next = time === undefined ? others : { ...others, [triggerTimeKey]: time };
  return { ...slice, metadata: { ...rest, ...(Object.keys(next).length === 0 ? {} : { annotations: next }) } as EndpointSlice["metadata"] };
}
