import type { FieldError } from "../../base/field-error.ts";
import { compareQuantity, milliValue, parseQuantity } from "../../base/quantity.ts";
import { invalid, pushProblems } from "./errors.ts";
import { dns1123SubdomainProblems, qualifiedNameProblems } from "./names.ts";
import { notNegative } from "./numbers.ts";
import type { FieldPath } from "./path.ts";

/** Judges of amounts and of the names of resources. Amounts have been read before: their texts are canonical. */
export function compareAmounts(a: string, b: string): number {
  if (a === b) return 0;
  const left = parseQuantity(a);
  const right = parseQuantity(b);
  return left === undefined || right === undefined ? 0 : compareQuantity(left, right);
}

export function checkNonNegativeAmount(amount: string, path: FieldPath, errors: FieldError[]): void {
  if (amount.startsWith("-") && compareAmounts(amount, "0") < 0) errors.push(invalid(path, amount, notNegative));
}

export function checkPositiveAmount(amount: string, path: FieldPath, errors: FieldError[]): void {
  if (compareAmounts(amount, "0") <= 0) errors.push(invalid(path, amount, "must be greater than zero"));
}

/** The amount of one resource: not negative, and whole where the resource cannot be divided. */
export function checkResourceAmount(resource: string, amount: string, path: FieldPath, errors: FieldError[]): void {
  checkNonNegativeAmount(amount, path, errors);
  if (isIntegerResource(resource) && milliValue(amount) % 1000 !== 0) errors.push(invalid(path, amount, "must be an integer"));
}

const standardResources: ReadonlySet<string> = new Set([
  "cpu",
  "memory",
  "ephemeral-storage",
  "requests.cpu",
  "requests.memory",
  "requests.ephemeral-storage",
  "limits.cpu",
  "limits.memory",
  "limits.ephemeral-storage",
  "pods",
  "resourcequotas",
  "services",
  "replicationcontrollers",
  "secrets",
  "configmaps",
  "persistentvolumeclaims",
  "storage",
  "requests.storage",
  "services.nodeports",
  "services.loadbalancers",
]);

const countedResources: ReadonlySet<string> = new Set([
  "pods",
  "resourcequotas",
  "services",
  "replicationcontrollers",
  "secrets",
  "configmaps",
  "persistentvolumeclaims",
  "services.nodeports",
  "services.loadbalancers",
]);

export function isHugePages(resource: string): boolean {
  return resource.startsWith("hugepages-");
}

/** Names without a domain, and those of Kubernetes itself. */
export function isNativeResource(resource: string): boolean {
  return !resource.includes("/") || resource.includes("kubernetes.io/");
}

export function isExtendedResource(resource: string): boolean {
  if (isNativeResource(resource) || resource.startsWith("requests.")) return false;
  return qualifiedNameProblems(`requests.${resource}`).length === 0;
}

function isIntegerResource(resource: string): boolean {
  return resource.includes("/") ? isExtendedResource(resource) : countedResources.has(resource);
}

/** What may be promised more than once: all native resources but huge pages. */
export function isOvercommitAllowed(resource: string): boolean {
  return isNativeResource(resource) && !isHugePages(resource);
}

export function isStandardContainerResource(resource: string): boolean {
  return resource === "cpu" || resource === "memory" || resource === "ephemeral-storage" || isHugePages(resource);
}

/** The name of any resource; false when it is not even a qualified name. */
export function checkResourceName(resource: string, path: FieldPath, errors: FieldError[]): boolean {
  const problems = qualifiedNameProblems(resource);
  pushProblems(errors, path, resource, problems);
  if (problems.length > 0) return false;
  const standard = standardResources.has(resource) || isHugePages(resource) || resource.startsWith("requests.hugepages-");
  if (!resource.includes("/") && !standard) errors.push(invalid(path, resource, "must be a standard resource type or fully qualified"));
  return true;
}

/** Names of classes (storage, priority, runtime), drivers and nodes. */
export function checkSubdomain(text: string, path: FieldPath, errors: FieldError[]): void {
  pushProblems(errors, path, text, dns1123SubdomainProblems(text));
}
