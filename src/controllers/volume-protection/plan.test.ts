import fc from "fast-check";
import { expect, test } from "vitest";
import type { PersistentVolumeClaim, Pod } from "../../api/types/core-v1.ts";
import { claimFinalizer, isClaimUsed, protectedObject } from "./plan.ts";

const finalizers = fc.subarray([claimFinalizer, "mine"]);

test("the finalizer stands while the object lives or is used, goes with its last use, those of others stay, and nothing is written twice", () => {
  fc.assert(
    fc.property(finalizers, fc.boolean(), fc.boolean(), (standing, deleting, used) => {
      const claim = { metadata: { name: "c", finalizers: standing, ...(deleting ? { deletionTimestamp: "2026-01-01T00:00:00Z" } : {}) } } as unknown as PersistentVolumeClaim;
      const after = protectedObject(claim, claimFinalizer, used) ?? claim;
      const kept = after.metadata.finalizers ?? [];
      expect(kept.includes(claimFinalizer)).toBe(deleting ? used && standing.includes(claimFinalizer) : true);
      expect(kept.includes("mine")).toBe(standing.includes("mine"));
      expect(protectedObject(after, claimFinalizer, used)).toBeUndefined();
    }),
  );
});

test("a claim is used by Pods that have a node: by name even when they have ended, as their own only until then", () => {
  const pod = fc.record({ placed: fc.boolean(), phase: fc.constantFrom("Pending", "Running", "Succeeded"), uses: fc.constantFrom("by name", "as its own", "another", "nothing") });
  fc.assert(
    fc.property(fc.array(pod, { maxLength: 4 }), (drawn) => {
      const owner = drawn.findIndex(({ uses }) => uses === "as its own");
      const ownerReferences = owner < 0 ? [] : [{ apiVersion: "v1", kind: "Pod", name: "p", uid: `u${owner}`, controller: true }];
      const claim = { metadata: { name: "p-v", ownerReferences } } as unknown as PersistentVolumeClaim;
      const pods = drawn.map(({ placed, phase, uses }, i) => {
        const volume = { name: "v", ...(uses === "by name" ? { persistentVolumeClaim: { claimName: "p-v" } } : uses === "another" ? { persistentVolumeClaim: { claimName: "x" } } : uses === "as its own" ? { ephemeral: {} } : {}) };
        return { metadata: { name: "p", uid: `u${i}` }, spec: { volumes: [volume], ...(placed ? { nodeName: "n" } : {}) }, status: { phase } } as unknown as Pod;
      });
      const wanted = drawn.some(({ placed, phase, uses }, i) => placed && (uses === "by name" || (uses === "as its own" && i === owner && phase !== "Succeeded")));
      expect(isClaimUsed(claim, pods)).toBe(wanted);
    }),
  );
});
