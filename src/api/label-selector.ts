import type { LabelSelector } from "./types/meta-v1.ts";

/**
 * What label selectors select. The text of query parameters and the LabelSelector of objects say the same: a list of requirements, all of
 * which must hold.
 */
export type Labels = { readonly [key: string]: string } | undefined;

export type Operator = "In" | "NotIn" | "Exists" | "DoesNotExist" | "Gt" | "Lt";

export interface Requirement {
  readonly key: string;
  readonly operator: Operator;
  readonly values: readonly string[];
}

/** Whether one requirement holds: absent keys satisfy NotIn and DoesNotExist only. */
export function requirementHolds(requirement: Requirement, labels: Labels): boolean {
  const found = labels?.[requirement.key];
  // A key such as `constructor` finds what every object inherits, which is never a text.
  const value = typeof found === "string" ? found : undefined;
  switch (requirement.operator) {
    case "In":
      return value !== undefined && requirement.values.includes(value);
    case "NotIn":
      return value === undefined || !requirement.values.includes(value);
    case "Exists":
      return value !== undefined;
    case "DoesNotExist":
      return value === undefined;
    case "Gt":
    case "Lt": {
      const bound = requirement.values[0] ?? "";
      if (value === undefined || !/^[+-]?\d+$/.test(value) || !/^[+-]?\d+$/.test(bound)) return false;
      return requirement.operator === "Gt" ? BigInt(value) > BigInt(bound) : BigInt(value) < BigInt(bound);
    }
  }
}

export function selects(requirements: readonly Requirement[], labels: Labels): boolean {
  for (const requirement of requirements) if (!requirementHolds(requirement, labels)) return false;
  return true;
}

/** Whether an object's selector selects these labels: none selects nothing, an empty one everything. */
export function matchesSelector(selector: LabelSelector | undefined, labels: Labels): boolean {
  if (!selector) return false;
  // Nothing is made on the way: controllers ask for every Pod at every look.
  for (const key in selector.matchLabels) if (labels?.[key] !== selector.matchLabels[key]) return false;
  for (const { key, operator, values } of selector.matchExpressions ?? []) {
    if (!requirementHolds({ key, operator: operator as Operator, values: values ?? [] }, labels)) return false;
  }
  return true;
}
