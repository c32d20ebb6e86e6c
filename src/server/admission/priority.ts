import type { Draft } from "../../base/json.ts";
import { forbidden } from "../../base/status-error.ts";
import type { Pod } from "../../api/types/core-v1.ts";
import type { PriorityClass } from "../../api/types/scheduling-v1.ts";
import type { AdmissionPlugin, AdmissionRequest } from "./admission.ts";
import type { AdmissionView } from "./view.ts";

/** Priority: a Pod's class becomes a number; without a class, the global default's, else zero. One class at most is that default. */
export const priority: AdmissionPlugin = {
  name: "Priority",
  mutate(request, view) {
    if (request.operation === "CREATE" && request.kind.facts.kind === "Pod" && request.subresource === "") resolve(request, view);
  },
  validate(request, view) {
    if (request.kind.facts.kind !== "PriorityClass" || request.operation === "DELETE" || request.subresource !== "") return;
    const asked = request.object as unknown as PriorityClass;
    if (asked.globalDefault !== true) return;
    const other = globalDefault(view);
    if (other !== undefined && other.metadata.name !== asked.metadata.name) {
      throw forbidden(request.kind.facts, asked.metadata.name ?? "", `PriorityClass ${other.metadata.name} is already marked as default. Only one default can exist`);
    }
  },
};

function resolve(request: AdmissionRequest, view: AdmissionView): void {
  const { spec } = request.object as unknown as Draft<Pod>;
  let found: Pick<PriorityClass, "value" | "preemptionPolicy"> = { value: 0 };
  if (spec.priorityClassName === undefined || spec.priorityClassName === "") {
    const byDefault = globalDefault(view);
    if (byDefault !== undefined) {
      found = byDefault;
      spec.priorityClassName = byDefault.metadata.name as string;
    }
  } else {
    const named = view.get<PriorityClass>(`priorityclasses.scheduling.k8s.io/${spec.priorityClassName}`);
    if (named === undefined) throw forbidden(request.kind.facts, request.name, `no PriorityClass with name ${spec.priorityClassName} was found`);
    found = named;
  }
  const { value = 0, preemptionPolicy = "PreemptLowerPriority" } = found;
  if (spec.priority !== undefined && spec.priority !== value) {
    throw forbidden(request.kind.facts, request.name, `the integer value of priority (${spec.priority}) must not be provided in pod spec; priority admission controller computed ${value} from the given PriorityClass name`);
  }
  spec.priority = value;
  if (spec.preemptionPolicy !== undefined && spec.preemptionPolicy !== preemptionPolicy) {
    throw forbidden(request.kind.facts, request.name, `the string value of PreemptionPolicy (${spec.preemptionPolicy}) must not be provided in pod spec; priority admission controller computed ${preemptionPolicy} from the given PriorityClass name`);
  }
  spec.preemptionPolicy = preemptionPolicy;
}

/** The class marked as default; of several, that of the least value, as upstream chooses. */
function globalDefault(view: AdmissionView): PriorityClass | undefined {
  let least: PriorityClass | undefined;
  for (const candidate of view.list<PriorityClass>("priorityclasses.scheduling.k8s.io/")) {
    if (candidate.globalDefault === true && (least === undefined || (candidate.value ?? 0) < (least.value ?? 0))) least = candidate;
  }
  return least;
}
