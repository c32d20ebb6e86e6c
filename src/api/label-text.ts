/** Labels and label selectors as text, in the forms that tables and error messages use. */
import type { LabelSelector, LabelSelectorRequirement } from "./types/meta-v1.ts";

/** `a=b,c=d` sorted by key, or `<none>`. */
export function labelsText(labels: { readonly [key: string]: string } | undefined): string {
  const keys = Object.keys(labels ?? {}).sort();
  return keys.length === 0 ? "<none>" : keys.map((key) => `${key}=${labels?.[key] ?? ""}`).join(",");
}

/** `app=web,tier in (a,b),!old` sorted by key; `<none>` when it selects nothing or everything. */
export function labelSelectorText(selector: LabelSelector | undefined): string {
  return selectorText(selector) || "<none>";
}

/** The same, "" when it selects everything. */
export function selectorText(selector: LabelSelector | undefined): string {
  const parts = [
    ...Object.entries(selector?.matchLabels ?? {}).map(([key, value]) => ({ key, text: `${key}=${value}` })),
    ...(selector?.matchExpressions ?? []).map((requirement) => ({ key: requirement.key, text: requirementText(requirement) })),
  ];
  return parts
    .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
    .map(({ text }) => text)
    .join(",");
}

function requirementText({ key, operator, values }: LabelSelectorRequirement): string {
  const list = `(${[...(values ?? [])].sort().join(",")})`;
  switch (operator) {
    case "In":
      return `${key} in ${list}`;
    case "NotIn":
      return `${key} notin ${list}`;
    case "Exists":
      return key;
    case "DoesNotExist":
      return `!${key}`;
    default:
      return "<error>";
  }
}
