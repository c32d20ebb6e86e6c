/**
 * Values of flags: each is checked before anything happens, and refused in one line with an example of what is right.
 */
import { parseDuration } from "../base/duration.ts";
import { isClusterName, nodesMax } from "../cluster/names.ts";

/** A command line that says something wrong: exit code 2. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "UsageError";
  }
}

function whole(flag: string, text: string, range: { min: number; max: number }): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= range.min && value <= range.max) return value;
  throw new UsageError(`${flag} takes a whole number from ${range.min} to ${range.max}, not "${text}"`);
}

export function parseName(text: string): string {
  if (isClusterName(text)) return text;
  throw new UsageError(`--name takes lower-case letters, digits and "-", beginning with a letter, at most 40 of them, not "${text}"`);
}

/** The name of a node: an RFC 1123 subdomain. It goes into paths, so nothing else may pass. */
export function parseNodeName(text: string): string {
  if (/^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/.test(text)) return text;
  throw new UsageError(`a node's name has lower-case letters, digits, "-" and ".", not "${text}"`);
}

/** Relative or absolute; the file need not be there yet. */
export function parseKubeconfig(text: string): string {
  if (text !== "") return text;
  throw new UsageError("--kubeconfig takes the path of a file, not \"\"");
}

export const parseNodes = (text: string): number => whole("--nodes", text, { min: 1, max: nodesMax });
export const parsePort = (text: string): number => whole("--port", text, { min: 0, max: 65_535 });
export const parseSeed = (text: string): number => whole("--seed", text, { min: 0, max: 2 ** 32 - 1 });

export function parseClock(text: string): "system" | "virtual" {
  if (text === "system" || text === "virtual") return text;
  throw new UsageError(`--clock takes system or virtual, not "${text}"`);
}

/** Milliseconds. */
export function parsePositiveDuration(what: string, text: string): number {
  const ms = parseDuration(text);
  if (ms !== undefined && ms > 0 && Number.isFinite(ms)) return ms;
  throw new UsageError(`${what} takes a duration such as 90s, 15m, 1h30m or 30d, not "${text}"`);
}
