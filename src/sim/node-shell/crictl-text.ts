/** How crictl prints: tables, ages and sizes. */
const columnWidthMin = 20;
const columnPadding = 3;

export function table(rows: readonly (readonly string[])[]): string {
  const columns = rows[0]?.length ?? 0;
  const widths = Array.from({ length: columns }, (_, column) => Math.max(columnWidthMin, ...rows.map((row) => (row[column] ?? "").length + columnPadding)));
  return rows.map((row) => `${row.map((cell, column) => (column === columns - 1 ? cell : cell.padEnd(widths[column] as number))).join("")}\n`).join("");
}

/** How long ago, as Docker's units package says it. */
export function ago(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  const minutes = Math.floor(seconds / 60);
  const hours = Math.round(minutes / 60);
  if (seconds < 1) return "Less than a second ago";
  if (seconds === 1) return "1 second ago";
  if (seconds < 60) return `${seconds} seconds ago`;
  if (minutes === 1) return "About a minute ago";
  if (minutes < 60) return `${minutes} minutes ago`;
  if (hours === 1) return "About an hour ago";
  if (hours < 48) return `${hours} hours ago`;
  if (hours < 24 * 7 * 2) return `${Math.floor(hours / 24)} days ago`;
  if (hours < 24 * 30 * 2) return `${Math.floor(hours / 24 / 7)} weeks ago`;
  if (hours < 24 * 365 * 2) return `${Math.floor(hours / 24 / 30)} months ago`;
  return `${Math.floor(hours / 24 / 365)} years ago`;
}

/** Digits and a unit of a thousand. */
export function humanSize(bytes: number, digits = 3): string {
  const units = ["B", "kB", "MB", "GB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${Number(value.toPrecision(digits))}${units[unit]}`;
}

export const short = (id: string): string => id.slice(0, 13);

/** What an option is given: "--tail=3", "--tail 3", "-q". */
export interface Words {
  readonly flags: ReadonlySet<string>;
  readonly values: ReadonlyMap<string, string>;
  readonly rest: readonly string[];
}

const valued = new Set(["--name", "--pod", "-p", "--state", "-s", "--label", "--tail", "--output", "-o", "--namespace", "--image", "--last", "-n", "--since", "--id", "--timeout", "-t", "--creds", "--auth"]);
/** Short names of options that stand for a long one. */
const longNames: { readonly [short: string]: string } = { "-p": "--pod", "-s": "--state", "-o": "--output", "-n": "--last", "-t": "--timeout", "-a": "--all", "-q": "--quiet", "-v": "--verbose", "-f": "--force" };

/** `withoutValue`: options that mean something else in this command (`exec -it`, `logs -f`). */
export function wordsOf(args: readonly string[], withoutValue: ReadonlySet<string> = new Set()): Words {
  const flags = new Set<string>();
  const values = new Map<string, string>();
  const rest: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] as string;
    const [name, value] = arg.split(/=(.*)/s, 2) as [string, string | undefined];
    if (!arg.startsWith("-") || (rest.length > 0 && withoutValue.has("*"))) rest.push(arg);
    else if (value !== undefined) values.set(longNames[name] ?? name, value);
    else if (valued.has(arg) && !withoutValue.has(arg)) values.set(longNames[arg] ?? arg, args[++i] ?? "");
    else if (/^-[a-z]{2,}$/.test(arg)) for (const letter of arg.slice(1)) flags.add(longNames[`-${letter}`] ?? `-${letter}`);
    else flags.add(longNames[arg] ?? arg);
  }
  return { flags, values, rest };
}
