/**
 * Reads the protobuf wire format: a message is a sequence of fields, each a number, a wire type and a value. Every length is checked
 * against the bytes that are there; anything else is a ProtobufError.
 */
export class ProtobufError extends Error {}

export type WireValue =
  | { readonly type: "varint"; readonly low: number; readonly high: number }
  | { readonly type: "fixed64"; readonly bytes: Uint8Array }
  | { readonly type: "fixed32"; readonly bytes: Uint8Array }
  | { readonly type: "bytes"; readonly bytes: Uint8Array };

/** Fields of one message, in the order in which they stand. */
export function* fieldsOf(message: Uint8Array): Generator<{ readonly number: number; readonly value: WireValue }> {
  const reader = new Reader(message);
  while (!reader.atEnd) {
    const { low } = reader.varint();
    const number = low >>> 3;
    if (number === 0) throw new ProtobufError("a field has number 0");
    yield { number, value: reader.value(low & 7) };
  }
}

class Reader {
  private readonly message: Uint8Array;
  private at = 0;

  constructor(message: Uint8Array) {
    this.message = message;
  }

  get atEnd(): boolean {
    return this.at >= this.message.length;
  }

  /** Up to 64 bits in two halves; seven bits per byte, the lowest first. */
  varint(): { type: "varint"; low: number; high: number } {
    let low = 0;
    let high = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = this.message[this.at++];
      if (byte === undefined) throw new ProtobufError("unexpected EOF");
      const bits = byte & 0x7f;
      if (shift < 28) low |= bits << shift;
      else if (shift === 28) {
        low |= bits << 28;
        high |= bits >>> 4;
      } else high |= bits << (shift - 32);
      if (byte < 0x80) return { type: "varint", low: low >>> 0, high: high >>> 0 };
    }
    throw new ProtobufError("integer overflow");
  }

  value(wire: number): WireValue {
    if (wire === 0) return this.varint();
    if (wire === 1) return { type: "fixed64", bytes: this.take(8) };
    if (wire === 2) return { type: "bytes", bytes: this.take(this.length()) };
    if (wire === 5) return { type: "fixed32", bytes: this.take(4) };
    throw new ProtobufError(`illegal wireType ${wire}`);
  }

  private length(): number {
    const { low, high } = this.varint();
    return high === 0 ? low : Number.POSITIVE_INFINITY;
  }

  private take(length: number): Uint8Array {
    if (length > this.message.length - this.at) throw new ProtobufError("unexpected EOF");
    this.at += length;
    return this.message.subarray(this.at - length, this.at);
  }
}

/** A varint as a signed 64-bit integer; exact up to 2^53. */
export function signed(value: { readonly low: number; readonly high: number }): number {
  return (value.high | 0) * 2 ** 32 + value.low;
}
