/** Whether the bytes of a Secret are a JSON object, and what Go's decoder says when they are not. */

/** The problem in Go's words, as far as it can be told from the first byte that does not fit; undefined when there is none. */
export function jsonProblem(bytes: Uint8Array): string | undefined {
  const text = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  const start = text.search(/[^ \t\r\n]/);
  if (start < 0) return "unexpected end of JSON input";
  const first = text.charAt(start);
  if (!/[{["\-0-9tfn]/.test(first)) return `invalid character '${first}' looking for beginning of value`;
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(bytes));
    if (value === null || (typeof value === "object" && !Array.isArray(value))) return undefined;
    const kind = Array.isArray(value) ? "array" : typeof value === "boolean" ? "bool" : typeof value;
    return `json: cannot unmarshal ${kind} into Go value of type map[string]interface {}`;
  } catch {
    return /[}\]"]\s*$/.test(text) ? "invalid character in JSON" : "unexpected end of JSON input";
  }
}
