import { expect, test } from "vitest";
import type { Pod } from "../api/types/core-v1.ts";
import { parseTime } from "../base/time.ts";
import { disruptionPatch } from "./disruption.ts";

const now = parseTime("2026-01-01T00:00:40Z") as number;
const disruption = { reason: "DeletionByPodGC", message: "PodGC: node no longer exists" } as const;

function pod(status: Pod["status"]): Pod {
  const metadata = { name: "p", namespace: "default", uid: "u", resourceVersion: "1", creationTimestamp: "2026-01-01T00:00:00Z", generation: 1 };
  return { apiVersion: "v1", kind: "Pod", metadata, spec: { containers: [] }, status };
}

test("a Pod that runs is failed and told why", () => {
  expect(disruptionPatch(pod({ phase: "Running", conditions: [{ type: "Ready", status: "True" }] }), { failed: true, disruption }, now)).toEqual({
    metadata: { uid: "u" },
    status: {
      observedGeneration: 1,
      phase: "Failed",
      "$setElementOrder/conditions": [{ type: "Ready" }, { type: "DisruptionTarget" }],
      conditions: [{ type: "DisruptionTarget", observedGeneration: 1, status: "True", ...disruption, lastTransitionTime: "2026-01-01T00:00:40Z" }],
    },
  });
});

test("one that has ended keeps its status when it is only to be removed", () => {
  expect(disruptionPatch(pod({ phase: "Succeeded" }), { failed: true, disruption }, now)).toBeUndefined();
  expect(disruptionPatch(pod({ phase: "Failed" }), { failed: true }, now)).toBeUndefined();
});

test("an evicted Pod gets the condition and keeps its phase, once", () => {
  const evicted = { reason: "DeletionByTaintManager", message: "Taint manager: deleting due to NoExecute taint" } as const;
  expect(disruptionPatch(pod({ phase: "Running" }), { disruption: evicted }, now)).toMatchObject({ status: { conditions: [{ reason: "DeletionByTaintManager" }] } });
  const marked = pod({ phase: "Running", conditions: [{ type: "DisruptionTarget", observedGeneration: 1, status: "True", lastTransitionTime: "2026-01-01T00:00:00Z", ...evicted }] });
  expect(disruptionPatch(marked, { disruption: evicted }, now)).toBeUndefined();
});
