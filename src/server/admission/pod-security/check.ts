import type { Container, EphemeralContainer, PodSpec } from "../../../api/types/core-v1.ts";

/** A rule of the Pod Security Standards, with the words in which upstream says who breaks it. */
export interface Check {
  /** Checks of one level are told in the order of their names. */
  readonly id: string;
  /** The minor release of Kubernetes 1 that brought it. */
  readonly since: number;
  /** A check of the baseline that a stricter one takes the place of. */
  readonly overrides?: string;
  /** What is wrong; undefined: nothing. `minor`: by the rules of this release. */
  readonly judge: (pod: JudgedPod, minor: number) => Finding | undefined;
}

export interface JudgedPod {
  readonly spec: PodSpec;
  readonly annotations: { readonly [key: string]: string };
}

export interface Finding {
  readonly reason: string;
  readonly detail: string;
}

export type AnyContainer = Container | EphemeralContainer;

export function containersOf({ initContainers = [], containers = [], ephemeralContainers = [] }: PodSpec): readonly AnyContainer[] {
  return [...initContainers, ...containers, ...ephemeralContainers];
}

/** `container "a"`, `containers "a", "b"`. */
export function named(what: string, names: readonly string[]): string {
  return `${what}${names.length === 1 ? "" : "s"} ${quoted(names)}`;
}

export function quoted(names: readonly string[]): string {
  return names.map((name) => JSON.stringify(name)).join(", ");
}

export function sorted(values: Iterable<string>): string[] {
  return [...new Set(values)].sort();
}

/** The names of the containers for which something holds. */
export function namesWhere(spec: PodSpec, holds: (container: AnyContainer) => boolean): string[] {
  return containersOf(spec).filter(holds).map(({ name }) => name);
}

/** `pod and container "a"`: who set something that they may not set. */
export function setters(isPod: boolean, containers: readonly string[]): string {
  return [...(isPod ? ["pod"] : []), ...(containers.length === 0 ? [] : [named("container", containers)])].join(" and ");
}

/** Whether the type of a profile (seccomp, AppArmor) confines nothing. */
export function isUnconfined(type: string | undefined): type is string {
  return type !== undefined && type !== "RuntimeDefault" && type !== "Localhost";
}

export function unconfined(types: readonly (string | undefined)[]): string[] {
  return sorted(types.filter(isUnconfined));
}
