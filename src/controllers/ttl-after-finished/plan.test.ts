import fc from "fast-check";
import { expect, it } from "vitest";
import { formatTime } from "../../base/time.ts";
import type { Job } from "../../api/types/batch-v1.ts";
import { expiryOf } from "./plan.ts";

const start = Date.UTC(2026, 0, 1);

it("a Job expires exactly its time to live after its end, and never otherwise", () => {
  const condition = fc.record({ type: fc.constantFrom("Complete", "Failed", "Suspended", "SuccessCriteriaMet"), status: fc.constantFrom("True", "False") });
  fc.assert(
    fc.property(fc.option(fc.nat(100_000), { nil: undefined }), fc.array(condition, { maxLength: 3 }), fc.nat(10_000), fc.boolean(), (ttl, drawn, second, deleting) => {
      const lastTransitionTime = formatTime(start + second * 1000);
      const job = {
        metadata: deleting ? { deletionTimestamp: lastTransitionTime } : {},
        spec: ttl === undefined ? {} : { ttlSecondsAfterFinished: ttl },
        status: { conditions: drawn.map((one) => ({ ...one, lastTransitionTime })) },
      } as unknown as Job;
      const finished = drawn.some(({ type, status }) => (type === "Complete" || type === "Failed") && status === "True");
      expect(expiryOf(job)).toBe(finished && ttl !== undefined && !deleting ? start + (second + ttl) * 1000 : undefined);
    }),
  );
});
