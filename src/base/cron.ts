import { parseDuration } from "./duration.ts";
import type { Instant } from "./environment.ts";
import type { Civil } from "./time.ts";
import type { CivilInput, TimeZone } from "./time-zone.ts";
import { findTimeZone, instantOfLocal, localFields, utc } from "./time-zone.ts";

/**
 * Cron schedules with the exact meaning of robfig/cron v3's standard parser, which upstream uses: five fields, `@` descriptors,
 * `@every`, a `TZ=`/`CRON_TZ=` prefix; day of month and day of week are alternatives unless one has a star; a local time that a
 * clock change skips does not run, one that comes twice runs twice. `5/15` means 5, 20, 35, 50; there is no `L`, `W`, `#`, no
 * 7 for Sunday. Its errors are its words, because validation repeats them to the user.
 */
export interface Schedule {
  /** The first run after `instant`, or undefined when there is none within five years. */
  next(instant: Instant): Instant | undefined;
  /** The last run after `since` and not after `until`, or undefined when there is none. */
  latest(since: Instant, until: Instant): Instant | undefined;
}

/** What is wrong with a schedule, in the words upstream uses. */
export class CronError extends Error {}

/** The values that a field allows; `star` remembers that it was not restricted. */
interface Field {
  readonly allowed: readonly boolean[];
  readonly star: boolean;
}

interface Bounds {
  readonly min: number;
  readonly max: number;
  readonly names?: readonly string[];
}

const monthNames = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const weekdayNames = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

const minutes: Bounds = { min: 0, max: 59 };
const hours: Bounds = { min: 0, max: 23 };
const daysOfMonth: Bounds = { min: 1, max: 31 };
const months: Bounds = { min: 1, max: 12, names: monthNames };
const daysOfWeek: Bounds = { min: 0, max: 6, names: weekdayNames };
const bounds = [minutes, hours, daysOfMonth, months, daysOfWeek] as const;

const descriptors: { readonly [name: string]: string } = {
  "@yearly": "0 0 1 1 *",
  "@annually": "0 0 1 1 *",
  "@monthly": "0 0 1 * *",
  "@weekly": "0 0 * * 0",
  "@daily": "0 0 * * *",
  "@midnight": "0 0 * * *",
  "@hourly": "0 * * * *",
};

const minuteMs = 60_000;
const hourMs = 3_600_000;
/** A search that finds no run in this many years ends. */
const searchYears = 5;

/** Reads a schedule. `zone` holds unless the text names its own; throws CronError. */
export function parseSchedule(text: string, zone: TimeZone = utc): Schedule {
  if (text === "") throw new CronError("empty spec string");
  let rest = text;
  let where = zone;
  if (text.startsWith("TZ=") || text.startsWith("CRON_TZ=")) {
    const space = text.indexOf(" ");
    const name = text.slice(text.indexOf("=") + 1, space < 0 ? text.length : space);
    const found = name === "" ? utc : findTimeZone(name);
    if (!found) throw new CronError(`provided bad location ${name}: unknown time zone ${name}`);
    where = found;
    rest = space < 0 ? "" : text.slice(space).trim();
  }
  if (rest.startsWith("@")) return parseDescriptor(rest, where);
  const fields = rest.split(/\s+/).filter((field) => field !== "");
  if (fields.length !== 5) throw new CronError(`expected exactly 5 fields, found ${fields.length}: [${fields.join(" ")}]`);
  const [minute, hour, day, month, weekday] = bounds.map((range, index) => parseField(fields[index] as string, range)) as [Field, Field, Field, Field, Field];
  return new FieldSchedule({ minute, hour, day, month, weekday, zone: where });
}

function parseDescriptor(text: string, zone: TimeZone): Schedule {
  if (Object.hasOwn(descriptors, text)) return parseSchedule(descriptors[text] as string, zone);
  const every = "@every ";
  if (!text.startsWith(every)) throw new CronError(`unrecognized descriptor: ${text}`);
  const ms = parseGoDuration(text.slice(every.length), text);
  const delayMs = Math.max(1000, Math.floor(ms / 1000) * 1000);
  const next = (instant: Instant): Instant => Math.floor(instant / 1000) * 1000 + delayMs;
  const latest = (since: Instant, until: Instant): Instant | undefined => {
    const first = next(since);
    return first > until ? undefined : first + Math.floor((until - first) / delayMs) * delayMs;
  };
  return { next, latest };
}

/** Go's durations know no days; its error says which rule was broken. */
function parseGoDuration(text: string, descriptor: string): number {
  const ms = text.includes("d") ? undefined : parseDuration(text);
  if (ms !== undefined) return ms;
  const unit = /^[+-]?(?:\d+(?:\.\d*)?(?:ns|us|µs|μs|ms|s|m|h))*\d+(?:\.\d*)?([^\d.]+)/.exec(text);
  const why = /^[+-]?(?:\d+(?:\.\d*)?(?:ns|us|µs|μs|ms|s|m|h))*\d+(?:\.\d*)?$/.test(text)
    ? `time: missing unit in duration "${text}"`
    : unit
      ? `time: unknown unit "${unit[1]}" in duration "${text}"`
      : `time: invalid duration "${text}"`;
  throw new CronError(`failed to parse duration ${descriptor}: ${why}`);
}

/** A comma-separated list of ranges. Empty parts count for nothing, so `,` alone allows no value. */
function parseField(text: string, range: Bounds): Field {
  const allowed: boolean[] = Array.from({ length: range.max + 1 }, () => false);
  let star = false;
  for (const part of text.split(",")) {
    if (part === "") continue;
    if (parseRange(part, range, allowed)) star = true;
  }
  return { allowed, star };
}

