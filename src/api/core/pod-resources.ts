import type { Draft } from "../../base/json.ts";
import { addQuantity, compareQuantity, formatQuantity, parseQuantity } from "../../base/quantity.ts";
import type { Quantity } from "../../base/quantity.ts";
import type { Container, Pod, PodSpec } from "../types/core-v1.ts";
import { isHugePages, isOvercommitAllowed } from "../validation/quantities.ts";

/** What the containers of a Pod need together, and what follows from it: its quality of service, defaults of the Pod as a whole. */
type Amounts = { readonly [resource: string]: string };
type Totals = Map<string, Quantity>;

function add(totals: Totals, amounts: Amounts | undefined): void {
  for (const resource in amounts) {
    const amount = parseQuantity(amounts[resource] ?? "0");
    if (amount === undefined) continue;
    const before = totals.get(resource);
    totals.set(resource, before === undefined ? amount : addQuantity(before, amount));
  }
}

function raise(totals: Totals, others: Totals): void {
  for (const [resource, amount] of others) {
    const before = totals.get(resource);
    if (before === undefined || compareQuantity(amount, before) > 0) totals.set(resource, amount);
  }
}

/**
 * All containers that run together, or more where an init container asks for more: sidecars stay beside what starts after
 * them, the other init containers run alone.
 */
export function aggregate(spec: Pick<PodSpec, "containers" | "initContainers">, what: "requests" | "limits"): Totals {
  const totals: Totals = new Map();
  const starting: Totals = new Map();
  const sidecars: Totals = new Map();
  for (const container of spec.containers ?? []) add(totals, container.resources?.[what]);
  for (const container of spec.initContainers ?? []) {
    const now: Totals = new Map(sidecars);
    if (container.restartPolicy === "Always") {
      add(totals, container.resources?.[what]);
      add(sidecars, container.resources?.[what]);
      raise(starting, sidecars);
    } else {
      add(now, container.resources?.[what]);
      raise(starting, now);
    }
  }
  raise(totals, starting);
  return totals;
}

function isPodLevel(resource: string): boolean {
  return resource === "cpu" || resource === "memory" || isHugePages(resource);
}

function written(own: Amounts | undefined, more: Totals, wanted: (resource: string) => boolean): { [resource: string]: string } | undefined {
  const all: { [resource: string]: string } = { ...own };
  for (const [resource, amount] of more) if (!Object.hasOwn(all, resource) && wanted(resource)) all[resource] = formatQuantity(amount);
  const keys = Object.keys(all).sort();
  return keys.length === 0 ? undefined : Object.fromEntries(keys.map((key) => [key, all[key] ?? ""]));
}

/** Requests and limits of a Pod as a whole, from those of its containers: only where its author has begun to give some. */
export function defaultPodResources(spec: Draft<PodSpec>): void {
  const resources = spec.resources;
  if (resources === undefined) return;
  const limits = (): Totals => aggregate(spec as PodSpec, "limits");
  if (Object.keys(resources.limits ?? {}).length + Object.keys(resources.requests ?? {}).length > 0) {
    const huge = written(resources.limits, limits(), (resource) => isHugePages(resource) && !Object.hasOwn(resources.requests ?? {}, resource));
    if (huge !== undefined) resources.limits = huge;
  }
  if (Object.keys(resources.limits ?? {}).length > 0) {
    const fromContainers = written(resources.requests, aggregate(spec as PodSpec, "requests"), (resource) => isPodLevel(resource) && isOvercommitAllowed(resource));
    const own: Totals = new Map();
    add(own, resources.limits);
    const requests = written(fromContainers, own, isPodLevel);
    if (requests !== undefined) resources.requests = requests;
  } else if (Object.keys(resources.requests ?? {}).length > 0) {
    const all = [...(spec.containers ?? []), ...(spec.initContainers ?? [])];
    const complete = (resource: string): boolean => all.every((container) => Object.hasOwn(container.resources?.limits ?? {}, resource));
    const more = written(resources.limits, limits(), (resource) => isPodLevel(resource) && isOvercommitAllowed(resource) && complete(resource));
    if (more !== undefined) resources.limits = more;
  }
}

type QosClass = "Guaranteed" | "Burstable" | "BestEffort";

function positive(amount: string | undefined): amount is string {
  // Canonical texts: zero is always "0".
  return amount !== undefined && amount !== "0" && !amount.startsWith("-");
}

/** Guaranteed: everyone's limits of CPU and memory equal the requests; BestEffort: nobody asks for either. */
export function qosClass(pod: Pick<Pod, "spec">): QosClass {
  const spec = pod.spec;
  if (spec === undefined) return "BestEffort";
  const whole = spec.resources;
  const holders: readonly Pick<Container, "resources">[] =
    whole !== undefined && Object.keys(whole.limits ?? {}).length + Object.keys(whole.requests ?? {}).length > 0
      ? [{ resources: whole }]
      : [...(spec.containers ?? []), ...(spec.initContainers ?? [])];
  let asks = false;
  let guaranteed = true;
  const requests: Totals = new Map();
  const limits: Totals = new Map();
  for (const { resources } of holders) {
    for (const resource of ["cpu", "memory"]) {
      const request = resources?.requests?.[resource];
      const limit = resources?.limits?.[resource];
      if (positive(request)) add(requests, { [resource]: request });
      if (positive(limit)) add(limits, { [resource]: limit });
      else guaranteed = false;
      if (positive(request) || positive(limit)) asks = true;
    }
  }
  if (!asks) return "BestEffort";
  if (!guaranteed) return "Burstable";
  for (const [resource, request] of requests) {
    const limit = limits.get(resource);
    if (limit === undefined || compareQuantity(request, limit) !== 0) return "Burstable";
  }
  return requests.size === limits.size ? "Guaranteed" : "Burstable";
}
