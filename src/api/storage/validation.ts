import type { FieldError } from "../../base/field-error.ts";
import type { TopologySelectorLabelRequirement, TopologySelectorTerm } from "../types/core-v1.ts";
import type { TokenRequest } from "../types/storage-v1.ts";
import { byteLength } from "../validation/byte-length.ts";
import { duplicate, invalid, pushProblems, required, tooLong } from "../validation/errors.ts";
import { qualifiedNameProblems } from "../validation/names.ts";
import { checkLabelKey } from "../validation/object-meta.ts";
import type { FieldPath } from "../validation/path.ts";

/** What the kinds of storage judge alike, and the parts of them that are too long for their files. */

/** Who provides the storage: judged in lower case, and shown so. */
export function checkProvisioner(name: string, path: FieldPath, errors: FieldError[]): void {
  if (name === "") errors.push(required(path));
  else pushProblems(errors, path, name.toLowerCase(), qualifiedNameProblems(name.toLowerCase()));
}

const parametersMax = 512;
const parameterBytesMax = 256 * 1024;

export function checkParameters(parameters: { readonly [key: string]: string } | undefined, path: FieldPath, errors: FieldError[]): void {
  const entries = Object.entries(parameters ?? {});
  if (entries.length > parametersMax) {
    errors.push(tooLong(path, parametersMax));
    return;
  }
  if (entries.some(([key]) => key === "")) errors.push(invalid(path, "", "field can not be empty."));
  const bytes = entries.reduce((sum, [key, value]) => sum + byteLength(key) + byteLength(value), 0);
  if (bytes > parameterBytesMax) errors.push(tooLong(path, parameterBytesMax));
}

/** Terms that say the same. Upstream compares each with one empty term per term too: an empty one is always a repetition. */
export function checkTopologies(terms: readonly TopologySelectorTerm[], path: FieldPath, errors: FieldError[]): void {
  const textOf = (values: ReadonlyMap<string, readonly string[]>): string => JSON.stringify([...values].toSorted());
  const seen = terms.map(() => textOf(new Map()));
  terms.forEach((term, i) => {
    const expressions = path.index(i).child("matchLabelExpressions");
    const values = new Map<string, readonly string[]>();
    term.matchLabelExpressions?.forEach((requirement, j) => {
      checkTopologyRequirement(requirement, expressions.index(j), errors);
      if (values.has(requirement.key)) errors.push(duplicate(expressions.index(j).child("key"), requirement.key));
      values.set(requirement.key, [...new Set(requirement.values ?? [])].toSorted());
    });
    const text = textOf(values);
    for (const other of seen) if (text === other) errors.push(duplicate(expressions, ""));
    seen.push(text);
  });
}

function checkTopologyRequirement({ key, values }: TopologySelectorLabelRequirement, path: FieldPath, errors: FieldError[]): void {
  const given = values ?? [];
  if (given.length === 0) errors.push(required(path.child("values")));
  given.forEach((value, i) => {
    if (given.indexOf(value) < i) errors.push(duplicate(path.child("values").index(i), value));
  });
  checkLabelKey(key, path.child("key"), errors);
}

const tokenSecondsMin = 600;
const tokenSecondsMax = 2 ** 32;

export function checkTokenRequests(requests: readonly TokenRequest[] | undefined, path: FieldPath, errors: FieldError[]): void {
  const audiences = new Set<string>();
  requests?.forEach(({ audience, expirationSeconds }, i) => {
    if (audiences.has(audience)) {
      errors.push(duplicate(path.index(i).child("audience"), audience));
      return;
    }
    audiences.add(audience);
    if (expirationSeconds === undefined) return;
    const place = path.index(i).child("expirationSeconds");
    if (expirationSeconds < tokenSecondsMin) errors.push(invalid(place, expirationSeconds, "may not specify a duration less than 10 minutes"));
    if (expirationSeconds > tokenSecondsMax) errors.push(invalid(place, expirationSeconds, "may not specify a duration larger than 2^32 seconds"));
  });
}
