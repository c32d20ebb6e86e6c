import type { Status } from "../../src/base/status-error.ts";
import { fnv1a32 } from "../../src/base/hash.ts";
import type { Answer, WrongLine } from "./create-answer.ts";

/** Whether an answer is the recorded one. Causes count as a set, as does the bracketed list in the message: Go's maps have no order. */

/** Undefined: as recorded. Else in a word what differs, and the two sides. */
export interface Difference {
  readonly what: "code" | "reason" | "message" | "causes" | "details";
  readonly text: string;
}

/** Values that differ from run to run. */
function steady(text: string): string {
  return text.replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, "<uid>");
}

function causesOf(status: Status | undefined): string[] {
  return (status?.details?.causes ?? []).map(({ reason, message, field }) => steady(`${field ?? ""} | ${reason ?? ""} | ${message ?? ""}`)).sort();
}

export function compare(answer: Answer, line: WrongLine): Difference | undefined {
  // The real server panicked here: an honest refusal is right.
  const code = line.code === 0 ? 422 : line.code;
  if (answer.code !== code) return { what: "code", text: `${answer.code} instead of ${code}: ${shorten(answer.status?.message ?? "")} <> ${shorten(line.answer?.message ?? "")}` };
  if (line.code === 0 || line.answer === undefined) return undefined;
  const got = answer.status;
  if (got?.reason !== line.answer.reason) return { what: "reason", text: `${got?.reason} instead of ${line.answer.reason}` };
  const causes = causesOf(got);
  const wanted = causesOf(line.answer);
  const extra = causes.filter((cause) => !wanted.includes(cause));
  const missing = wanted.filter((cause) => !causes.includes(cause));
  if (extra.length + missing.length > 0 || causes.length !== wanted.length) {
    return { what: "causes", text: [...missing.map((cause) => `missing ${shorten(cause)}`), ...extra.map((cause) => `extra ${shorten(cause)}`)].join("\n      ") };
  }
  if (wanted.length === 0 && got?.message !== line.answer.message) {
    return { what: "message", text: `${shorten(got?.message ?? "")}\n      instead of ${shorten(line.answer.message ?? "")}` };
  }
  const { causes: _, ...details } = got?.details ?? {};
  const { causes: __, ...wantedDetails } = line.answer.details ?? {};
  if (JSON.stringify(details) !== JSON.stringify(wantedDetails)) return { what: "details", text: `${JSON.stringify(details)} instead of ${JSON.stringify(wantedDetails)}` };
  return undefined;
}

function shorten(text: string): string {
  const once = text.replaceAll(/x{60,}/g, "x…x");
  return once.length > 400 ? `${once.slice(0, 400)}…` : once;
}

/** The name under which a line stands in the list of gaps. */
export function lineName(line: WrongLine): string {
  const text = line.op === "replace" ? shorten(JSON.stringify(line.value)) : "";
  const value = text === "" ? "" : ` = ${text.length > 100 ? `${text.slice(0, 100)}… ${fnv1a32(JSON.stringify(line.value)).toString(16)}` : text}`;
  return `${line.base} ${line.op} ${line.path}${value}`;
}
