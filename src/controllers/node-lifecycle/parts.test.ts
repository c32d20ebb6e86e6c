import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { VirtualClock } from "../../base/clock.ts";
import type { Environment } from "../../base/environment.ts";
import { SeededRandom } from "../../base/random.ts";
import { FifoRunner } from "../../base/runner.ts";
import { Heartbeats } from "./heartbeats.ts";
import { PodCidrs } from "./pod-cidr.ts";
import { Zones } from "./zones.ts";

describe("heartbeats", () => {
  function start(): { clock: VirtualClock; environment: Environment } {
    const runner = new FifoRunner({
      turn: (next) => void setImmediate(next),
      fail: (error) => {
        throw error;
      },
    });
    const clock = new VirtualClock({ start: 0, runner });
    const log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
    return { clock, environment: { clock, runner, random: new SeededRandom(1), log } };
  }

  test("each silence is noticed once, exactly when the grace is over, whatever the order of heartbeats", async () => {
    const beats = fc.array(fc.record({ name: fc.constantFrom("a", "b", "c"), after: fc.nat(40_000) }), { maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(beats, async (sequence) => {
        const { clock, environment } = start();
        const silences: [string, number][] = [];
        const heartbeats = new Heartbeats({ environment, silent: (name) => void silences.push([name, clock.now()]) });
        const expected: [string, number][] = [];
        const last = new Map<string, number>();
        let at = 0;
        for (const { name, after } of sequence) {
          await clock.advanceTo((at += after));
          const before = last.get(name);
          if (before !== undefined && at >= before + 50_000) expected.push([name, before + 50_000]);
          last.set(name, at);
          heartbeats.heard(name, at, 50_000);
        }
        for (const [name, before] of last) expected.push([name, before + 50_000]);
        await clock.advanceTo(at + 100_000);
        const order = (a: [string, number], b: [string, number]): number => a[1] - b[1] || (a[0] < b[0] ? -1 : 1);
        expect(silences.sort(order)).toEqual(expected.sort(order));
        expect(clock.next()).toBeUndefined();
      }),
      { numRuns: 50 },
    );
  });

  test("a shorter grace counts at once; what is forgotten is never silent", async () => {
    const { clock, environment } = start();
    const silences: [string, number][] = [];
    const heartbeats = new Heartbeats({ environment, silent: (name) => void silences.push([name, clock.now()]) });
    heartbeats.heard("a", 0, 60_000);
    heartbeats.heard("b", 0, 60_000);
    heartbeats.heard("a", 1000, 50_000);
    heartbeats.forget("b");
    heartbeats.again("b", 2000);
    await clock.advanceTo(200_000);
    expect(silences).toEqual([["a", 51_000]]);
    expect(heartbeats.isSilent("a", 51_000)).toBe(true);
    heartbeats.restart(200_000);
    expect(heartbeats.isSilent("a", 200_000)).toBe(false);
    await clock.advanceTo(300_000);
    expect(silences).toEqual([["a", 51_000], ["a", 250_000]]);
  });
});

describe("zones", () => {
  function zone(states: { [node: string]: boolean }): Zones {
    const zones = new Zones();
    for (const [node, ready] of Object.entries(states)) zones.set(node, "z", ready);
    return zones;
  }

  test("one node every ten seconds", () => {
    const zones = zone({ a: true, b: false, c: false });
    expect([zones.turn("z", 0), zones.turn("z", 4000), zones.turn("z", 10_000), zones.turn("z", 10_001)]).toEqual(["now", 10_000, "now", 20_000]);
    zones.giveBack("z");
    expect(zones.turn("z", 10_002)).toBe("now");
  });

  test("none when no node of the cluster is ready", () => {
    const zones = zone({ a: false, b: false });
    expect([zones.disrupted, zones.turn("z", 0)]).toEqual([true, "never"]);
    zones.set("x", "other", true);
    expect([zones.disrupted, zones.turn("z", 0)]).toEqual([false, "now"]);
    zones.remove("x");
    expect(zones.disrupted).toBe(true);
  });

  test("where most are not ready: none in a small zone, slowly in a large one", () => {
    expect(zone({ a: true, b: false, c: false, d: false }).turn("z", 0)).toBe("never");
    expect(zone({ a: true, b: false, c: false }).turn("z", 0)).toBe("now");
    const large = zone(Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`n${i}`, i < 10])));
    expect([large.turn("z", 0), large.turn("z", 1)]).toEqual(["now", 100_000]);
  });
});

describe("Pod addresses", () => {
  test("are handed out in order and not again before the end is reached", () => {
    const cidrs = new PodCidrs();
    expect([cidrs.take("a"), cidrs.take("b")]).toEqual(["10.244.0.0/24", "10.244.1.0/24"]);
    cidrs.release("a", "10.244.0.0/24");
    cidrs.occupy("x", "10.244.2.0/24");
    expect(cidrs.take("c")).toBe("10.244.3.0/24");
  });
  test("go on beyond 256 nodes, are all different, and end", () => {
    const cidrs = new PodCidrs();
    const all = new Set<string>();
    for (let i = 0; ; i++) {
      const cidr = cidrs.take(`n${i}`);
      if (cidr === undefined) break;
      all.add(cidr);
    }
    expect(all.size).toBe(27_648);
    expect([...all].some((cidr) => cidr.startsWith("10.96."))).toBe(false);
    cidrs.release("n5", "10.244.5.0/24");
    expect(cidrs.take("late")).toBe("10.244.5.0/24");
  });
  test("only the holder can give them back", () => {
    const cidrs = new PodCidrs();
    cidrs.occupy("a", "10.244.0.0/24");
    cidrs.release("b", "10.244.0.0/24");
    expect(cidrs.take("c")).toBe("10.244.1.0/24");
  });
});
