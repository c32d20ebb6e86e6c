import { matchesSelector } from "../../api/label-selector.ts";
import { equalJson } from "../../api/schema/json-data.ts";
import type { ClusterRole, PolicyRule } from "../../api/types/rbac-v1.ts";

/**
 * The rules that a role gathers from others: those of every role that one of its selectors selects, in order of the roles' names, none twice.
 * Undefined: the role gathers nothing, or holds just these already.
 */
export function gatheredRules(role: ClusterRole, all: readonly ClusterRole[]): readonly PolicyRule[] | undefined {
  const selectors = role.aggregationRule?.clusterRoleSelectors ?? [];
  if (selectors.length === 0) return undefined;
  const rules: PolicyRule[] = [];
  for (const selector of selectors) {
    const sources = all.filter(({ metadata }) => metadata.name !== role.metadata.name && matchesSelector(selector, metadata.labels ?? {}));
    for (const { rules: given } of sources.toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))) {
      for (const rule of given ?? []) if (!rules.some((standing) => equalJson(standing, rule))) rules.push(rule);
    }
  }
  return equalJson(rules, role.rules ?? []) ? undefined : rules;
}
