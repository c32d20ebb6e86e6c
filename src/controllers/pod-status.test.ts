import { expect, test } from "vitest";
import { parseTime } from "../base/time.ts";
import type { Pod, PodStatus } from "../api/types/core-v1.ts";
import { availableFrom, isPodAvailable, isPodReady, withPodCondition } from "./pod-status.ts";

const start = parseTime("2026-01-01T00:00:00Z") as number;

function pod(status: PodStatus): Pod {
  const metadata = { name: "p", namespace: "default", uid: "u", resourceVersion: "1", creationTimestamp: "2026-01-01T00:00:00Z" };
  return { apiVersion: "v1", kind: "Pod", metadata, spec: { containers: [] }, status };
}

const ready = pod({ phase: "Running", conditions: [{ type: "Ready", status: "True", lastTransitionTime: "2026-01-01T00:00:10Z" }] });

test("available is Ready for minReadySeconds", () => {
  expect(isPodReady(ready)).toBe(true);
  expect(isPodAvailable(ready, 0, start)).toBe(true);
  expect(isPodAvailable(ready, 5, start + 14_999)).toBe(false);
  expect(isPodAvailable(ready, 5, start + 15_000)).toBe(true);
  expect(availableFrom(ready, 5)).toBe(start + 15_000);
  expect(availableFrom(pod({ conditions: [{ type: "Ready", status: "False" }] }), 5)).toBeUndefined();
  expect(availableFrom(pod({ conditions: [{ type: "Ready", status: "True" }] }), 5)).toBeUndefined();
});

test("a condition is added at the end, changed in place, and moves its transition time only with its status", () => {
  const condition = { type: "DisruptionTarget", status: "True", reason: "DeletionByPodGC", message: "PodGC: node no longer exists" };
  const added = withPodCondition(ready.status, condition, start);
  expect(added.conditions?.at(-1)).toEqual({ ...condition, lastTransitionTime: "2026-01-01T00:00:00Z" });
  expect(withPodCondition(added, condition, start + 5000)).toBe(added);
  const changed = withPodCondition(added, { ...condition, reason: "Other" }, start + 5000);
  expect(changed.conditions?.at(-1)).toMatchObject({ reason: "Other", lastTransitionTime: "2026-01-01T00:00:00Z" });
  const lowered = withPodCondition(changed, { type: "Ready", status: "False" }, start + 60_000);
  expect(lowered.conditions?.map(({ type }) => type)).toEqual(["Ready", "DisruptionTarget"]);
  expect(lowered.conditions?.[0]).toEqual({ type: "Ready", status: "False", lastTransitionTime: "2026-01-01T00:01:00Z" });
});
