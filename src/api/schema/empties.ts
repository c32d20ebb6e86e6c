import type { Draft } from "../../base/json.ts";
import type { KubeObject } from "../kind-ref.ts";
import type { JsonPath } from "./json-text.ts";

/**
 * Lists and maps that a client gave empty. Objects never hold them: decoding leaves them out, as a round trip through upstream's
 * storage does. But upstream's defaults and validation come before that and see them: an empty list is not filled in, and a
 * refusal shows `[]` instead of `null`. So decoding notes their places, and they are put in for these two alone.
 */
export interface Empty {
  readonly path: JsonPath;
  /** "neither": what is a schema or a list of schemas was given as something else. */
  readonly was: "list" | "map" | "neither";
  /** Whether the field is written even where it has no value. */
  readonly always: boolean;
}

export type Empties = readonly Empty[];

export const noEmpties: Empties = Object.freeze([]);

type Holder = { [key: string | number]: unknown };

function holderOf(object: unknown, path: JsonPath): Holder | undefined {
  let at: unknown = object;
  for (const step of path.slice(0, -1)) {
    if (typeof at !== "object" || at === null) return undefined;
    at = (at as Holder)[step];
  }
  return typeof at === "object" && at !== null ? (at as Holder) : undefined;
}

function isGone(value: unknown): boolean {
  return value === undefined || value === null;
}

function isEmpty(value: unknown): boolean {
  return isGone(value) || (typeof value === "object" && Object.keys(value as object).length === 0);
}

/** Does something to a draft that has its empty lists and maps meanwhile: what fills in defaults. */
export function amongEmpties(draft: Draft<KubeObject>, empties: Empties, fill: () => void): void {
  for (const { path, was } of empties) {
    const holder = holderOf(draft, path);
    const key = path.at(-1) as string;
    if (holder !== undefined && isGone(holder[key]) && was !== "neither") holder[key] = was === "list" ? [] : {};
  }
  fill();
  for (const { path, always } of empties) {
    const holder = holderOf(draft, path);
    const key = path.at(-1) as string;
    if (holder === undefined || !isEmpty(holder[key])) continue;
    if (always) holder[key] = null;
    else delete holder[key];
  }
}

/**
 * The object as validation is to see it, sharing all that has not changed. `old`: of an update only those count that take something
 * away, because to upstream what is empty and what is not there are equal.
 */
export function withEmpties<T extends KubeObject>(object: T, empties: Empties, old?: KubeObject): T {
  let out: T = object;
  for (const { path, was } of empties) {
    const key = path.at(-1) as string;
    if (old !== undefined && isEmpty(holderOf(old, path)?.[key])) continue;
    const holder = holderOf(out, path);
    if (holder === undefined || !isGone(holder[key])) continue;
    out = withValue(out, path, was === "list" ? [] : was === "map" ? {} : null) as T;
  }
  return out;
}

function withValue(value: unknown, path: JsonPath, leaf: unknown): unknown {
  const [step, ...rest] = path;
  if (step === undefined) return leaf;
  const inner = withValue((value as Holder)[step], rest, leaf);
  if (Array.isArray(value)) return value.map((item, i) => (i === step ? inner : (item as unknown)));
  return { ...(value as Holder), [step]: inner };
}
