import { formatTime, parseTime } from "../../base/time.ts";

/**
 * Texts that a scalar of the API may be: time stamps and base64, as Go's decoders read them, with Go's words when they do not.
 * A reader answers the text as the API would print it, or why it cannot.
 */
export type Read = { readonly text: string | null } | { readonly error: string };

/** As the API prints them itself, but for the range of each number. */
const plainTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;
const plainMicroTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/;
const secondsLayout = "2006-01-02T15:04:05Z07:00";
const microLayout = "2006-01-02T15:04:05.000000Z07:00";
const zeroSeconds = "0001-01-01T00:00:00";

/** The elements of both layouts: how many digits, what they are called when out of range, and the range. */
const elements = [
  { layout: "2006", digits: 4, least: 4, after: "-", name: "year", min: 0, max: 9999 },
  { layout: "01", digits: 2, least: 2, after: "-", name: "month", min: 1, max: 12 },
  { layout: "02", digits: 2, least: 2, after: "T", name: "day", min: 1, max: 31 },
  { layout: "15", digits: 2, least: 1, after: ":", name: "hour", min: 0, max: 23 },
  { layout: "04", digits: 2, least: 2, after: ":", name: "minute", min: 0, max: 59 },
  { layout: "05", digits: 2, least: 2, after: "", name: "second", min: 0, max: 59 },
] as const;

/** meta/v1 Time: any RFC 3339 text, printed in UTC with whole seconds. The zero time is null. */
export function readTime(text: string): Read {
  if (plainTime.test(text) && parseTime(text) !== undefined) return { text: text.startsWith(zeroSeconds) ? null : text };
  return readLayout(text, secondsLayout);
}

/** meta/v1 MicroTime: six decimals, no more and no fewer. */
export function readMicroTime(text: string): Read {
  if (plainMicroTime.test(text) && parseTime(text) !== undefined && !text.startsWith(zeroSeconds)) return { text };
  return readLayout(text, microLayout);
}

function readLayout(text: string, layout: string): Read {
  const quoted = JSON.stringify(text);
  const cannot = (rest: string, element: string): Read => ({
    error: `parsing time ${quoted} as ${JSON.stringify(layout)}: cannot parse ${JSON.stringify(rest)} as ${JSON.stringify(element)}`,
  });
  let rest = text;
  const parts: string[] = [];
  for (const element of elements) {
    const digits = new RegExp(`^\\d{${element.least},${element.digits}}`).exec(rest)?.[0];
    if (digits === undefined) return cannot(rest, element.layout);
    if (Number(digits) < element.min || Number(digits) > element.max) return { error: `parsing time ${quoted}: ${element.name} out of range` };
    parts.push(digits.padStart(2, "0"));
    rest = rest.slice(digits.length);
    if (!rest.startsWith(element.after)) return cannot(rest, element.after);
    rest = rest.slice(element.after.length);
  }
  const micro = layout === microLayout;
  const fraction = micro ? /^\.\d{6}/.exec(rest)?.[0] : (/^[.,]\d+/.exec(rest)?.[0] ?? "");
  if (fraction === undefined) return cannot(rest, ".000000");
  rest = rest.slice(fraction.length);
  const zone = /^(?:Z|[+-]\d\d:\d\d)/.exec(rest)?.[0];
  if (zone === undefined) return cannot(rest, "Z07:00");
  if (rest.length > zone.length) return { error: `parsing time ${quoted}: extra text: ${JSON.stringify(rest.slice(zone.length))}` };
  const instant = parseTime(`${parts[0]}-${parts[1]}-${parts[2]}T${parts[3]}:${parts[4]}:${parts[5]}${zone}`);
  if (instant === undefined) return { error: `parsing time ${quoted}: day out of range` };
  const seconds = formatTime(instant);
  if (seconds.startsWith(zeroSeconds) && !/[1-9]/.test(fraction)) return { text: null };
  return { text: micro ? `${seconds.slice(0, -1)}${fraction}Z` : seconds };
}

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** The value of a base64 digit, or -1. */
function sextet(code: number): number {
  if (code >= 65 && code <= 90) return code - 65;
  if (code >= 97 && code <= 122) return code - 71;
  if (code >= 48 && code <= 57) return code + 4;
  return code === 43 ? 62 : code === 47 ? 63 : -1;
}

/** Base64 with padding; line breaks are skipped, unused bits dropped. */
export function readBase64(text: string): Read {
  const length = text.length;
  let out: string | undefined;
  let quantum = 0;
  let start = 0;
  let at = 0;
  const corrupt = (position: number): Read => ({ error: `illegal base64 data at input byte ${position}` });
  while (at < length) {
    const code = text.charCodeAt(at);
    if (code === 10 || code === 13) {
      out = (out ?? "") + text.slice(start, at);
      start = ++at;
      continue;
    }
    if (code === 61) return readPadding(text, { at, quantum, digits: (out ?? "") + text.slice(start, at) });
    if (sextet(code) < 0) return corrupt(at);
    quantum = (quantum + 1) & 3;
    at++;
  }
  if (quantum !== 0) return corrupt(length - quantum);
  return { text: out === undefined ? text : out + text.slice(start) };
}

function readPadding(text: string, state: { at: number; quantum: number; digits: string }): Read {
  const corrupt = (position: number): Read => ({ error: `illegal base64 data at input byte ${position}` });
  if (state.quantum < 2) return corrupt(state.at);
  let at = state.at + 1;
  const skip = () => {
    while (at < text.length && (text[at] === "\n" || text[at] === "\r")) at++;
  };
  if (state.quantum === 2) {
    skip();
    if (at === text.length) return corrupt(text.length);
    if (text[at] !== "=") return corrupt(at - 1);
    at++;
  }
  skip();
  if (at < text.length) return corrupt(at);
  const last = sextet(state.digits.charCodeAt(state.digits.length - 1));
  const kept = alphabet[state.quantum === 2 ? last & 0x30 : last & 0x3c] as string;
  return { text: state.digits.slice(0, -1) + kept + (state.quantum === 2 ? "==" : "=") };
}
