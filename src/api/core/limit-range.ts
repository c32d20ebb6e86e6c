/** LimitRange: bounds and defaults for what runs in a namespace. */
import type { FieldError } from "../../base/field-error.ts";
import type { KindDeclaration } from "../declaration.ts";
import { limitRanges } from "../kinds.ts";
import type { LimitRange } from "../types/core-v1.ts";
import { checkLimits } from "./limit-range-validation.ts";

export const limitRange: KindDeclaration<LimitRange> = {
  ref: limitRanges,
  defaults(draft) {
    for (const item of draft.spec?.limits ?? []) {
      if (item === null || item.type !== "Container") continue;
      const limits = { ...item.max, ...item.default };
      const requests = { ...item.min, ...limits, ...item.defaultRequest };
      if (Object.keys(limits).length > 0) item.default = limits;
      if (Object.keys(requests).length > 0) item.defaultRequest = requests;
    }
  },
  prepareCreate(draft) {
    // One without a name gets a unique one.
    if ((draft.metadata.name ?? "") === "") draft.metadata.name = draft.metadata.uid as string;
  },
  validate(object) {
    const errors: FieldError[] = [];
    checkLimits(object.spec?.limits, errors);
    return errors;
  },
};
