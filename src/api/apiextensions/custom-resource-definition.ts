/** CustomResourceDefinition: a kind that somebody else brings. */
import type { KindDeclaration } from "../declaration.ts";
import { customResourceDefinitions } from "../kinds.ts";
import type { CustomResourceDefinition } from "../types/apiextensions-v1.ts";

export const customResourceDefinition: KindDeclaration<CustomResourceDefinition> = {
  ref: customResourceDefinitions,
  defaults(draft) {
    draft.spec.scope ||= "Namespaced";
    draft.spec.conversion ??= { strategy: "None" };
    const names = draft.spec.names;
    if (names === undefined || names === null) return;
    names.singular ||= (names.kind ?? "").toLowerCase();
    names.listKind ||= (names.kind ?? "") === "" ? "" : `${names.kind}List`;
  },
  prepareCreate(draft) {
    const stored = (draft.spec.versions ?? []).filter((version) => version?.storage).map(({ name }) => name);
    draft.status = { conditions: null, acceptedNames: { plural: "", kind: "" }, storedVersions: stored } as unknown as typeof draft.status;
  },
};
