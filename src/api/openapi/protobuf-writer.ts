/**
 * Writes the protobuf wire format: fields follow each other, a message inside another is a field of bytes. Values that proto3 leaves
 * out (empty, false) are left out.
 */
export class ProtobufWriter {
  readonly #parts: Uint8Array[] = [];
  #length = 0;

  string(number: number, text: unknown): void {
    if (typeof text === "string" && text !== "") this.bytes(number, new TextEncoder().encode(text));
  }

  strings(number: number, texts: unknown): void {
    for (const text of (texts as readonly string[] | undefined) ?? []) this.bytes(number, new TextEncoder().encode(text));
  }

  boolean(number: number, value: unknown): void {
    if (value === true) this.#push(Uint8Array.of(...varint(number << 3), 1));
  }

  message(number: number, write: (inner: ProtobufWriter) => void): void {
    const inner = new ProtobufWriter();
    write(inner);
    this.#push(Uint8Array.from([...varint((number << 3) | 2), ...varint(inner.#length)]));
    for (const part of inner.#parts) this.#push(part);
  }

  bytes(number: number, bytes: Uint8Array): void {
    this.#push(Uint8Array.from([...varint((number << 3) | 2), ...varint(bytes.length)]));
    this.#push(bytes);
  }

  /** All of it in one piece. */
  finish(): Uint8Array {
    const all = new Uint8Array(this.#length);
    let at = 0;
    for (const part of this.#parts) {
      all.set(part, at);
      at += part.length;
    }
    return all;
  }

  #push(part: Uint8Array): void {
    this.#parts.push(part);
    this.#length += part.length;
  }
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 0x7f) {
    bytes.push((rest & 0x7f) | 0x80);
    rest = Math.floor(rest / 128);
  }
  bytes.push(rest);
  return bytes;
}
