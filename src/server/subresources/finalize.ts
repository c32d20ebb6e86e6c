import type { Draft } from "../../base/json.ts";
import type { Namespace } from "../../api/types/core-v1.ts";
import type { UpdateRules } from "../replace.ts";
import { validateUpdate } from "../strategy.ts";

/** PUT of /finalize of a Namespace: the only way to take a finalizer out of its spec. The status stays as it was. */
export const finalizeRules: UpdateRules = {
  prepare(_kind, draft, old) {
    const next = draft as unknown as Draft<Namespace>;
    next.status = (old as Namespace).status as Draft<Namespace>["status"];
  },
  validate: validateUpdate,
  mayRaiseGeneration: false,
};
