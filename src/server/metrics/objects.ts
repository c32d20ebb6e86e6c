import type { KindRegistry } from "../../api/registry.ts";
import type { BootstrapObjects } from "../bootstrap/objects.ts";
import { metricsGroup } from "./metrics.ts";

/** What the add-on puts into a new cluster: its APIService, answered by this server itself, and the right to read metrics for those who may view. */
const objects = (birth: string) => ({
  "/apis/rbac.authorization.k8s.io/v1/clusterroles": [
    {
      metadata: {
        name: "system:aggregated-metrics-reader",
        labels: {
          "k8s-app": "metrics-server",
          "rbac.authorization.k8s.io/aggregate-to-admin": "true",
          "rbac.authorization.k8s.io/aggregate-to-edit": "true",
          "rbac.authorization.k8s.io/aggregate-to-view": "true",
        },
      },
      rules: [{ apiGroups: [metricsGroup], resources: ["pods", "nodes"], verbs: ["get", "list", "watch"] }],
    },
  ],
  "/apis/apiregistration.k8s.io/v1/apiservices": [
    {
      metadata: { name: `v1beta1.${metricsGroup}`, labels: { "k8s-app": "metrics-server" } },
      spec: { group: metricsGroup, version: "v1beta1", groupPriorityMinimum: 100, versionPriority: 100 },
      status: { conditions: [{ type: "Available", status: "True", lastTransitionTime: birth, reason: "Local", message: "Local APIServices are always available" }] },
    },
  ],
});

/** The objects of a cluster that is born at this time, with those of the metrics where the registry serves them. */
export function withMetrics(base: BootstrapObjects, registry: KindRegistry, birth: string): BootstrapObjects {
  if (registry.byResource(metricsGroup, "v1beta1", "nodes") === undefined) return base;
  const all: { [path: string]: BootstrapObjects[string] } = { ...base };
  for (const [path, more] of Object.entries<BootstrapObjects[string]>(objects(birth) as unknown as BootstrapObjects)) all[path] = [...(all[path] ?? []), ...more];
  return all;
}
