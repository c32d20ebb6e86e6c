/** Durations as people and Go write them. All numbers are milliseconds. */

const units: { readonly [unit: string]: number } = { ns: 1e-6, us: 1e-3, "µs": 1e-3, ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Go's duration syntax (`1h30m`, `1.5s`, `300ms`) and days (`30d`); undefined when it is none. */
export function parseDuration(text: string): number | undefined {
  if (!/^[+-]?(\d+(\.\d*)?(ns|us|µs|ms|s|m|h|d))+$/.test(text)) return text === "0" ? 0 : undefined;
  let total = 0;
  for (const part of text.matchAll(/(\d+(?:\.\d*)?)(ns|us|µs|ms|s|m|h|d)/g)) total += Number(part[1]) * (units[part[2] as string] as number);
  return text.startsWith("-") ? -total : total;
}

/** Go's `Duration.String()` for whole milliseconds: `1h0m5s`, `1.5s`, `300ms`, `0s`. */
export function formatDuration(ms: number): string {
  if (ms === 0) return "0s";
  if (ms < 0) return `-${formatDuration(-ms)}`;
  if (ms < 1) return `${Math.round(ms * 1000)}µs`;
  if (ms < 1000) return `${Number(ms.toFixed(6))}ms`;
  const hours = Math.floor(ms / 3_600_000);
  const minutes = Math.floor((ms % 3_600_000) / 60_000);
  const seconds = Number(((ms % 60_000) / 1000).toFixed(9));
  return `${hours > 0 ? `${hours}h` : ""}${hours > 0 || minutes > 0 ? `${minutes}m` : ""}${seconds}s`;
}

/** The short form of ages in tables: two units while that matters (apimachinery `util/duration` HumanDuration). */
export function shortDuration(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  if (seconds < -1) return "<invalid>";
  if (seconds < 0) return "0s";
  if (seconds < 120) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  const pair = (large: number, largeUnit: string, small: number, smallUnit: string) => `${large}${largeUnit}${small === 0 ? "" : `${small}${smallUnit}`}`;
  if (minutes < 10) return pair(minutes, "m", seconds % 60, "s");
  if (minutes < 180) return `${minutes}m`;
  const hours = Math.floor(minutes / 60);
  if (hours < 8) return pair(hours, "h", minutes % 60, "m");
  if (hours < 48) return `${hours}h`;
  const days = Math.floor(hours / 24);
  if (hours < 192) return pair(days, "d", hours % 24, "h");
  const years = Math.floor(days / 365);
  if (days < 730) return `${days}d`;
  if (years < 8) return pair(years, "y", days % 365, "d");
  return `${years}y`;
}
