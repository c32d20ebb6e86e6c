import type { KubeObject } from "../api/kind-ref.ts";
import type { Status, StatusError } from "../base/status-error.ts";
import type { ApiRequest, ApiResponse, ObjectList } from "./request.ts";

/** Builders of answers. Every answer of the API carries the same cache-control as upstream's. */
type Headers = { readonly [name: string]: string | readonly string[] };

const jsonHeaders: Headers = Object.freeze({ "content-type": "application/json", "cache-control": "no-cache, private" });
const yamlHeaders: Headers = Object.freeze({ "content-type": "application/yaml", "cache-control": "no-cache, private" });
export const textHeaders: Headers = Object.freeze({ "content-type": "text/plain; charset=utf-8", "cache-control": "no-cache, private", "x-content-type-options": "nosniff" });
const encoder = new TextEncoder();

export function headersFor(encoding: "json" | "yaml", warnings: readonly string[]): Headers {
  const base = encoding === "json" ? jsonHeaders : yamlHeaders;
  return warnings.length === 0 ? base : { ...base, warning: warnings.map(warningText) };
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

export function textResponse(status: number, text: string): ApiResponse {
  return bytesResponse(status, textHeaders, [encoder.encode(text)]);
}

export function encodeText(text: string): Uint8Array {
  return encoder.encode(text);
}

export function statusResponse(request: Pick<ApiRequest, "wants">, error: StatusError, warnings: readonly string[] = []): ApiResponse {
  const base = headersFor("json", warnings);
  const headers = Object.keys(error.headers).length === 0 ? base : { ...base, ...error.headers };
  return statusBody(request, error.status, headers);
}

function statusBody(request: Pick<ApiRequest, "wants">, status: Status, headers: Headers = jsonHeaders): ApiResponse {
  const code = status.code;
  if (request.wants === "object") return { status: code, headers, body: { type: "object", object: status as unknown as KubeObject } };
  return bytesResponse(code, headers, [jsonBytes(status)]);
}
