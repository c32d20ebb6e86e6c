import { describe, expect, it } from "vitest";
import { VirtualClock } from "./clock.ts";
import { FifoRunner } from "./runner.ts";
import { SeededRandom } from "./random.ts";

function runnerWithFailures() {
  const failures: unknown[] = [];
  const runner = new FifoRunner({ turn: (next) => void setImmediate(next), fail: (error) => void failures.push(error) });
  return { runner, failures };
}

describe("FifoRunner", () => {
  it("finishes every continuation of a step before the next step", async () => {
    const { runner } = runnerWithFailures();
    const seen: string[] = [];
    for (const name of ["a", "b", "c"]) {
      runner.post(async () => {
        seen.push(`${name}1`);
        await Promise.resolve().then(() => Promise.resolve());
        seen.push(`${name}2`);
      });
    }
    await runner.idle();
    expect(seen).toEqual(["a1", "a2", "b1", "b2", "c1", "c2"]);
  });

  it("is idle only when steps posted by steps have run, also far more than are asked for ahead", async () => {
    const { runner } = runnerWithFailures();
    let ran = 0;
    const chain = (depth: number): void => {
      ran++;
      if (depth > 0) runner.post(() => chain(depth - 1));
    };
    for (let i = 0; i < 500; i++) runner.post(() => chain(5));
    await runner.idle();
    expect(ran).toBe(3000);
  });

  it("lets late steps give way, in their order", async () => {
    const { runner } = runnerWithFailures();
    const seen: string[] = [];
    runner.postLate(() => {
      seen.push("late 1");
      runner.post(() => void seen.push("prompt 3"));
    });
    runner.postLate(() => void seen.push("late 2"));
    runner.post(() => {
      seen.push("prompt 1");
      runner.post(() => void seen.push("prompt 2"));
    });
    await runner.idle();
    expect(seen).toEqual(["prompt 1", "prompt 2", "late 1", "prompt 3", "late 2"]);
  });

  it("waits for what is held, and reports what a step throws", async () => {
    const { runner, failures } = runnerWithFailures();
    const release = runner.hold();
    let idle = false;
    const waiting = runner.idle().then(() => (idle = true));
    runner.post(() => {
      throw new Error("broken");
    });
    await new Promise((resolve) => setImmediate(() => setImmediate(() => setImmediate(resolve))));
    expect(idle).toBe(false);
    release();
    release();
    await waiting;
    expect(failures).toHaveLength(1);
  });

  it("takes no step while it is paused, and what waits for the end of the pause comes before the next", async () => {
    const { runner } = runnerWithFailures();
    const seen: string[] = [];
    runner.post(async () => {
      const resume = runner.pause();
      seen.push("asks");
      await new Promise((resolve) => setImmediate(() => setImmediate(resolve))).finally(resume);
      seen.push("has");
    });
    runner.post(() => void seen.push("next"));
    await runner.idle();
    expect(seen).toEqual(["asks", "has", "next"]);
  });
});

describe("VirtualClock", () => {
  it("wakes in order of instant, then of asking, and settles each instant before the next", async () => {
    const { runner } = runnerWithFailures();
    const clock = new VirtualClock({ start: 1000, runner });
    const seen: [string, number][] = [];
    const note = (name: string) => () => {
      seen.push([name, clock.now()]);
    };
    clock.after(20, note("late"));
    clock.after(10, () => {
      note("first")();
      clock.after(5, note("nested"));
    });
    clock.after(10, note("second"));
    clock.after(15, note("cancelled")).cancel();
    await clock.advanceTo(1100);
    expect(seen).toEqual([["first", 1010], ["second", 1010], ["nested", 1015], ["late", 1020]]);
    expect(clock.now()).toBe(1100);
  });

  it("stops where the predicate holds", async () => {
    const { runner } = runnerWithFailures();
    const clock = new VirtualClock({ start: 0, runner });
    let ticks = 0;
    const tick = (): void => {
      ticks++;
      clock.after(1000, tick);
    };
    clock.after(1000, tick);
    expect(await clock.advanceTo(60_000, () => ticks === 3)).toBe(true);
    expect(clock.now()).toBe(3000);
    expect(await clock.advanceTo(5_000)).toBe(false);
    expect(ticks).toBe(5);
  });

  it("rejects a sleep that is aborted", async () => {
    const { runner } = runnerWithFailures();
    const clock = new VirtualClock({ start: 0, runner });
    const abort = new AbortController();
    const sleeping = clock.sleep(1000, abort.signal);
    abort.abort(new Error("enough"));
    await expect(sleeping).rejects.toThrow("enough");
    expect(clock.next()).toBeUndefined();
  });
});

describe("SeededRandom", () => {
  it("repeats with its seed, differs with another, and forks do not depend on draws", () => {
    const draw = (random: { uint32(): number }) => Array.from({ length: 5 }, () => random.uint32());
    expect(draw(new SeededRandom(7))).toEqual(draw(new SeededRandom(7)));
    expect(draw(new SeededRandom(7))).not.toEqual(draw(new SeededRandom(8)));
    const drawn = new SeededRandom(7);
    drawn.uint32();
    expect(draw(drawn.fork("a"))).toEqual(draw(new SeededRandom(7).fork("a")));
    expect(draw(drawn.fork("a"))).not.toEqual(draw(drawn.fork("b")));
  });

  it("spreads over its range", () => {
    const random = new SeededRandom(1);
    const counts = new Array<number>(10).fill(0);
    for (let i = 0; i < 10_000; i++) counts[random.below(10)] = (counts[random.below(10)] as number) + 1;
    for (let i = 0; i < 10_000; i++) expect(random.fraction()).toBeLessThan(1);
  });
});
