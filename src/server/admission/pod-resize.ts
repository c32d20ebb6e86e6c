import { StatusError, forbidden } from "../../base/status-error.ts";
import type { Node, Pod } from "../../api/types/core-v1.ts";
import { amountOf, podAmounts } from "../../placement/resources.ts";
import type { AdmissionPlugin } from "./admission.ts";

/** PodResizeValidator: no Pod grows beyond what its whole node has, and nodes of other systems than Linux resize none. */
export const podResize: AdmissionPlugin = {
  name: "PodResizeValidator",
  validate(request, view) {
    if (request.kind.facts.kind !== "Pod" || request.subresource !== "resize" || request.operation !== "UPDATE") return;
    const pod = request.object as Pod | undefined;
    const nodeName = pod?.spec?.nodeName ?? "";
    if (pod === undefined || nodeName === "" || pod.metadata.generation === request.old?.metadata.generation) return;
    const refuse = (why: string, cause?: string): never => {
      const { status } = forbidden(request.kind.facts, request.name, why);
      const causes = cause === undefined ? {} : { causes: [{ reason: cause }] };
      throw new StatusError({ code: status.code, reason: "Forbidden", message: status.message ?? "", details: { ...status.details, ...causes } });
    };
    const node = view.get<Node>(`nodes/${nodeName}`);
    if (node === undefined) return refuse(`node "${nodeName}" not found`);
    const system = node.metadata.labels?.["kubernetes.io/os"];
    if (system !== undefined && system !== "linux") return refuse(`pod resize is only supported on linux nodes, node "${nodeName}" is "${system}"`, "UnsupportedPlatform");
    const lacking = beyond(pod, node);
    if (lacking.length > 0) refuse(`node didn't have enough allocatable resources: ${lacking.join("; ")}`, "NodeCapacity");
  },
};

function beyond({ spec }: Pod, { status }: Node): string[] {
  const asked = podAmounts(spec);
  return ["cpu", "memory"].flatMap((resource) => {
    const requested = asked[resource] ?? 0;
    const allocatable = amountOf(resource, status.allocatable?.[resource] ?? "0");
    return requested > allocatable ? [`${resource}, requested: ${requested}, allocatable: ${allocatable}`] : [];
  });
}
