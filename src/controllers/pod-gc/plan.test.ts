import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Node, Pod } from "../../api/types/core-v1.ts";
import { isAbandoned, surplusEnded } from "./plan.ts";

const drawnPod = fc.record({ evicted: fc.boolean(), failed: fc.boolean(), minute: fc.integer({ min: 10, max: 14 }) });

function pod({ evicted, failed, minute }: { evicted: boolean; failed: boolean; minute: number }, index: number): Pod {
  const status = evicted ? { phase: "Failed", reason: "Evicted" } : { phase: failed ? "Failed" : "Succeeded" };
  return { metadata: { name: `p-${index}`, uid: `u-${index}`, creationTimestamp: `2026-01-01T00:${minute}:00Z` }, status } as unknown as Pod;
}

const isEvicted = ({ status }: Pod): boolean => status.reason === "Evicted";

describe("ended Pods beyond the limit", () => {
  it("are exactly as many as there are too many, none twice, and then no more", () => {
    fc.assert(
      fc.property(fc.array(drawnPod, { maxLength: 20 }), fc.nat(20), (drawn, max) => {
        const ended = drawn.map(pod);
        const gone = new Set(surplusEnded(ended, max));
        expect(gone.size).toBe(Math.max(0, ended.length - max));
        expect(surplusEnded(ended.filter((one) => !gone.has(one)), max)).toEqual([]);
      }),
    );
  });

  it("are evicted ones first, then the oldest, however the list is ordered", () => {
    fc.assert(
      fc.property(fc.array(drawnPod, { maxLength: 20 }), fc.nat(20), (drawn, max) => {
        const ended = drawn.map(pod);
        const gone = new Set(surplusEnded(ended, max));
        expect(new Set(surplusEnded([...ended].reverse(), max))).toEqual(gone);
        for (const one of gone) {
          for (const kept of ended) {
            if (gone.has(kept)) continue;
            expect(isEvicted(kept) && !isEvicted(one)).toBe(false);
            if (isEvicted(kept) === isEvicted(one)) expect(one.metadata.creationTimestamp <= kept.metadata.creationTimestamp).toBe(true);
          }
        }
      }),
    );
  });
});

describe("a Pod is abandoned", () => {
  const deleting = { metadata: { deletionTimestamp: "2026-01-01T00:00:00Z", deletionGracePeriodSeconds: 30 }, spec: { nodeName: "n" }, status: { phase: "Running" } } as unknown as Pod;
  const node = (ready: string, tainted: boolean): Node =>
    ({ spec: tainted ? { taints: [{ key: "node.kubernetes.io/out-of-service", effect: "NoExecute" }] } : {}, status: { conditions: [{ type: "Ready", status: ready }] } }) as unknown as Node;

  it("only when it is being deleted and no kubelet will finish it", () => {
    fc.assert(
      fc.property(fc.constantFrom("True", "False", "Unknown"), fc.boolean(), (ready, tainted) => {
        expect(isAbandoned(deleting, node(ready, tainted))).toBe(ready !== "True" && tainted);
        expect(isAbandoned({ ...deleting, metadata: { name: "p" } } as unknown as Pod, node(ready, tainted))).toBe(false);
      }),
    );
    expect(isAbandoned({ ...deleting, spec: {} } as unknown as Pod, undefined)).toBe(true);
  });
});
