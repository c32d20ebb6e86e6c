import fc from "fast-check";
import { expect, test } from "vitest";
import type { ClusterRole, PolicyRule } from "../../api/types/rbac-v1.ts";
import { gatheredRules } from "./plan.ts";

const rule = fc.constantFrom("pods", "services", "nodes", "jobs").map((resource): PolicyRule => ({ apiGroups: [""], resources: [resource], verbs: ["get"] }));
const labels = fc.record({ "to-view": fc.constantFrom("true", "false"), "to-edit": fc.constantFrom("true", "false") });
const sources = fc.uniqueArray(fc.record({ name: fc.constantFrom("a", "b", "c", "d", "e"), labels, rules: fc.option(fc.array(rule, { maxLength: 3 }), { nil: undefined }) }), { selector: ({ name }) => name });
const selectors = fc.array(fc.constantFrom("to-view", "to-edit").map((key) => ({ matchLabels: { [key]: "true" } })), { minLength: 1, maxLength: 2 });

function role(name: string, options: { readonly labels?: object; readonly rules?: readonly PolicyRule[] | undefined; readonly selectors?: readonly object[] }): ClusterRole {
  const { rules, selectors: clusterRoleSelectors } = options;
  return { metadata: { name, labels: options.labels }, ...(rules && { rules }), ...(clusterRoleSelectors && { aggregationRule: { clusterRoleSelectors } }) } as unknown as ClusterRole;
}

const textOf = (rules: readonly PolicyRule[] | undefined): string[] => (rules ?? []).map((each) => JSON.stringify(each));

test("a role holds just the rules of those that it selects, none twice, whatever their order and what it held before; then it rests", () => {
  fc.assert(
    fc.property(sources, selectors, fc.array(rule, { maxLength: 4 }), (drawn, chosen, held) => {
      const others = drawn.map((each) => role(each.name, each));
      const gathering = role("view", { labels: { "to-view": "true", "to-edit": "true" }, rules: held, selectors: chosen });
      const rules = gatheredRules(gathering, [...others, gathering]) ?? held;
      const wanted = drawn.filter((each) => chosen.some(({ matchLabels }) => Object.keys(matchLabels).some((key) => each.labels[key as "to-view"] === "true")));
      expect(new Set(textOf(rules))).toEqual(new Set(wanted.flatMap((each) => textOf(each.rules))));
      const settled = role("view", { rules, selectors: chosen });
      if (rules !== held) expect(new Set(textOf(rules)).size).toBe(rules.length);
      expect(gatheredRules(settled, [settled, ...others.toReversed()])).toBeUndefined();
    }),
  );
});

test("a role that gathers nothing is left alone", () => {
  fc.assert(
    fc.property(sources, fc.array(rule), (drawn, rules) => {
      expect(gatheredRules(role("mine", { rules }), drawn.map((each) => role(each.name, each)))).toBeUndefined();
    }),
  );
});
