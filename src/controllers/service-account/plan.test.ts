import fc from "fast-check";
import { expect, test } from "vitest";
import type { Namespace, ServiceAccount } from "../../api/types/core-v1.ts";
import { needsAccount } from "./plan.ts";

test("a namespace gets the account exactly while it lives and lacks it, so never twice", () => {
  const space = fc.record({ phase: fc.constantFrom("Active", "Terminating", undefined) }).map((status) => ({ metadata: { name: "n" }, status }) as unknown as Namespace);
  const account = { metadata: { name: "default", namespace: "n" } } as ServiceAccount;
  fc.assert(
    fc.property(fc.option(space, { nil: undefined }), fc.option(fc.constant(account), { nil: undefined }), (seen, standing) => {
      expect(needsAccount(seen, standing)).toBe(standing === undefined && seen !== undefined && seen.status.phase !== "Terminating");
      expect(needsAccount(seen, account)).toBe(false);
    }),
  );
});
