import type { CommandTable } from "../command.ts";
import { civilFromInstant, daysFromCivil, parseTime } from "../../base/time.ts";

/** Commands that tell or take time: by the cluster's clock, in UTC. */
const weekdays = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const months = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];
const unitSeconds: { readonly [unit: string]: number } = { "": 1, s: 1, m: 60, h: 3600, d: 86_400 };

/** `10`, `0.5`, `1m`, `2h`, `1d`, `infinity`: milliseconds, or undefined. */
export function sleepMs(text: string): number | undefined {
  if (/^inf(inity)?$/i.test(text)) return Infinity;
  const match = /^(\d+(?:\.\d*)?|\.\d+)([smhd]?)$/.exec(text);
  if (!match) return undefined;
  return Math.round(Number(match[1]) * (unitSeconds[match[2] as string] as number) * 1000);
}

function pad(value: number, width = 2, fill = "0"): string {
  return String(value).padStart(width, fill);
}

/** strftime, in the C locale. */
export function formatDate(instant: number, format: string): string {
  const c = civilFromInstant(instant);
  const dayOfYear = daysFromCivil(c.year, c.month, c.day) - daysFromCivil(c.year, 1, 1) + 1;
  const hour12 = c.hour % 12 === 0 ? 12 : c.hour % 12;
  const one = (letter: string): string => {
    switch (letter) {
      case "Y": return pad(c.year, 4);
      case "y": return pad(c.year % 100);
      case "C": return pad(Math.floor(c.year / 100));
      case "m": return pad(c.month);
      case "d": return pad(c.day);
      case "e": return pad(c.day, 2, " ");
      case "H": return pad(c.hour);
      case "I": return pad(hour12);
      case "M": return pad(c.minute);
      case "S": return pad(c.second);
      case "N": return pad(c.millisecond * 1_000_000, 9);
      case "p": return c.hour < 12 ? "AM" : "PM";
      case "j": return pad(dayOfYear, 3);
      case "u": return String(c.weekday === 0 ? 7 : c.weekday);
      case "w": return String(c.weekday);
      case "a": return (weekdays[c.weekday] as string).slice(0, 3);
      case "A": return weekdays[c.weekday] as string;
      case "b":
      case "h": return (months[c.month - 1] as string).slice(0, 3);
      case "B": return months[c.month - 1] as string;
      case "s": return String(Math.floor(instant / 1000));
      case "Z": return "UTC";
      case "z": return "+0000";
      case "F": return formatDate(instant, "%Y-%m-%d");
      case "T":
      case "X": return formatDate(instant, "%H:%M:%S");
      case "R": return formatDate(instant, "%H:%M");
      case "D":
      case "x": return formatDate(instant, "%m/%d/%y");
      case "c": return formatDate(instant, "%a %b %e %H:%M:%S %Y");
      case "n": return "\n";
      case "t": return "\t";
      case "%": return "%";
      default: return `%${letter}`;
    }
  };
  return format.replace(/%-?([A-Za-z%])/g, (whole, letter: string) => (whole[1] === "-" ? one(letter).replace(/^[0 ]+(?=.)/, "") : one(letter)));
}

/** The forms of `date -d` that scripts use. */
function parseDate(text: string, now: number): number | undefined {
  if (text === "now" || text === "") return now;
  if (/^@\d+$/.test(text)) return Number(text.slice(1)) * 1000;
  const relative = /^([-+]?\d+)\s*(second|sec|minute|min|hour|day|week)s?( ago)?$/.exec(text);
  if (relative) {
    const seconds = { second: 1, sec: 1, minute: 60, min: 60, hour: 3600, day: 86_400, week: 604_800 }[relative[2] as "day"];
    return now + Number(relative[1]) * seconds * 1000 * (relative[3] ? -1 : 1);
  }
  if (text === "yesterday") return now - 86_400_000;
  if (text === "tomorrow") return now + 86_400_000;
  const spaced = /^(\d{4}-\d\d-\d\d)(?:[ T](\d\d:\d\d)(:\d\d)?)?Z?$/.exec(text);
  return spaced ? parseTime(`${spaced[1]}T${spaced[2] ?? "00:00"}${spaced[3] ?? ":00"}Z`) : parseTime(text);
}

