import type { FieldError } from "../../base/field-error.ts";
import { sameData } from "../equality.ts";
import type { KindDeclaration } from "../declaration.ts";
import { podTemplates } from "../kinds.ts";
import { labelsText } from "../label-text.ts";
import { columns, containerCells } from "../table.ts";
import type { PodTemplate, PodTemplateSpec } from "../types/core-v1.ts";
import { forbidden } from "../validation/errors.ts";
import { dnsSubdomainName } from "../validation/names.ts";
import { checkAnnotations, checkLabels } from "../validation/object-meta.ts";
import { FieldPath } from "../validation/path.ts";
import { defaultPodTemplate } from "./pod-defaults.ts";
import { checkAnnotatedProfiles, checkPodAnnotations } from "./pod-annotations.ts";
import { checkPodSpec } from "./pod-validation.ts";
import { podTemplateWarnings } from "./pod-warnings.ts";

/** What every workload does with the template of its Pods: defaults and validation; and the kind PodTemplate, which holds nothing else. */
export function validatePodTemplate(template: PodTemplateSpec | undefined, path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  const spec = template?.spec ?? { containers: [] };
  // Upstream's paths leave out `metadata` here.
  checkLabels(template?.metadata?.labels, path.child("labels"), errors);
  checkAnnotations(template?.metadata?.annotations, path.child("annotations"), errors);
  checkPodAnnotations(template?.metadata?.annotations, spec, path.child("annotations"), errors);
  checkPodSpec(spec, {}, path.child("spec"), errors);
  checkAnnotatedProfiles(template?.metadata?.annotations, spec, path.child("spec"), errors);
  if ((spec.ephemeralContainers ?? []).length > 0) {
    errors.push(forbidden(path.child("spec").child("ephemeralContainers"), "ephemeral containers not allowed in pod template"));
  }
  return errors;
}

export const podTemplate: KindDeclaration<PodTemplate> = {
  ref: podTemplates,
  nameErrors: dnsSubdomainName,
  hasGeneration: true,
  generationRises: (object, old) => !sameData(object.template, old.template),
  defaults: (draft) => {
    draft.template ??= { metadata: {} as never, spec: { containers: [] } };
    defaultPodTemplate(draft.template);
  },
  validate: (object) => validatePodTemplate(object.template, FieldPath.of("template")),
  warnings: (object) => podTemplateWarnings(object.template, FieldPath.of("template")),
  table: {
    columns: columns("Name", "Containers", "Images", "Pod Labels"),
    cells: (object) => [object.metadata.name, ...containerCells(object.template?.spec), labelsText(object.template?.metadata?.labels)],
  },
};
