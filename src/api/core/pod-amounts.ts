import type { Quantity } from "../../base/quantity.ts";
import { addQuantity, parseQuantity, quantityOf } from "../../base/quantity.ts";
import type { Container, PodSpec } from "../types/core-v1.ts";
import { aggregate } from "./pod-resources.ts";

/** What a Pod asks for and may use in all, exact, as quotas and limits count it. */
export type Amounts = ReadonlyMap<string, Quantity>;
type Side = "requests" | "limits";

const zero: Quantity = quantityOf(0);

export function containerAmounts(container: Pick<Container, "resources">, side: Side): Amounts {
  return amountsOf(container.resources?.[side]);
}

function amountsOf(amounts: { readonly [name: string]: string } | undefined): Amounts {
  const out = new Map<string, Quantity>();
  for (const name in amounts) out.set(name, parseQuantity(amounts[name] as string) ?? zero);
  return out;
}

/** What the Pod says of itself counts instead of what its containers say together; its overhead comes on top. */
export function podAmounts(spec: PodSpec, side: Side): Amounts {
  const total = new Map(aggregate(spec, side));
  for (const [name, amount] of amountsOf(spec.resources?.[side])) total.set(name, amount);
  for (const [name, amount] of amountsOf(spec.overhead)) {
    const standing = total.get(name);
    if (standing !== undefined) total.set(name, addQuantity(standing, amount));
    else if (side === "requests") total.set(name, amount);
  }
  return total;
}
