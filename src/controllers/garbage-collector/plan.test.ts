import { describe, expect, it } from "vitest";
import fc from "fast-check";
import type { KubeObject } from "../../api/kind-ref.ts";
import { Dependents } from "./dependents.ts";
import type { OwnerState } from "./plan.ts";
import { foregroundFinalizer, judgeDependent, orphanFinalizer } from "./plan.ts";

const states = ["solid", "absent", "waiting"] as const;

function object(owners: readonly string[], finalizers: readonly string[] = []): KubeObject {
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "x", uid: "x", finalizers, ownerReferences: owners.map((uid) => ({ apiVersion: "v1", kind: "ConfigMap", name: uid, uid, blockOwnerDeletion: true })) },
  } as unknown as KubeObject;
}

describe("judgement of a dependent", () => {
  it("never deletes what has a solid owner, never keeps what has none, and releases exactly the rest", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom<OwnerState>(...states), { maxLength: 5 }), (drawn) => {
        const uids = drawn.map((_, index) => `owner-${index}`);
        const decision = judgeDependent(object(uids), new Map(uids.map((uid, index) => [uid, drawn[index] as OwnerState])), []);
        const dropped = uids.filter((_, index) => drawn[index] !== "solid");
        if (uids.length === 0 || dropped.length === 0) expect(decision).toEqual({ type: "keep" });
        else if (dropped.length < uids.length) expect(decision).toEqual({ type: "release", uids: dropped });
        else expect(decision.type).toBe("delete");
      }),
    );
  });

  it.each([
    ["absent", [], 0, "Background"],
    ["absent", [foregroundFinalizer], 0, "Foreground"],
    ["absent", [orphanFinalizer], 1, "Orphan"],
    ["waiting", [], 0, "Background"],
    ["waiting", [], 1, "Foreground"],
  ] as const)("with a %s owner, finalizers %j and %i dependents: %s", (state, finalizers, dependents, policy) => {
    const own = Array.from({ length: dependents }, () => object(["x"]));
    expect(judgeDependent(object(["o"], finalizers), new Map([["o", state]]), own)).toEqual({ type: "delete", policy, unblock: false });
  });
});

describe("dependents", () => {
  it("follow the owners of each object, and know which block", () => {
    const dependents = new Dependents();
    const a = object(["o", "p"]);
    dependents.change("a", a, undefined);
    dependents.change("b", object(["o"]), undefined);
    expect([dependents.of("o"), dependents.of("p"), dependents.block("o")]).toEqual([["a", "b"], ["a"], true]);
    dependents.change("a", object(["p"]), a);
    expect([dependents.of("o"), dependents.of("p")]).toEqual([["b"], ["a"]]);
    dependents.change("b", undefined, object(["o"]));
    expect([dependents.of("o"), dependents.block("o"), dependents.block("p")]).toEqual([[], false, true]);
  });
});
