import type { Instant } from "./environment.ts";
import type { Civil } from "./time.ts";
import { civilFromInstant, instantFromCivil } from "./time.ts";
import { timeZoneNamesByArea } from "./time-zone-names.ts";

/**
 * Time zones over the host's `Intl`, which knows the IANA rules in Node and in browsers alike. A zone is an offset for every
 * instant; from that follow local calendar fields, and back, with Go's choice where a local time does not exist or exists twice
 * (`time.Date`). Names are case-sensitive, as upstream finds them on disk.
 */
export interface TimeZone {
  readonly name: string;
  /** Milliseconds to add to UTC for the local time at that instant. */
  offsetAt(instant: Instant): number;
}

/** The local calendar fields; out-of-range ones carry over (month 13 is January of the next year, day 0 the last before the 1st). */
export type CivilInput = Omit<Civil, "weekday" | "millisecond">;

export const utc: TimeZone = { name: "UTC", offsetAt: () => 0 };

/**
 * Offsets are remembered by quarters of an hour: zones change at multiples of it (Lord Howe, with half an hour, included). 4096
 * of them cover six weeks; a search for the next run of a schedule touches a few dozen.
 */
const quarterMs = 15 * 60_000;
const rememberedMax = 4096;

class IntlTimeZone implements TimeZone {
  readonly name: string;
  private readonly format: Intl.DateTimeFormat;
  private readonly remembered = new Map<number, number>();

  constructor(name: string, format: Intl.DateTimeFormat) {
    this.name = name;
    this.format = format;
  }

  offsetAt(instant: Instant): number {
    const quarter = Math.floor(instant / quarterMs);
    let offset = this.remembered.get(quarter);
    if (offset === undefined) {
      offset = this.ask(quarter * quarterMs);
      if (this.remembered.size >= rememberedMax) this.remembered.clear();
      this.remembered.set(quarter, offset);
    }
    return offset;
  }

  /** The formatted date ends in `GMT-05:00` (seconds only before standard time), or `GMT` alone for no offset. */
  private ask(instant: Instant): number {
    const match = /GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?$/.exec(this.format.format(instant));
    if (!match) throw new Error(`time zone ${this.name}: the host gives no offset`);
    if (match[1] === undefined) return 0;
    const seconds = Number(match[2]) * 3600 + Number(match[3]) * 60 + Number(match[4] ?? 0);
    return (match[1] === "-" ? -seconds : seconds) * 1000;
  }
}

/** Whether the time zone database has this name, in exactly this spelling. */
export function isTimeZoneName(name: string): boolean {
  const slash = name.indexOf("/");
  const area = slash < 0 ? "" : name.slice(0, slash);
  const names = Object.hasOwn(timeZoneNamesByArea, area) ? (timeZoneNamesByArea[area] as string) : "";
  return slash !== 0 && !/\s/.test(name) && ` ${names} `.includes(` ${name.slice(slash + 1)} `);
}

/** The zone of that name, or undefined when there is none. Each call makes a zone of its own: keep it. */
export function findTimeZone(name: string): TimeZone | undefined {
  if (name === "UTC") return utc;
  if (!isTimeZoneName(name)) return undefined;
  return new IntlTimeZone(name, new Intl.DateTimeFormat("en-US", { timeZone: name, timeZoneName: "longOffset" }));
}

export function localFields(zone: TimeZone, instant: Instant): Civil {
  return civilFromInstant(instant + zone.offsetAt(instant));
}

/** The instant of a local time. In a gap or a fold one of the two possible offsets is taken, the same as Go takes. */
export function instantOfLocal(zone: TimeZone, local: CivilInput): Instant {
  const carry = Math.floor((local.month - 1) / 12);
  const asUtc = instantFromCivil({ ...local, year: local.year + carry, month: local.month - carry * 12 });
  const guess = zone.offsetAt(asUtc);
  return asUtc - zone.offsetAt(asUtc - guess);
}
