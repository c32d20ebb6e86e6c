import { badRequest } from "../base/status-error.ts";
import { JsonSyntaxError, decodeJsonText } from "../api/schema/json-text.ts";
import { decodeBase64Url, encodeBase64Url } from "./base64.ts";

/**
 * Continue tokens in upstream's form, base64 of `{"v":"meta.k8s.io/v1","rv":<revision>,"start":"<next key>"}`: the next page starts at
 * the key `start` below the list's prefix, as of `rv`; -1 means the newest revision.
 */
interface Continuation {
  readonly revision: number;
  /** Keys after this one, without the prefix. */
  readonly after: string;
}

export function encodeContinue(continuation: Continuation): string {
  const start = `/${continuation.after}\0`;
  return encodeBase64Url(JSON.stringify({ v: "meta.k8s.io/v1", rv: continuation.revision, start }));
}

/** Throws 400 in upstream's words. */
export function decodeContinue(token: string): Continuation {
  const refuse = (why: string): never => {
    throw badRequest(`invalid continue token: continue key is not valid: ${why}`);
  };
  const decoded = decodeBase64Url(token);
  if ("error" in decoded) return refuse(decoded.error);
  let value: { v?: unknown; rv?: unknown; start?: unknown };
  try {
    value = (decodeJsonText(decoded.bytes).value ?? {}) as typeof value;
  } catch (error) {
    if (!(error instanceof JsonSyntaxError)) throw error;
    return refuse(strayByte(decoded.bytes[0] ?? 0) ?? error.message);
  }
  if (value.v !== "meta.k8s.io/v1") return refuse(`server does not recognize this encoded version ${JSON.stringify(value.v)}`);
  if (typeof value.rv !== "number" || value.rv === 0) throw badRequest("invalid continue token: incorrect encoded start resourceVersion (version meta.k8s.io/v1)");
  if (typeof value.start !== "string" || value.start === "") throw badRequest("invalid continue token: continue key is not valid: encoded start key empty (version meta.k8s.io/v1)");
  // The key begins with one slash or none and ends with what makes it greater than the last key given.
  const start = value.start.replace(/^\//, "");
  if (start.split("/").includes("..")) return refuse(value.start);
  return { revision: value.rv, after: start.endsWith("\0") ? start.slice(0, -1) : start };
}

/** Go's parser looks at bytes: one that begins no text is quoted as the Latin-1 character of its number. */
function strayByte(byte: number): string | undefined {
  if (byte < 0x80) return undefined;
  const printed = byte <= 0xa0 || byte === 0xad ? `\\u00${byte.toString(16)}` : String.fromCharCode(byte);
  return `invalid character '${printed}' looking for beginning of value`;
}
