import { describe, expect, test } from "vitest";
import type { KubeObject } from "../api/kind-ref.ts";
import { judgeClaim, ownerIndex } from "./owner.ts";

function object(metadata: Partial<KubeObject["metadata"]>): KubeObject {
  return { apiVersion: "v1", kind: "Pod", metadata: { name: "p", namespace: "default", uid: "p-uid", resourceVersion: "1", creationTimestamp: "2026-01-01T00:00:00Z", ...metadata } };
}

const owner = object({ name: "o", uid: "o-uid" });
const leaving = object({ name: "o", uid: "o-uid", deletionTimestamp: "2026-01-01T00:00:00Z" });
const mine = [{ apiVersion: "apps/v1", kind: "DaemonSet", name: "o", uid: "o-uid", controller: true, blockOwnerDeletion: true }];
const foreign = [{ ...mine[0], uid: "other" } as (typeof mine)[0]];
const notControlling = [{ apiVersion: "apps/v1", kind: "DaemonSet", name: "o", uid: "o-uid" }];

describe("judgeClaim", () => {
  const cases: [string, KubeObject, KubeObject, boolean, string][] = [
    ["an orphan that matches is adopted", owner, object({}), true, "adopt"],
    ["an orphan that does not match is left", owner, object({}), false, "ignore"],
    ["an orphan of another namespace is left", owner, object({ namespace: "other" }), true, "ignore"],
    ["an orphan that is being deleted is left", owner, object({ deletionTimestamp: "2026-01-01T00:00:00Z" }), true, "ignore"],
    ["an owner that is being deleted adopts nothing", leaving, object({}), true, "ignore"],
    ["what another controls is left", owner, object({ ownerReferences: foreign }), true, "ignore"],
    ["a reference that does not control is not ownership", owner, object({ ownerReferences: notControlling }), true, "adopt"],
    ["what it controls and matches is its own", owner, object({ ownerReferences: mine }), true, "mine"],
    ["its own stays its own while it is being deleted", leaving, object({ ownerReferences: mine }), true, "mine"],
    ["its own that no longer matches is released", owner, object({ ownerReferences: mine }), false, "release"],
    ["an owner that is being deleted releases nothing", leaving, object({ ownerReferences: mine }), false, "ignore"],
  ];
  test.each(cases)("%s", (_, by, of, matches, claim) => {
    expect(judgeClaim(by, of, matches)).toBe(claim);
  });
});

test("the owner index finds owned objects by uid and orphans by namespace", () => {
  expect(ownerIndex(object({ ownerReferences: mine }))).toEqual(["o-uid"]);
  expect(ownerIndex(object({ ownerReferences: notControlling }))).toEqual(["orphans/default"]);
});
