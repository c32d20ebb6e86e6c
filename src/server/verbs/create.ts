import type { Draft } from "../../base/json.ts";
import type { KubeObject } from "../../api/kind-ref.ts";
import { RevisionConflict } from "../../store/contract.ts";
import { decodeObject } from "../body.ts";
import { adoptNamespace, admissionRequest, commitError, fillSystemFields, generatedName, sealed, unstored } from "../commit.ts";
import { withConversion } from "../conversion.ts";
import type { ResourceCall } from "../context.ts";
import { plainError } from "../errors.ts";
import { keyOf } from "../keys.ts";
import { orderedMeta } from "../meta.ts";
import { takeOwnership } from "../ownership.ts";
import { storedResponse } from "../represent.ts";
import type { ApiResponse } from "../request.ts";
import type { Stored } from "../../store/contract.ts";
import { hasGeneration, prepareCreate, validateCreate } from "../strategy.ts";
import { writeOptions } from "../write-options.ts";
import type { WriteOptions } from "../write-options.ts";

/** Attempts of a generated name that is taken: upstream's. */
const generatedNamesMax = 8;

/** POST on a collection. */
export async function create(call: ResourceCall): Promise<ApiResponse> {
  const options = writeOptions("CreateOptions", call.query, call.request);
  const draft = withConversion(call.kind, decodeObject(call, call.kind, options.fieldValidation));
  const stored = await createObject(call, draft, options);
  return storedResponse(call, 201, stored);
}

/** From a decoded draft to a committed object: what POST does, and PUT or PATCH of a kind that may be created so. */
export async function createObject(call: ResourceCall, draft: Draft<KubeObject>, options: WriteOptions): Promise<Stored> {
  const base = draft.metadata.generateName ?? "";
  const generated = (draft.metadata.name ?? "") === "" && base !== "";
  for (let attempt = 1; ; attempt++) {
    if (generated) draft.metadata.name = generatedName(call.server, base);
    try {
      return await createOnce(call, draft, options, attempt);
    } catch (error) {
      if (generated && attempt < generatedNamesMax && error instanceof RevisionConflict) continue;
      throw commitError(call, draft.metadata.name ?? "", error, true);
    }
  }
}

async function createOnce(call: ResourceCall, draft: Draft<KubeObject>, options: WriteOptions, attempt: number): Promise<Stored> {
  const { server } = call;
  const kind = call.kind.storage;
  if (attempt === 1) prepare(call, draft, options);
  const name = draft.metadata.name ?? "";
  validateCreate(kind, draft as KubeObject);
  const warnings = kind.declaration?.warnings?.(draft as KubeObject) ?? [];
  for (const warning of warnings) call.warnings.push(warning);
  server.admission.validate(admissionRequest(call, { operation: "CREATE", object: draft, old: undefined, dryRun: options.dryRun, name }));
  const version = draft.metadata.resourceVersion;
  if (version !== undefined && version !== "" && version !== "0") throw plainError("resourceVersion should not be set on objects to be created");
  const key = keyOf(kind, call.namespace, name);
  if (options.dryRun) {
    const standing = server.store.get(key);
    if (standing !== undefined) throw new RevisionConflict(key, standing);
    draft.metadata = orderedMeta({ ...draft.metadata, resourceVersion: undefined } as never);
    return unstored(key, draft as KubeObject);
  }
  draft.metadata.resourceVersion = "0";
  draft.metadata = orderedMeta(draft.metadata as never);
  return await server.store.put(key, 0, sealed(draft));
}

/** All that comes before validation, once per request. */
function prepare(call: ResourceCall, draft: Draft<KubeObject>, options: WriteOptions): void {
  const kind = call.kind.storage;
  const meta = draft.metadata;
  adoptNamespace(call, meta);
  takeOwnership(call, kind, { draft, old: undefined, manager: options.manager });
  call.server.admission.mutate(admissionRequest(call, { operation: "CREATE", object: draft, old: undefined, dryRun: options.dryRun, name: meta.name ?? "" }));
  fillSystemFields(call.server, meta);
  if (hasGeneration(kind, draft as KubeObject)) meta.generation = 1;
  else delete meta.generation;
  prepareCreate(kind, draft);
}
