/** CSIDriver: what a storage driver can and wants. */
import type { FieldError } from "../../base/field-error.ts";
import { checkUnchanged } from "../apps/workload.ts";
import type { KindDeclaration } from "../declaration.ts";
import { sameData } from "../equality.ts";
import { csiDrivers } from "../kinds.ts";
import { age, columns } from "../table.ts";
import type { CSIDriver } from "../types/storage-v1.ts";
import { invalid, notSupported } from "../validation/errors.ts";
import { FieldPath } from "../validation/path.ts";
import { checkTokenRequests } from "./validation.ts";

const spec = FieldPath.of("spec");
const groupPolicies = ["File", "None", "ReadWriteOnceWithFSType"];
const lifecycleModes = ["Persistent", "Ephemeral"];
const updatePeriodMin = 10;

export const csiDriver: KindDeclaration<CSIDriver> = {
  ref: csiDrivers,
  hasGeneration: false,
  generationRises: (object, old) => !sameData(object.spec, old.spec),
  defaults(draft) {
    draft.spec.attachRequired ??= true;
    draft.spec.podInfoOnMount ??= false;
    draft.spec.storageCapacity ??= false;
    draft.spec.fsGroupPolicy ??= "ReadWriteOnceWithFSType";
    if ((draft.spec.volumeLifecycleModes ?? []).length === 0) draft.spec.volumeLifecycleModes = ["Persistent"];
    draft.spec.requiresRepublish ??= false;
    draft.spec.seLinuxMount ??= false;
  },
  validate(object) {
    const errors: FieldError[] = [];
    const { fsGroupPolicy, nodeAllocatableUpdatePeriodSeconds: period } = object.spec;
    if (fsGroupPolicy !== undefined && !groupPolicies.includes(fsGroupPolicy)) errors.push(notSupported(spec.child("fsGroupPolicy"), fsGroupPolicy, groupPolicies));
    checkTokenRequests(object.spec.tokenRequests, spec.child("tokenRequests"), errors);
    for (const mode of object.spec.volumeLifecycleModes ?? []) {
      if (!lifecycleModes.includes(mode)) errors.push(notSupported(spec.child("volumeLifecycleModes"), mode, lifecycleModes));
    }
    if (period !== undefined && period < updatePeriodMin) {
      errors.push(invalid(spec.child("nodeAllocatableUpdatePeriodSeconds"), period, `must be greater than or equal to ${updatePeriodMin} seconds`));
    }
    return errors;
  },
  validateUpdate(object, old) {
    const errors: FieldError[] = [];
    const { attachRequired, volumeLifecycleModes } = object.spec;
    // Upstream's path differs from the field.
    checkUnchanged(attachRequired === old.spec.attachRequired, attachRequired, spec.child("attachedRequired"), errors);
    checkUnchanged(sameData(volumeLifecycleModes, old.spec.volumeLifecycleModes), volumeLifecycleModes, spec.child("volumeLifecycleModes"), errors);
    return errors;
  },
  warnings({ spec: { tokenRequests = [], serviceAccountTokenInSecrets } }) {
    if (tokenRequests.length === 0 || serviceAccountTokenInSecrets !== undefined) return [];
    return ["spec.serviceAccountTokenInSecrets is unset; if supported by this CSI driver, set to true to prevent possible logging of tokens in volume attributes"];
  },
  table: {
    columns: columns(
      "Name",
      "AttachRequired:boolean",
      "PodInfoOnMount:boolean",
      "StorageCapacity:boolean",
      "TokenRequests",
      "RequiresRepublish:boolean",
      "Modes",
      "Age",
    ),
    cells: (object, context) => [
      object.metadata.name,
      object.spec.attachRequired ?? true,
      object.spec.podInfoOnMount ?? false,
      object.spec.storageCapacity ?? false,
      (object.spec.tokenRequests ?? []).map(({ audience }) => audience).join(",") || "<unset>",
      object.spec.requiresRepublish ?? false,
      (object.spec.volumeLifecycleModes ?? []).join(",") || "<none>",
      age(object, context),
    ],
  },
};
