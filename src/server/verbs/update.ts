import type { Draft } from "../../base/json.ts";
import { andThen, rescued } from "../../base/soon.ts";
import type { Soon } from "../../base/soon.ts";
import { notFound } from "../../base/status-error.ts";
import type { KubeObject } from "../../api/kind-ref.ts";
import type { ObjectMeta } from "../../api/types/meta-v1.ts";
import { decodeObject } from "../body.ts";
import { checkName, commitError, staleUid } from "../commit.ts";
import type { ResourceCall } from "../context.ts";
import { withConversion } from "../conversion.ts";
import { keyOf } from "../keys.ts";
import { mainRules, replace, statusRules } from "../replace.ts";
import type { UpdateRules } from "../replace.ts";
import { storedResponse } from "../represent.ts";
import type { ApiResponse } from "../request.ts";
import { writeOptions } from "../write-options.ts";
import type { WriteOptions } from "../write-options.ts";
import { createObject } from "./create.ts";

/** PUT of an object or, with other rules, of a subresource of it. */
export function update(call: ResourceCall, rules: UpdateRules = mainRules): Soon<ApiResponse> {
  const options = writeOptions("UpdateOptions", call.query, call.request);
  const current = call.server.store.get(keyOf(call.kind, call.namespace, call.name));
  const draft = withConversion(call.kind, decoded(call, current?.object, options, rules));
  checkName(call, draft);
  if (current === undefined) {
    if (rules !== mainRules || call.kind.storage.declaration?.allowCreateOnUpdate !== true) throw notFound(call.kind.facts, call.name);
    const { uid } = draft.metadata;
    if (uid !== undefined && uid !== "") throw staleUid(call, uid, "");
    draft.metadata.resourceVersion = "";
    return andThen(createObject(call, draft, options), (stored) => storedResponse(call, 201, stored));
  }
  const replaced = rescued(
    () => replace(call, current, draft, options, rules),
    (error) => {
      throw commitError(call, call.name, error, "update");
    },
  );
  return andThen(replaced, (stored) => storedResponse(call, 200, stored));
}

/**
 * The draft in the body. A caller in the same process passes on most parts of the very object that stands: those are put in as they are
 * and not decoded again, where nothing changes them in place: metadata, and of a status the spec and the parts that it keeps.
 */
function decoded(call: ResourceCall, current: KubeObject | undefined, options: WriteOptions, rules: UpdateRules): Draft<KubeObject> {
  const { body } = call.request;
  const standing: { metadata?: ObjectMeta; spec?: object; status?: object } = {};
  if (current !== undefined && body !== undefined && !(body instanceof Uint8Array) && call.kind.storage === call.kind) {
    if (body.metadata === current.metadata) standing.metadata = { ...current.metadata };
    const spec = specOf(current);
    if (rules === statusRules && spec !== undefined && specOf(body) === spec) standing.spec = spec;
    const { status } = current as { readonly status?: object };
    if (rules === statusRules && status !== undefined) standing.status = status;
  }
  return decodeObject(call, call.kind, options.fieldValidation, standing);
}

function specOf(object: KubeObject): object | undefined {
  return (object as { readonly spec?: object }).spec;
}
