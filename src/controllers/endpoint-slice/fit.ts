import { sameData } from "../../api/equality.ts";
import type { Endpoint, EndpointPort, EndpointSlice } from "../../api/types/discovery-v1.ts";
import { controllerOf } from "../owner.ts";
import type { Family } from "../service-pods.ts";
import { triggerTimeKey } from "../service-pods.ts";
import type { EndpointGroup } from "./desired.ts";
import { samePorts } from "./desired.ts";
import type { SliceSource } from "./slices.ts";
import { newSlice, withContent } from "./slices.ts";

/**
 * Fits endpoints into slices, purely. Few writes come before full slices: an endpoint stays in the slice that has it; new ones go
 * where something is written anyway, then into the fullest slice with room for all, then into new slices. What would be deleted
 * takes what would be created.
 */
export interface SlicePlan {
  readonly create: readonly EndpointSlice[];
  readonly update: readonly EndpointSlice[];
  readonly delete: readonly EndpointSlice[];
}

export interface FitOptions {
  readonly source: SliceSource;
  readonly family: Family;
  /** All slices of the source. */
  readonly slices: readonly EndpointSlice[];
  readonly endpointsMax: number;
  /** One empty slice stands for a source without endpoints. */
  readonly placeholder: boolean;
}

interface Change {
  /** Contents of slices that do not exist yet. */
  readonly create: { ports: readonly EndpointPort[]; endpoints: readonly Endpoint[] }[];
  readonly update: EndpointSlice[];
  readonly delete: EndpointSlice[];
}

export function fit(groups: readonly EndpointGroup[], options: FitOptions): SlicePlan {
  const { source, family, slices } = options;
  const existing = slices.filter((slice) => slice.addressType === family);
  const change: Change = { create: [], update: [], delete: [] };
  for (const group of groups) fillGroup(group, existing.filter((slice) => samePorts(slice.ports, group.ports)), change, options);
  for (const slice of existing) if (!groups.some((group) => samePorts(slice.ports, group.ports))) change.delete.push(slice);
  if (options.placeholder && change.create.length === 0 && change.delete.length === existing.length) keepPlaceholder(source, change);
  while (change.create.length > 0) {
    const reused = change.delete.find((slice) => controllerOf(slice)?.uid === source.uid);
    if (!reused) break;
    change.delete.splice(change.delete.indexOf(reused), 1);
    change.update.push(withContent(reused, source, change.create.pop() as Change["create"][number]));
  }
  return {
    create: change.create.map((content, place) => newSlice(source, { family, ...content, existing: slices, place })),
    update: change.update,
    delete: change.delete,
  };
}

function keepPlaceholder(source: SliceSource, change: Change): void {
  const [only] = change.delete;
  const isOne = change.delete.length === 1 && only !== undefined && (only.endpoints ?? []).length === 0 && (only.ports ?? []).length === 0;
  if (isOne && carries(only, source)) change.delete.length = 0;
  else change.create.push({ ports: [], endpoints: [] });
}

function carries({ metadata }: EndpointSlice, source: SliceSource): boolean {
  const { [triggerTimeKey]: _, ...annotations } = metadata.annotations ?? {};
  return sameData(metadata.labels, source.labels) && (source.annotations === undefined || sameData(annotations, source.annotations));
}

interface Kept {
  readonly slice: EndpointSlice;
  readonly endpoints: Endpoint[];
  changed: boolean;
}

function fillGroup(group: EndpointGroup, slices: readonly EndpointSlice[], change: Change, options: FitOptions): void {
  const { source, endpointsMax } = options;
  const wanted = new Map(group.endpoints.map((endpoint) => [identity(endpoint), endpoint]));
  const kept = slices.map((slice) => keep(source, slice, wanted));
  const left = [...wanted.values()];
  const emptied = kept.filter(({ endpoints }) => endpoints.length === 0);
  const standing = kept.filter(({ endpoints }) => endpoints.length > 0);
  for (const each of standing.filter(({ changed }) => changed).sort(byFullness)) move(left, each, endpointsMax);
  if (left.length > 0) {
    const roomy = standing.filter((each) => !each.changed && each.endpoints.length + left.length <= endpointsMax).sort(byFullness)[0];
    if (roomy) move(left, roomy, endpointsMax);
  }
  while (left.length > 0) change.create.push({ ports: group.ports, endpoints: left.splice(0, endpointsMax) });
  for (const { slice, endpoints, changed } of standing) if (changed) change.update.push(withContent(slice, source, { ports: slice.ports ?? [], endpoints }));
  for (const { slice } of emptied) change.delete.push(slice);
}

/** What of a slice stays; takes it from `wanted`. */
function keep(source: SliceSource, slice: EndpointSlice, wanted: Map<string, Endpoint>): Kept {
  const before = slice.endpoints ?? [];
  const endpoints: Endpoint[] = [];
  let changed = !carries(slice, source);
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

function move(left: Endpoint[], to: Kept, endpointsMax: number): void {
  const moved = left.splice(0, Math.max(endpointsMax - to.endpoints.length, 0));
  if (moved.length === 0) return;
  to.endpoints.push(...moved);
  to.changed = true;
}
