import { describe, expect, it } from "vitest";
import fc from "fast-check";
import { CronError, parseSchedule } from "./cron.ts";
import { formatTime, parseTime } from "./time.ts";
import { findTimeZone, isTimeZoneName, localFields } from "./time-zone.ts";

const at = (text: string): number => parseTime(text) as number;

function runs(schedule: string, from: string, count: number, zone?: string): string[] {
  const parsed = parseSchedule(schedule, zone === undefined ? undefined : findTimeZone(zone));
  const out: string[] = [];
  let instant: number | undefined = at(from);
  for (let i = 0; i < count; i++) {
    instant = parsed.next(instant);
    if (instant === undefined) return [...out, "never"];
    out.push(formatTime(instant));
  }
  return out;
}

/** As robfig/cron 3.0.1 itself answers. */
const cases: { schedule: string; from: string; zone?: string; runs: string[] }[] = [
  { schedule: "* * * * *", from: "2026-01-01T00:00:00Z", runs: ["2026-01-01T00:01:00Z", "2026-01-01T00:02:00Z"] },
  { schedule: "* * * * *", from: "2026-01-01T00:00:59Z", runs: ["2026-01-01T00:01:00Z"] },
  { schedule: "30 23 * * *", from: "2025-12-31T23:30:00Z", runs: ["2026-01-01T23:30:00Z"] },
  // Day of month or day of week.
  { schedule: "0 0 13 * 5", from: "2026-01-01T00:00:00Z", runs: ["2026-01-02T00:00:00Z", "2026-01-09T00:00:00Z", "2026-01-13T00:00:00Z", "2026-01-16T00:00:00Z"] },
  // A step above 1 takes the star away, so the two are alternatives.
  { schedule: "0 0 */2 * 1", from: "2026-01-01T00:00:00Z", runs: ["2026-01-03T00:00:00Z", "2026-01-05T00:00:00Z", "2026-01-07T00:00:00Z"] },
  { schedule: "0 0 */1 * 1", from: "2026-01-01T00:00:00Z", runs: ["2026-01-05T00:00:00Z", "2026-01-12T00:00:00Z"] },
  { schedule: "@every 1h", from: "2026-01-01T00:10:05Z", runs: ["2026-01-01T01:10:05Z", "2026-01-01T02:10:05Z"] },
  { schedule: "@every 1ms", from: "2026-01-01T00:10:05Z", runs: ["2026-01-01T00:10:06Z"] },
  { schedule: "@every 1m1.9s", from: "2026-01-01T00:00:00Z", runs: ["2026-01-01T00:01:01Z"] },
  { schedule: "@midnight", from: "2026-01-01T00:00:00Z", runs: ["2026-01-02T00:00:00Z"] },
  { schedule: "@hourly", from: "2026-01-01T00:00:00Z", runs: ["2026-01-01T01:00:00Z"] },
  { schedule: "@weekly", from: "2026-01-01T00:00:00Z", runs: ["2026-01-04T00:00:00Z"] },
  { schedule: "@monthly", from: "2026-01-31T00:00:00Z", runs: ["2026-02-01T00:00:00Z"] },
  { schedule: "@annually", from: "2026-01-31T00:00:00Z", runs: ["2027-01-01T00:00:00Z"] },
  { schedule: "5/15 * * * *", from: "2026-01-01T00:00:00Z", runs: ["2026-01-01T00:05:00Z", "2026-01-01T00:20:00Z", "2026-01-01T00:35:00Z", "2026-01-01T00:50:00Z", "2026-01-01T01:05:00Z"] },
  { schedule: "*/90 * * * *", from: "2026-01-01T00:00:00Z", runs: ["2026-01-01T01:00:00Z", "2026-01-01T02:00:00Z"] },
  { schedule: "? ? ? ? ?", from: "2026-01-01T00:00:00Z", runs: ["2026-01-01T00:01:00Z"] },
  { schedule: "0 0 ? * 1", from: "2026-01-01T00:00:00Z", runs: ["2026-01-05T00:00:00Z"] },
  { schedule: "0 0 30 2 *", from: "2026-01-01T00:00:00Z", runs: ["never"] },
  { schedule: "0 0 29 2 *", from: "2026-01-01T00:00:00Z", runs: ["2028-02-29T00:00:00Z", "2032-02-29T00:00:00Z"] },
  { schedule: ", * * * *", from: "2026-01-01T00:00:00Z", runs: ["never"] },
  { schedule: "0 0 * jan-mar SUN-MON", from: "2026-03-28T00:00:00Z", runs: ["2026-03-29T00:00:00Z", "2026-03-30T00:00:00Z", "2027-01-03T00:00:00Z"] },
  { schedule: "0 9-17/4 * * 1-5", from: "2026-01-01T18:00:00Z", runs: ["2026-01-02T09:00:00Z", "2026-01-02T13:00:00Z", "2026-01-02T17:00:00Z", "2026-01-05T09:00:00Z"] },
  { schedule: "CRON_TZ=Asia/Tokyo 0 6 * * *", from: "2026-01-01T00:00:00Z", runs: ["2026-01-01T21:00:00Z"] },
  { schedule: "TZ=Asia/Tokyo @daily", from: "2026-01-01T00:00:00Z", runs: ["2026-01-01T15:00:00Z"] },
  { schedule: "  0 0 * * *", from: "2026-01-01T00:00:00Z", runs: ["2026-01-02T00:00:00Z"] },
  // Spring in New York: 02:30 does not exist on 8 March 2026.
  { schedule: "30 2 * * *", zone: "America/New_York", from: "2026-03-07T07:30:00Z", runs: ["2026-03-09T06:30:00Z"] },
  // Autumn: 01:30 comes twice on 1 November 2026.
  { schedule: "30 1 * * *", zone: "America/New_York", from: "2026-10-31T12:00:00Z", runs: ["2026-11-01T05:30:00Z", "2026-11-01T06:30:00Z", "2026-11-02T06:30:00Z"] },
  { schedule: "0 * * * *", zone: "America/New_York", from: "2026-03-08T05:30:00Z", runs: ["2026-03-08T06:00:00Z", "2026-03-08T07:00:00Z", "2026-03-08T08:00:00Z"] },
  // Cairo takes midnight itself away, on 24 April 2026.
  { schedule: "0 0 * * *", zone: "Africa/Cairo", from: "2026-04-22T22:00:00Z", runs: ["2026-04-24T21:00:00Z"] },
  { schedule: "0 0 * * *", zone: "Asia/Kolkata", from: "2026-01-01T00:00:00Z", runs: ["2026-01-01T18:30:00Z"] },
  // Lord Howe goes back by half an hour at 02:00 on 5 April: whole hours then step from 01:30 to 02:30, and 02:00 is missed.
  { schedule: "0 2 * * *", zone: "Australia/Lord_Howe", from: "2026-04-04T00:00:00Z", runs: ["2026-04-05T15:30:00Z", "2026-04-06T15:30:00Z"] },
];

