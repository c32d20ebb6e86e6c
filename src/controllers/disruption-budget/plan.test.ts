import fc from "fast-check";
import { expect, test } from "vitest";
import type { Pod } from "../../api/types/core-v1.ts";
import type { PodDisruptionBudget, PodDisruptionBudgetSpec, PodDisruptionBudgetStatus } from "../../api/types/policy-v1.ts";
import { formatTime } from "../../base/time.ts";
import type { BudgetView } from "./plan.ts";
import { planBudget } from "./plan.ts";

const now = Date.UTC(2026, 0, 1, 12);
const minute = 60_000;

interface Traits {
  readonly ready: boolean;
  readonly deleting: boolean;
  /** How long ago the eviction was charged; undefined: never. */
  readonly charged: number | undefined;
}

const traits = fc.record({ ready: fc.boolean(), deleting: fc.boolean(), charged: fc.option(fc.integer({ min: 0, max: 4 * minute }).map((ms) => ms - (ms % 1000)), { nil: undefined }) });
const bound = fc.oneof(fc.nat(12), fc.nat(100).map((percent) => `${percent}%`));
const spec = fc.oneof(bound.map((minAvailable) => ({ minAvailable })), bound.map((maxUnavailable) => ({ maxUnavailable }))) as fc.Arbitrary<PodDisruptionBudgetSpec>;

function makePod({ ready, deleting }: Traits, index: number): Pod {
  const metadata = { name: `p${index}`, uid: `u${index}`, ...(deleting ? { deletionTimestamp: formatTime(now) } : {}) };
  return { metadata, status: { conditions: [{ type: "Ready", status: ready ? "True" : "False" }] } } as unknown as Pod;
}

function view(drawn: readonly Traits[], options: { readonly spec: PodDisruptionBudgetSpec; readonly replicas: number; readonly status?: PodDisruptionBudgetStatus; readonly at?: number }): BudgetView {
  const disruptedPods = Object.fromEntries(drawn.flatMap(({ charged }, index) => (charged === undefined ? [] : [[`p${index}`, formatTime(now - charged)]])));
  const budget = { metadata: { name: "b", generation: 3 }, spec: options.spec, status: options.status ?? { disruptedPods, conditions: [{ type: "Mine", status: "True" }] } } as unknown as PodDisruptionBudget;
  return { budget, pods: drawn.map(makePod), scaleOf: () => ({ uid: "owner", replicas: options.replicas }), now: options.at ?? now };
}

/** What a person reads out of the documentation: at least so many stay healthy. */
function leastHealthy({ minAvailable, maxUnavailable }: PodDisruptionBudgetSpec, total: number): number {
  const part = (value: number | string): number => (typeof value === "number" ? value : Math.ceil((total * Number(value.slice(0, -1))) / 100));
  return maxUnavailable === undefined ? part(minAvailable ?? 0) : Math.max(0, total - part(maxUnavailable));
}

test("as many Pods may go as are healthy beyond what has to stay, never more; an eviction under way counts as gone", () => {
  fc.assert(
    fc.property(spec, fc.array(traits, { maxLength: 12 }), fc.nat(12), (wanted, drawn, replicas) => {
      const { status } = planBudget(view(drawn, { spec: wanted, replicas }));
      const healthy = drawn.filter(({ ready, deleting, charged }) => ready && !deleting && (charged === undefined || charged > 2 * minute)).length;
      const counted = typeof wanted.minAvailable === "number" || drawn.length === 0 ? drawn.length : replicas;
      const stay = leastHealthy(wanted, counted);
      expect(status.currentHealthy).toBe(healthy);
      expect(status.desiredHealthy).toBe(stay);
      expect(status.disruptionsAllowed).toBe(status.expectedPods === 0 ? 0 : Math.max(0, healthy - stay));
      expect(status.conditions?.find(({ type }) => type === "DisruptionAllowed")?.status).toBe((status.disruptionsAllowed ?? 0) > 0 ? "True" : "False");
      expect(status.conditions?.some(({ type }) => type === "Mine")).toBe(true);
    }),
  );
});

test("a settled budget is not written; it looks again exactly when the first eviction under way is overdue, and then forgets it", () => {
  fc.assert(
    fc.property(spec, fc.array(traits, { maxLength: 8 }), fc.nat(8), (wanted, drawn, replicas) => {
      const { status, again, stayed } = planBudget(view(drawn, { spec: wanted, replicas }));
      const settled = planBudget(view(drawn, { spec: wanted, replicas, status }));
      expect(settled.status).toEqual(status);
      const pending = drawn.flatMap(({ charged, deleting }) => (charged === undefined || deleting || charged > 2 * minute ? [] : [now - charged + 2 * minute + 1]));
      expect(Object.keys(status.disruptedPods ?? {})).toHaveLength(pending.length);
      expect(again).toBe(pending.length === 0 ? undefined : Math.min(...pending));
      expect(stayed).toHaveLength(drawn.filter(({ charged, deleting }) => charged !== undefined && !deleting && charged > 2 * minute).length);
      if (again === undefined) return;
      const later = planBudget(view(drawn, { spec: wanted, replicas, status, at: again }));
      expect(Object.keys(later.status.disruptedPods ?? {}).length).toBeLessThan(pending.length);
    }),
  );
});

test("where it cannot be told how many Pods there should be, none may go", () => {
  const share = fc.oneof(fc.nat(100).map((percent) => ({ minAvailable: `${percent}%` })), bound.map((maxUnavailable) => ({ maxUnavailable }))) as fc.Arbitrary<PodDisruptionBudgetSpec>;
  fc.assert(
    fc.property(share, fc.array(traits, { minLength: 1, maxLength: 8 }), (wanted, drawn) => {
      const { status, failure } = planBudget({ ...view(drawn, { spec: wanted, replicas: 0 }), scaleOf: () => "unknown" });
      expect([failure, status.disruptionsAllowed]).toEqual(["unknown", 0]);
    }),
  );
});
