import type { Endpoints, EndpointAddress, EndpointSubset, Pod, Service } from "../../api/types/core-v1.ts";
import type { Endpoint, EndpointSlice } from "../../api/types/discovery-v1.ts";
import type { Family } from "../service-pods.ts";
import type { EndpointGroup, ZoneOf } from "./desired.ts";
import { endpointGroups, samePorts } from "./desired.ts";
import { fit } from "./fit.ts";
import type { SlicePlan } from "./fit.ts";
import { mirrorSource, serviceSource } from "./slices.ts";

/**
 * How slices have to change, as pure functions: those of a Service with a selector, which follow its Pods, and those that mirror
 * Endpoints which somebody wrote for a Service without one. A settled view gives no intention.
 */

export interface SliceView {
  readonly service: Service;
  /** The Pods that the Service selects, by name. */
  readonly pods: readonly Pod[];
  readonly zoneOf: ZoneOf;
  /** Those of this controller, by name. */
  readonly slices: readonly EndpointSlice[];
}

/** Upstream's MaxEndpointsPerSlice. */
export const endpointsMax = 100;
/** Upstream's MirroringMaxEndpointsPerSubset. */
const mirroredMax = 1000;

/** A Service without endpoints keeps one empty slice. */
export function planSlices(view: SliceView): SlicePlan {
  const families = (view.service.spec.ipFamilies ?? ["IPv4"]) as readonly Family[];
  const source = serviceSource(view.service);
  const plans = families.map((family) =>
    fit(endpointGroups(view.service, { pods: view.pods, family, zoneOf: view.zoneOf }), { source, family, slices: view.slices, endpointsMax, placeholder: true }),
  );
  return joined(plans, view.slices.filter((slice) => !(families as readonly string[]).includes(slice.addressType)));
}

/** Slices that say what the Endpoints say; `undefined` Endpoints are not to be mirrored (any more). */
export function planMirror(endpoints: Endpoints | undefined, slices: readonly EndpointSlice[]): SlicePlan {
  if (!endpoints) return { create: [], update: [], delete: slices };
  const source = mirrorSource(endpoints);
  const families: readonly Family[] = ["IPv4", "IPv6"];
  return joined(families.map((family) => fit(mirroredGroups(endpoints, family), { source, family, slices, endpointsMax: mirroredMax, placeholder: false })), []);
}

function joined(plans: readonly SlicePlan[], foreign: readonly EndpointSlice[]): SlicePlan {
  return {
    create: plans.flatMap((plan) => plan.create),
    update: plans.flatMap((plan) => plan.update),
    delete: [...plans.flatMap((plan) => plan.delete), ...foreign],
  };
}

function mirroredGroups(endpoints: Endpoints, family: Family): readonly EndpointGroup[] {
  const groups: { ports: EndpointGroup["ports"]; endpoints: Endpoint[] }[] = [];
  for (const subset of endpoints.subsets ?? []) {
    const mirrored = mirroredEndpoints(subset, family);
    if (mirrored.length === 0) continue;
    const ports = (subset.ports ?? []).map((port) => ({ name: port.name ?? "", protocol: port.protocol ?? ("TCP" as const), port: port.port, ...(port.appProtocol === undefined ? {} : { appProtocol: port.appProtocol }) }));
    const group = groups.find((each) => samePorts(each.ports, ports));
    if (group) group.endpoints.push(...mirrored);
    else groups.push({ ports, endpoints: mirrored });
  }
  return groups;
}

function mirroredEndpoints({ addresses = [], notReadyAddresses = [] }: EndpointSubset, family: Family): Endpoint[] {
  const all = [...addresses.map((address) => ({ address, ready: true })), ...notReadyAddresses.map((address) => ({ address, ready: false }))];
  return all.filter(({ address }) => address.ip.includes(":") === (family === "IPv6")).slice(0, mirroredMax).map(({ address, ready }) => mirroredEndpoint(address, ready));
}

function mirroredEndpoint({ ip, hostname, targetRef, nodeName }: EndpointAddress, ready: boolean): Endpoint {
  return {
    addresses: [ip],
    conditions: { ready },
    ...(hostname ? { hostname } : {}),
    ...(targetRef === undefined ? {} : { targetRef }),
    ...(nodeName === undefined ? {} : { nodeName }),
  };
}
