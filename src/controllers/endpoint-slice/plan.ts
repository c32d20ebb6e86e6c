import { sameData } from "../../api/equality.ts";
import type { Pod, Service } from "../../api/types/core-v1.ts";
import type { Endpoint, EndpointPort, EndpointSlice } from "../../api/types/discovery-v1.ts";
import { controllerOf } from "../owner.ts";
import type { Family } from "../service-pods.ts";
import type { EndpointGroup, ZoneOf } from "./desired.ts";
import { endpointGroups, samePorts } from "./desired.ts";
import { newSlice, sliceLabels, withContent } from "./slices.ts";

/**
 * How the slices of a Service have to change, as a pure function of the Service, its Pods and the slices that are there. Few
 * writes come before full slices: an endpoint stays in the slice that has it; new ones go where something is written anyway, then
 * into the fullest slice with room for all, then into new slices. A Service without endpoints keeps one empty slice. A settled
 * view gives no intention.
 */

export interface SliceView {
  readonly service: Service;
  /** The Pods that the Service selects, by name. */
  readonly pods: readonly Pod[];
  readonly zoneOf: ZoneOf;
  /** Those of this controller, by name. */
  readonly slices: readonly EndpointSlice[];
}

export interface SlicePlan {
  readonly create: readonly EndpointSlice[];
  readonly update: readonly EndpointSlice[];
  readonly delete: readonly EndpointSlice[];
}

/** Upstream's MaxEndpointsPerSlice. */
export const endpointsMax = 100;

interface Change {
  /** Contents of slices that do not exist yet. */
  readonly create: { ports: readonly EndpointPort[]; endpoints: readonly Endpoint[] }[];
  readonly update: EndpointSlice[];
  readonly delete: EndpointSlice[];
}

export function planSlices(view: SliceView): SlicePlan {
  const families = (view.service.spec.ipFamilies ?? ["IPv4"]) as readonly Family[];
  const plans = families.map((family) => planFamily(view, family));
  const foreign = view.slices.filter((slice) => !(families as readonly string[]).includes(slice.addressType));
  return {
    create: plans.flatMap((plan) => plan.create),
    update: plans.flatMap((plan) => plan.update),
    delete: [...plans.flatMap((plan) => plan.delete), ...foreign],
  };
}

function planFamily(view: SliceView, family: Family): SlicePlan {
  const { service } = view;
  const existing = view.slices.filter((slice) => slice.addressType === family);
  const groups = endpointGroups(service, { pods: view.pods, family, zoneOf: view.zoneOf });
  const change: Change = { create: [], update: [], delete: [] };
  for (const group of groups) fillGroup(service, group, existing.filter((slice) => samePorts(slice.ports, group.ports)), change);
  for (const slice of existing) if (!groups.some((group) => samePorts(slice.ports, group.ports))) change.delete.push(slice);
  if (change.create.length === 0 && change.delete.length === existing.length) keepPlaceholder(service, change);
  // What would be deleted takes what would be created.
  while (change.create.length > 0) {
    const reused = change.delete.find((slice) => controllerOf(slice)?.uid === service.metadata.uid);
    if (!reused) break;
    change.delete.splice(change.delete.indexOf(reused), 1);
    change.update.push(withContent(reused, service, change.create.pop() as Change["create"][number]));
  }
  return {
    create: change.create.map((content, place) => newSlice(service, { family, ...content, existing: view.slices, place })),
    update: change.update,
    delete: change.delete,
  };
}

/** A Service has at least one slice. */
function keepPlaceholder(service: Service, change: Change): void {
  const [only] = change.delete;
  const isOne = change.delete.length === 1 && only !== undefined && (only.endpoints ?? []).length === 0 && (only.ports ?? []).length === 0;
  if (isOne && sameData(only.metadata.labels, sliceLabels(service))) change.delete.length = 0;
  else change.create.push({ ports: [], endpoints: [] });
}

interface Kept {
  readonly slice: EndpointSlice;
  readonly endpoints: Endpoint[];
  changed: boolean;
}

function fillGroup(service: Service, group: EndpointGroup, slices: readonly EndpointSlice[], change: Change): void {
  const wanted = new Map(group.endpoints.map((endpoint) => [identity(endpoint), endpoint]));
  const kept = slices.map((slice) => keep(service, slice, wanted));
  const left = [...wanted.values()];
  const emptied = kept.filter(({ endpoints }) => endpoints.length === 0);
  const standing = kept.filter(({ endpoints }) => endpoints.length > 0);
  for (const each of standing.filter(({ changed }) => changed).sort(byFullness)) move(left, each);
  if (left.length > 0) {
    const roomy = standing.filter((each) => !each.changed && each.endpoints.length + left.length <= endpointsMax).sort(byFullness)[0];
    if (roomy) move(left, roomy);
  }
  while (left.length > 0) change.create.push({ ports: group.ports, endpoints: left.splice(0, endpointsMax) });
  for (const { slice, endpoints, changed } of standing) if (changed) change.update.push(withContent(slice, service, { ports: slice.ports ?? [], endpoints }));
  for (const { slice } of emptied) change.delete.push(slice);
}

/** What of a slice stays; takes it from `wanted`. */
function keep(service: Service, slice: EndpointSlice, wanted: Map<string, Endpoint>): Kept {
  const before = slice.endpoints ?? [];
  const endpoints: Endpoint[] = [];
  let changed = !sameData(slice.metadata.labels, sliceLabels(service));
  for (const endpoint of before) {
    const key = identity(endpoint);
    const next = wanted.get(key);
    if (!next) continue;
    wanted.delete(key);
    if (!sameData(next, endpoint)) changed = true;
    endpoints.push(next);
  }
  return { slice, endpoints, changed: changed || endpoints.length !== before.length };
}

/** What makes an endpoint the same one although its conditions change. */
function identity({ addresses, targetRef, hostname, nodeName }: Endpoint): string {
  return `${addresses.toSorted().join(",")}/${targetRef?.uid ?? ""}/${hostname ?? ""}/${nodeName ?? ""}`;
}

function byFullness(a: Kept, b: Kept): number {
  return b.endpoints.length - a.endpoints.length;
}

function move(left: Endpoint[], to: Kept): void {
  const moved = left.splice(0, Math.max(endpointsMax - to.endpoints.length, 0));
  if (moved.length === 0) return;
  to.endpoints.push(...moved);
  to.changed = true;
}
