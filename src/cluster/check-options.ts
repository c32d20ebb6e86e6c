/** What a caller asks of a cluster is looked at before anything is made; what cannot be is told in one line, with what would be right. */
import type { Instant } from "../base/environment.ts";
import { limits } from "../base/limits.ts";
import { parseTime } from "../base/time.ts";
import { parseReference } from "../sim/images/reference.ts";
import { isClusterName, nodesMax } from "./names.ts";
import { OptionError, defaults } from "./options.ts";
import type { ClusterOptions } from "./options.ts";

/** All chance grows from 32 bits. */
const seedMax = 2 ** 32 - 1;

type Checks = { readonly [option in keyof Required<ClusterOptions>]: { readonly holds: (value: unknown) => boolean; readonly wanted: string } };

const isWhole = (value: unknown, max: number): boolean => Number.isInteger(value) && (value as number) >= 0 && (value as number) <= max;
const isImage = ([name, value]: [string, unknown]): boolean => typeof parseReference(name) !== "string" && (typeof value === "string" || (typeof value === "object" && value !== null));

const checks: Checks = {
  name: { holds: (value) => typeof value === "string" && isClusterName(value), wanted: 'lower-case letters, digits and "-", beginning with a letter, at most 40 of them' },
  nodes: { holds: (value) => isWhole(value, nodesMax), wanted: `a whole number from 0 to ${nodesMax}` },
  clock: { holds: (value) => value === "virtual" || value === "system", wanted: '"virtual" or "system"' },
  seed: { holds: (value) => isWhole(value, seedMax), wanted: `a whole number from 0 to ${seedMax}` },
  now: { holds: (value) => instantOf(value) !== undefined, wanted: "a time such as 2026-01-01T00:00:00Z, or milliseconds since the epoch" },
  images: {
    holds: (value) => value === "any" || (typeof value === "object" && value !== null && Object.entries(value).every(isImage)),
    wanted: '"any", or for each name of an image another one, "missing", "present" or a program',
  },
  metrics: { holds: (value) => typeof value === "boolean", wanted: "true or false" },
};

const isObject = (value: unknown): boolean => typeof value === "object" && value !== null && !Array.isArray(value);

function instantOf(value: unknown): Instant | undefined {
  if (typeof value === "number") return Math.abs(value) <= limits.instantMax ? value : undefined;
  return typeof value === "string" ? parseTime(value) : undefined;
}

/** Throws an OptionError for an option that is unknown or has a value that cannot be; undefined stands for the default. */
export function checkOptions(options: ClusterOptions): void {
  if (!isObject(options)) throw new OptionError("createCluster takes an object of options, such as { nodes: 1 }, or nothing");
  for (const [name, value] of Object.entries(options)) {
    if (!Object.hasOwn(checks, name)) throw new OptionError(`${name}: there is no such option; there are ${Object.keys(checks).join(", ")}`);
    const { holds, wanted } = checks[name as keyof ClusterOptions];
    if (value !== undefined && !holds(value)) throw new OptionError(`${name}: ${typeof value === "number" ? value : JSON.stringify(value)} is not ${wanted}`);
  }
}

/** The instant at which a virtual clock begins, of options that were checked. */
export function startOf(options: ClusterOptions): Instant {
  return instantOf(options.now ?? defaults.now) as Instant;
}
