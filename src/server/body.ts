import type { Draft, JsonObject, JsonValue } from "../base/json.ts";
import { limits } from "../base/limits.ts";
import { StatusError, badRequest } from "../base/status-error.ts";
import type { KubeObject } from "../api/kind-ref.ts";
import type { Kind } from "../api/registry.ts";
import type { ObjectMeta } from "../api/types/meta-v1.ts";
import { amongEmpties, withEmpties } from "../api/schema/empties.ts";
import type { Empties } from "../api/schema/empties.ts";
import { decode } from "../api/schema/decode.ts";
import { JsonSyntaxError, decodeJsonText } from "../api/schema/json-text.ts";
import type { JsonPath } from "../api/schema/json-text.ts";
import { YamlError, parseYamlDocuments, repeatedYamlKeys } from "../api/yaml.ts";
import { checkValues } from "./body-values.ts";
import type { ResourceCall, ServerContext } from "./context.ts";
import { bodyTooLarge } from "./errors.ts";
import type { ApiRequest } from "./request.ts";

/** From the body of a request to a draft of an object: media type, size, syntax, kind, strict decoding, defaults. */

/** A body as JSON data; `text` is what errors quote. */
interface ParsedBody {
  readonly value: JsonValue;
  readonly duplicates: readonly JsonPath[];
  /** The same of YAML, which is told by lines. */
  readonly repeatedLines?: readonly string[];
}

/** The media type without parameters. */
export function mediaType(request: ApiRequest): string {
  const header = request.headers["content-type"] ?? "";
  const end = header.indexOf(";");
  return (end < 0 ? header : header.slice(0, end)).trim().toLowerCase();
}

/** Throws 413 when the body is larger than the server takes. */
export function bodyBytes(request: ApiRequest): Uint8Array {
  const body = request.body;
  if (body === undefined) return new Uint8Array(0);
  if (!(body instanceof Uint8Array)) throw new Error("a body of bytes was expected");
  if (body.length > limits.requestBodyBytesMax) throw bodyTooLarge(limits.requestBodyBytesMax);
  checkValues(body, mediaType(request).endsWith("yaml") ? "yaml" : "json");
  return body;
}

/** Parts of an object that are decoded already. Defaults see the metadata; the spec is shared, and out of their reach. */
interface StandingParts {
  readonly metadata?: ObjectMeta;
  readonly spec?: object;
  /** Parts of it may stand in the body. */
  readonly status?: object;
}

/**
 * Decodes the body as an object of this kind, with its defaults filled in; `standing` takes the place of what the body says there.
 * Warnings go to the call. Throws 400, 413 or 415 in upstream's words.
 */
export function decodeObject(call: ResourceCall, kind: Kind, validation: "strict" | "warn" | "ignore", standing: StandingParts = {}): Draft<KubeObject> {
  const parsed = parseBody(call.request, kind);
  const { facts, ref } = kind;
  checkKind(call.server, kind, parsed.value);
  const { object, warnings, empties } = decode(call.server.schema, facts.type, without(parsed.value ?? {}, standing), validation, { duplicates: parsed.duplicates, repeatedLines: parsed.repeatedLines ?? [], status: standing.status });
  for (const warning of warnings) call.warnings.push(warning);
  if (standing.metadata !== undefined) object.metadata = standing.metadata as Draft<ObjectMeta>;
  const draft = withKind(object, ref);
  fillDefaults(call, kind, draft, empties);
  return standing.spec === undefined ? draft : Object.assign(draft, { spec: standing.spec });
}

/** Fills in what the client left out; what it left empty is noted for those who judge it. */
export function fillDefaults(call: ResourceCall, kind: Kind, draft: Draft<KubeObject>, empties: Empties): void {
  const { defaults } = kind.declaration ?? {};
  call.empties.length = 0;
  if (empties.length === 0) {
    defaults?.(draft);
    return;
  }
  call.empties.push(...empties);
  amongEmpties(draft, empties, () => defaults?.(draft));
}

/** The object as those are to see it who judge it. */
export function judgedForm(call: ResourceCall, object: KubeObject, old?: KubeObject): KubeObject {
  return call.empties.length === 0 ? object : withEmpties(object, call.empties, old);
}

function without(value: JsonValue, { metadata, spec }: StandingParts): JsonValue {
  if (metadata === undefined && spec === undefined) return value;
  const rest: { [field: string]: JsonValue | undefined } = { ...(value as JsonObject) };
  if (metadata !== undefined) rest["metadata"] = undefined;
  if (spec !== undefined) rest["spec"] = undefined;
  return rest as JsonObject;
}

