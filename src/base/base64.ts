/** Base64 (RFC 4648, padded) without the host's help, for the bytes that objects carry. */

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const values = new Map([...alphabet].map((character, value) => [character.charCodeAt(0), value]));

/** Standard alphabet, with padding. */
export function encodeBase64(bytes: Uint8Array): string {
  const parts: string[] = [];
  for (let i = 0; i < bytes.length; i += 3) {
    const [a = 0, b, c] = [bytes[i], bytes[i + 1], bytes[i + 2]];
    const group = (a << 16) | ((b ?? 0) << 8) | (c ?? 0);
    parts.push(alphabet.charAt(group >> 18), alphabet.charAt((group >> 12) & 63));
    parts.push(b === undefined ? "=" : alphabet.charAt((group >> 6) & 63), c === undefined ? "=" : alphabet.charAt(group & 63));
  }
  return parts.join("");
}

/** Skips what is not of the alphabet; decoding of requests has refused it before. */
export function decodeBase64(text: string): Uint8Array {
  const bytes: number[] = [];
  let bits = 0;
  let held = 0;
  for (let i = 0; i < text.length; i++) {
    const value = values.get(text.charCodeAt(i));
    if (value === undefined) continue;
    held = ((held << 6) | value) & 0xffffff;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes.push((held >> bits) & 0xff);
    }
  }
  return Uint8Array.from(bytes);
}
