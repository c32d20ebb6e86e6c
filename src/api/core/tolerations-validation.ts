import type { FieldError } from "../../base/field-error.ts";
import type { Toleration } from "../types/core-v1.ts";
import { invalid, notSupported, required } from "../validation/errors.ts";
import { labelValueProblems } from "../validation/names.ts";
import { checkLabelKey } from "../validation/object-meta.ts";
import type { FieldPath } from "../validation/path.ts";

/** Validation of taints' effects and of tolerations. */
const taintEffects: readonly string[] = ["NoSchedule", "PreferNoSchedule", "NoExecute"];

/** The effect of a taint is required; an empty one of a toleration means all. */
function checkTaintEffect(effect: string | undefined, path: FieldPath, errors: FieldError[]): void {
  if ((effect ?? "") === "") errors.push(required(path));
  else if (!taintEffects.includes(effect ?? "")) errors.push(notSupported(path, effect, taintEffects));
}

export function checkTolerations(tolerations: readonly Toleration[] | undefined, path: FieldPath, errors: FieldError[]): void {
  if (tolerations === undefined) return;
  for (let i = 0; i < tolerations.length; i++) {
    const toleration = tolerations[i];
    if (toleration !== undefined) checkToleration(toleration, path.index(i), errors);
  }
}

function checkToleration(toleration: Toleration, path: FieldPath, errors: FieldError[]): void {
  const { key = "", value = "" } = toleration;
  const operator: string = toleration.operator ?? "";
  const effect: string = toleration.effect ?? "";
  if (key !== "") checkLabelKey(key, path.child("key"), errors);
  else if (operator !== "Exists") {
    errors.push(invalid(path.child("operator"), operator, 'operator must be Exists when `key` is empty, which means "match all values and all keys"'));
  }
  if (toleration.tolerationSeconds !== undefined && effect !== "NoExecute") {
    errors.push(invalid(path.child("effect"), effect, "effect must be 'NoExecute' when `tolerationSeconds` is set"));
  }
  if (operator === "" || operator === "Equal") {
    const problems = labelValueProblems(value);
    if (problems.length > 0) errors.push(invalid(path.child("operator"), value, problems.join(";")));
  } else if (operator === "Exists") {
    if (value !== "") errors.push(invalid(path.child("operator"), value, "value must be empty when `operator` is 'Exists'"));
  } else errors.push(notSupported(path.child("operator"), operator, ["Equal", "Exists"]));
  if (effect !== "") checkTaintEffect(effect, path.child("effect"), errors);
}
