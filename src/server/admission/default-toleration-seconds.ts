import type { Draft } from "../../base/json.ts";
import type { Pod, Toleration } from "../../api/types/core-v1.ts";
import type { AdmissionPlugin } from "./admission.ts";

/** DefaultTolerationSeconds: a Pod stays for a while on a node that is not ready or not reachable, unless it says otherwise. */
const seconds = 300;
const keys = ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"] as const;

export const defaultTolerationSeconds: AdmissionPlugin = {
  name: "DefaultTolerationSeconds",
  mutate(request) {
    const { operation, kind, subresource } = request;
    if ((operation !== "CREATE" && operation !== "UPDATE") || kind.facts.kind !== "Pod" || subresource !== "") return;
    const { spec } = request.object as unknown as Draft<Pod>;
    const standing = spec.tolerations ?? [];
    const missing = keys.filter((key) => !standing.some((toleration) => coversNoExecute(toleration, key)));
    if (missing.length === 0) return;
    spec.tolerations = [...standing, ...missing.map((key) => ({ key, operator: "Exists" as const, effect: "NoExecute" as const, tolerationSeconds: seconds }))];
  },
};

function coversNoExecute(toleration: Pick<Toleration, "key" | "effect">, key: string): boolean {
  const ofKey = toleration.key === key || (toleration.key ?? "") === "";
  return ofKey && (toleration.effect === "NoExecute" || (toleration.effect ?? "") === "");
}