describe("next run", () => {
  it.each(cases)("$schedule in $zone after $from", (example) => {
    expect(runs(example.schedule, example.from, example.runs.length, example.zone)).toEqual(example.runs);
  });

  it("is after the instant and allowed by every field, and nothing between was", () => {
    const minute = fc.constantFrom("*", "*/7", "0", "5/15", "1-3,50");
    const hour = fc.constantFrom("*", "0", "2", "9-17/2");
    const day = fc.constantFrom("*", "1", "*/2", "31");
    const weekday = fc.constantFrom("*", "1-5", "0");
    const zone = fc.constantFrom("UTC", "America/New_York", "Asia/Kathmandu", "Europe/Dublin");
    fc.assert(
      fc.property(minute, hour, day, weekday, zone, fc.integer({ min: at("2026-01-01T00:00:00Z"), max: at("2027-12-31T00:00:00Z") }), (m, h, d, w, z, from) => {
        const found = findTimeZone(z) as NonNullable<ReturnType<typeof findTimeZone>>;
        const schedule = parseSchedule(`${m} ${h} ${d} * ${w}`, found);
        const next = schedule.next(from);
        if (next === undefined) throw new Error("never");
        expect(next).toBeGreaterThan(from);
        expect(next % 60_000).toBe(0);
        const local = localFields(found, next);
        if (m === "*/7") expect(local.minute % 7).toBe(0);
        if (h === "9-17/2") expect([9, 11, 13, 15, 17]).toContain(local.hour);
        // From any instant before it the same run comes next.
        expect(schedule.next(from + Math.floor((next - from - 1) / 2))).toBe(next);
      }),
    );
  });
});

