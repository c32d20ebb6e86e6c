import type { Draft } from "../../base/json.ts";
import type { Node } from "../../api/types/core-v1.ts";
import type { AdmissionPlugin } from "./admission.ts";

/** TaintNodesByCondition: a new Node is not ready for Pods until somebody has seen that it is. */
const notReady = "node.kubernetes.io/not-ready";

export const taintNodesByCondition: AdmissionPlugin = {
  name: "TaintNodesByCondition",
  mutate(request) {
    if (request.operation !== "CREATE" || request.kind.facts.kind !== "Node" || request.subresource !== "") return;
    const node = request.object as unknown as Draft<Node>;
    const taints = node.spec.taints ?? [];
    if (taints.some((taint) => taint.key === notReady && taint.effect === "NoSchedule")) return;
    node.spec.taints = [...taints, { key: notReady, effect: "NoSchedule" }];
  },
};
