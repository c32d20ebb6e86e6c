/**
 * The inside of Go's resource.Quantity after parsing, printed field by field: upstream hashes templates in this form, so the
 * hash of a template with resources depends on it. Understands canonical quantities, which are what is stored.
 */

const decimalExponents: { readonly [suffix: string]: number } = { n: -9, u: -6, m: -3, "": 0, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 };
const binaryExponents: { readonly [suffix: string]: number } = { Ki: 10, Mi: 20, Gi: 30, Ti: 40, Pi: 50, Ei: 60 };
/** Decimal digits that always fit into an int64. */
const int64Digits = 18;
const int64Max = 2n ** 63n - 1n;
const wordMask = 2n ** 64n - 1n;

interface Parts {
  readonly negative: boolean;
  readonly whole: string;
  readonly fraction: string;
  readonly exponent: number;
  readonly format: "DecimalSI" | "BinarySI" | "DecimalExponent";
}

function split(text: string): Parts {
  const match = /^([+-]?)0*(\d*)(?:\.(\d*?)0*)?(?:([eE])([+-]?\d+)|([A-Za-z]*))$/.exec(text);
  if (!match) throw new Error(`not a quantity: ${text}`);
  const negative = match[1] === "-";
  const whole = match[2] === "" ? "0" : (match[2] as string);
  const fraction = match[3] ?? "";
  if (match[4] !== undefined) return { negative, whole, fraction, exponent: Number(match[5]), format: "DecimalExponent" };
  const suffix = match[6] ?? "";
  const binary = binaryExponents[suffix];
  if (binary !== undefined) return { negative, whole, fraction, exponent: binary, format: "BinarySI" };
  return { negative, whole, fraction, exponent: decimalExponents[suffix] ?? 0, format: "DecimalSI" };
}

function print(parts: { value?: bigint; scale?: number; decimal?: string; text?: string; format: string }): string {
  const { value = 0n, scale = 0, decimal = "<nil>", text = "", format } = parts;
  return (
    `{i:(resource.int64Amount){value:(int64)${value} scale:(resource.Scale)${scale}} d:(resource.infDecAmount){Dec:(*inf.Dec)${decimal}} ` +
    `s:(string)${text} Format:(resource.Format)${format}}`
  );
}

/** As Go's hash dump prints the quantity that this text parses to, without the type in front. */
export function dumpQuantity(text: string): string {
  if (text === "0") return print({ text, format: "DecimalSI" });
  const { negative, whole, fraction, exponent, format } = split(text);
  const digits = whole + fraction;
  const sign = negative ? -1n : 1n;
  if (format === "BinarySI") {
    const value = BigInt(digits);
    const result = value << BigInt(exponent);
    const room = 15 - whole.length - Math.floor((exponent * 3) / 10) - 1;
    if (fraction === "" && room >= 0 && result <= int64Max) {
      const canonical = exponent % 10 === 0 && (value & 7n) !== 0n;
      return print({ value: sign * result, format, text: canonical ? text : "" });
    }
  } else {
    const scale = exponent - fraction.length;
    if (digits.length <= int64Digits && scale >= -9) {
      const canonical = scale % 3 === 0 && !digits.endsWith("000") && !digits.startsWith("0");
      return print({ value: sign * BigInt(digits), scale, format, text: canonical ? text : "" });
    }
  }
  return print({ decimal: dumpDecimal(digits, { negative, fraction: fraction.length, exponent, binary: format === "BinarySI" }), format });
}

/** Numbers that are too large for the short form: an unscaled integer of 64-bit words, in billionths. */
function dumpDecimal(digits: string, options: { negative: boolean; fraction: number; exponent: number; binary: boolean }): string {
  const { negative, fraction, exponent, binary } = options;
  const shift = (binary ? 0 : exponent) - fraction + 9;
  let unscaled = BigInt(digits) << BigInt(binary ? exponent : 0);
  if (shift >= 0) unscaled *= 10n ** BigInt(shift);
  else unscaled = (unscaled + 10n ** BigInt(-shift) - 1n) / 10n ** BigInt(-shift);
  if (binary && unscaled > int64Max * 1_000_000_000n) unscaled = int64Max * 1_000_000_000n;
  const words: bigint[] = [];
  for (let rest = unscaled; rest > 0n; rest >>= 64n) words.push(rest & wordMask);
  return `{unscaled:(big.Int){neg:(bool)${negative} abs:(big.nat)[${words.join(" ")}]} scale:(inf.Scale)9}`;
}
