/** LimitRange: bounds and defaults for what runs in a namespace. */
import type { KindDeclaration } from "../declaration.ts";
import { limitRanges } from "../kinds.ts";
import type { LimitRange } from "../types/core-v1.ts";

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
};
