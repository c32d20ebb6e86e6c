/**
 * Sets of field paths in the form in which the API writes them (FieldsV1): nested objects whose keys are path elements, `f:name`,
 * `k:{"name":"a"}`, `v:"x"`. A path is a member when its object is empty or holds `.`. Sets are never changed; operations share
 * what they can.
 */
export interface FieldSet {
  readonly [element: string]: FieldSet;
}

export const emptySet: FieldSet = Object.freeze({});
const self = ".";

export function isEmptySet(set: FieldSet): boolean {
  for (const _element in set) return false;
  return true;
}

/** Whether the path at which this (child) set stands is itself a member. */
function isMember(set: FieldSet): boolean {
  return isEmptySet(set) || set[self] !== undefined;
}

/** Paths of `a` that are not in `b`; `a` itself when none is. */
export function difference(a: FieldSet, b: FieldSet): FieldSet {
  return isEmptySet(b) ? a : (subtract(a, b, false) ?? emptySet);
}

/** The child set without `b`; undefined when nothing is left. `member`: the path itself is in `a`. */
function subtract(a: FieldSet, b: FieldSet, member: boolean): FieldSet | undefined {
  const stays = member && !isMember(b);
  let changed = member && !stays;
  const out: { [element: string]: FieldSet } = {};
  let children = 0;
  for (const element in a) {
    if (element === self) continue;
    const child = a[element] as FieldSet;
    const other = Object.hasOwn(b, element) ? b[element] : undefined;
    const kept = other === undefined ? child : subtract(child, other, isMember(child));
    if (kept !== child) changed = true;
    if (kept === undefined) continue;
    out[element] = kept;
    children++;
  }
  if (!changed) return a;
  if (children === 0) return stays ? emptySet : undefined;
  return stays ? { [self]: emptySet, ...out } : out;
}

/** Paths of either; `a` itself when it holds all of `b`. */
export function union(a: FieldSet, b: FieldSet): FieldSet {
  return unite(a, b, { aMember: false, bMember: false });
}

function unite(a: FieldSet, b: FieldSet, members: { aMember: boolean; bMember: boolean }): FieldSet {
  let out = members.bMember && !members.aMember ? childrenOf(a) : undefined;
  for (const element in b) {
    if (element === self) continue;
    const mine = Object.hasOwn(a, element) ? a[element] : undefined;
    const theirs = b[element] as FieldSet;
    const both = mine === undefined ? theirs : unite(mine, theirs, { aMember: isMember(mine), bMember: isMember(theirs) });
    if (both !== mine) (out ??= childrenOf(a))[element] = both;
  }
  return out === undefined ? a : orderedSet(out, members.aMember || members.bMember);
}

function childrenOf(set: FieldSet): { [element: string]: FieldSet } {
  const { [self]: _self, ...children } = set;
  return children;
}

/** Paths of both. */
export function intersection(a: FieldSet, b: FieldSet): FieldSet {
  return intersect(a, b, false) ?? emptySet;
}

function intersect(a: FieldSet, b: FieldSet, member: boolean): FieldSet | undefined {
  const out: { [element: string]: FieldSet } = {};
  let children = 0;
  for (const element in a) {
    if (element === self || !Object.hasOwn(b, element)) continue;
    const [mine, theirs] = [a[element] as FieldSet, b[element] as FieldSet];
    const both = intersect(mine, theirs, isMember(mine) && isMember(theirs));
    if (both === undefined) continue;
    out[element] = both;
    children++;
  }
  if (children === 0) return member ? emptySet : undefined;
  return member ? { [self]: emptySet, ...out } : out;
}

/** The set below an element; undefined when it has neither the path nor one below it. */
export function below(set: FieldSet, element: string): { readonly member: boolean; readonly rest: FieldSet | undefined } {
  const child = Object.hasOwn(set, element) ? (set[element] as FieldSet) : undefined;
  if (child === undefined) return { member: false, rest: undefined };
  return { member: isMember(child), rest: isEmptySet(child) ? undefined : child };
}

/** Without these paths and all below them. */
export function withoutSubtrees(set: FieldSet, paths: readonly (readonly string[])[]): FieldSet {
  return paths.reduce((left, path) => withoutSubtree(left, path, 0) ?? emptySet, set);
}

function withoutSubtree(set: FieldSet, path: readonly string[], at: number): FieldSet | undefined {
  const element = `f:${path[at]}`;
  const child = Object.hasOwn(set, element) ? set[element] : undefined;
  if (child === undefined) return set;
  const left = at === path.length - 1 ? undefined : withoutSubtree(child, path, at + 1);
  if (left === child) return set;
  const { [element]: _gone, ...others } = set;
  const out = left === undefined ? others : orderedSet({ ...others, [element]: left }, false);
  return isEmptySet(out) && at > 0 ? undefined : out;
}

/** Every path as its elements, those that end at a place before those below it. */
export function pathsOf(set: FieldSet, prefix: readonly string[] = []): (readonly string[])[] {
  const elements = Object.keys(set).filter((element) => element !== self);
  const ends = elements.filter((element) => isMember(set[element] as FieldSet)).map((element) => [...prefix, element]);
  return [...ends, ...elements.flatMap((element) => pathsOf(set[element] as FieldSet, [...prefix, element]))];
}

/** `.spec.containers[name="a"].image`: a path as errors spell it. */
export function pathWords(path: readonly string[]): string {
  return path.map(elementWords).join("");
}

export function elementWords(element: string): string {
  const rest = element.slice(2);
  switch (element[0]) {
    case "f":
      return `.${rest}`;
    case "k":
      return `[${Object.entries(JSON.parse(rest) as object).map(([key, value]) => `${key}=${JSON.stringify(value)}`).join(",")}]`;
    case "v":
      return `[=${rest}]`;
    default:
      return `[${rest}]`;
  }
}

/** A set with its elements in the order of their text. `member`: the path itself belongs to it. */
export function orderedSet(children: { [element: string]: FieldSet }, member: boolean): FieldSet {
  const elements = Object.keys(children);
  if (elements.length === 0) return emptySet;
  if (isSorted(elements)) {
    if (!member) return children;
  } else elements.sort();
  const out: { [element: string]: FieldSet } = {};
  if (member) out[self] = emptySet;
  for (const element of elements) out[element] = children[element] as FieldSet;
  return out;
}

function isSorted(elements: readonly string[]): boolean {
  for (let i = 1; i < elements.length; i++) if ((elements[i - 1] as string) > (elements[i] as string)) return false;
  return true;
}
