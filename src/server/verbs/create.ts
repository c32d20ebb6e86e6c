import type { Draft } from "../../base/json.ts";
import { andThen, rescued } from "../../base/soon.ts";
import type { Soon } from "../../base/soon.ts";
import type { KubeObject } from "../../api/kind-ref.ts";
import { inGoOrder } from "../../api/schema/go-order.ts";
import { RevisionConflict } from "../../store/contract.ts";
import { decodeObject, judgedForm } from "../body.ts";
import { adoptNamespace, admissionRequest, checkSize, commitError, fillSystemFields, generatedName, sealed, unstored, withoutRepeatedOwners } from "../commit.ts";
import { withConversion } from "../conversion.ts";
import type { ResourceCall } from "../context.ts";
import { plainError } from "../errors.ts";
import { keyOf } from "../keys.ts";
import { orderedMeta } from "../meta.ts";
import { takeOwnership } from "../ownership.ts";
import { servedForm, storedResponse } from "../represent.ts";
import type { ApiResponse } from "../request.ts";
import type { Stored } from "../../store/contract.ts";
import { hasGeneration, prepareCreate, validateCreate } from "../strategy.ts";
import { writeOptions } from "../write-options.ts";
import type { WriteOptions } from "../write-options.ts";

/** Attempts of a generated name that is taken: upstream's. */
const generatedNamesMax = 8;

/** POST on a collection. */
export function create(call: ResourceCall): Soon<ApiResponse> {
  const options = writeOptions("CreateOptions", call.query, call.request);
  const draft = withConversion(call.kind, decodeObject(call, call.kind, options.fieldValidation));
  return andThen(createObject(call, draft, options), (stored) => storedResponse(call, 201, stored));
}

/** From a decoded draft to a committed object: what POST does, and PUT or PATCH of a kind that may be created so. */
export function createObject(call: ResourceCall, draft: Draft<KubeObject>, options: WriteOptions): Soon<Stored> {
  const wait = call.server.admission.prepare(admissionRequest(call, { operation: "CREATE", object: draft, old: undefined, dryRun: options.dryRun }));
  return wait === undefined ? createAdmitted(call, draft, options) : wait.then(() => createAdmitted(call, draft, options));
}

function createAdmitted(call: ResourceCall, asked: Draft<KubeObject>, options: WriteOptions): Soon<Stored> {
  let draft = asked;
  const base = draft.metadata.generateName ?? "";
  const generated = (draft.metadata.name ?? "") === "" && base !== "";
  const attempt = (nth: number): Soon<Stored> => {
    if (generated) draft.metadata.name = generatedName(call.server, base);
    return rescued(
      () => {
        if (nth === 1) draft = prepared(call, draft, options, generated ? base : (draft.metadata.name ?? ""));
        return createOnce(call, draft, options);
      },
      (error) => {
        if (generated && nth < generatedNamesMax && error instanceof RevisionConflict) return attempt(nth + 1);
        throw commitError(call, draft.metadata.name ?? "", error, base === "" ? "create" : "generate");
      },
    );
  };
  return attempt(1);
}

function createOnce(call: ResourceCall, draft: Draft<KubeObject>, options: WriteOptions): Soon<Stored> {
  const { server } = call;
  const kind = call.kind.storage;
  const name = draft.metadata.name ?? "";
  const allocation = server.services.begin(kind, draft, { dryRun: options.dryRun });
  validateServed(call, judgedForm(call, draft as KubeObject));
  const warnings = kind.declaration?.warnings?.(draft as KubeObject) ?? [];
  for (const warning of warnings) call.warnings.push(warning);
  server.admission.validate(admissionRequest(call, { operation: "CREATE", object: draft, old: undefined, dryRun: options.dryRun, name }));
  const version = draft.metadata.resourceVersion;
  if (version !== undefined && version !== "" && version !== "0") throw plainError("resourceVersion should not be set on objects to be created");
  const key = keyOf(kind, call.namespace, name);
  checkSize(call, draft as KubeObject, () => 0);
  if (options.dryRun) {
    const standing = server.store.get(key);
    if (standing !== undefined) throw new RevisionConflict(key, standing);
    draft.metadata = orderedMeta({ ...draft.metadata, resourceVersion: undefined } as never);
    return unstored(key, draft as KubeObject);
  }
  draft.metadata.resourceVersion = "0";
  draft.metadata = orderedMeta(draft.metadata as never);
  const put = (): Soon<Stored> => server.store.put(key, 0, sealed(draft));
  return allocation === undefined ? put() : allocation.commit(put);
}

/** What is stored in another form is judged in the form in which it was sent, by the rules of that one. */
function validateServed({ kind }: ResourceCall, object: KubeObject): void {
  if (kind.storage === kind || kind.declaration === undefined) validateCreate(kind.storage, object);
  else validateCreate({ ...kind.storage, declaration: kind.declaration }, servedForm(kind, object));
}

/**
 * All that comes before validation, once per request: a draft still, with its fields in order. Refusals call an object whose name
 * is generated by the base of it.
 */
function prepared(call: ResourceCall, draft: Draft<KubeObject>, options: WriteOptions, calledName: string): Draft<KubeObject> {
  const kind = call.kind.storage;
  const meta = draft.metadata;
  adoptNamespace(call, meta);
  withoutRepeatedOwners(call, meta);
  // Nobody posts what is being deleted; upstream lets an apply do so.
  if (call.request.method === "POST") {
    delete meta.deletionTimestamp;
    delete meta.deletionGracePeriodSeconds;
  }
  takeOwnership(call, kind, { draft, old: undefined, options });
  call.server.admission.mutate(admissionRequest(call, { operation: "CREATE", object: draft, old: undefined, dryRun: options.dryRun, name: calledName }));
  fillSystemFields(call.server, meta);
  if (hasGeneration(kind, draft as KubeObject)) meta.generation = 1;
  prepareCreate(kind, draft);
  draft.metadata = orderedMeta(draft.metadata as never);
  return inGoOrder(call.server.schema, kind.facts.type, draft);
}
