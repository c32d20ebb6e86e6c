/** Namespace: a room for names. It holds itself back from deletion until its content is gone. */
import type { Draft } from "../../base/json.ts";
import type { FieldError } from "../../base/field-error.ts";
import type { KindDeclaration } from "../declaration.ts";
import { namespaces } from "../kinds.ts";
import { age, columns } from "../table.ts";
import type { Namespace } from "../types/core-v1.ts";
import { invalid, pushProblems } from "../validation/errors.ts";
import { dnsLabelName, qualifiedNameProblems } from "../validation/names.ts";
import { FieldPath } from "../validation/path.ts";

const nameLabel = "kubernetes.io/metadata.name";
const ownFinalizer = "kubernetes";

export const namespace: KindDeclaration<Namespace> = {
  ref: namespaces,
  hasGeneration: false,
  generationRises: () => false,
  nameErrors: dnsLabelName,
  defaults(draft) {
    if ((draft.metadata.name ?? "") !== "") draft.metadata.labels = sorted({ ...draft.metadata.labels, [nameLabel]: draft.metadata.name });
    draft.status ??= {};
    draft.status.phase ||= "Active";
  },
  prepareCreate(draft) {
    draft.status = { phase: "Active" };
    draft.spec ??= {};
    const finalizers = (draft.spec.finalizers ?? []).filter((finalizer) => finalizer !== null);
    draft.spec.finalizers = finalizers.includes(ownFinalizer) ? finalizers : [...finalizers, ownFinalizer];
    draft.metadata.labels = sorted({ ...draft.metadata.labels, [nameLabel]: draft.metadata.name });
  },
  prepareUpdate(draft, old) {
    // Only /finalize changes the finalizers of the spec.
    draft.spec = { ...draft.spec, finalizers: old.spec.finalizers as string[] };
    draft.status = old.status as Draft<Namespace>["status"];
  },
  validate(object) {
    const errors: FieldError[] = [];
    const path = FieldPath.of("spec").child("finalizers");
    object.spec?.finalizers?.forEach((finalizer, i) => {
      pushProblems(errors, path.index(i), finalizer, qualifiedNameProblems(finalizer));
      if (!finalizer.includes("/") && finalizer !== ownFinalizer && qualifiedNameProblems(finalizer).length === 0) {
        errors.push(invalid(path.index(i), finalizer, "name is neither a standard finalizer name nor is it fully qualified"));
      }
    });
    return errors;
  },
  status: {
    validate(object) {
      const terminating = object.metadata.deletionTimestamp !== undefined;
      const phase = object.status.phase;
      if (terminating && phase !== "Terminating") {
        return [invalid("status.Phase", phase, "may only be 'Terminating' if `deletionTimestamp` is not empty")];
      }
      if (!terminating && phase !== "Active") return [invalid("status.Phase", phase, "may only be 'Active' if `deletionTimestamp` is empty")];
      return [];
    },
  },
  selectableFields: { "status.phase": (object) => object.status.phase ?? "", name: (object) => object.metadata.name },
  table: {
    columns: columns("Name", "Status", "Age"),
    cells: (object, context) => [object.metadata.name, object.status.phase ?? "", age(object, context)],
  },
};

function sorted(labels: { readonly [key: string]: string }): { [key: string]: string } {
  return Object.fromEntries(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
}
