import { loadSchema } from "../schema/schema.ts";
import type { PodSpec } from "../types/core-v1.ts";
import { unifiedDifference } from "../validation/difference.ts";
import { goValue } from "../validation/go-value.ts";

/** How two Pod specs differ, as upstream shows it: lines of its internal type, with their surroundings. Only for refusals: it is slow. */
export function podSpecDifference(before: PodSpec, now: PodSpec): string {
  const schema = loadSchema();
  const lines = (spec: PodSpec): string[] => JSON.stringify(goValue(schema, "io.k8s.api.core.v1.PodSpec", spec), undefined, 1).split("\n");
  return unifiedDifference(lines(before), lines(now));
}
