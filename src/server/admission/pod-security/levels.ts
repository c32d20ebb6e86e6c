import type { FieldError } from "../../../base/field-error.ts";
import { invalid } from "../../../api/validation/errors.ts";
import { FieldPath } from "../../../api/validation/path.ts";
import { baselineChecks } from "./baseline.ts";
import type { Check, Finding, JudgedPod } from "./check.ts";
import { restrictedChecks } from "./restricted.ts";

/** Levels of Pod security as namespaces ask for them by their labels, and what a level says of a Pod. */
export type LevelName = "privileged" | "baseline" | "restricted";

export interface Level {
  readonly name: LevelName;
  /** "latest" or `v1.24`: by the rules of which release. */
  readonly version: string;
}

const names: readonly LevelName[] = ["privileged", "baseline", "restricted"];
const prefix = "pod-security.kubernetes.io/";
const versionPattern = /^v1\.(0|[1-9][0-9]*)$/;

type Labels = { readonly [key: string]: string } | undefined;

/** What a namespace enforces, or warns of; without a label it is `privileged`. */
export function levelOf(labels: Labels, mode: "enforce" | "warn"): Level {
  const name = names.find((known) => known === labels?.[prefix + mode]) ?? "privileged";
  return { name, version: labels?.[`${prefix}${mode}-version`] ?? "latest" };
}

export function levelText({ name, version }: Level): string {
  return `${name}:${version}`;
}

/** Whether one level lets less through than another, of the same version. */
export function isStricter(level: Level, than: Level): boolean {
  return level.version !== than.version || names.indexOf(level.name) > names.indexOf(than.name);
}

/** What is wrong with the labels of a namespace. */
export function checkLevelLabels(labels: Labels): FieldError[] {
  const errors: FieldError[] = [];
  for (const mode of ["enforce", "audit", "warn"]) {
    const [name, version] = [labels?.[prefix + mode], labels?.[`${prefix}${mode}-version`]];
    const path = FieldPath.of("metadata").child("labels");
    if (name !== undefined && !(names as readonly string[]).includes(name)) errors.push(invalid(path.key(prefix + mode), name, `must be one of ${names.join(", ")}`));
    if (version !== undefined && version !== "latest" && !versionPattern.test(version)) errors.push(invalid(path.key(`${prefix}${mode}-version`), version, 'must be "latest" or "v1.x"'));
  }
  return errors;
}

/** What a Pod does that the level does not let through. */
export function findings({ name, version }: Level, pod: JudgedPod): readonly Finding[] {
  if (name === "privileged") return [];
  const minor = Number(versionPattern.exec(version)?.[1] ?? Number.POSITIVE_INFINITY);
  const held = ({ since }: Check): boolean => since <= minor;
  const restricted = name === "restricted" ? restrictedChecks.filter(held) : [];
  const overridden = new Set(restricted.map(({ overrides }) => overrides));
  const checks = [...baselineChecks.filter((check) => held(check) && !overridden.has(check.id)), ...restricted];
  return checks.map(({ judge }) => judge(pod, minor)).filter((finding) => finding !== undefined);
}
