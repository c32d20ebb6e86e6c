import type { FieldError } from "../../base/field-error.ts";
import { parseQuantity } from "../../base/quantity.ts";
import type { ResourceClaim, ResourceRequirements } from "../types/core-v1.ts";
import { duplicate, forbidden, invalid, notSupported, pushProblems, required } from "../validation/errors.ts";
import { dns1123LabelProblems } from "../validation/names.ts";
import type { FieldPath } from "../validation/path.ts";
import {
  checkResourceAmount,
  checkResourceName,
  compareAmounts,
  isExtendedResource,
  isHugePages,
  isNativeResource,
  isOvercommitAllowed,
  isStandardContainerResource,
} from "../validation/quantities.ts";

/** Validation of requests and limits, of containers and of whole Pods. */
type NameCheck = (resource: string, path: FieldPath, errors: FieldError[]) => void;

export function checkContainerResources(resources: ResourceRequirements | undefined, claimNames: ReadonlySet<string>, path: FieldPath, errors: FieldError[]): void {
  if (resources === undefined) return;
  if (resources.limits === undefined && resources.requests === undefined && resources.claims === undefined) return;
  checkRequirements(resources, checkContainerResourceName, claimNames, path, errors);
}

export function checkPodLevelResources(resources: ResourceRequirements, claimNames: ReadonlySet<string>, path: FieldPath, errors: FieldError[]): void {
  checkRequirements(resources, checkPodResourceName, claimNames, path, errors);
}

export function checkContainerResourceName(resource: string, path: FieldPath, errors: FieldError[]): void {
  if (isStandardContainerResource(resource) && !resource.startsWith("hugepages-")) return;
  checkResourceName(resource, path, errors);
  if (!resource.includes("/")) {
    if (!isStandardContainerResource(resource)) errors.push(invalid(path, resource, "must be a standard resource for containers"));
  } else if (!isNativeResource(resource) && !isExtendedResource(resource)) {
    errors.push(invalid(path, resource, "doesn't follow extended resource name standard"));
  }
}

function checkPodResourceName(resource: string, path: FieldPath, errors: FieldError[]): void {
  if (resource !== "cpu" && resource !== "memory" && !isHugePages(resource)) errors.push(notSupported(path, resource, ["cpu", "hugepages-", "memory"]));
}

function checkRequirements(resources: ResourceRequirements, checkName: NameCheck, claimNames: ReadonlySet<string>, path: FieldPath, errors: FieldError[]): void {
  const { limits = {}, requests = {} } = resources;
  const limitsPath = path.child("limits");
  const requestsPath = path.child("requests");
  let computes = false;
  let hugePages = false;
  for (const list of [limits, requests]) {
    const listPath = list === limits ? limitsPath : requestsPath;
    for (const resource in list) {
      const amount = list[resource] ?? "0";
      const amountPath = listPath.key(resource);
      checkName(resource, amountPath, errors);
      checkResourceAmount(resource, amount, amountPath, errors);
      if (list === requests) checkAgainstLimit(resource, amount, limits[resource], { limitsPath, requestsPath }, errors);
      if (isHugePages(resource)) {
        hugePages = true;
        if (!isMultipleOfPageSize(resource, amount)) errors.push(invalid(amountPath, amount, `${amount} is not positive integer multiple of ${resource}`));
      }
      if (resource === "cpu" || resource === "memory") computes = true;
    }
  }
  if (hugePages && !computes) errors.push(forbidden(path, "HugePages require cpu or memory"));
  checkClaims(resources.claims, claimNames, path.child("claims"), errors);
}

function checkAgainstLimit(
  resource: string,
  amount: string,
  limit: string | undefined,
  paths: { limitsPath: FieldPath; requestsPath: FieldPath },
  errors: FieldError[],
): void {
  const overcommit = isOvercommitAllowed(resource);
  if (limit === undefined) {
    if (!overcommit) errors.push(required(paths.limitsPath, "Limit must be set for non overcommitable resources"));
    return;
  }
  const order = compareAmounts(amount, limit);
  if (order !== 0 && !overcommit) errors.push(invalid(paths.requestsPath, amount, `must be equal to ${resource} limit of ${limit}`));
  else if (order > 0) errors.push(invalid(paths.requestsPath, amount, `must be less than or equal to ${resource} limit of ${limit}`));
}

function isMultipleOfPageSize(resource: string, amount: string): boolean {
  const size = parseQuantity(resource.slice("hugepages-".length));
  const value = parseQuantity(amount);
  if (size === undefined || value === undefined) return false;
  // Both at the scale of the finer one.
  const scale = Math.min(size.scale, value.scale);
  const unit = size.mantissa * 10n ** BigInt(size.scale - scale);
  return unit > 0n && (value.mantissa * 10n ** BigInt(value.scale - scale)) % unit === 0n;
}

function checkClaims(claims: readonly ResourceClaim[] | undefined, podClaimNames: ReadonlySet<string>, path: FieldPath, errors: FieldError[]): void {
  const seen = new Set<string>();
  claims?.forEach(({ name = "", request = "" }, i) => {
    const itemPath = path.index(i);
    if (name === "") {
      errors.push(required(itemPath));
      return;
    }
    if (seen.has(name)) errors.push(duplicate(itemPath, name));
    else {
      if (request !== "") pushProblems(errors, itemPath.child("request"), request, dns1123LabelProblems(request));
      const key = request === "" ? name : `${name}/${request}`;
      if (seen.has(key)) errors.push(duplicate(itemPath, key));
      else if (request === "" && [...seen].some((other) => other.startsWith(`${name}/`))) errors.push(duplicate(itemPath, name));
      seen.add(key);
    }
    if (podClaimNames.has(name)) return;
    const names = podClaimNames.size === 0 ? " which is empty" : `: ${[...podClaimNames].sort().join(", ")}`;
    errors.push({
      type: "FieldValueNotFound",
      field: itemPath.toString(),
      message: `Not found: ${JSON.stringify(name)}: must be one of the names in pod.spec.resourceClaims${names}`,
    });
  });
}
