/**
 * Text as Go's fmt and encoding/json write it, for values that appear in messages. Only what messages need: quoted strings
 * (%q) and JSON with HTML-sensitive characters escaped.
 */
const named: { readonly [code: number]: string } = { 7: "\\a", 8: "\\b", 9: "\\t", 10: "\\n", 11: "\\v", 12: "\\f", 13: "\\r", 34: '\\"', 92: "\\\\" };

const plain = /^[ !#-[\]-~]*$/;

/** As `%q`: printable characters stay, others become escapes. */
export function goQuote(text: string): string {
  if (plain.test(text)) return `"${text}"`;
  let out = '"';
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    const escape = named[code];
    if (escape !== undefined) out += escape;
    else if (code < 32 || code === 127) out += `\\x${code.toString(16).padStart(2, "0")}`;
    else if (code < 127 || isPrintable(character)) out += character;
    else if (code < 0x10000) out += `\\u${code.toString(16).padStart(4, "0")}`;
    else out += `\\U${code.toString(16).padStart(8, "0")}`;
  }
  return out + '"';
}

/** Go's unicode.IsPrint: letters, marks, numbers, punctuation and symbols; of spaces only the ASCII one. */
function isPrintable(character: string): boolean {
  return /^[\p{L}\p{M}\p{N}\p{P}\p{S}]$/u.test(character);
}

const htmlSensitive = /[<>&\u2028\u2029]/g;

/** As json.Marshal: keys in the order given, `<`, `>` and `&` escaped; nothing (a nil pointer) is null. */
export function goJson(value: unknown): string {
  if (value === undefined) return "null";
  return JSON.stringify(value).replaceAll(htmlSensitive, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** As `%v` of a list of strings: `[a b]`. */
export function goList(items: readonly string[]): string {
  return `[${items.join(" ")}]`;
}
