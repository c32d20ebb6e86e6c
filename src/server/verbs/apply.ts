import type { Draft, JsonObject, JsonValue } from "../../base/json.ts";
import { StatusError, badRequest, conflict, notFound } from "../../base/status-error.ts";
import { ApplyConflicts } from "../../api/managed-fields/apply.ts";
import { applyAsManager } from "../../api/managed-fields/last-applied.ts";
import { typedErrors } from "../../api/managed-fields/typed-errors.ts";
import { decodeValue } from "../../api/schema/decode.ts";
import { DecodeError } from "../../api/schema/decoder.ts";
import type { KubeObject } from "../../api/kind-ref.ts";
import type { Kind } from "../../api/registry.ts";
import type { ManagedFieldsEntry } from "../../api/types/meta-v1.ts";
import { JsonSyntaxError, decodeJsonText } from "../../api/schema/json-text.ts";
import { YamlError, parseYamlDocuments, repeatedYamlKeys } from "../../api/yaml.ts";
import { RevisionConflict } from "../../store/contract.ts";
import type { Stored } from "../../store/contract.ts";
import { bodyBytes, fillDefaults, withKind } from "../body.ts";
import { checkName, modifiedText } from "../commit.ts";
import type { ResourceCall } from "../context.ts";
import { withConversion } from "../conversion.ts";
import { plainError } from "../errors.ts";
import { keyOf } from "../keys.ts";
import { ownershipOf } from "../ownership.ts";
import { mainRules, replace } from "../replace.ts";
import type { UpdateRules } from "../replace.ts";
import { servedForm, storedResponse } from "../represent.ts";
import type { ApiResponse } from "../request.ts";
import { writeOptions } from "../write-options.ts";
import type { WriteOptions } from "../write-options.ts";
import { createObject } from "./create.ts";

/** PATCH with `application/apply-patch+yaml`: server-side apply of an object or a subresource of it; creates what is not there. */

const applyType = "application/apply-patch+yaml";

export function isApply(mediaType: string): boolean {
  return mediaType === applyType;
}

/** Attempts against others who write the same object: upstream's. */
const attemptsMax = 5;

export async function apply(call: ResourceCall, rules: UpdateRules = mainRules): Promise<ApiResponse> {
  const options = writeOptions("PatchOptions", call.query, call.request, true);
  const applied = appliedBody(call);
  checkApplied(call, call.kind, applied);
  for (let attempt = 1; ; attempt++) {
    const current = call.server.store.get(keyOf(call.kind, call.namespace, call.name));
    if (current === undefined) {
      if (rules !== mainRules) throw notFound(call.kind.facts, call.name);
      return storedResponse(call, 201, await createApplied(call, applied, options));
    }
    try {
      return storedResponse(call, 200, await applyTo(call, current, applied, { options, rules }));
    } catch (error) {
      if (!(error instanceof RevisionConflict)) throw error;
      if (attempt === attemptsMax) throw conflict(call.kind.facts, call.name, modifiedText);
    }
  }
}

async function createApplied(call: ResourceCall, applied: JsonObject, options: WriteOptions): Promise<Stored> {
  const { schema } = call.server;
  const empty = decodeValue<KubeObject>(schema, call.kind.facts.type, {}).object as KubeObject;
  const { draft, owners } = applyOn(call, call.kind, { live: empty, applied, options });
  checkRepeated(call, options);
  checkName(call, draft);
  const { uid } = draft.metadata;
  if (uid !== undefined && uid !== "") {
    throw conflict(call.kind.facts, call.name, `uid mismatch: the provided object specified uid ${uid}, and no existing object was found`);
  }
  // There is nothing that these could be compared with.
  draft.metadata.resourceVersion = "";
  if (call.namespace === "") delete draft.metadata.namespace;
  return await createObject(call, withConversion(call.kind, draft), { ...options, owners });
}

async function applyTo(call: ResourceCall, current: Stored, applied: JsonObject, { options, rules }: { options: WriteOptions; rules: UpdateRules }): Promise<Stored> {
  const { draft, owners } = applyOn(call, call.kind, { live: servedForm(call.kind, current.object), applied, options });
  checkRepeated(call, options);
  checkName(call, draft);
  return await replace(call, current, withConversion(call.kind, draft), { ...options, owners }, rules);
}

export interface AppliedDraft {
  readonly draft: Draft<KubeObject>;
  readonly owners: readonly ManagedFieldsEntry[];
}

