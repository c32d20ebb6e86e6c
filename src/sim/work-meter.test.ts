import { describe, expect, it } from "vitest";
import { WorkMeter, spanMs } from "./work-meter.ts";

const start = Date.UTC(2026, 0, 1);
const idle = 100_000;

describe("WorkMeter", () => {
  it("counts an idle process as a ten thousandth of a core", () => {
    expect(new WorkMeter().nanoCores(start, start, 1)).toBe(idle);
    expect(new WorkMeter().nanoCores(start + 3_600_000, start, 3)).toBe(3 * idle);
  });

  it("averages over this span and the one before, and forgets what is older", () => {
    const meter = new WorkMeter();
    meter.spend(start, 300);
    expect(meter.nanoCores(start, start, 0)).toBe((300 / spanMs) * 1e9);
    expect(meter.nanoCores(start + spanMs, start, 0)).toBe((300 / spanMs) * 1e9);
    expect(meter.nanoCores(start + 2 * spanMs - 1, start, 0)).toBe(Math.round((300 / (2 * spanMs - 1)) * 1e9));
    expect(meter.nanoCores(start + 2 * spanMs, start, 0)).toBe(0);
  });

  it("gives one core to a loop that never sleeps, however its rests lie", () => {
    const meter = new WorkMeter();
    let now = start;
    for (const restMs of [1, 2, 4, 8, 4000, 10_000, 10_000, 10_000, 10_000]) {
      meter.busy(now, restMs);
      now += restMs;
      if (now - start >= spanMs) expect(meter.nanoCores(now, start, 0)).toBe(1e9);
    }
    meter.busy(now, 10_000);
    expect(meter.nanoCores(now + 3000, start, 0)).toBe(1e9);
  });
});