/** Marks the values of `number | number "-" number [ "/" number ]`; says whether it was a star without a step above 1. */
function parseRange(text: string, range: Bounds, allowed: boolean[]): boolean {
  const slashed = text.split("/");
  const hyphened = (slashed[0] as string).split("-");
  const low = hyphened[0] as string;
  const isStar = low === "*" || low === "?";
  let start = range.min;
  let end = range.max;
  if (!isStar) {
    start = parseNumberOrName(low, range);
    end = start;
    if (hyphened.length === 2) end = parseNumberOrName(hyphened[1] as string, range);
    else if (hyphened.length > 2) throw new CronError(`too many hyphens: ${text}`);
  }
  let step = 1;
  if (slashed.length === 2) {
    step = parseNumber(slashed[1] as string);
    if (hyphened.length === 1) end = range.max;
  } else if (slashed.length > 2) throw new CronError(`too many slashes: ${text}`);
  if (start < range.min) throw new CronError(`beginning of range (${start}) below minimum (${range.min}): ${text}`);
  if (end > range.max) throw new CronError(`end of range (${end}) above maximum (${range.max}): ${text}`);
  if (start > end) throw new CronError(`beginning of range (${start}) beyond end of range (${end}): ${text}`);
  if (step === 0) throw new CronError(`step of range should be a positive number: ${text}`);
  for (let value = start; value <= end; value += step) allowed[value] = true;
  return isStar && step === 1;
}

function parseNumberOrName(text: string, range: Bounds): number {
  const at = range.names?.indexOf(text.toLowerCase()) ?? -1;
  return at >= 0 ? range.min + at : parseNumber(text);
}

function parseNumber(text: string): number {
  if (!/^[+-]?\d+$/.test(text)) throw new CronError(`failed to parse int from ${text}: strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`);
  const value = BigInt(text.replace(/^\+/, ""));
  if (value >= 2n ** 63n || value < -(2n ** 63n)) {
    throw new CronError(`failed to parse int from ${text}: strconv.Atoi: parsing ${JSON.stringify(text)}: value out of range`);
  }
  if (value < 0n) throw new CronError(`negative number (${value}) not allowed: ${text}`);
  return Number(value);
}

interface Fields {
  readonly minute: Field;
  readonly hour: Field;
  readonly day: Field;
  readonly month: Field;
  readonly weekday: Field;
  readonly zone: TimeZone;
}

class FieldSchedule implements Schedule {
  private readonly fields: Fields;

  constructor(fields: Fields) {
    this.fields = fields;
  }

  /**
   * Walks from the coarsest field to the finest: while a field does not match, it is moved on by one and all finer ones start
   * at their lowest; when that wraps a coarser field, the walk begins anew. Hours and minutes are steps of absolute time, which
   * is what makes skipped local times not run and repeated ones run twice.
   */
  next(instant: Instant): Instant | undefined {
    const { minute, hour, month, zone } = this.fields;
    let at = Math.floor(instant / 1000) * 1000 + 1000;
    const local = () => localFields(zone, at);
    // The first field that moves cuts the finer ones off; from then on they stand at their lowest.
    let isCut = false;
    const cut = (lowest: Partial<CivilInput>) => {
      if (!isCut) at = instantOfLocal(zone, { ...local(), ...lowest });
      isCut = true;
    };
    const lastYear = local().year + searchYears;
    walk: while (local().year <= lastYear) {
      while (!month.allowed[local().month]) {
        cut({ day: 1, hour: 0, minute: 0, second: 0 });
        const from = local();
        at = instantOfLocal(zone, { ...from, month: from.month + 1 });
        if (local().month === 1) continue walk;
      }
      while (!this.dayMatches(local())) {
        cut({ hour: 0, minute: 0, second: 0 });
        const from = local();
        at = instantOfLocal(zone, { ...from, day: from.day + 1 });
        // Where a clock change takes midnight away, the day began at 01:00, or midnight landed on 23:00 of the day before.
        const landed = local().hour;
        at += landed > 12 ? (24 - landed) * hourMs : -landed * hourMs;
        if (local().day === 1) continue walk;
      }
      while (!hour.allowed[local().hour]) {
        cut({ minute: 0, second: 0 });
        at += hourMs;
        if (local().hour === 0) continue walk;
      }
      while (!minute.allowed[local().minute]) {
        if (!isCut) at = Math.floor(at / minuteMs) * minuteMs;
        isCut = true;
        at += minuteMs;
        if (local().minute === 0) continue walk;
      }
      // Runs are on full minutes.
      if (at % minuteMs === 0) return at;
      at = Math.ceil(at / minuteMs) * minuteMs;
      isCut = true;
    }
    return undefined;
  }

  /** Looks back over spans that double, so that the work does not grow with the time since `since`. */
  latest(since: Instant, until: Instant): Instant | undefined {
    for (let spanMs = minuteMs; ; spanMs *= 2) {
      const from = Math.max(since, until - spanMs);
      let found: Instant | undefined;
      for (let run = this.next(from); run !== undefined && run <= until; run = this.next(run)) found = run;
      if (found !== undefined || from === since) return found;
    }
  }

  private dayMatches(local: Civil): boolean {
    const { day, weekday } = this.fields;
    const byDay = day.allowed[local.day] === true;
    const byWeekday = weekday.allowed[local.weekday] === true;
    return day.star || weekday.star ? byDay && byWeekday : byDay || byWeekday;
  }
}
