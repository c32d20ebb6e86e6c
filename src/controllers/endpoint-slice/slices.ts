import { lastAppliedAnnotation } from "../../api/meta-fields.ts";
import { endpointSlices, endpoints as endpointsKind, services } from "../../api/kinds.ts";
import type { Endpoints, Service } from "../../api/types/core-v1.ts";
import type { Endpoint, EndpointPort, EndpointSlice } from "../../api/types/discovery-v1.ts";
import type { OwnerReference } from "../../api/types/meta-v1.ts";
import { fnv1a32 } from "../../base/hash.ts";
import { childName, hashSuffix } from "../../base/names.ts";
import { controllerReference } from "../owner.ts";
import type { Family } from "../service-pods.ts";
import { headlessLabel, isHeadless, triggerTimeKey } from "../service-pods.ts";

/** EndpointSlices as the two controllers make them: for Services with a selector, and as mirrors of hand-made Endpoints. */

export const serviceNameLabel = "kubernetes.io/service-name";
const managedByLabel = "endpointslice.kubernetes.io/managed-by";

export const serviceManager = "endpointslice-controller.k8s.io";
export const mirrorManager = "endpointslicemirroring-controller.k8s.io";

export function isManagedBy(slice: EndpointSlice, manager: string): boolean {
  return slice.metadata.labels?.[managedByLabel] === manager;
}

/** What slices are made for, and what of it they carry. */
export interface SliceSource {
  readonly name: string;
  readonly namespace: string | undefined;
  readonly uid: string;
  readonly labels: { readonly [key: string]: string };
  /** Carried along; undefined: annotations are none of the source's business. */
  readonly annotations: { readonly [key: string]: string } | undefined;
  readonly owner: OwnerReference;
}

export function serviceSource(service: Service): SliceSource {
  const { name, namespace, uid } = service.metadata;
  const labels = { ...ownLabels(service.metadata.labels, name, serviceManager), ...(isHeadless(service) ? { [headlessLabel]: "" } : {}) };
  return { name, namespace, uid, labels, annotations: undefined, owner: controllerReference(service, services) };
}

export function mirrorSource(object: Endpoints): SliceSource {
  const { name, namespace, uid } = object.metadata;
  const annotations = { ...object.metadata.annotations };
  delete annotations[lastAppliedAnnotation];
  delete annotations[triggerTimeKey];
  return { name, namespace, uid, labels: ownLabels(object.metadata.labels, name, mirrorManager), annotations, owner: controllerReference(object, endpointsKind) };
}

/** The source's labels and those that tell what the slice is. */
function ownLabels(labels: { readonly [key: string]: string } | undefined, service: string, manager: string): { readonly [key: string]: string } {
  const others: { [key: string]: string } = { ...labels };
  for (const own of [headlessLabel, managedByLabel, serviceNameLabel]) delete others[own];
  return { ...others, [managedByLabel]: manager, [serviceNameLabel]: service };
}

/** A new slice. `place` and the slices that are there give the name: the same view gives the same name, so that no slice is made twice. */
export function newSlice(
  source: SliceSource,
  options: { readonly family: Family; readonly ports: readonly EndpointPort[]; readonly endpoints: readonly Endpoint[]; readonly existing: readonly EndpointSlice[]; readonly place: number },
): EndpointSlice {
  const { family, existing, place } = options;
  let there = 0;
  for (const { metadata } of existing) there = (there + fnv1a32(metadata.uid)) >>> 0;
  const metadata = {
    name: childName(source.name, hashSuffix(`${source.uid}/${family}/${there}/${place}`)),
    generateName: `${source.name}-`,
    namespace: source.namespace,
    ownerReferences: [source.owner],
  } as unknown as EndpointSlice["metadata"];
  return withContent({ kind: endpointSlices.kind, apiVersion: endpointSlices.apiVersion, metadata, addressType: family }, source, options);
}

/** The slice with this content; empty lists are left out. */
export function withContent(slice: EndpointSlice, source: SliceSource, content: { readonly ports: readonly EndpointPort[]; readonly endpoints: readonly Endpoint[] }): EndpointSlice {
  const { endpoints: _, ports: __, ...rest } = slice;
  const { labels, annotations } = source;
  return {
    ...rest,
    metadata: { ...slice.metadata, labels, ...(annotations === undefined ? {} : { annotations }) },
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
