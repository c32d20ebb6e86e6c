import fc from "fast-check";
import { expect, test } from "vitest";
import type { Namespace, NamespaceCondition } from "../../api/types/core-v1.ts";
import { formatTime } from "../../base/time.ts";
import type { Sweep } from "./plan.ts";
import { beginOf, planAfterSweep } from "./plan.ts";

const now = Date.UTC(2026, 0, 1);
const counts = (names: readonly string[]): fc.Arbitrary<ReadonlyMap<string, number>> => fc.dictionary(fc.constantFrom(...names), fc.integer({ min: 1, max: 3 })).map((found) => new Map(Object.entries(found)));
const sweeps: fc.Arbitrary<Sweep> = fc.record({
  findings: fc.record({ remaining: counts(["configmaps.", "jobs.batch"]), finalizers: counts(["a/b", "c/d"]), failures: fc.array(fc.constantFrom("refused", "gone wrong"), { maxLength: 2 }) }),
  waitMs: fc.constantFrom(0, 0, 15_000, 30_000),
});
const finalizers = fc.subarray(["kubernetes", "mine"]);

function going(options: { readonly finalizers: readonly string[]; readonly conditions?: readonly NamespaceCondition[] | undefined; readonly deleted?: boolean }): Namespace {
  const { deleted = true, conditions = [{ type: "Mine", status: "True" }] } = options;
  return { metadata: { name: "n", ...(deleted ? { deletionTimestamp: formatTime(now) } : {}) }, spec: { finalizers: options.finalizers }, status: { phase: "Terminating", conditions } } as unknown as Namespace;
}

test("only what is being deleted and still held is emptied, five seconds after its deletion", () => {
  fc.assert(
    fc.property(finalizers, fc.boolean(), (held, deleted) => {
      expect(beginOf(going({ finalizers: held, deleted }))).toBe(deleted && held.includes("kubernetes") ? now + 5000 : undefined);
    }),
  );
});

test("a namespace is let go exactly when a sweep left nothing and failed at nothing, and keeps the finalizers of others", () => {
  fc.assert(
    fc.property(sweeps, finalizers, (sweep, held) => {
      const plan = planAfterSweep(going({ finalizers: held }), sweep, now);
      const isEmpty = sweep.waitMs === 0 && sweep.findings.failures.length === 0;
      expect(plan.finalizers).toEqual(isEmpty ? held.filter((each) => each !== "kubernetes") : undefined);
      expect(plan.failure === undefined).toBe(sweep.findings.failures.length === 0);
      expect(plan.again).toBeGreaterThan(now);
    }),
  );
});

test("its conditions tell what the last sweep found and only that, foreign ones stay, times move with the status alone, and the same again is not written", () => {
  fc.assert(
    fc.property(sweeps, sweeps, (first, second) => {
      const before = planAfterSweep(going({ finalizers: ["kubernetes"] }), first, now).status?.conditions ?? [];
      const after = planAfterSweep(going({ finalizers: ["kubernetes"], conditions: before }), second, now + 60_000).status?.conditions ?? before;
      const { remaining, finalizers: holding, failures } = second.findings;
      const wrong = { NamespaceDeletionContentFailure: failures.length, NamespaceContentRemaining: remaining.size, NamespaceFinalizersRemaining: holding.size };
      for (const [type, found] of Object.entries(wrong)) expect(after.find((each) => each.type === type)?.status).toBe(found > 0 ? "True" : "False");
      expect(after[0]).toEqual({ type: "Mine", status: "True" });
      expect(after).toHaveLength(6);
      for (const each of after) {
        const old = before.find(({ type }) => type === each.type);
        expect(each.lastTransitionTime).toBe(each.status === old?.status ? old.lastTransitionTime : formatTime(now + 60_000));
      }
      expect(planAfterSweep(going({ finalizers: ["kubernetes"], conditions: after }), second, now + 120_000).status).toBeUndefined();
    }),
  );
});
