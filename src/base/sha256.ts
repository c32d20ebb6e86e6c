/**
 * SHA-256 (FIPS 180-4) without the host's help: names of iptables chains, entity tags and names of storage versions are cut from
 * it. For names, not for secrets: its running time depends on nothing but the length, but nobody has checked it for more.
 */

/** The first 32 bits behind the point of the cube roots of the first 64 primes. */
const roundConstants = Int32Array.from(firstPrimes(64), (prime) => fraction(Math.cbrt(prime)));
/** The same of the square roots of the first 8. */
const initialState = Int32Array.from(firstPrimes(8), (prime) => fraction(Math.sqrt(prime)));

function firstPrimes(count: number): number[] {
  const found: number[] = [];
  for (let candidate = 2; found.length < count; candidate++) if (found.every((prime) => candidate % prime !== 0)) found.push(candidate);
  return found;
}

function fraction(value: number): number {
  return ((value - Math.floor(value)) * 2 ** 32) | 0;
}

const stateLength = 8;

/** The 32 bytes of the digest of bytes, or of a text's UTF-8 form. */
export function sha256(input: string | Uint8Array): Uint8Array {
  const words = new Sha256().words(input);
  const digest = new Uint8Array(32);
  for (let i = 0; i < 32; i++) digest[i] = (words[i >> 2] as number) >>> (24 - 8 * (i & 3));
  return digest;
}

/** For callers that cut names from digests by the hundred thousand: one buffer for all of them, which halves the time. */
export class Sha256 {
  /** The state, then the words of a block and what is drawn from them. */
  private readonly buffer = new Int32Array(stateLength + 64);

  /** The digest as 32-bit words, the first bits in the first; the first eight count, and only until the next call. */
  words(input: string | Uint8Array): Int32Array {
    const { buffer } = this;
    buffer.set(initialState);
    const plain = typeof input === "string" && !isAscii(input) ? new TextEncoder().encode(input) : input;
    const { length } = plain;
    const end = ((length + 8) >> 6) << 6;
    for (let start = 0; start <= end; start += 64) {
      buffer.fill(0, stateLength, stateLength + 16);
      const stop = Math.min(length - start, 64);
      for (let i = 0; i < stop; i++) put(buffer, i, typeof plain === "string" ? plain.charCodeAt(start + i) : (plain[start + i] as number));
      if (stop >= 0 && stop < 64) put(buffer, stop, 0x80);
      if (start === end) {
        buffer[stateLength + 14] = Math.floor(length / 2 ** 29);
        buffer[stateLength + 15] = length << 3;
      }
      extend(buffer);
      mix(buffer);
    }
    return buffer;
  }
}

/** Names of chains are ASCII by the hundred thousand: they spare the encoder. */
function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return false;
  return true;
}

function put(buffer: Int32Array, at: number, byte: number): void {
  const word = stateLength + (at >> 2);
  buffer[word] = (buffer[word] as number) | (byte << (24 - 8 * (at & 3)));
}

function extend(words: Int32Array): void {
  for (let i = stateLength + 16; i < stateLength + 64; i++) {
    const early = words[i - 15] as number;
    const late = words[i - 2] as number;
    const a = ((early >>> 7) | (early << 25)) ^ ((early >>> 18) | (early << 14)) ^ (early >>> 3);
    const b = ((late >>> 17) | (late << 15)) ^ ((late >>> 19) | (late << 13)) ^ (late >>> 10);
    words[i] = ((words[i - 16] as number) + a + (words[i - 7] as number) + b) | 0;
  }
}

function mix(state: Int32Array): void {
  let a = state[0] as number;
  let b = state[1] as number;
  let c = state[2] as number;
  let d = state[3] as number;
  let e = state[4] as number;
  let f = state[5] as number;
  let g = state[6] as number;
  let h = state[7] as number;
  for (let i = 0; i < 64; i++) {
    const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
    const t1 = (h + s1 + ((e & f) ^ (~e & g)) + (roundConstants[i] as number) + (state[stateLength + i] as number)) | 0;
    const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
    const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + t1) | 0;
    d = c;
    c = b;
    b = a;
    a = (t1 + t2) | 0;
  }
  state[0] = (state[0] as number) + a;
  state[1] = (state[1] as number) + b;
  state[2] = (state[2] as number) + c;
  state[3] = (state[3] as number) + d;
  state[4] = (state[4] as number) + e;
  state[5] = (state[5] as number) + f;
  state[6] = (state[6] as number) + g;
  state[7] = (state[7] as number) + h;
}
