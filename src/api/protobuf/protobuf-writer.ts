/**
 * Writes the protobuf wire format: fields follow each other, a message inside another is a field of bytes. `string`, `strings` and
 * `boolean` leave out what proto3 leaves out (empty, false); all others write what they are given. Everything goes into one buffer: a message is written in place, then moved up by the few bytes that
 * its length takes.
 */
export class ProtobufWriter {
  #buffer: Uint8Array<ArrayBuffer>;
  #at = 0;

  /** `room`: bytes that it will probably take. */
  constructor(room: number) {
    this.#buffer = new Uint8Array(room);
  }

  string(number: number, text: unknown): void {
    if (typeof text === "string" && text !== "") this.#text(number, text);
  }

  /** In a list an empty text counts, too. */
  strings(number: number, texts: unknown): void {
    for (const text of (texts as readonly string[] | undefined) ?? []) this.#text(number, text);
  }

  boolean(number: number, value: unknown): void {
    if (value !== true) return;
    this.#room(8);
    this.#varint(number << 3);
    this.#buffer[this.#at++] = 1;
  }

  /** Also when it is empty. */
  text(number: number, text: string): void {
    this.#text(number, text);
  }

  /** As 64 bits: a negative number takes ten bytes. Exact up to 2^53. */
  integer(number: number, value: number): void {
    this.#room(16);
    this.#varint(number << 3);
    if (value >= 0) return this.#varint(value);
    for (let rest = BigInt.asUintN(64, BigInt(value)); ; rest >>= 7n) {
      const more = rest > 0x7fn;
      this.#buffer[this.#at++] = Number(rest & 0x7fn) | (more ? 0x80 : 0);
      if (!more) return;
    }
  }

  double(number: number, value: number): void {
    this.#room(16);
    this.#varint((number << 3) | fixed64);
    new DataView(this.#buffer.buffer).setFloat64(this.#at, value, true);
    this.#at += 8;
  }

  bytes(number: number, bytes: Uint8Array): void {
    this.#room(bytes.length + 16);
    this.#varint((number << 3) | lengthDelimited);
    this.#varint(bytes.length);
    this.#buffer.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  /** The head of a field whose bytes come afterwards, from elsewhere. */
  length(number: number, length: number): void {
    this.#room(16);
    this.#varint((number << 3) | lengthDelimited);
    this.#varint(length);
  }

  /** Bytes that are fields already. */
  raw(bytes: Uint8Array): void {
    this.#room(bytes.length);
    this.#buffer.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  message(number: number, write: () => void): void {
    this.#room(8);
    this.#varint((number << 3) | lengthDelimited);
    const start = this.#at;
    write();
    const length = this.#at - start;
    const shift = varintLength(length);
    this.#room(shift);
    this.#buffer.copyWithin(start + shift, start, this.#at);
    this.#at = start;
    this.#varint(length);
    this.#at += length;
  }

  /** All that was written, in one piece. */
  finish(): Uint8Array {
    return this.#buffer.slice(0, this.#at);
  }

  #text(number: number, text: string): void {
    const bytes = isAscii(text) ? undefined : new TextEncoder().encode(text);
    const length = bytes?.length ?? text.length;
    this.#room(length + 16);
    this.#varint((number << 3) | lengthDelimited);
    this.#varint(length);
    if (bytes === undefined) for (let i = 0; i < length; i++) this.#buffer[this.#at + i] = text.charCodeAt(i);
    else this.#buffer.set(bytes, this.#at);
    this.#at += length;
  }

  #varint(value: number): void {
    let rest = value;
    while (rest > 0x7f) {
      this.#buffer[this.#at++] = (rest & 0x7f) | 0x80;
      rest = Math.floor(rest / 128);
    }
    this.#buffer[this.#at++] = rest;
  }

  #room(bytes: number): void {
    if (this.#at + bytes <= this.#buffer.length) return;
    const larger = new Uint8Array(Math.max(2 * this.#buffer.length, this.#at + bytes));
    larger.set(this.#buffer);
    this.#buffer = larger;
  }
}

const fixed64 = 1;
const lengthDelimited = 2;

function varintLength(value: number): number {
  let length = 1;
  for (let rest = value; rest > 0x7f; rest = Math.floor(rest / 128)) length++;
  return length;
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return false;
  return true;
}
