import type { KubeObject } from "../api/kind-ref.ts";
import type { ProtobufEncoder } from "../api/protobuf/encode-protobuf.ts";
import type { StatusError } from "../base/status-error.ts";
import { printYaml } from "../api/yaml.ts";
import { negotiate, wantsPretty } from "./negotiate.ts";
import type { Encoding } from "./negotiate.ts";
import { parseQuery } from "./query.ts";
import type { ApiRequest, ApiResponse, ObjectList } from "./request.ts";

/** Builders of answers. Every answer of the API carries the same cache-control as upstream's. */
type Headers = { readonly [name: string]: string | readonly string[] };

const jsonHeaders: Headers = Object.freeze({ "content-type": "application/json", "cache-control": "no-cache, private" });
const yamlHeaders: Headers = Object.freeze({ "content-type": "application/yaml", "cache-control": "no-cache, private" });
const protobufHeaders: Headers = Object.freeze({ "content-type": "application/vnd.kubernetes.protobuf", "cache-control": "no-cache, private" });
const headersOf: { readonly [encoding in Encoding]: Headers } = { json: jsonHeaders, yaml: yamlHeaders, protobuf: protobufHeaders };
export const textHeaders: Headers = Object.freeze({ "content-type": "text/plain; charset=utf-8", "cache-control": "no-cache, private", "x-content-type-options": "nosniff" });
const encoder = new TextEncoder();

export function headersFor(encoding: Encoding, warnings: readonly string[]): Headers {
  const base = headersOf[encoding];
  return warnings.length === 0 ? base : { ...base, warning: boundedWarnings(warnings).map(warningText) };
}

/** Upstream's: what all texts of an answer may have together, in characters, and what each may have once that is exceeded. */
const [warningsMax, warningMax] = [4096, 256];

/** Each text once. Too many of them are cut short, and those at the end left out. */
function boundedWarnings(warnings: readonly string[]): readonly string[] {
  const texts = [...new Set(warnings)].filter((text) => text !== "");
  const lengthOf = (text: string): number => (text.length > warningsMax * 2 ? text.length : [...text].length);
  let total = 0;
  for (const text of texts) if ((total += lengthOf(text)) > warningsMax) break;
  if (total <= warningsMax) return texts;
  const kept: string[] = [];
  let written = 0;
  for (const text of texts) {
    if (written >= warningsMax) break;
    const cut = [...text.slice(0, warningMax * 2)].slice(0, warningMax);
    written += cut.length;
    kept.push(cut.join(""));
  }
  return kept;
}

/** `299 - "text"`, with what would end the quotation escaped; control characters are not allowed in a header. */
function warningText(text: string): string {
  const quoted = text.replaceAll(/[\u0000-\u001f\u007f]/g, " ").replaceAll(/["\\]/g, (character) => `\\${character}`);
  return `299 - "${quoted}"`;
}

export function bytesResponse(status: number, headers: Headers, parts: readonly Uint8Array[]): ApiResponse {
  return { status, headers, body: { type: "bytes", parts } };
}

export function objectResponse(status: number, object: KubeObject | ObjectList, warnings: readonly string[] = []): ApiResponse {
  return { status, headers: headersFor("json", warnings), body: { type: "object", object } };
}

/** JSON as Go's encoder writes it: with a line feed at the end. */
export function jsonBytes(value: unknown): Uint8Array {
  return encoder.encode(`${JSON.stringify(value)}\n`);
}

/** JSON for people to read, as Go's encoder indents it: without a line feed at the end. */
export function prettyBytes(value: unknown): Uint8Array {
  return encoder.encode(JSON.stringify(value, null, 2));
}

export function textResponse(status: number, text: string): ApiResponse {
  return bytesResponse(status, textHeaders, [encoder.encode(text)]);
}

export function encodeText(text: string): Uint8Array {
  return encoder.encode(text);
}

/** An error, in the encoding that the client would have its answer in; indented for who reads it. */
export function statusResponse(request: Asked, error: StatusError, { protobuf, warnings = [] }: { readonly protobuf: ProtobufEncoder; readonly warnings?: readonly string[] }): ApiResponse {
  const { status } = error;
  const encoding = request.wants === "bytes" ? errorEncoding(request) : "json";
  const headers = { ...headersFor(encoding, warnings), ...error.headers };
  if (request.wants === "object") return { status: status.code, headers, body: { type: "object", object: status as unknown as KubeObject } };
  if (encoding === "protobuf") return bytesResponse(status.code, headers, [protobuf.encode(status)]);
  if (encoding === "yaml") return bytesResponse(status.code, headers, [encoder.encode(printYaml(status as never))]);
  return bytesResponse(status.code, headers, [wantsPretty(request, parseQuery(request.query)) ? prettyBytes(status) : jsonBytes(status)]);
}

type Asked = Pick<ApiRequest, "wants" | "headers" | "query">;

/** JSON where nothing that is asked for can be had: somebody must learn of the error. */
function errorEncoding({ headers }: Asked): Encoding {
  const accept = headers["accept"];
  if (accept === undefined || !/yaml|protobuf/.test(accept)) return "json";
  try {
    return negotiate({ accept, convertible: false, protobuf: true, pretty: false }).encoding;
  } catch {
    return "json";
  }
}
