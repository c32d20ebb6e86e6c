/** Base64 of the URL alphabet without padding, in Go's words when it is none (RawURLEncoding). */
const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

export function encodeBase64Url(text: string): string {
  const bytes = new TextEncoder().encode(text);
  let out = "";
  for (let i = 0; i < bytes.length; i += 3) {
    const [a, b, c] = [bytes[i] as number, bytes[i + 1] ?? 0, bytes[i + 2] ?? 0];
    const triple = (a << 16) | (b << 8) | c;
    const characters = Math.min(bytes.length - i, 3) + 1;
    for (let j = 0; j < characters; j++) out += alphabet[(triple >> (18 - 6 * j)) & 63];
  }
  return out;
}

export function decodeBase64Url(text: string): { readonly bytes: Uint8Array } | { readonly error: string } {
  const bytes: number[] = [];
  let bits = 0;
  let held = 0;
  for (let i = 0; i < text.length; i++) {
    const value = alphabet.indexOf(text[i] as string);
    if (value < 0) return { error: `illegal base64 data at input byte ${i}` };
    bits = ((bits << 6) | value) & 0xffffff;
    held += 6;
    if (held >= 8) {
      held -= 8;
      bytes.push((bits >> held) & 255);
    }
  }
  // A single character of a last group carries no whole byte; Go names the start of that group.
  if (text.length % 4 === 1) return { error: `illegal base64 data at input byte ${text.length - 1}` };
  return { bytes: new Uint8Array(bytes) };
}
