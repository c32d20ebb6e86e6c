import type { Quantity } from "../../base/quantity.ts";
import { addQuantity, compareQuantity, formatQuantity, parseQuantity, quantityOf } from "../../base/quantity.ts";
import type { KubeObject, KindRef } from "../kind-ref.ts";
import type { PersistentVolumeClaim, Pod, ResourceQuotaSpec, Service } from "../types/core-v1.ts";
import { podAmounts } from "./pod-amounts.ts";
import type { Amounts } from "./pod-amounts.ts";
import { scopesHold } from "./quota-scopes.ts";

/**
 * What an object costs a quota: the names under which a ResourceQuota bounds it, each with an amount. The admission of writes
 * and the controller that keeps the status of quotas count by this alone.
 */
const one = quantityOf(1);
const nothing: Amounts = new Map();

type Measure = (object: KubeObject) => Amounts;
type KindName = Pick<KindRef, "group" | "plural">;

/** Kinds that cost more than one of their kind. */
const measures: { readonly [resource: string]: Measure } = {
  pods: (object) => podUsage(object as Pod),
  services: (object) => serviceUsage(object as Service),
  persistentvolumeclaims: (object) => claimUsage(object as PersistentVolumeClaim),
  replicationcontrollers: () => new Map([["replicationcontrollers", one]]),
  resourcequotas: () => new Map([["resourcequotas", one]]),
  secrets: () => new Map([["secrets", one]]),
  configmaps: () => new Map([["configmaps", one]]),
};

function resourceOf({ group, plural }: KindName): string {
  return group === "" ? plural : `${plural}.${group}`;
}

/** What the object costs; nothing when the quota's scopes leave it out. */
export function usageOf(spec: ResourceQuotaSpec, kind: KindName, object: KubeObject): Amounts {
  if (!scopesHold(spec, resourceOf(kind), object)) return nothing;
  const measured = measures[resourceOf(kind)]?.(object) ?? nothing;
  return new Map([[`count/${resourceOf(kind)}`, one], ...measured]);
}

/** Whether objects of this kind can cost anything that the quota bounds. */
export function concerns({ hard = {} }: ResourceQuotaSpec, kind: KindName): boolean {
  const resource = resourceOf(kind);
  return Object.keys(hard).some((name) => resourceOfName(name) === resource);
}

/** The kind of object that a name in `hard` bounds: `pods.<group>` and the like as in paths of the store. */
export function resourceOfName(name: string): string {
  if (name.startsWith("count/")) return name.slice("count/".length);
  if (name.startsWith("services.")) return "services";
  if (name === "requests.storage" || name.includes(".storageclass.storage.k8s.io/")) return "persistentvolumeclaims";
  return name in measures ? name : "pods";
}

function podUsage(pod: Pod): Amounts {
  // What has ended costs its place in the list and nothing else.
  if (pod.status?.phase === "Failed" || pod.status?.phase === "Succeeded") return nothing;
  const out = new Map<string, Quantity>([["pods", one]]);
  for (const [name, amount] of podAmounts(pod.spec, "requests")) {
    out.set(`requests.${name}`, amount);
    if (plainNames.has(name) || name.startsWith("hugepages-")) out.set(name, amount);
  }
  for (const [name, amount] of podAmounts(pod.spec, "limits")) if (plainNames.has(name)) out.set(`limits.${name}`, amount);
  return out;
}

/** Resources that a quota may name without `requests.`. */
const plainNames: ReadonlySet<string> = new Set(["cpu", "memory", "ephemeral-storage"]);

function serviceUsage({ spec }: Service): Amounts {
  const out = new Map<string, Quantity>([["services", one]]);
  const ports = spec.ports ?? [];
  if (spec.type === "NodePort") out.set("services.nodeports", quantityOf(ports.length));
  if (spec.type === "LoadBalancer") {
    out.set("services.loadbalancers", one);
    out.set("services.nodeports", quantityOf(spec.allocateLoadBalancerNodePorts === false ? ports.filter(({ nodePort }) => (nodePort ?? 0) !== 0).length : ports.length));
  }
  return out;
}

function claimUsage({ spec, metadata }: PersistentVolumeClaim): Amounts {
  const out = new Map<string, Quantity>([["persistentvolumeclaims", one]]);
  const storage = parseQuantity(spec.resources?.requests?.["storage"] ?? "0");
  const className = spec.storageClassName ?? metadata.annotations?.["volume.beta.kubernetes.io/storage-class"] ?? "";
  if (storage !== undefined) out.set("requests.storage", storage);
  if (className !== "") {
    out.set(`${className}.storageclass.storage.k8s.io/persistentvolumeclaims`, one);
    if (storage !== undefined) out.set(`${className}.storageclass.storage.k8s.io/requests.storage`, storage);
  }
  return out;
}

export function addAmounts(a: Amounts, b: Amounts): Amounts {
  const out = new Map(a);
  for (const [name, amount] of b) out.set(name, addQuantity(out.get(name) ?? quantityOf(0, amount.format), amount));
  return out;
}

export function subtractAmounts(a: Amounts, b: Amounts): Amounts {
  return addAmounts(a, new Map([...b].map(([name, { mantissa, scale, format }]) => [name, { mantissa: -mantissa, scale, format }])));
}

/** `a=1,b=2`, by name. */
export function amountsText(amounts: Amounts): string {
  return [...amounts]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, amount]) => `${name}=${formatQuantity(amount)}`)
    .join(",");
}

export function isMore(a: Quantity, b: Quantity): boolean {
  return compareQuantity(a, b) > 0;
}