describe("latest run", () => {
  it.each([
    ["*/5 * * * *", "2026-01-01T00:00:00Z", "2026-01-01T00:12:00Z", "2026-01-01T00:10:00Z"],
    ["*/5 * * * *", "2026-01-01T00:00:00Z", "2026-01-01T00:05:00Z", "2026-01-01T00:05:00Z"],
    ["*/5 * * * *", "2026-01-01T00:00:00Z", "2026-01-01T00:04:59Z", undefined],
    ["*/5 * * * *", "2026-01-01T00:10:00Z", "2026-01-01T00:12:00Z", undefined],
    ["0 0 1 1 *", "2020-06-01T00:00:00Z", "2026-06-01T00:00:00Z", "2026-01-01T00:00:00Z"],
    ["0 0 30 2 *", "2020-06-01T00:00:00Z", "2026-06-01T00:00:00Z", undefined],
    ["@every 90s", "2026-01-01T00:00:10Z", "2026-01-01T00:05:00Z", "2026-01-01T00:04:40Z"],
    ["@every 90s", "2026-01-01T00:00:10Z", "2026-01-01T00:01:00Z", undefined],
  ])("%s between %s and %s", (schedule, since, until, expected) => {
    const found = parseSchedule(schedule).latest(at(since), at(until));
    expect(found === undefined ? undefined : formatTime(found)).toBe(expected);
  });
});

describe("refused schedules", () => {
  it.each([
    ["", "empty spec string"],
    ["bad", "expected exactly 5 fields, found 1: [bad]"],
    ["* * * *", "expected exactly 5 fields, found 4: [* * * *]"],
    ["* * * * * *", "expected exactly 5 fields, found 6: [* * * * * *]"],
    ["60 * * * *", "end of range (60) above maximum (59): 60"],
    ["* 24 * * *", "end of range (24) above maximum (23): 24"],
    ["* * 0 * *", "beginning of range (0) below minimum (1): 0"],
    ["* * 32 * *", "end of range (32) above maximum (31): 32"],
    ["* * * 13 *", "end of range (13) above maximum (12): 13"],
    ["0 0 * * 7", "end of range (7) above maximum (6): 7"],
    ["0 0 * * 5-7", "end of range (7) above maximum (6): 5-7"],
    ["5-1 * * * *", "beginning of range (5) beyond end of range (1): 5-1"],
    ["*/0 * * * *", "step of range should be a positive number: */0"],
    ["a * * * *", 'failed to parse int from a: strconv.Atoi: parsing "a": invalid syntax'],
    ["0 0 L * *", 'failed to parse int from L: strconv.Atoi: parsing "L": invalid syntax'],
    ["0 0 15W * *", 'failed to parse int from 15W: strconv.Atoi: parsing "15W": invalid syntax'],
    ["0 0 * * 1#2", 'failed to parse int from 1#2: strconv.Atoi: parsing "1#2": invalid syntax'],
    ["H * * * *", 'failed to parse int from H: strconv.Atoi: parsing "H": invalid syntax'],
    ["1-2-3 * * * *", "too many hyphens: 1-2-3"],
    ["1/2/3 * * * *", "too many slashes: 1/2/3"],
    ["99999999999999999999 * * * *", 'failed to parse int from 99999999999999999999: strconv.Atoi: parsing "99999999999999999999": value out of range'],
    ["*/-5 * * * *", "negative number (-5) not allowed: -5"],
    ["@never", "unrecognized descriptor: @never"],
    ["@Weekly", "unrecognized descriptor: @Weekly"],
    ["@every x", 'failed to parse duration @every x: time: invalid duration "x"'],
    ["@every 5", 'failed to parse duration @every 5: time: missing unit in duration "5"'],
    ["@every 5d", 'failed to parse duration @every 5d: time: unknown unit "d" in duration "5d"'],
    ["TZ=Nowhere/City 0 0 * * *", "provided bad location Nowhere/City: unknown time zone Nowhere/City"],
  ])("%s", (text, message) => {
    expect(() => parseSchedule(text)).toThrow(new CronError(message));
  });
});

describe("time zone names", () => {
  it.each(["UTC", "Asia/Tokyo", "EST", "US/Eastern", "America/Argentina/Buenos_Aires", "Etc/GMT+5"])("%s exists", (name) => {
    expect(isTimeZoneName(name)).toBe(true);
    expect(findTimeZone(name)?.name).toBe(name);
  });
  it.each(["utc", "asia/tokyo", "../etc", "/UTC", "+09:00", "Nowhere/City", "", "Local", "Asia", "Asia/", "Asia/Tokyo Asia/Aden", "toString", "constructor/x"])("%s does not", (name) => {
    expect(findTimeZone(name)).toBeUndefined();
  });
});