export const clockCommands: CommandTable = {
  async sleep({ args, process, err }) {
    let total = 0;
    for (const arg of args) {
      const ms = sleepMs(arg);
      if (ms === undefined) {
        err(`sleep: invalid number '${arg}'\n`);
        return 1;
      }
      total += ms;
    }
    if (args.length === 0) {
      err("BusyBox v1.36.1 multi-call binary.\n\nUsage: sleep [N]...\n");
      return 1;
    }
    await process.sleep(total);
    return 0;
  },

  async date({ args, process, out, err }) {
    let instant: number | undefined = process.clock.now();
    let format = "%a %b %e %H:%M:%S %Z %Y";
    for (let i = 0; i < args.length; i++) {
      const arg = args[i] as string;
      if (arg.startsWith("+")) format = arg.slice(1);
      else if (arg === "-d" || arg === "--date" || arg.startsWith("--date=")) {
        const text = arg.startsWith("--date=") ? arg.slice(7) : (args[++i] ?? "");
        instant = parseDate(text, process.clock.now());
        if (instant === undefined) {
          err(`date: invalid date '${text}'\n`);
          return 1;
        }
      } else if (arg === "-r" || arg === "--reference") {
        instant = process.world.files.stat(args[++i] ?? "").mtime;
      } else if (arg === "-R") format = "%a, %d %b %Y %H:%M:%S %z";
      else if (/^(-I|--iso-8601)/.test(arg)) format = /s/.test(arg.slice(2).replace("iso", "")) && !arg.endsWith("8601") ? "%Y-%m-%dT%H:%M:%S%z" : "%Y-%m-%d";
      else if (arg !== "-u" && arg !== "--utc") {
        err(`date: invalid date '${arg}'\n`);
        return 1;
      }
    }
    out(`${formatDate(instant, format)}\n`);
    return 0;
  },

  async uptime({ process, out }) {
    const { clock, world } = process;
    const minutes = Math.floor((clock.now() - world.machine.bootedAt) / 60_000);
    const up = minutes >= 1440 ? `${Math.floor(minutes / 1440)} days, ` : "";
    const rest = minutes % 1440;
    const hours = Math.floor(rest / 60);
    out(` ${formatDate(clock.now(), "%H:%M:%S")} up ${up}${hours > 0 ? `${hours}:${pad(rest % 60)}` : `${rest} min`},  0 users,  load average: 0.10, 0.08, 0.05\n`);
    return 0;
  },

  async touch({ args, cwd, files, process, err }) {
    let instant: number | undefined = process.clock.now();
    let create = true;
    let status = 0;
    for (let i = 0; i < args.length; i++) {
      const arg = args[i] as string;
      if (arg === "-d" || arg === "-t") instant = parseDate(args[++i] ?? "", process.clock.now());
      else if (arg === "-r") instant = files.stat(absolute(args[++i] ?? "", cwd)).mtime;
      else if (arg === "-c") create = false;
      else if (/^-[am]+$/.test(arg)) continue;
      else {
        try {
          const path = absolute(arg, cwd);
          if (!files.exists(path)) {
            if (!create) continue;
            files.writeFile(path, new Uint8Array(0));
          }
          files.changeTime(path, instant ?? process.clock.now());
        } catch (error) {
          err(`touch: ${arg}: ${wordsOf(error)}\n`);
          status = 1;
        }
      }
    }
    return status;
  },
};

function absolute(path: string, cwd: string): string {
  return path.startsWith("/") ? path : `${cwd === "/" ? "" : cwd}/${path}`;
}

/** The libc text of a file error. */
export function wordsOf(error: unknown): string {
  return typeof error === "object" && error !== null && "words" in error ? String(error.words) : error instanceof Error ? error.message : String(error);
}

export { absolute };
