import fc from "fast-check";
import { expect, test } from "vitest";
import type { Taint, Toleration } from "../../api/types/core-v1.ts";
import { evictionDelayMs } from "./plan.ts";

const taint = (key: string): Taint => ({ key, effect: "NoExecute" });
const exists = (key: string, tolerationSeconds?: number): Toleration => ({ key, operator: "Exists", effect: "NoExecute", ...(tolerationSeconds === undefined ? {} : { tolerationSeconds }) });

const cases: [string, Taint[], Toleration[] | undefined, number | undefined][] = [
  ["no toleration: at once", [taint("a")], undefined, 0],
  ["another toleration: at once", [taint("a")], [exists("b")], 0],
  ["tolerated for good", [taint("a")], [exists("a")], undefined],
  ["tolerated for a while", [taint("a")], [exists("a", 300)], 300_000],
  ["of several the shortest while", [taint("a"), taint("b")], [exists("a", 300), exists("b", 20)], 20_000],
  ["one for good, one for a while", [taint("a"), taint("b")], [exists("a"), exists("b", 20)], 20_000],
  ["one of two not tolerated: at once", [taint("a"), taint("b")], [exists("a", 300)], 0],
  ["no or negative seconds: at once", [taint("a")], [exists("a", -1)], 0],
  ["the first toleration of a taint counts", [taint("a")], [exists("a", 300), exists("a", 20)], 300_000],
  ["a toleration without a key is for all", [taint("a"), taint("b")], [{ operator: "Exists" }], undefined],
];

test.each(cases)("%s", (_, taints, tolerations, delay) => {
  expect(evictionDelayMs(taints, tolerations)).toBe(delay);
});

test("more taints never let a Pod stay longer, more tolerations never send it away sooner", () => {
  const sooner = (a: number | undefined, b: number | undefined): boolean => (a ?? Infinity) <= (b ?? Infinity);
  const keys = fc.constantFrom("a", "b", "c");
  const taints = fc.array(keys.map(taint), { maxLength: 4 });
  const tolerations = fc.array(fc.tuple(keys, fc.option(fc.nat(300), { nil: undefined })).map(([key, seconds]) => exists(key, seconds)), { maxLength: 4 });
  fc.assert(
    fc.property(taints, keys.map(taint), tolerations, (standing, added, tolerated) => {
      expect(sooner(evictionDelayMs([...standing, added], tolerated), evictionDelayMs(standing, tolerated))).toBe(true);
      expect(sooner(evictionDelayMs(standing, tolerated), evictionDelayMs(standing, [...tolerated, exists(added.key)]))).toBe(true);
      expect(evictionDelayMs([], tolerated)).toBeUndefined();
    }),
  );
});
