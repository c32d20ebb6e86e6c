import type { FieldError } from "../../base/field-error.ts";
import { milliValue, quantityValue } from "../../base/quantity.ts";
import type { LimitRangeItem } from "../types/core-v1.ts";
import { duplicate, forbidden, invalid, pushProblems, required } from "../validation/errors.ts";
import { qualifiedNameProblems } from "../validation/names.ts";
import { FieldPath } from "../validation/path.ts";
import { checkResourceName, compareAmounts, isOvercommitAllowed } from "../validation/quantities.ts";
import { checkContainerResourceName } from "./resource-requirements-validation.ts";

/** Validation of the bounds in a LimitRange: their names, and how the five amounts of one resource relate. */
const fields = ["max", "min", "default", "defaultRequest", "maxLimitRequestRatio"] as const;

type Field = (typeof fields)[number];

const standardTypes: readonly string[] = ["Pod", "Container", "PersistentVolumeClaim"];

export function checkLimits(items: readonly LimitRangeItem[] | undefined, errors: FieldError[]): void {
  const seen = new Set<string>();
  items?.forEach((item, i) => {
    const path = FieldPath.of("spec").child("limits").index(i);
    checkType(item.type, path.child("type"), errors);
    if (seen.has(item.type)) errors.push(duplicate(path.child("type"), item.type));
    seen.add(item.type);
    checkItem(item, path, errors);
  });
}

function checkType(type: string, path: FieldPath, errors: FieldError[]): void {
  const problems = qualifiedNameProblems(type);
  pushProblems(errors, path, type, problems);
  if (problems.length > 0) return;
  if (!type.includes("/") && !standardTypes.includes(type)) errors.push(invalid(path, type, "must be a standard limit type or fully qualified"));
}

function checkItem(item: LimitRangeItem, path: FieldPath, errors: FieldError[]): void {
  const ofPods = item.type === "Pod";
  const checkName = ofPods || item.type === "Container" ? checkContainerResourceName : checkResourceName;
  const resources = new Set<string>();
  for (const field of fields) {
    const amounts = item[field] ?? {};
    const names = Object.keys(amounts);
    if (ofPods && (field === "default" || field === "defaultRequest")) {
      if (names.length > 0) errors.push(forbidden(path.child(field), "may not be specified when `type` is 'Pod'"));
      continue;
    }
    for (const name of names) {
      checkName(name, path.child(field).key(name), errors);
      resources.add(name);
    }
  }
  if (item.type === "PersistentVolumeClaim" && item.min?.["storage"] === undefined && item.max?.["storage"] === undefined) {
    errors.push(required(path.child("limits"), "either minimum or maximum storage value is required, but neither was provided"));
  }
  // What a Pod may not have at all is not compared either.
  const { default: _, defaultRequest: __, ...bounds } = item;
  for (const resource of resources) checkAmounts(ofPods ? bounds : item, resource, path, errors);
}

/** The first may not exceed the second. `at`: the field that is blamed; `shown`: the one whose amount stands as the bad value. */
interface Order {
  readonly fields: readonly [Field, Field];
  readonly at: Field;
  readonly shown: Field;
}

const orders: readonly Order[] = [
  { fields: ["min", "max"], at: "min", shown: "min" },
  { fields: ["min", "defaultRequest"], at: "defaultRequest", shown: "defaultRequest" },
  { fields: ["defaultRequest", "max"], at: "defaultRequest", shown: "defaultRequest" },
  { fields: ["defaultRequest", "default"], at: "defaultRequest", shown: "defaultRequest" },
  { fields: ["min", "default"], at: "default", shown: "min" },
  { fields: ["default", "max"], at: "default", shown: "max" },
];

function words(field: Field, beside: Field): string {
  if (field === "defaultRequest") return "default request value";
  return field === "default" && beside === "defaultRequest" ? "default limit value" : `${field} value`;
}

function checkAmounts(item: LimitRangeItem, resource: string, path: FieldPath, errors: FieldError[]): void {
  const at = (field: Field): FieldPath => path.child(field).key(resource);
  const amount = (field: Field): string | undefined => item[field]?.[resource];
  for (const order of orders) {
    const [lower, upper] = order.fields;
    const [low, high] = [amount(lower), amount(upper)];
    if (low === undefined || high === undefined || compareAmounts(low, high) <= 0) continue;
    errors.push(invalid(at(order.at), amount(order.shown), `${words(lower, upper)} ${low} is greater than ${words(upper, lower)} ${high}`));
  }
  checkRatio(item, resource, at("maxLimitRequestRatio"), errors);
  const [limit, request] = [amount("default"), amount("defaultRequest")];
  if (limit !== undefined && request !== undefined && !isOvercommitAllowed(resource) && compareAmounts(limit, request) !== 0) {
    errors.push(invalid(at("defaultRequest"), request, `default value ${limit} must equal to defaultRequest value ${request} in ${resource}`));
  }
}

/** Above this, thousandths leave the range of upstream's integers. */
const milliMax = 2 ** 63 / 1000;

function checkRatio(item: LimitRangeItem, resource: string, path: FieldPath, errors: FieldError[]): void {
  const ratio = item.maxLimitRequestRatio?.[resource];
  if (ratio === undefined) return;
  if (compareAmounts(ratio, "1") < 0) errors.push(invalid(path, ratio, `ratio ${ratio} is less than 1`));
  const [min, max] = [item.min?.[resource], item.max?.[resource]];
  if (min === undefined || max === undefined) return;
  const fine = [ratio, min, max].every((amount) => quantityValue(amount) < milliMax);
  const value = fine ? milliValue : quantityValue;
  const possible = value(max) / value(min);
  if (fine ? milliValue(ratio) / 1000 > possible : quantityValue(ratio) > possible) {
    errors.push(invalid(path, ratio, `ratio ${ratio} is greater than max/min = ${possible.toFixed(6)}`));
  }
}
