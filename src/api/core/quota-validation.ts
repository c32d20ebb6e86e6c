import type { FieldError } from "../../base/field-error.ts";
import type { ResourceQuotaSpec, ResourceQuotaStatus, ScopedResourceSelectorRequirement } from "../types/core-v1.ts";
import { invalid, required } from "../validation/errors.ts";
import { FieldPath } from "../validation/path.ts";
import { checkResourceAmount, checkResourceName, isHugePages } from "../validation/quantities.ts";
import { printedScopeSelector } from "./spec-difference.ts";

/** Validation of quotas: what they count, and which of it their scopes can be asked about. */
const countedPods: readonly string[] = ["pods"];
const podAmounts: readonly string[] = [...countedPods, "cpu", "memory", "limits.cpu", "limits.memory", "requests.cpu", "requests.memory"];

/** For each scope the resources without a domain that it goes with. */
const resourcesOfScope: ReadonlyMap<string, readonly string[]> = new Map([
  ["Terminating", podAmounts],
  ["NotTerminating", podAmounts],
  ["BestEffort", countedPods],
  ["NotBestEffort", podAmounts],
  ["PriorityClass", podAmounts],
  ["CrossNamespacePodAffinity", podAmounts],
  ["VolumeAttributesClass", ["persistentvolumeclaims", "requests.storage"]],
]);

const conflicts: readonly (readonly [string, string])[] = [
  ["BestEffort", "NotBestEffort"],
  ["Terminating", "NotTerminating"],
];

/** Scopes that either hold or do not: nothing to compare them with. */
const plainScopes: readonly string[] = ["BestEffort", "NotBestEffort", "Terminating", "NotTerminating", "CrossNamespacePodAffinity"];
const existOnly =
  "must be 'Exist' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity";

const standardResources: ReadonlySet<string> = new Set([
  ...podAmounts,
  "ephemeral-storage",
  "requests.storage",
  "requests.ephemeral-storage",
  "limits.ephemeral-storage",
  "resourcequotas",
  "services",
  "replicationcontrollers",
  "secrets",
  "persistentvolumeclaims",
  "configmaps",
  "services.nodeports",
  "services.loadbalancers",
]);

function isStandard(resource: string): boolean {
  return standardResources.has(resource) || isHugePages(resource) || resource.startsWith("requests.hugepages-");
}

function checkAmounts(amounts: ResourceQuotaSpec["hard"], path: FieldPath, errors: FieldError[]): void {
  for (const [resource, amount] of Object.entries(amounts ?? {})) {
    const place = path.key(resource);
    checkResourceName(resource, place, errors);
    if (!resource.includes("/") && !isStandard(resource)) errors.push(invalid(place, resource, "must be a standard resource for quota"));
    checkResourceAmount(resource, amount, place, errors);
  }
}

export function checkQuotaSpec(spec: ResourceQuotaSpec, path: FieldPath, errors: FieldError[]): void {
  checkAmounts(spec.hard, path.child("hard"), errors);
  checkScopes(spec, path.child("scopes"), errors);
  checkSelector(spec, path.child("scopeSelector").child("matchExpressions"), errors);
}

export function checkQuotaStatus(status: ResourceQuotaStatus): FieldError[] {
  const errors: FieldError[] = [];
  const path = FieldPath.of("status");
  checkAmounts(status.hard, path.child("hard"), errors);
  checkAmounts(status.used, path.child("used"), errors);
  return errors;
}

/** How many of the quota's resources the scope cannot be asked about. */
function misplaced(scope: string, spec: ResourceQuotaSpec): number {
  const fitting = resourcesOfScope.get(scope);
  if (fitting === undefined) return 0;
  return Object.keys(spec.hard ?? {}).filter((resource) => isStandard(resource) && !fitting.includes(resource)).length;
}

function checkScopes(spec: ResourceQuotaSpec, path: FieldPath, errors: FieldError[]): void {
  const scopes: readonly string[] = spec.scopes ?? [];
  const complain = (text: string): number => errors.push(invalid(path, scopes, text));
  for (const scope of scopes) {
    if (!resourcesOfScope.has(scope)) complain("unsupported scope");
    for (let i = misplaced(scope, spec); i > 0; i--) complain("unsupported scope applied to resource");
  }
  for (const pair of conflicts) if (pair.every((scope) => scopes.includes(scope))) complain("conflicting scopes");
}

/** Upstream leaves the position of an expression out of the path. */
function checkSelector(spec: ResourceQuotaSpec, path: FieldPath, errors: FieldError[]): void {
  const selector = spec.scopeSelector;
  if (selector === undefined) return;
  const complain = (text: string): number => errors.push(invalid(path, printedScopeSelector(selector), text));
  const scopes: string[] = [];
  for (const expression of selector.matchExpressions ?? []) {
    const scope: string = expression.scopeName ?? "";
    if (!resourcesOfScope.has(scope)) errors.push(invalid(path.child("scopeName"), scope, "unsupported scope"));
    for (let i = misplaced(scope, spec); i > 0; i--) complain("unsupported scope applied to resource");
    checkExpression(expression, path, errors);
    scopes.push(scope);
  }
  for (const pair of conflicts) if (pair.every((scope) => scopes.includes(scope))) complain("conflicting scopes");
}

function checkExpression(expression: ScopedResourceSelectorRequirement, path: FieldPath, errors: FieldError[]): void {
  const operator: string = expression.operator ?? "";
  const values = expression.values ?? [];
  if (plainScopes.includes(expression.scopeName ?? "") && operator !== "Exists") errors.push(invalid(path.child("operator"), operator, existOnly));
  const listed = operator === "In" || operator === "NotIn";
  if (listed && values.length === 0) {
    errors.push(required(path.child("values"), "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector"));
  } else if ((operator === "Exists" || operator === "DoesNotExist") && values.length > 0) {
    errors.push(invalid(path.child("values"), values, "must be no value when `operator` is 'Exists' or 'DoesNotExist' for scope selector"));
  } else if (!listed && operator !== "Exists" && operator !== "DoesNotExist") {
    errors.push(invalid(path.child("operator"), operator, "not a valid selector operator"));
  }
}
