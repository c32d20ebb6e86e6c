import type { FieldError } from "../../base/field-error.ts";
import { expressionProblem } from "../cel/check.ts";
import type { MatchCondition, MatchResources, NamedRuleWithOperations, RuleWithOperations } from "../types/admissionregistration-v1.ts";
import { duplicate, invalid, notSupported, pushProblems, required, tooMany } from "../validation/errors.ts";
import { checkLabelSelector } from "../validation/label-selector.ts";
import { pathSegmentNameProblems, qualifiedNameProblems } from "../validation/names.ts";
import type { FieldPath } from "../validation/path.ts";

/** Validation of what webhooks and policies share: which requests they see. */
const operations = ["*", "CONNECT", "CREATE", "DELETE", "UPDATE"];
const scopes = ["*", "Cluster", "Namespaced"];
export const failurePolicies: readonly string[] = ["Fail", "Ignore"];
export const matchPolicies: readonly string[] = ["Equivalent", "Exact"];
export const reinvocationPolicies: readonly string[] = ["IfNeeded", "Never"];
const conditionsMax = 64;

/** A value that may only be one of some; an absent one is not judged. */
export function checkChoice(value: string | undefined, supported: readonly string[], path: FieldPath, errors: FieldError[]): void {
  if (value !== undefined && !supported.includes(value)) errors.push(notSupported(path, value, supported));
}

/** A list that must hold something, and nothing beside a `*`. */
function checkList(list: readonly string[], others: string, path: FieldPath, errors: FieldError[]): void {
  if (list.length === 0) errors.push(required(path));
  if (list.length > 1 && list.includes("*")) errors.push(invalid(path, list, `if '*' is present, must not specify other ${others}`));
}

export function checkRule(rule: RuleWithOperations, path: FieldPath, errors: FieldError[]): void {
  const given = rule.operations ?? [];
  checkList(given, "operations", path.child("operations"), errors);
  given.forEach((operation, i) => checkChoice(operation, operations, path.child("operations").index(i), errors));
  checkList(rule.apiGroups ?? [], "API groups", path.child("apiGroups"), errors);
  const versions = rule.apiVersions ?? [];
  checkList(versions, "API versions", path.child("apiVersions"), errors);
  versions.forEach((version, i) => {
    if (version === "") errors.push(required(path.child("apiVersions").index(i)));
  });
  checkResources(rule.resources ?? [], path.child("resources"), errors);
  checkChoice(rule.scope, scopes, path.child("scope"), errors);
}

/** Resources and their subresources, of which either may be a `*`: nothing may be said twice. */
function checkResources(resources: readonly string[], path: FieldPath, errors: FieldError[]): void {
  if (resources.length === 0) errors.push(required(path));
  const wholeResources = new Set<string>();
  const wholeSubresources = new Set<string>();
  let last = "*";
  resources.forEach((text, i) => {
    const place = path.index(i);
    if (text === "") {
      errors.push(required(place));
      return;
    }
    const slash = text.indexOf("/");
    if (slash < 0) {
      last = text;
      return;
    }
    const [resource, subresource] = [text.slice(0, slash), text.slice(slash + 1)];
    if (wholeResources.has(resource)) errors.push(invalid(place, text, `if '${resource}/*' is present, must not specify ${text}`));
    if (wholeSubresources.has(subresource)) errors.push(invalid(place, text, `if '*/${subresource}' is present, must not specify ${text}`));
    if (subresource === "*") wholeResources.add(resource);
    if (resource === "*") wholeSubresources.add(subresource);
  });
  if (resources.length > 1 && resources.includes("*/*")) errors.push(invalid(path, resources, "if '*/*' is present, must not specify other resources"));
  // Upstream remembers only the last resource without a subresource.
  if (resources.includes("*") && last !== "*") {
    errors.push(invalid(path, resources, "if '*' is present, must not specify other resources without subresources"));
  }
}

function checkNamedRule(rule: NamedRuleWithOperations, path: FieldPath, errors: FieldError[]): void {
  const names = rule.resourceNames ?? [];
  names.forEach((name, i) => {
    const place = path.child("resourceNames").index(i);
    pushProblems(errors, place, name, pathSegmentNameProblems(name, false));
    if (names.indexOf(name) < i) errors.push(duplicate(place, name));
  });
  checkRule(rule, path, errors);
}

export function checkMatchResources(given: MatchResources, path: FieldPath, errors: FieldError[]): void {
  checkChoice(given.matchPolicy, matchPolicies, path.child("matchPolicy"), errors);
  for (const field of ["namespaceSelector", "objectSelector"] as const) checkLabelSelector(given[field], path.child(field), errors);
  for (const field of ["resourceRules", "excludeResourceRules"] as const) {
    given[field]?.forEach((rule, i) => checkNamedRule(rule, path.child(field).index(i), errors));
  }
}

/** What every expression about a request may speak of. */
export const requestNames: readonly string[] = ["object", "oldObject", "request", "namespaceObject"];

/** An expression that must be there; `shown` where the message shows it otherwise than it was compiled. */
export function checkExpression(text: string, declared: readonly string[], path: FieldPath, errors: FieldError[], shown = text): void {
  const problem = expressionProblem(text, { declared });
  if (problem !== undefined) errors.push(invalid(path, shown, problem));
}

export function checkMatchConditions(conditions: readonly MatchCondition[] | undefined, params: boolean, path: FieldPath, errors: FieldError[]): void {
  const declared = [...requestNames, "authorizer", ...(params ? ["params"] : [])];
  const count = conditions?.length ?? 0;
  if (count > conditionsMax) errors.push(tooMany(path, count, conditionsMax));
  const names = new Set<string>();
  conditions?.forEach(({ name, expression }, i) => {
    const place = path.index(i);
    if (expression.trim() === "") errors.push(required(place.child("expression")));
    else checkExpression(expression.trim(), declared, place.child("expression"), errors);
    if (name === "") {
      errors.push(required(place.child("name")));
      return;
    }
    pushProblems(errors, place.child("name"), name, qualifiedNameProblems(name));
    if (names.has(name)) errors.push(duplicate(place.child("name"), name));
    names.add(name);
  });
}
