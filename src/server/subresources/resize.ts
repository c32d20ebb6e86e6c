import type { Draft } from "../../base/json.ts";
import { prepareResize, validateResize } from "../../api/core/pod-resize.ts";
import type { KubeObject } from "../../api/kind-ref.ts";
import type { Pod } from "../../api/types/core-v1.ts";
import type { UpdateRules } from "../replace.ts";
import { refuse } from "../strategy.ts";
import { keptMetadata } from "./kept-metadata.ts";

/** PUT, PATCH and apply of /resize of a Pod: what its containers ask for and may use, while they run. All else stays as it was. */
export const resizeRules: UpdateRules = {
  prepare(_kind, draft, old) {
    const next = draft as unknown as Draft<Pod>;
    next.metadata = keptMetadata(next.metadata, old.metadata);
    prepareResize(next, old as Pod);
  },
  validate(kind, object: KubeObject, old) {
    refuse(kind, object, validateResize(object as Pod, old as Pod));
  },
  mayRaiseGeneration: true,
};
