import type { Draft } from "../../base/json.ts";
import { setMember } from "./json-text.ts";

/** Copies and comparisons of JSON-shaped data. */

/** A deep copy that nobody else holds: what a hook or a patch may change in place. */
export function cloneDraft<T>(value: T): Draft<T> {
  return clone(value) as Draft<T>;
}

function clone(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) {
    const length = value.length;
    const out = new Array<unknown>(length);
    for (let i = 0; i < length; i++) out[i] = clone(value[i]);
    return out;
  }
  const out: { [key: string]: unknown } = {};
  for (const key in value) {
    const member = (value as { [key: string]: unknown })[key];
    if (key === "__proto__") setMember(out, key, clone(member));
    else out[key] = typeof member === "object" ? clone(member) : member;
  }
  return out;
}

/** Equality of JSON data; the order of keys does not matter, a member that is undefined is absent. */
export function equalJson(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  const isArray = Array.isArray(a);
  if (isArray !== Array.isArray(b)) return false;
  if (isArray) {
    const [left, right] = [a as unknown[], b as unknown[]];
    if (left.length !== right.length) return false;
    for (let i = 0; i < left.length; i++) if (!equalJson(left[i], right[i])) return false;
    return true;
  }
  const [left, right] = [a as { [key: string]: unknown }, b as { [key: string]: unknown }];
  let members = 0;
  for (const key in left) {
    if (left[key] === undefined) continue;
    members++;
    if (!Object.hasOwn(right, key) || !equalJson(left[key], right[key])) return false;
  }
  for (const key in right) if (right[key] !== undefined) members--;
  return members === 0;
}
