import type { Amounts } from "../../api/core/pod-amounts.ts";
import { addAmounts, usageOf } from "../../api/core/quota-usage.ts";
import type { KindRef, KubeObject } from "../../api/kind-ref.ts";
import { equalJson } from "../../api/schema/json-data.ts";
import type { ResourceQuota } from "../../api/types/core-v1.ts";
import { formatQuantity } from "../../base/quantity.ts";

/** Objects of one kind in the namespace of a quota. */
export interface HeldKind {
  readonly ref: Pick<KindRef, "group" | "plural">;
  readonly objects: readonly KubeObject[];
}

/** The status that a quota should have: every bound that it sets, with what its namespace holds of it. Undefined: it has it. Pure. */
export function quotaStatus({ spec, status }: ResourceQuota, kinds: readonly HeldKind[]): ResourceQuota["status"] | undefined {
  let used: Amounts = new Map();
  for (const { ref, objects } of kinds) for (const object of objects) used = addAmounts(used, usageOf(spec, ref, object));
  const names = Object.keys(spec.hard ?? {}).sort();
  const amount = (name: string): string => {
    const quantity = used.get(name);
    return quantity === undefined ? "0" : formatQuantity(quantity);
  };
  const hard = Object.fromEntries(names.map((name) => [name, spec.hard?.[name] as string]));
  const next = names.length === 0 ? {} : { hard, used: Object.fromEntries(names.map((name) => [name, amount(name)])) };
  return equalJson(next, status) ? undefined : next;
}
