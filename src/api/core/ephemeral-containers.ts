import type { FieldError } from "../../base/field-error.ts";
import { equalJson } from "../schema/json-data.ts";
import type { Pod } from "../types/core-v1.ts";
import { forbidden } from "../validation/errors.ts";
import { FieldPath } from "../validation/path.ts";
import { checkAnnotationUpdate, isMirrorPod } from "./pod-annotations.ts";
import { checkPod } from "./pod-validation.ts";
import { ephemeralContainerDifference } from "./spec-difference.ts";

/** What the subresource ephemeralcontainers may change: containers are added, and stay as they are from then on. */
export function validateEphemeralContainers(object: Pod, old: Pod): FieldError[] {
  const errors: FieldError[] = [];
  checkPod(object, errors);
  checkAnnotationUpdate(object, old, errors);
  if (isMirrorPod(old)) return [forbidden(FieldPath.of(""), "static pods do not support ephemeral containers")];
  const path = FieldPath.of("spec").child("ephemeralContainers");
  const now = new Map((object.spec.ephemeralContainers ?? []).map((container) => [container.name, container]));
  for (const before of old.spec.ephemeralContainers ?? []) {
    const container = now.get(before.name);
    if (!container) errors.push(forbidden(path, `existing ephemeral containers ${JSON.stringify(before.name)} may not be removed\n`));
    else if (!equalJson(container, before)) errors.push(forbidden(path, `existing ephemeral containers ${JSON.stringify(before.name)} may not be changed\n${ephemeralContainerDifference(before, container)}`));
  }
  return errors;
}
