import type { Draft } from "../../base/json.ts";
import type { KindDeclaration } from "../declaration.ts";
import { pods } from "../kinds.ts";
import type { Pod, PodCondition } from "../types/core-v1.ts";
import { dnsSubdomainName } from "../validation/names.ts";
import { defaultPod } from "./pod-defaults.ts";
import { applyLabelKeys } from "./pod-label-keys.ts";
import { qosClass } from "./pod-resources.ts";
import { podTable } from "./pod-table.ts";
import { preparePodStatus, validatePodStatus } from "./pod-status-update.ts";
import { validatePodUpdate } from "./pod-update.ts";
import { validatePod } from "./pod-validation.ts";
import { podWarnings } from "./pod-warnings.ts";

/** The kind Pod. Its parts stand in the files `pod-*.ts` and `*-validation.ts` beside this one. */
export const pod: KindDeclaration<Pod> = {
  ref: pods,
  nameErrors: dnsSubdomainName,
  defaults: defaultPod,
  prepareCreate: (draft) => {
    const gated = (draft.spec?.schedulingGates ?? []).length > 0;
    draft.status = {
      phase: "Pending",
      ...(gated ? { conditions: [gatedCondition(draft.metadata.creationTimestamp)] } : {}),
      qosClass: qosClass(draft as Pod),
    };
    applyLabelKeys(draft);
    // Less than nothing is the least that there is, and nobody is warned of it.
    if (draft.spec !== undefined && (draft.spec.terminationGracePeriodSeconds ?? 0) < 0) draft.spec.terminationGracePeriodSeconds = 1;
  },
  validate: validatePod,
  validateUpdate: validatePodUpdate,
  validateOnUpdate: false,
  status: { prepare: preparePodStatus, validate: validatePodStatus },
  hasGeneration: true,
  selectableFields: {
    "spec.nodeName": (object) => object.spec?.nodeName ?? "",
    "spec.restartPolicy": (object) => object.spec?.restartPolicy ?? "",
    "spec.schedulerName": (object) => object.spec?.schedulerName ?? "",
    "spec.serviceAccountName": (object) => object.spec?.serviceAccountName ?? "",
    "spec.hostNetwork": (object) => String(object.spec?.hostNetwork ?? false),
    "status.phase": (object) => object.status?.phase ?? "",
    "status.podIP": (object) => object.status?.podIPs?.[0]?.ip ?? "",
    "status.nominatedNodeName": (object) => object.status?.nominatedNodeName ?? "",
  },
  gracePeriodSeconds,
  table: podTable,
  // Not on updates: people hardly write to Pods, and the writes are many.
  warnings: (object, old) => (old === undefined ? podWarnings(object) : []),
};

/** Known from the first moment: the scheduler does not look at such a Pod. */
function gatedCondition(now: string): Draft<PodCondition> {
  return {
    type: "PodScheduled",
    status: "False",
    // Go writes a time that is not set as null.
    lastProbeTime: null as never,
    lastTransitionTime: now,
    reason: "SchedulingGated",
    message: "Scheduling is blocked due to non-empty scheduling gates",
  };
}

/** What was asked, else the Pod's own; none for a Pod that never came to a node or has ended. */
function gracePeriodSeconds(object: Pod, asked: number | undefined): number {
  if ((object.spec?.nodeName ?? "") === "") return 0;
  if (object.status?.phase === "Failed" || object.status?.phase === "Succeeded") return 0;
  const seconds = asked ?? object.spec?.terminationGracePeriodSeconds ?? 0;
  return seconds < 0 ? 1 : seconds;
}
