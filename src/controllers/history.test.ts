import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ControllerRevision } from "../api/types/apps-v1.ts";
import type { PodTemplateSpec } from "../api/types/core-v1.ts";
import { planHistory, revisionData, sameRevisionData, superfluous } from "./history.ts";

function template(image: string): PodTemplateSpec {
  return { metadata: { labels: { app: "x" } }, spec: { containers: [{ name: "a", image }] } } as unknown as PodTemplateSpec;
}

function revision(name: string, number: number, image: string): ControllerRevision {
  const metadata = { name, namespace: "default", uid: name, resourceVersion: "1", creationTimestamp: "2026-01-01T00:00:00Z" };
  return { apiVersion: "apps/v1", kind: "ControllerRevision", metadata, data: revisionData(template(image)), revision: number };
}

test("the data is a patch with its keys in order", () => {
  expect(JSON.stringify(revisionData(template("b")))).toBe(
    '{"spec":{"template":{"$patch":"replace","metadata":{"labels":{"app":"x"}},"spec":{"containers":[{"image":"b","name":"a"}]}}}}',
  );
});

test("data is compared without regard to the order of keys, but empty is not missing", () => {
  expect(sameRevisionData({ a: 1, b: [1, 2] }, { b: [1, 2], a: 1 })).toBe(true);
  expect(sameRevisionData({ a: 1, b: [1, 2] }, { b: [2, 1], a: 1 })).toBe(false);
  expect(sameRevisionData({ emptyDir: {} }, {})).toBe(false);
});

describe("planHistory", () => {
  const wanted = revisionData(template("b"));
  const cases: [string, ControllerRevision[], string | undefined, number, string[], string[]][] = [
    ["nothing there: the first is 1", [], undefined, 1, [], []],
    ["a new template gets the next number", [revision("r1", 1, "a"), revision("r3", 3, "c")], undefined, 4, [], ["r1", "r3"]],
    ["the newest stays as it is", [revision("r1", 1, "a"), revision("r2", 2, "b")], "r2", 2, [], ["r1"]],
    ["an undone template is numbered anew", [revision("r1", 1, "b"), revision("r2", 2, "a")], "r1", 3, [], ["r2"]],
    ["of equal ones the newest is kept", [revision("r4", 4, "b"), revision("r1", 1, "b"), revision("r2", 2, "a")], "r4", 4, ["r1"], ["r2"]],
    ["a gap is not closed", [revision("r9", 9, "b"), revision("r2", 2, "a")], "r9", 9, [], ["r2"]],
  ];
  test.each(cases)("%s", (_, revisions, current, number, duplicates, old) => {
    const plan = planHistory(revisions, wanted);
    expect(plan.current?.metadata.name).toBe(current);
    expect(plan.revision).toBe(number);
    expect(plan.duplicates.map((each) => each.metadata.name)).toEqual(duplicates);
    expect(plan.old.map((each) => each.metadata.name)).toEqual(old);
  });
});

test("clean-up takes the oldest that no Pod uses", () => {
  const old = [1, 2, 3, 4].map((number) => revision(`r${number}`, number, `image${number}`));
  const names = (limit: number, live: string[]) => superfluous(old, { limit, live: (each) => live.includes(each.metadata.name) }).map((each) => each.metadata.name);
  expect(names(10, [])).toEqual([]);
  expect(names(4, [])).toEqual([]);
  expect(names(2, [])).toEqual(["r1", "r2"]);
  expect(names(2, ["r1"])).toEqual(["r2", "r3"]);
  expect(names(0, ["r1", "r2", "r3", "r4"])).toEqual([]);
});

describe("whatever revisions there are", () => {
  const drawn = fc.uniqueArray(fc.record({ number: fc.integer({ min: 1, max: 12 }), image: fc.constantFrom("a", "b", "c") }), { selector: ({ number }) => number, maxLength: 8 });
  const all = drawn.map((list) => list.map(({ number, image }) => revision(`r${number}`, number, image)));
  const wanted = revisionData(template("b"));

  test("the wanted template stands in one of them, above all others; carried out, nothing is left to do", () => {
    fc.assert(
      fc.property(all, (revisions) => {
        const plan = planHistory(revisions, wanted);
        expect([plan.current, ...plan.duplicates, ...plan.old].filter((each) => each !== undefined).map((each) => each.metadata.name).sort()).toEqual(revisions.map((each) => each.metadata.name).sort());
        expect(plan.old.every((each) => each.revision < plan.revision)).toBe(true);
        const current = { ...(plan.current ?? revision("new", 0, "b")), revision: plan.revision };
        expect(planHistory([...plan.old, current].toReversed(), wanted)).toEqual({ current, revision: plan.revision, duplicates: [], old: plan.old });
      }),
    );
  });

  test("clean-up removes the oldest alone, nothing that lives, and no more than is too much", () => {
    fc.assert(
      fc.property(all, fc.nat(8), fc.array(fc.integer({ min: 1, max: 12 })), (revisions, limit, alive) => {
        const old = planHistory(revisions, wanted).old;
        const live = ({ revision: number }: ControllerRevision): boolean => alive.includes(number);
        const gone = superfluous(old, { limit, live });
        expect(gone.some(live)).toBe(false);
        expect(gone.length).toBe(Math.min(Math.max(old.length - limit, 0), old.filter((each) => !live(each)).length));
        const newest = Math.max(0, ...gone.map((each) => each.revision));
        expect(old.filter((each) => each.revision < newest && !live(each)).every((each) => gone.includes(each))).toBe(true);
        expect(superfluous(old.filter((each) => !gone.includes(each)), { limit, live })).toEqual([]);
      }),
    );
  });
});
