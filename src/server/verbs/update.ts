import { notFound } from "../../base/status-error.ts";
import { decodeObject } from "../body.ts";
import { checkName, commitError, staleUid } from "../commit.ts";
import type { ResourceCall } from "../context.ts";
import { withConversion } from "../conversion.ts";
import { keyOf } from "../keys.ts";
import { mainRules, replace } from "../replace.ts";
import type { UpdateRules } from "../replace.ts";
import { storedResponse } from "../represent.ts";
import type { ApiResponse } from "../request.ts";
import { writeOptions } from "../write-options.ts";
import { createObject } from "./create.ts";

/** PUT of an object or, with other rules, of a subresource of it. */
export async function update(call: ResourceCall, rules: UpdateRules = mainRules): Promise<ApiResponse> {
  const options = writeOptions("UpdateOptions", call.query, call.request);
  const draft = withConversion(call.kind, decodeObject(call, call.kind, options.fieldValidation));
  checkName(call, draft);
  const current = call.server.store.get(keyOf(call.kind, call.namespace, call.name));
  if (current === undefined) {
    if (rules !== mainRules || call.kind.storage.declaration?.allowCreateOnUpdate !== true) throw notFound(call.kind.facts, call.name);
    const { uid } = draft.metadata;
    if (uid !== undefined && uid !== "") throw staleUid(call, uid, "");
    draft.metadata.resourceVersion = "";
    return storedResponse(call, 201, await createObject(call, draft, options));
  }
  try {
    return storedResponse(call, 200, await replace(call, current, draft, options, rules));
  } catch (error) {
    throw commitError(call, call.name, error, "update");
  }
}
