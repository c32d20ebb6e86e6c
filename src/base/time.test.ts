import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatDuration, parseDuration, shortDuration } from "./duration.ts";
import { civilFromInstant, formatFixedNanoTime, formatMicroTime, formatNanoTime, formatTime, instantFromCivil, parseTime } from "./time.ts";

const instants = fc.integer({ min: Date.UTC(1, 0, 1), max: Date.UTC(9999, 11, 31) });

describe("instants", () => {
  it("agree with the host's calendar", () => {
    fc.assert(
      fc.property(instants, (instant) => {
        const date = new Date(instant);
        const civil = civilFromInstant(instant);
        expect([civil.year, civil.month, civil.day, civil.hour, civil.minute, civil.second, civil.millisecond, civil.weekday]).toEqual([
          date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate(), date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds(), date.getUTCMilliseconds(), date.getUTCDay(),
        ]);
        expect(instantFromCivil(civil)).toBe(instant);
      }),
    );
  });

  it("are read back as written, to the precision of the form", () => {
    fc.assert(
      fc.property(instants, (instant) => {
        expect(parseTime(formatTime(instant))).toBe(Math.floor(instant / 1000) * 1000);
        expect(parseTime(formatMicroTime(instant))).toBe(instant);
        expect(parseTime(formatNanoTime(instant))).toBe(instant);
        expect(parseTime(formatFixedNanoTime(instant))).toBe(instant);
        expect(formatFixedNanoTime(instant)).toHaveLength("2026-01-01T00:00:00.000000000Z".length);
      }),
    );
  });

  it.each([
    ["2026-01-01T00:00:00Z", Date.UTC(2026, 0, 1)],
    ["2026-01-01T01:30:00+01:30", Date.UTC(2026, 0, 1)],
    ["2024-02-29T12:00:00.5Z", Date.UTC(2024, 1, 29, 12, 0, 0, 500)],
    ["2023-02-29T12:00:00Z", undefined],
    ["2026-13-01T00:00:00Z", undefined],
    ["2026-01-01 00:00:00Z", undefined],
    ["yesterday", undefined],
    [null, undefined],
  ])("%s", (text, instant) => expect(parseTime(text)).toBe(instant));
});

describe("durations", () => {
  it.each([
    ["30d", 30 * 86_400_000],
    ["1h30m", 5_400_000],
    ["1.5s", 1500],
    ["300ms", 300],
    ["-5s", -5000],
    ["0", 0],
    ["5", undefined],
    ["", undefined],
    ["5 s", undefined],
  ])("%s", (text, ms) => expect(parseDuration(text)).toBe(ms));

  // Recorded columns: AGE and DURATION of kubectl 1.36.
  it.each([
    [0, "0s"],
    [5_000, "5s"],
    [45_000, "45s"],
    [60_000, "60s"],
    [119_000, "119s"],
    [120_000, "2m"],
    [269_000, "4m29s"],
    [600_000, "10m"],
    [179 * 60_000, "179m"],
    [180 * 60_000, "3h"],
    [185 * 60_000, "3h5m"],
    [450 * 60_000, "7h30m"],
    [10 * 3_600_000, "10h"],
    [47 * 3_600_000, "47h"],
    [50 * 3_600_000, "2d2h"],
    [9 * 86_400_000, "9d"],
    [30 * 86_400_000, "30d"],
    [800 * 86_400_000, "2y70d"],
    [-5000, "<invalid>"],
  ])("%d ms is %s", (ms, text) => expect(shortDuration(ms)).toBe(text));

  it.each([
    [0, "0s"],
    [1500, "1.5s"],
    [65_000, "1m5s"],
    [3_605_000, "1h0m5s"],
    [300, "300ms"],
  ])("%d ms in Go's form is %s", (ms, text) => expect(formatDuration(ms)).toBe(text));
});
