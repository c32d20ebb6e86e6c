import fc from "fast-check";
import { expect, test } from "vitest";
import type { KubeObject } from "../../api/kind-ref.ts";
import type { ResourceQuota } from "../../api/types/core-v1.ts";
import { milliValue } from "../../base/quantity.ts";
import { quotaStatus } from "./plan.ts";

const drawnPod = fc.record({ phase: fc.constantFrom("Pending", "Running", "Failed", "Succeeded"), cpu: fc.constantFrom("100m", "1", "2500m", "0") });
const names = fc.uniqueArray(fc.constantFrom("pods", "requests.cpu", "cpu", "limits.memory", "count/pods", "count/configmaps", "count/deployments.apps"), { maxLength: 7 });

function held(pods: readonly { readonly phase: string; readonly cpu: string }[], maps: number) {
  const objects = pods.map(({ phase, cpu }) => ({ spec: { containers: [{ name: "c", resources: { requests: { cpu } } }] }, status: { phase } }) as unknown as KubeObject);
  return [
    { ref: { group: "", plural: "pods" }, objects },
    { ref: { group: "", plural: "configmaps" }, objects: Array.from({ length: maps }, () => ({ kind: "ConfigMap" }) as unknown as KubeObject) },
  ];
}

test("every bound is told with the exact amount that is used of it, in any order of the objects; then nothing is left to write", () => {
  fc.assert(
    fc.property(names, fc.array(drawnPod, { maxLength: 12 }), fc.nat(5), (bounds, drawn, maps) => {
      const quota = { spec: { hard: Object.fromEntries(bounds.map((name) => [name, "10"])) }, status: { hard: { other: "1" } } } as unknown as ResourceQuota;
      const status = quotaStatus(quota, held(drawn, maps)) as ResourceQuota["status"];
      const living = drawn.filter(({ phase }) => phase !== "Failed" && phase !== "Succeeded");
      const cpu = living.reduce((sum, each) => sum + milliValue(each.cpu), 0);
      const exact: { [name: string]: number } = {
        pods: living.length * 1000, "count/pods": drawn.length * 1000, "count/configmaps": maps * 1000, "requests.cpu": cpu, cpu, "limits.memory": 0, "count/deployments.apps": 0,
      };
      expect(status.hard ?? {}).toEqual(quota.spec.hard);
      expect(Object.fromEntries(Object.entries(status.used ?? {}).map(([name, amount]) => [name, milliValue(amount)]))).toEqual(Object.fromEntries(bounds.map((name) => [name, exact[name]])));
      expect(quotaStatus({ ...quota, status }, held(drawn.toReversed(), maps))).toBeUndefined();
    }),
  );
});
