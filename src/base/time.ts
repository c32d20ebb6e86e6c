/**
 * Instants as the API writes them, without the host's Date: the proleptic Gregorian calendar in UTC by integer arithmetic
 * (Howard Hinnant, "chrono-compatible low-level date algorithms": days_from_civil and its inverse).
 */

const dayMs = 86_400_000;

export interface Civil {
  readonly year: number;
  /** 1 to 12. */
  readonly month: number;
  /** 1 to 31. */
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly millisecond: number;
  /** 0 is Sunday. */
  readonly weekday: number;
}

/** Days since 1970-01-01. Months and days outside their range carry over as written, not normalised. */
export function daysFromCivil(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

/** The UTC calendar fields of an instant. */
export function civilFromInstant(instant: number): Civil {
  const days = Math.floor(instant / dayMs);
  let rest = instant - days * dayMs;
  const shifted = days + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor((dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365);
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shiftedMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1;
  const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9;
  const hour = Math.floor(rest / 3_600_000);
  rest -= hour * 3_600_000;
  const minute = Math.floor(rest / 60_000);
  rest -= minute * 60_000;
  const second = Math.floor(rest / 1000);
  return {
    year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
    month,
    day,
    hour,
    minute,
    second,
    millisecond: rest - second * 1000,
    weekday: (((days + 4) % 7) + 7) % 7,
  };
}

/** The instant of UTC calendar fields. */
export function instantFromCivil(civil: Omit<Civil, "weekday" | "millisecond"> & { millisecond?: number }): number {
  const days = daysFromCivil(civil.year, civil.month, civil.day);
  return days * dayMs + civil.hour * 3_600_000 + civil.minute * 60_000 + civil.second * 1000 + (civil.millisecond ?? 0);
}

function two(value: number): string {
  return value < 10 ? `0${value}` : String(value);
}

function upToSeconds(civil: Civil): string {
  const date = `${String(civil.year).padStart(4, "0")}-${two(civil.month)}-${two(civil.day)}`;
  return `${date}T${two(civil.hour)}:${two(civil.minute)}:${two(civil.second)}`;
}

/** meta/v1 Time: RFC 3339, UTC, whole seconds (cut, not rounded): `2026-01-01T00:00:00Z`. */
export function formatTime(instant: number): string {
  return `${upToSeconds(civilFromInstant(instant))}Z`;
}

/** meta/v1 MicroTime: six decimals: `2026-01-01T00:00:00.000000Z`. */
export function formatMicroTime(instant: number): string {
  const civil = civilFromInstant(instant);
  return `${upToSeconds(civil)}.${String(Math.floor(civil.millisecond)).padStart(3, "0")}000Z`;
}

/** RFC 3339 with nine decimals always: `2026-01-01T00:00:00.500000000Z`, before each line of `kubectl logs --timestamps`. */
export function formatFixedNanoTime(instant: number): string {
  const civil = civilFromInstant(instant);
  return `${upToSeconds(civil)}.${String(Math.floor(civil.millisecond)).padStart(3, "0")}000000Z`;
}

/** RFC 3339 with as many decimals as needed, at most nine, as Go's RFC3339Nano writes (files of container logs). */
export function formatNanoTime(instant: number): string {
  const civil = civilFromInstant(instant);
  const fraction = String(Math.floor(civil.millisecond)).padStart(3, "0").replace(/0+$/, "");
  return `${upToSeconds(civil)}${fraction === "" ? "" : `.${fraction}`}Z`;
}

/** What follows the seconds. */
const fractionAndZone = /^(\.\d+)?(?:[Zz]|([+-])(\d\d):(\d\d))$/;
const monthDays = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** Milliseconds since the epoch of an RFC 3339 text (decimals beyond milliseconds are cut), or undefined; so too of null, which stands for no time in objects. */
export function parseTime(text: string | null): number | undefined {
  if (text === null || text[4] !== "-" || text[7] !== "-" || (text[10] !== "T" && text[10] !== "t") || text[13] !== ":" || text[16] !== ":") return undefined;
  const year = digits(text, 0, 4);
  const month = digits(text, 5, 2);
  const day = digits(text, 8, 2);
  const hour = digits(text, 11, 2);
  const minute = digits(text, 14, 2);
  const second = digits(text, 17, 2);
  if (Number.isNaN(year + month + day + hour + minute + second)) return undefined;
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  if (month < 1 || month > 12 || day < 1 || day > (monthDays[month - 1] as number) || (month === 2 && day === 29 && !leap)) return undefined;
  if (hour > 23 || minute > 59 || second > 59) return undefined;
  const instant = instantFromCivil({ year, month, day, hour, minute, second });
  if (text.length === 20 && text[19] === "Z") return instant;
  const match = fractionAndZone.exec(text.slice(19));
  if (!match) return undefined;
  const offsetMinutes = match[2] ? (match[2] === "+" ? 1 : -1) * (Number(match[3]) * 60 + Number(match[4])) : 0;
  return instant + (match[1] ? Math.floor(Number(match[1]) * 1000) : 0) - offsetMinutes * 60_000;
}

/** The number of so many digits, NaN when there is something else. */
function digits(text: string, at: number, count: number): number {
  let value = 0;
  for (let i = at; i < at + count; i++) {
    const digit = text.charCodeAt(i) - 48;
    value = digit >= 0 && digit <= 9 ? value * 10 + digit : NaN;
  }
  return value;
}
