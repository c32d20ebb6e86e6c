/**
 * Amounts as the API writes them (`100m`, `1.5Gi`, `1e3`): exact, with upstream's canonical form. A quantity is
 * mantissa × 10^scale and the family of suffixes in which it is to be printed. Adding keeps the family of the first summand
 * that is not zero. A text that is already in canonical form is kept as written, leading zeros and plus sign included, as
 * upstream keeps it.
 */
export interface Quantity {
  readonly mantissa: bigint;
  /** Power of ten. */
  readonly scale: number;
  readonly format: "BinarySI" | "DecimalSI" | "DecimalExponent";
  /** How it was written, where that is how it is printed. */
  readonly text?: string;
}

export const quantityFormatError = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
const suffixError = "unable to parse quantity's suffix";
const numberError = "unable to parse numeric part of quantity";

/** Digits and exponents beyond these are refused: nothing real has them, and big-integer arithmetic on them is slow. */
const digitsMax = 256;
const exponentMax = 400;

const decimalExponents: { readonly [suffix: string]: number } = { n: -9, u: -6, m: -3, "": 0, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 };
const binaryExponents: { readonly [suffix: string]: number } = { Ki: 10, Mi: 20, Gi: 30, Ti: 40, Pi: 50, Ei: 60 };
const decimalSuffixes = ["n", "u", "m", "", "k", "M", "G", "T", "P", "E"];
const binarySuffixes = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
const int64Max = 2n ** 63n - 1n;

const shape = /^([+-]?)([0-9]*)(?:\.([0-9]*))?([eEinumkKMGTP]*[-+]?[0-9]*)$/;

/** The quantity, or in upstream's words why the text is none. */
function read(text: string): Quantity | string {
  const match = shape.exec(text);
  if (text === "" || !match) return quantityFormatError;
  const whole = (match[2] as string).replace(/^0+(?=\d)/, "");
  const fraction = match[3] ?? "";
  const suffix = match[4] as string;
  const negative = match[1] === "-";
  const binary = binaryExponents[suffix];
  let exponent = decimalExponents[suffix];
  let format: Quantity["format"] = binary === undefined ? "DecimalSI" : "BinarySI";
  if (binary === undefined && exponent === undefined) {
    if (!/^[eE][-+]?\d+$/.test(suffix)) return suffixError;
    exponent = Number(suffix.slice(1));
    if (Math.abs(exponent) > exponentMax) return suffixError;
    format = "DecimalExponent";
  }
  const digits = whole + fraction;
  if (digits === "" || digits.length > digitsMax) return numberError;
  const unsigned = BigInt(digits);
  const signed = negative ? -unsigned : unsigned;
  if (text === "0") return { mantissa: 0n, scale: 0, format: "DecimalSI", text };
  if (binary !== undefined) return readBinary(text, { signed, fraction, binary, keep: (unsigned & 7n) !== 0n });
  const scale = (exponent as number) - fraction.length;
  const significant = digits.replace(/^0+(?=.)/, "");
  const kept = digits.length <= 18 && scale >= -9 && scale % 3 === 0 && !digits.endsWith("000") && (whole === "" ? fraction : whole)[0] !== "0";
  if (kept && significant !== "0") return { mantissa: signed, scale, format, text };
  return roundToNano({ mantissa: signed, scale, format });
}

function readBinary(text: string, parts: { signed: bigint; fraction: string; binary: number; keep: boolean }): Quantity {
  const mantissa = parts.signed << BigInt(parts.binary);
  if (parts.fraction === "") {
    if (mantissa > int64Max) return { mantissa: int64Max, scale: 0, format: "BinarySI" };
    return { mantissa, scale: 0, format: "BinarySI", ...(parts.keep && !/^[+-]?0/.test(text) ? { text } : {}) };
  }
  const rounded = roundToNano({ mantissa, scale: -parts.fraction.length, format: "BinarySI" });
  return compareQuantity(rounded, { mantissa: int64Max, scale: 0, format: "BinarySI" }) > 0 ? { mantissa: int64Max, scale: 0, format: "BinarySI" } : rounded;
}

/** Nothing is smaller than a nano: away from zero, so that who asks for something gets something. */
function roundToNano(quantity: Quantity): Quantity {
  if (quantity.scale >= -9) return quantity;
  return { ...quantity, mantissa: atScale(quantity, -9), scale: -9 };
}