/** The same draft with kind and apiVersion first, as upstream writes them. */
export function withKind(draft: Draft<KubeObject>, ref: { readonly kind: string; readonly apiVersion: string }): Draft<KubeObject> {
  const { kind: _kind, apiVersion: _apiVersion, ...rest } = draft;
  return { kind: ref.kind, apiVersion: ref.apiVersion, ...rest } as Draft<KubeObject>;
}

function parseBody(request: ApiRequest, kind: Kind): ParsedBody {
  const { body } = request;
  if (body !== undefined && !(body instanceof Uint8Array)) return { value: body as unknown as JsonValue, duplicates: [] };
  const type = mediaType(request);
  if (type !== "" && type !== "application/json" && type !== "application/yaml") throw unsupportedMediaType();
  const bytes = bodyBytes(request);
  try {
    const parsed = type === "application/yaml" ? parseYaml(bytes) : decodeJsonText(bytes);
    const { value } = parsed;
    if (value !== null && (typeof value !== "object" || Array.isArray(value))) throw new JsonSyntaxError(notAnObject(value));
    return parsed;
  } catch (error) {
    if (error instanceof YamlError) throw unrecognized(kind, error.message, bytes);
    if (error instanceof JsonSyntaxError) throw unrecognized(kind, `couldn't get version/kind; json parse error: ${error.message}`, bytes);
    throw error;
  }
}

/** Of several documents, the first. */
function parseYaml(bytes: Uint8Array): ParsedBody {
  const text = new TextDecoder().decode(bytes);
  return { value: parseYamlDocuments(text)[0] ?? null, duplicates: [], repeatedLines: repeatedYamlKeys(text) };
}

/** Go's words when it looks for the kind in something else than an object. */
function notAnObject(value: JsonValue): string {
  const what = Array.isArray(value) ? "array" : typeof value === "boolean" ? "bool" : typeof value === "string" ? "string" : "number";
  return `json: cannot unmarshal ${what} into Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }`;
}

function unsupportedMediaType(): StatusError {
  const message = "the body of the request was in an unknown format - accepted media types include: application/json, application/yaml, application/vnd.kubernetes.protobuf";
  return new StatusError({ code: 415, reason: "UnsupportedMediaType", message });
}

function unrecognized(kind: Kind, why: string, bytes: Uint8Array): StatusError {
  return badRequest(`the object provided is unrecognized (must be of type ${kind.facts.kind}): ${why} (${excerpt(bytes)})`);
}

/** The beginning of a body: as it is when it looks like JSON, else in hexadecimal digits. */
function excerpt(bytes: Uint8Array): string {
  if (bytes.length === 0) return "<empty>";
  const head = bytes.subarray(0, 30);
  const text = bytes[0] === 0x7b ? new TextDecoder().decode(head) : head.reduce((hex, byte) => hex + byte.toString(16).padStart(2, "0"), "");
  return bytes.length > 30 ? `${text} ...` : text;
}

/** The body may leave out its kind; if it names one, it must be this one in this version. */
function checkKind(server: ServerContext, expected: Kind, value: JsonValue): void {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return;
  const body = value as JsonObject;
  const kind = typeof body["kind"] === "string" && body["kind"] !== "" ? body["kind"] : expected.facts.kind;
  const apiVersion = typeof body["apiVersion"] === "string" && body["apiVersion"] !== "" ? body["apiVersion"] : expected.ref.apiVersion;
  if (kind === expected.facts.kind && (apiVersion === expected.ref.apiVersion || expected.alsoSpoken?.includes(apiVersion))) return;
  const version = apiVersion.slice(apiVersion.lastIndexOf("/") + 1);
  const prefix = `${kind} in version ${JSON.stringify(version)} cannot be handled as a ${expected.facts.kind}`;
  const known = server.registry.byKind(apiVersion, kind);
  if (known === undefined) throw badRequest(`${prefix}: no kind ${JSON.stringify(kind)} is registered for version ${JSON.stringify(apiVersion)} in scheme "pkg/runtime/scheme.go:111"`);
  if (known.storage === expected.storage) {
    throw badRequest(`the API version in the data (${apiVersion}) does not match the expected API version (${expected.ref.apiVersion})`);
  }
  const internal = expected.facts.group === "" ? "core" : (expected.facts.group.split(".")[0] as string);
  throw badRequest(`${prefix}: converting (${version}.${kind}) to (${internal}.${expected.facts.kind}): unknown conversion`);
}
