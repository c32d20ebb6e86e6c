import type { Random } from "./environment.ts";
import { fnv1a32 } from "./hash.ts";

/** The alphabet of generated suffixes: no vowels and no digits that look like letters (apimachinery `util/rand`). */
const suffixAlphabet = "bcdfghjklmnpqrstvwxz2456789";

/** `length` characters of the suffix alphabet, drawn. */
export function randomSuffix(random: Random, length = 5): string {
  let text = "";
  for (let i = 0; i < length; i++) text += suffixAlphabet[random.below(suffixAlphabet.length)];
  return text;
}

/** Each character mapped into the suffix alphabet by its code: how upstream writes hashes of templates into names. */
export function safeEncode(text: string): string {
  let out = "";
  for (let i = 0; i < text.length; i++) out += suffixAlphabet[text.charCodeAt(i) % suffixAlphabet.length];
  return out;
}

/**
 * Five characters that depend on `view` alone: a child's name is a function of the view that called for it, so that doing a
 * thing twice from one view collides with AlreadyExists. 27^5 = 14.3 million values.
 */
export function hashSuffix(view: string): string {
  let hash = fnv1a32(view);
  // FNV's low bits follow the last characters closely; one avalanche round spreads them.
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  hash = (hash ^ (hash >>> 16)) >>> 0;
  let text = "";
  for (let i = 0; i < 5; i++) {
    text += suffixAlphabet[hash % suffixAlphabet.length];
    hash = Math.floor(hash / suffixAlphabet.length);
  }
  return text;
}

/** `base-suffix`, with the base cut so that the name keeps to 63 characters, as the server does for generateName (58 + 5). */
export function childName(base: string, suffix: string): string {
  return base.slice(0, 63 - suffix.length - 1) + "-" + suffix;
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, "0");
}

/** A version 4 UUID (RFC 9562) from the seeded source. */
export function uuid(random: Random): string {
  const a = random.uint32();
  const b = random.uint32();
  const c = random.uint32();
  const d = random.uint32();
  return `${hex(a, 8)}-${hex(b >>> 16, 4)}-4${hex(b & 0xfff, 3)}-${hex(0x8000 | ((c >>> 16) & 0x3fff), 4)}-${hex(c & 0xffff, 4)}${hex(d, 8)}`;
}
