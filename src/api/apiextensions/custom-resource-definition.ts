/** CustomResourceDefinition: a kind that somebody else brings. */
import type { FieldError } from "../../base/field-error.ts";
import { checkUnchanged } from "../apps/workload.ts";
import type { KindDeclaration } from "../declaration.ts";
import { customResourceDefinitions } from "../kinds.ts";
import type { CustomResourceDefinition, CustomResourceDefinitionVersion } from "../types/apiextensions-v1.ts";
import { FieldPath } from "../validation/path.ts";
import { checkDefinition } from "./definition-validation.ts";
import { unknownFormats } from "./formats.ts";

const spec = FieldPath.of("spec");

export const customResourceDefinition: KindDeclaration<CustomResourceDefinition> = {
  ref: customResourceDefinitions,
  defaults(draft) {
    draft.spec.conversion ??= { strategy: "None" };
    const service = draft.spec.conversion?.webhook?.clientConfig?.service;
    if (service !== undefined && service !== null) service.port ??= 443;
    const names = draft.spec.names;
    if (names === undefined || names === null) return;
    names.singular ||= (names.kind ?? "").toLowerCase();
    names.listKind ||= (names.kind ?? "") === "" ? "" : `${names.kind}List`;
  },
  prepareCreate(draft) {
    const storedVersions = withStorage([], draft.spec.versions as readonly CustomResourceDefinitionVersion[] | null);
    draft.status = { conditions: null, acceptedNames: { plural: "", kind: "" }, storedVersions } as unknown as typeof draft.status;
  },
  prepareUpdate(draft, old) {
    const storedVersions = withStorage(old.status.storedVersions ?? [], draft.spec.versions as readonly CustomResourceDefinitionVersion[] | null);
    draft.status = { ...old.status, storedVersions } as typeof draft.status;
  },
  validate: checkDefinition,
  validateUpdate(object, old) {
    const errors: FieldError[] = [];
    const { names, group, scope } = object.spec;
    if (old.status.conditions?.some(({ type, status }) => type === "Established" && status === "True") === true) {
      checkUnchanged(scope === old.spec.scope, scope, spec.child("scope"), errors);
      checkUnchanged(names.kind === old.spec.names.kind, names.kind, spec.child("names").child("kind"), errors);
    }
    checkUnchanged(group === old.spec.group, group, spec.child("group"), errors);
    checkUnchanged(names.plural === old.spec.names.plural, names.plural, spec.child("names").child("plural"), errors);
    return errors;
  },
  warnings: (object) => unknownFormats(object.spec.versions ?? []).map((format) => `unrecognized format ${JSON.stringify(format)}`),
};

/** Every version in which objects may lie in the store: once written so, they stay. */
function withStorage(stored: readonly string[], versions: readonly CustomResourceDefinitionVersion[] | null): string[] {
  return [...new Set([...stored, ...(versions ?? []).filter((version) => version?.storage).map(({ name }) => name)])];
}