/** The mantissa at another power of ten, rounded away from zero. */
function atScale(quantity: Quantity, scale: number): bigint {
  const shift = quantity.scale - scale;
  if (shift >= 0) return quantity.mantissa * 10n ** BigInt(shift);
  const divisor = 10n ** BigInt(-shift);
  const quotient = quantity.mantissa / divisor;
  if (quantity.mantissa % divisor === 0n) return quotient;
  return quantity.mantissa < 0n ? quotient - 1n : quotient + 1n;
}

/** The quantity that `text` writes, or undefined when it writes none. Spaces around it are allowed, as upstream allows them. */
export function parseQuantity(text: string): Quantity | undefined {
  const result = read(text.trim());
  return typeof result === "string" ? undefined : result;
}

/** Why `text` is no quantity, in upstream's words; undefined when it is one. */
export function quantityError(text: string): string | undefined {
  const result = read(text.trim());
  return typeof result === "string" ? result : undefined;
}

/** The canonical form: no fraction, the largest suffix that keeps it exact. */
export function formatQuantity(quantity: Quantity): string {
  if (quantity.text !== undefined) return quantity.text;
  if (quantity.mantissa === 0n) return "0";
  if (quantity.format === "BinarySI") {
    const exact = quantity.scale >= 0 || quantity.mantissa % 10n ** BigInt(-quantity.scale) === 0n;
    let value = atScale(quantity, 0);
    const small = value > -1024n && value < 1024n;
    if (exact && !small) {
      let power = 0;
      while (value % 1024n === 0n && power < binarySuffixes.length - 1) {
        value /= 1024n;
        power++;
      }
      return `${value}${binarySuffixes[power]}`;
    }
  }
  let { mantissa, scale } = quantity;
  while (mantissa % 10n === 0n) {
    mantissa /= 10n;
    scale++;
  }
  while (scale % 3 !== 0 || (scale > 18 && quantity.format !== "DecimalExponent")) {
    mantissa *= 10n;
    scale--;
  }
  if (quantity.format === "DecimalExponent") return scale === 0 ? `${mantissa}` : `${mantissa}e${scale}`;
  return `${mantissa}${decimalSuffixes[scale / 3 + 3]}`;
}

const plainDecimal = /^[1-9]\d{0,8}[mkMGT]?$/;
const plainBinary = /^[1-9]\d{0,5}[KMGT]i$/;

/** How the API stores what a client wrote: `1000m` as `1`. Undefined when it is no quantity. */
export function canonicalQuantity(text: string): string | undefined {
  if (plainDecimal.test(text)) {
    const last = text.charCodeAt(text.length - 1);
    const end = last >= 48 && last <= 57 ? text.length : text.length - 1;
    if (!text.endsWith("000", end)) return text;
  } else if (plainBinary.test(text) && (Number(text.slice(0, -2)) & 7) !== 0) {
    return text;
  }
  const quantity = parseQuantity(text);
  return quantity && formatQuantity(quantity);
}

/** Negative, 0 or positive, as `a` is less than, equal to or more than `b`. */
export function compareQuantity(a: Quantity, b: Quantity): number {
  const scale = Math.min(a.scale, b.scale);
  const left = atScale(a, scale);
  const right = atScale(b, scale);
  return left < right ? -1 : left > right ? 1 : 0;
}

export function addQuantity(a: Quantity, b: Quantity): Quantity {
  const scale = Math.min(a.scale, b.scale);
  return { mantissa: atScale(a, scale) + atScale(b, scale), scale, format: a.mantissa === 0n ? b.format : a.format };
}

/** An integer amount in a family of suffixes. */
export function quantityOf(value: number, format: Quantity["format"] = "DecimalSI"): Quantity {
  return { mantissa: BigInt(value), scale: 0, format };
}

function scaled(quantity: Quantity | string, scale: number): number {
  const parsed = typeof quantity === "string" ? parseQuantity(quantity) : quantity;
  return parsed === undefined ? 0 : Number(atScale(parsed, scale));
}

/** Whole units, fractions rounded away from zero. A text that is no quantity counts as 0: only for validated objects. */
export function quantityValue(quantity: Quantity | string): number {
  return scaled(quantity, 0);
}

/** Thousandths, fractions rounded away from zero. A text that is no quantity counts as 0: only for validated objects. */
export function milliValue(quantity: Quantity | string): number {
  return scaled(quantity, -3);
}
