import { milliValue, quantityValue } from "../base/quantity.ts";
import type { Container, PodSpec } from "../api/types/core-v1.ts";

/**
 * Amounts per resource name as plain numbers: cpu in thousandths of a core, everything else in its own unit (bytes, pieces).
 * Exact up to 2^53: 9 million cores, 8 PiB.
 */
export type Amounts = { [resource: string]: number };

type Quantities = { readonly [resource: string]: string } | undefined;

/** One quantity as a number of its resource's unit, rounded up. */
export function amountOf(resource: string, quantity: string): number {
  return resource === "cpu" ? milliValue(quantity) : quantityValue(quantity);
}

export function amountsOf(quantities: Quantities): Amounts {
  const amounts: Amounts = {};
  if (quantities) for (const resource of Object.keys(quantities)) amounts[resource] = amountOf(resource, quantities[resource] as string);
  return amounts;
}

function addTo(total: Amounts, quantities: Quantities): void {
  if (!quantities) return;
  for (const resource of Object.keys(quantities)) {
    total[resource] = (total[resource] ?? 0) + amountOf(resource, quantities[resource] as string);
  }
}

function raiseTo(total: Amounts, least: Amounts): void {
  for (const resource of Object.keys(least)) total[resource] = Math.max(total[resource] ?? 0, least[resource] as number);
}

type Side = "requests" | "limits";

function isSidecar(container: Container): boolean {
  return container.restartPolicy === "Always";
}

/**
 * What a Pod asks for: the containers together with its sidecars, or more if an init container (with the sidecars started before
 * it) needs more; Pod-level resources instead where they are set; plus the overhead of its runtime class.
 */
export function podAmounts(spec: PodSpec, side: Side = "requests"): Amounts {
  const total: Amounts = {};
  for (const container of spec.containers) addTo(total, container.resources[side]);
  if (spec.initContainers && spec.initContainers.length > 0) {
    const sidecars: Amounts = {};
    const peak: Amounts = {};
    for (const container of spec.initContainers) {
      if (isSidecar(container)) {
        addTo(sidecars, container.resources[side]);
        addTo(total, container.resources[side]);
        raiseTo(peak, sidecars);
      } else {
        const during: Amounts = { ...sidecars };
        addTo(during, container.resources[side]);
        raiseTo(peak, during);
      }
    }
    raiseTo(total, peak);
  }
  Object.assign(total, amountsOf(spec.resources?.[side]));
  if (spec.overhead && (side === "requests" || Object.keys(total).length > 0)) addTo(total, spec.overhead);
  return total;
}

/** The smallest share that scoring counts for a container without requests (upstream: 100m and 200 MB). */
const nonZero = { cpu: 100, memory: 200 * 1024 * 1024 } as const;

/** As `podAmounts`, for scoring: containers that ask for nothing count as `nonZero`. */
export function scoredAmounts(spec: PodSpec): { cpu: number; memory: number } {
  const asked = podAmounts(spec);
  let cpu = asked["cpu"] ?? 0;
  let memory = asked["memory"] ?? 0;
  for (const container of spec.containers) {
    if (container.resources.requests?.["cpu"] === undefined) cpu += nonZero.cpu;
    if (container.resources.requests?.["memory"] === undefined) memory += nonZero.memory;
  }
  return { cpu, memory };
}