/** The live object with what the client applies, decoded and with its defaults. Throws 409 with the conflicts. */
export function applyOn(call: ResourceCall, kind: Kind, asked: { live: KubeObject; applied: JsonObject; options: WriteOptions }): AppliedDraft {
  const { live, applied, options } = asked;
  const { schema } = call.server;
  try {
    const { object, owners } = applyAsManager(schema, kind.facts.type, { live, applied, ownership: ownershipOf(call, kind, options.manager), force: options.force });
    const decoded = decodeValue(schema, kind.facts.type, object as JsonValue);
    const draft = withKind(decoded.object, kind.ref);
    fillDefaults(call, kind, draft, decoded.empties);
    return { draft, owners };
  } catch (error) {
    if (error instanceof ApplyConflicts) throw conflictAnswer(error);
    if (error instanceof DecodeError) throw plainError(`failed to convert new object (${objectName(applied)}) to proper version (${typeText(kind.ref)}): ${error.message}`);
    throw error;
  }
}

function conflictAnswer({ message, conflicts, pathTexts }: ApplyConflicts): StatusError {
  const causes = conflicts.map(({ manager }, i) => ({ reason: "FieldManagerConflict", message: `conflict with ${manager}`, field: pathTexts[i] as string }));
  return new StatusError({ code: 409, reason: "Conflict", message, details: { causes } });
}

/** The body as an object. Throws 400. */
export function appliedBody(call: ResourceCall): JsonObject {
  const { body } = call.request;
  const value = body === undefined || body instanceof Uint8Array ? parse(new TextDecoder().decode(bodyBytes(call.request))) : (body as unknown as JsonValue);
  if (value === null) return {};
  if (typeof value !== "object" || Array.isArray(value)) {
    throw badRequest(`error decoding YAML: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal ${Array.isArray(value) ? "array" : typeof value} into Go value of type map[string]interface {}`);
  }
  return value as JsonObject;
}

/** Of several documents the first. JSON is YAML; reading it as such would only take longer. */
function parse(text: string): JsonValue {
  if (text.startsWith("{")) {
    try {
      return JSON.parse(text) as JsonValue;
    } catch {
      // YAML in flow style, then.
    }
  }
  try {
    return parseYamlDocuments(text)[0] ?? null;
  } catch (error) {
    if (error instanceof YamlError) throw badRequest(`error decoding YAML: error converting YAML to JSON: ${error.message}`);
    throw error;
  }
}

/** Keys that stand twice are told, or refused, once nobody else minds what is applied. */
function checkRepeated(call: ResourceCall, { fieldValidation }: WriteOptions): void {
  const { body } = call.request;
  if (!(body instanceof Uint8Array) || fieldValidation === "ignore") return;
  const lines = repeatedKeys(new TextDecoder().decode(body));
  if (lines.length === 0) return;
  if (fieldValidation === "strict") throw badRequest(`error strict decoding YAML: error converting YAML to JSON: yaml: unmarshal errors:\n  ${lines.join("\n  ")}`);
  for (const line of lines) if (!call.warnings.includes(line)) call.warnings.push(line);
}

/** A look at JSON is shorter than one at YAML, and most bodies are JSON without such keys. */
function repeatedKeys(text: string): readonly string[] {
  if (text.startsWith("{")) {
    try {
      if (decodeJsonText(text).duplicates.length === 0) return [];
    } catch (error) {
      if (!(error instanceof JsonSyntaxError)) throw error;
    }
  }
  return repeatedYamlKeys(text);
}

/** It must be of the kind of the path, say nothing of managedFields, and fit its type. */
export function checkApplied(call: ResourceCall, kind: Kind, applied: JsonObject): void {
  const { apiVersion, kind: named } = applied;
  if (apiVersion !== kind.ref.apiVersion || named !== kind.facts.kind) {
    throw badRequest(`invalid object type: ${typeText({ apiVersion: typeof apiVersion === "string" ? apiVersion : "", kind: typeof named === "string" ? named : "" })}`);
  }
  const metadata = applied["metadata"];
  if (typeof metadata === "object" && metadata !== null && ((metadata as JsonObject)["managedFields"] ?? null) !== null) throw badRequest("metadata.managedFields must be nil");
  const errors = typedErrors(call.server.schema, kind.facts.type, applied);
  if (errors.length === 0) return;
  const text = errors.length === 1 ? errors[0] : `errors:\n${errors.map((error) => `  ${error}`).join("\n")}`;
  throw plainError(`failed to create typed patch object (${objectName(applied)}; ${typeText(kind.ref)}): ${text}`);
}

/** `apps/v1, Kind=Deployment`; without a group it begins with the slash. */
function typeText({ apiVersion, kind }: { readonly apiVersion: string; readonly kind: string }): string {
  return `${apiVersion.includes("/") ? apiVersion : `/${apiVersion}`}, Kind=${kind}`;
}

function objectName(applied: JsonObject): string {
  const { namespace = "", name = "" } = (applied["metadata"] ?? {}) as { namespace?: string; name?: string };
  return `${namespace}/${name}`;
}
