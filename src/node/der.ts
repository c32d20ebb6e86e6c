/**
 * Writes DER, the encoding of X.509 (ITU-T X.690): every value is a tag, a length and a content. Only what certificates need,
 * only writing. Values are built inside out and never read back; Node verifies what comes of it.
 */

function header(tag: number, length: number): Uint8Array {
  if (length < 0x80) return Uint8Array.of(tag, length);
  const digits: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) digits.unshift(rest % 256);
  return Uint8Array.of(tag, 0x80 | digits.length, ...digits);
}

function value(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const content = Buffer.concat(parts);
  return Buffer.concat([header(tag, content.length), content]);
}

export const sequence = (...parts: readonly Uint8Array[]): Uint8Array => value(0x30, ...parts);
export const set = (...parts: readonly Uint8Array[]): Uint8Array => value(0x31, ...parts);
export const octets = (content: Uint8Array): Uint8Array => value(0x04, content);
export const utf8 = (text: string): Uint8Array => value(0x0c, Buffer.from(text));
export const boolean = (is: boolean): Uint8Array => value(0x01, Uint8Array.of(is ? 0xff : 0));

/** An unsigned integer, big end first. */
export function integer(bytes: Uint8Array): Uint8Array {
  let start = 0;
  while (start < bytes.length - 1 && bytes[start] === 0) start++;
  const significant = bytes.subarray(start);
  return (significant[0] ?? 0) & 0x80 ? value(0x02, Uint8Array.of(0), significant) : value(0x02, significant);
}

/** A string of bits whose last `unused` are padding. */
export function bits(content: Uint8Array, unused = 0): Uint8Array {
  return value(0x03, Uint8Array.of(unused), content);
}

/** `[number]` of a constructed value (EXPLICIT), or of the content itself (IMPLICIT, primitive). */
export const explicit = (number: number, ...parts: readonly Uint8Array[]): Uint8Array => value(0xa0 | number, ...parts);
export const implicit = (number: number, content: Uint8Array): Uint8Array => value(0x80 | number, content);

/** "1.2.840.10045.4.3.2" */
export function identifier(dotted: string): Uint8Array {
  const [first = 0, second = 0, ...rest] = dotted.split(".").map(Number);
  const content = [first * 40 + second];
  for (const arc of rest) {
    const digits = [arc & 0x7f];
    for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128)) digits.unshift((left & 0x7f) | 0x80);
    content.push(...digits);
  }
  return value(0x06, Uint8Array.from(content));
}

/** Seconds are kept, milliseconds dropped. Years from 2050 on need four digits (RFC 5280, 4.1.2.5). */
export function time(instant: number): Uint8Array {
  const digits = new Date(instant).toISOString().replace(/[-:T]|\.\d+/g, "");
  return digits < "2050" ? value(0x17, Buffer.from(digits.slice(2))) : value(0x18, Buffer.from(digits));
}
