/**
 * Writes the protobuf wire format: fields follow each other, a message inside another is a field of bytes. Values that proto3 leaves
 * out (empty, false) are left out. Everything goes into one buffer: a message is written in place, then moved up by the few bytes that
 * its length takes.
 */
export class ProtobufWriter {
  #buffer = new Uint8Array(1 << 16);
  #at = 0;

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
