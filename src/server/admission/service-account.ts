import type { Draft } from "../../base/json.ts";
import { forbidden } from "../../base/status-error.ts";
import type { Pod } from "../../api/types/core-v1.ts";
import type { AdmissionPlugin } from "./admission.ts";

/** ServiceAccount: every Pod runs under an account, `default` unless it says which. Mirror Pods have none. */
export const serviceAccount: AdmissionPlugin = {
  name: "ServiceAccount",
  mutate(request, view) {
    if (request.operation !== "CREATE" || request.kind.facts.kind !== "Pod" || request.subresource !== "") return;
    const pod = request.object as unknown as Draft<Pod>;
    if (pod.metadata.annotations?.["kubernetes.io/config.mirror"] !== undefined) return;
    const { spec } = pod;
    const name = spec.serviceAccountName === undefined || spec.serviceAccountName === "" ? "default" : spec.serviceAccountName;
    spec.serviceAccountName = name;
    spec.serviceAccount = name;
    if (view.get(`serviceaccounts/${request.namespace}/${name}`) === undefined) {
      // Upstream refuses; the account of a new namespace is a moment behind, and whoever creates Pods tries again.
      throw forbidden(request.kind.facts, request.name, `error looking up service account ${request.namespace}/${name}: serviceaccount ${JSON.stringify(name)} not found`);
    }
  },
};
