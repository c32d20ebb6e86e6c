import type { JsonObject } from "../../base/json.ts";
import type { Draft } from "../../base/json.ts";
import { andThen, rescued } from "../../base/soon.ts";
import type { Soon } from "../../base/soon.ts";
import { StatusError, conflict, notFound } from "../../base/status-error.ts";
import { jsonPatchObject } from "../../api/patch/json-patch.ts";
import type { JsonPatchOperation } from "../../api/patch/json-patch.ts";
import { mergePatchObject } from "../../api/patch/merge-patch.ts";
import type { PatchTarget, Patched } from "../../api/patch/patched.ts";
import { strategicPatchObject } from "../../api/patch/strategic-merge.ts";
import type { KubeObject } from "../../api/kind-ref.ts";
import type { Kind } from "../../api/registry.ts";
import { RevisionConflict } from "../../store/contract.ts";
import type { Stored } from "../../store/contract.ts";
import { bodyBytes, fillDefaults, mediaType, withKind } from "../body.ts";
import { checkName, modifiedText } from "../commit.ts";
import type { ResourceCall } from "../context.ts";
import { withConversion } from "../conversion.ts";
import { keyOf } from "../keys.ts";
import { mainRules, replace, statusRules } from "../replace.ts";
import type { UpdateRules } from "../replace.ts";
import { servedForm, storedResponse } from "../represent.ts";
import type { ApiResponse } from "../request.ts";
import { hasSubresource } from "../strategy.ts";
import { apply, isApply } from "./apply.ts";
import { writeOptions } from "../write-options.ts";
import type { WriteOptions } from "../write-options.ts";

type PatchBody = Uint8Array | JsonObject;
type ApplyPatch = (target: PatchTarget, current: KubeObject, body: PatchBody) => Patched;

const patchTypes: { readonly [mediaType: string]: ApplyPatch } = {
  "application/json-patch+json": (target, current, body) => jsonPatchObject(target, current, body as Uint8Array | readonly JsonPatchOperation[] as Uint8Array),
  "application/merge-patch+json": mergePatchObject,
  "application/strategic-merge-patch+json": strategicPatchObject,
};

/** Attempts against others who write the same object: upstream's. */
const attemptsMax = 5;

/** PATCH of an object or, with other rules, of a subresource of it. */
export function patch(call: ResourceCall, rules: UpdateRules = mainRules): Soon<ApiResponse> {
  if (isApply(mediaType(call.request))) return apply(call, rules);
  const { change, options } = patchOf(call);
  return andThen(patchObject(call, change, options, rules), (stored) => storedResponse(call, 200, stored));
}

/** One object changed by the body of a PATCH: for subresources whose form is not that of their parent. */
export function patchedObject(call: ResourceCall, kind: Kind, current: KubeObject): { draft: Draft<KubeObject>; options: WriteOptions } {
  const { change, options } = patchOf(call);
  const { object, warnings } = change({ schema: call.server.schema, typeName: kind.facts.type, mode: options.fieldValidation }, current);
  for (const warning of warnings) call.warnings.push(warning);
  return { draft: object, options };
}

type Change = (target: PatchTarget, current: KubeObject) => Patched;

/** What the request asks for. Throws 415 and 422. */
function patchOf(call: ResourceCall): { readonly change: Change; readonly options: WriteOptions } {
  const type = mediaType(call.request);
  const applyPatch = Object.hasOwn(patchTypes, type) ? patchTypes[type] : undefined;
  if (applyPatch === undefined) throw new StatusError({ code: 415, reason: "UnsupportedMediaType", message: "415: Unsupported Media Type", details: {} });
  const options = writeOptions("PatchOptions", call.query, call.request);
  const { body } = call.request;
  const content = body === undefined || body instanceof Uint8Array ? bodyBytes(call.request) : (body as unknown as JsonObject);
  return { change: (target, current) => applyPatch(target, current, content), options };
}

function patchObject(call: ResourceCall, change: Change, options: WriteOptions, rules: UpdateRules): Soon<Stored> {
  const { server, kind } = call;
  const target: PatchTarget = { schema: server.schema, typeName: kind.facts.type, mode: options.fieldValidation, fixed: fixedPart(kind, rules) };
  const warned = call.warnings.length;
  const attempt = (nth: number): Soon<Stored> => {
    const current = server.store.get(keyOf(kind, call.namespace, call.name));
    if (current === undefined) throw notFound(kind.facts, call.name);
    call.warnings.length = warned;
    const draft = patched(call, current, change, target);
    return rescued(
      () => replace(call, current, draft, options, rules),
      (error) => {
        if (!(error instanceof RevisionConflict)) throw error;
        if (nth === attemptsMax) throw conflict(kind.facts, call.name, modifiedText);
        return attempt(nth + 1);
      },
    );
  };
  return attempt(1);
}

function fixedPart(kind: Kind, rules: UpdateRules): PatchTarget["fixed"] {
  if (kind.storage !== kind || !hasSubresource(kind, "status")) return undefined;
  return rules === statusRules ? "spec" : rules === mainRules ? "status" : undefined;
}

function patched(call: ResourceCall, current: Stored, change: Change, target: PatchTarget): Draft<KubeObject> {
  const { kind } = call;
  const { object, standing, warnings, empties } = change(target, servedForm(kind, current.object));
  for (const warning of warnings) call.warnings.push(warning);
  const draft = withKind(object, kind.ref);
  checkName(call, draft);
  fillDefaults(call, kind, draft, empties);
  return withConversion(kind, standing === undefined ? draft : Object.assign(draft, standing));
}
