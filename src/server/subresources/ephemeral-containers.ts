import type { Draft } from "../../base/json.ts";
import { validateEphemeralContainers } from "../../api/core/ephemeral-containers.ts";
import type { KubeObject } from "../../api/kind-ref.ts";
import type { Pod } from "../../api/types/core-v1.ts";
import type { UpdateRules } from "../replace.ts";
import { refuse } from "../strategy.ts";
import { keptMetadata } from "./kept-metadata.ts";

/** PUT and PATCH of /ephemeralcontainers of a Pod: the only way to add containers to one that runs. All else stays as it was. */
export const ephemeralContainerRules: UpdateRules = {
  prepare(_kind, draft, old) {
    const next = draft as unknown as Draft<Pod>;
    const before = old as Pod as unknown as Draft<Pod>;
    const added = next.spec?.ephemeralContainers;
    next.metadata = keptMetadata(next.metadata, old.metadata);
    const { ephemeralContainers: _, ...spec } = before.spec;
    next.spec = { ...spec, ...(added === undefined ? {} : { ephemeralContainers: added }) };
    if (before.status === undefined) delete (next as { status?: unknown }).status;
    else next.status = before.status;
  },
  validate(kind, object: KubeObject, old) {
    refuse(kind, object, validateEphemeralContainers(object as Pod, old as Pod));
  },
  mayRaiseGeneration: true,
};
