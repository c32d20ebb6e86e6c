import type { PolicyRule } from "../../api/types/rbac-v1.ts";
import type { RequestInfo, ResourceInfo } from "../request-info.ts";

/** What a rule of a role covers: a request, or another rule. */
type Texts = readonly string[] | null | undefined;

export function covers(rule: PolicyRule, info: RequestInfo): boolean {
  return info.type === "path" ? coversPath(rule, info.verb, info.path) : coversResource(rule, info);
}

function coversPath(rule: PolicyRule, verb: string, path: string): boolean {
  return has(rule.verbs, verb) && (rule.nonResourceURLs ?? []).some((pattern) => urlCovers(pattern, path));
}

function coversResource(rule: PolicyRule, info: ResourceInfo): boolean {
  if (!coversKind(rule, info)) return false;
  const names = rule.resourceNames ?? [];
  return names.length === 0 || names.includes(info.name);
}

/** Verb, group and resource; whatever the name. */
export function coversKind(rule: PolicyRule, { verb, group, resource, subresource }: Pick<ResourceInfo, "verb" | "group" | "resource" | "subresource">): boolean {
  if (!has(rule.verbs, verb) || !has(rule.apiGroups, group)) return false;
  const whole = subresource === "" ? resource : `${resource}/${subresource}`;
  return (rule.resources ?? []).some((pattern) => pattern === "*" || pattern === whole || (subresource !== "" && pattern === `*/${subresource}`));
}

function urlCovers(pattern: string, path: string): boolean {
  return pattern === path || (pattern.endsWith("*") && path.startsWith(pattern.slice(0, -1)));
}

function has(list: Texts, value: string): boolean {
  return list?.some((entry) => entry === "*" || entry === value) === true;
}

/** The rules cut into pieces of one verb on one thing each. */
function pieces(rule: PolicyRule): PolicyRule[] {
  const out: PolicyRule[] = [];
  const names = (rule.resourceNames ?? []).length === 0 ? [undefined] : (rule.resourceNames ?? []);
  for (const group of rule.apiGroups ?? []) {
    for (const resource of rule.resources ?? []) {
      for (const verb of rule.verbs) {
        for (const name of names) out.push({ apiGroups: [group], resources: [resource], ...(name === undefined ? {} : { resourceNames: [name] }), verbs: [verb] });
      }
    }
  }
  for (const url of rule.nonResourceURLs ?? []) for (const verb of rule.verbs) out.push({ nonResourceURLs: [url], verbs: [verb] });
  return out;
}

/** Whether one rule gives all of a piece. */
function givesPiece(rule: PolicyRule, piece: PolicyRule): boolean {
  if (!piece.verbs.every((verb) => has(rule.verbs, verb))) return false;
  const [url] = piece.nonResourceURLs ?? [];
  if (url !== undefined) return (rule.nonResourceURLs ?? []).some((pattern) => urlCovers(pattern, url));
  const resource = piece.resources?.[0] ?? "";
  const slash = resource.indexOf("/");
  const below = slash < 0 ? undefined : `*${resource.slice(slash)}`;
  const named = (rule.resourceNames ?? []).length === 0 || ((piece.resourceNames ?? []).length > 0 && (piece.resourceNames ?? []).every((name) => rule.resourceNames?.includes(name)));
  return named && has(rule.apiGroups, piece.apiGroups?.[0] ?? "") && (rule.resources ?? []).some((pattern) => pattern === "*" || pattern === resource || pattern === below);
}

/** What `held` does not give of `wanted`, each piece once, as upstream tells it; empty when it gives all. */
export function missingRights(held: readonly PolicyRule[], wanted: readonly PolicyRule[]): string[] {
  const missing = wanted.flatMap(pieces).filter((piece) => !held.some((rule) => givesPiece(rule, piece)));
  return [...new Set(merged(missing).map(ruleText))].toSorted();
}

/** Pieces that differ in nothing but the verb put together. */
function merged(rules: readonly PolicyRule[]): PolicyRule[] {
  const found = new Map<string, { rule: PolicyRule; verbs: string[] }>();
  for (const rule of rules) {
    const { verbs, ...target } = rule;
    const key = JSON.stringify(target);
    const standing = found.get(key);
    if (standing === undefined) found.set(key, { rule, verbs: [...verbs] });
    else for (const verb of verbs) if (!standing.verbs.includes(verb)) standing.verbs.push(verb);
  }
  return [...found.values()].map(({ rule, verbs }) => ({ ...rule, verbs }));
}

function ruleText({ apiGroups, resources, nonResourceURLs, resourceNames, verbs }: PolicyRule): string {
  const part = (name: string, texts: Texts): string[] => ((texts ?? []).length === 0 ? [] : [`${name}:${goList(texts ?? [])}`]);
  return `{${[part("APIGroups", apiGroups), part("Resources", resources), part("NonResourceURLs", nonResourceURLs), part("ResourceNames", resourceNames), part("Verbs", verbs)].flat().join(", ")}}`;
}

/** How Go prints a list of texts with %q. */
export function goList(texts: readonly string[]): string {
  return `[${texts.map((text) => JSON.stringify(text)).join(" ")}]`;
}
