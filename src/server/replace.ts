import type { Draft } from "../base/json.ts";
import { andThen } from "../base/soon.ts";
import type { Soon } from "../base/soon.ts";
import { formatTime } from "../base/time.ts";
import { conflict } from "../base/status-error.ts";
import { equalJson } from "../api/schema/json-data.ts";
import { inGoOrder } from "../api/schema/go-order.ts";
import type { KubeObject } from "../api/kind-ref.ts";
import type { ObjectMeta } from "../api/types/meta-v1.ts";
import type { Kind } from "../api/registry.ts";
import type { Stored } from "../store/contract.ts";
import { judgedForm } from "./body.ts";
import { admissionRequest, adoptNamespace, checkSize, modifiedText, sealed, staleUid, unstored, withoutRepeatedOwners } from "./commit.ts";
import type { ResourceCall } from "./context.ts";
import { plainError } from "./errors.ts";
import { orderedMeta } from "./meta.ts";
import { takeOwnership } from "./ownership.ts";
import { checkConditional, generationRises, prepareStatusUpdate, prepareUpdate, validateStatusUpdate, validateUpdate } from "./strategy.ts";
import type { WriteOptions } from "./write-options.ts";

/** How the new state of an object is judged: as the object itself, or as one of its subresources. */
export interface UpdateRules {
  /** `now`: the cluster's time, for what is stamped. */
  readonly prepare: (kind: Kind, draft: Draft<KubeObject>, old: KubeObject, now: number) => void;
  readonly validate: (kind: Kind, object: KubeObject, old: KubeObject) => void;
  readonly mayRaiseGeneration: boolean;
  /** Whether a write that changes nothing makes a revision all the same. */
  readonly writesUnchanged?: boolean;
}

export const mainRules: UpdateRules = { prepare: prepareUpdate, validate: validateUpdate, mayRaiseGeneration: true };
export const statusRules: UpdateRules = { prepare: prepareStatusUpdate, validate: validateStatusUpdate, mayRaiseGeneration: false };

/**
 * From the state that stands and a decoded draft of the next to the committed object: what PUT and PATCH share. Throws or rejects with
 * RevisionConflict when somebody else was faster.
 */
export function replace(call: ResourceCall, current: Stored, asked: Draft<KubeObject>, options: WriteOptions, rules: UpdateRules): Soon<Stored> {
  const { server } = call;
  const kind = call.kind.storage;
  const old = current.object;
  checkVersion(call, kind, current, asked.metadata);
  adoptNamespace(call, asked.metadata);
  withoutRepeatedOwners(call, asked.metadata);
  takeOwnership(call, kind, { draft: asked, old, options });
  const request = admissionRequest(call, { operation: "UPDATE", object: asked, old, dryRun: options.dryRun });
  server.admission.mutate(request);
  keepSystemFields(asked.metadata, old.metadata);
  rules.prepare(kind, asked, old, server.environment.clock.now());
  const draft = inGoOrder(server.schema, kind.facts.type, asked);
  if (rules.mayRaiseGeneration && generationRises(kind, draft as KubeObject, old)) draft.metadata.generation = (old.metadata.generation ?? 0) + 1;
  const allocation = rules.mayRaiseGeneration ? server.services.begin(kind, draft, { old, dryRun: options.dryRun }) : undefined;
  rules.validate(kind, judgedForm(call, draft as KubeObject, old), old);
  // Who writes a status is not told what is odd in the rest.
  if (rules.mayRaiseGeneration) for (const warning of kind.declaration?.warnings?.(draft as KubeObject, old) ?? []) call.warnings.push(warning);
  server.admission.validate(draft === asked ? request : { ...request, object: draft });
  draft.metadata = orderedMeta({ ...draft.metadata, resourceVersion: old.metadata.resourceVersion } as ObjectMeta);
  if (isReleased(kind, draft as KubeObject)) return remove(call, current, draft, options.dryRun);
  if ((equalJson(draft, old) && rules.writesUnchanged !== true) || (options.owners !== undefined && sameButTimes(draft as KubeObject, old))) return current;
  checkSize(call, draft as KubeObject, () => current.bytes().length);
  if (options.dryRun) return unstored(current.key, draft as KubeObject);
  const put = (): Soon<Stored> => server.store.put(current.key, current.revision, sealed(draft));
  return allocation === undefined ? put() : allocation.commit(put);
}

/** An apply of what stands there already leaves the time of its entry alone. */
function sameButTimes(next: KubeObject, old: KubeObject): boolean {
  const timeless = ({ metadata }: KubeObject): unknown => ({ ...metadata, managedFields: (metadata.managedFields ?? []).map(({ time: _time, ...entry }) => entry) });
  return equalJson({ ...next, metadata: {} }, { ...old, metadata: {} }) && equalJson(timeless(next), timeless(old));
}

/** The last state, then nothing. */
function remove(call: ResourceCall, current: Stored, draft: Draft<KubeObject>, dryRun: boolean): Soon<Stored> {
  if (dryRun) return unstored(current.key, draft as KubeObject);
  const deleted = call.server.store.delete(current.key, current.revision, sealed({ ...draft, metadata: { ...draft.metadata } }));
  // The answer is of the revision that the client saw last; only watchers learn that of the deletion.
  return andThen(deleted, ({ revision }) => ({ ...unstored(current.key, draft as KubeObject), revision }));
}

/** Deletion was waiting for this object's finalizers, and they are gone. */
export function isReleased(kind: Kind, object: KubeObject): boolean {
  const { metadata } = object;
  if (metadata.deletionTimestamp === undefined || (metadata.finalizers ?? []).length > 0) return false;
  if (kind.facts.plural === "namespaces" && kind.facts.group === "") {
    return ((object as unknown as { spec?: { finalizers?: readonly string[] } }).spec?.finalizers ?? []).length === 0;
  }
  return (metadata.deletionGracePeriodSeconds ?? 0) === 0;
}

/** Marks an object as being deleted that finalizers still hold. */
export function markDeleting(meta: Draft<ObjectMeta>, now: number): void {
  if (meta.deletionTimestamp === undefined) {
    if ((meta.generation ?? 0) > 0) meta.generation = (meta.generation ?? 0) + 1;
    meta.deletionTimestamp = formatTime(now);
  }
  meta.deletionGracePeriodSeconds = 0;
}

/** The resourceVersion of the draft, if it has any, must be the one that stands; so must, in a PUT, the uid. */
function checkVersion(call: ResourceCall, kind: Kind, current: Stored, meta: Draft<ObjectMeta>): void {
  const standing = current.object.metadata;
  const put = call.request.method === "PUT";
  if (put && meta.uid !== undefined && meta.uid !== "" && meta.uid !== standing.uid) throw staleUid(call, meta.uid, standing.uid ?? "");
  const version = meta.resourceVersion ?? "";
  if (version === "" || version === "0") {
    checkConditional(kind, meta);
    return;
  }
  if (!/^\d+$/.test(version)) throw plainError(`strconv.ParseUint: parsing ${JSON.stringify(version)}: invalid syntax`);
  if (version !== standing.resourceVersion) throw conflict(call.kind.facts, call.name, modifiedText);
}

const keptIfLeftOut = ["name", "generateName", "uid", "deletionGracePeriodSeconds"] as const satisfies readonly (keyof ObjectMeta)[];
const keptAlways = ["creationTimestamp", "resourceVersion", "generation", "selfLink", "deletionTimestamp"] as const satisfies readonly (keyof ObjectMeta)[];

/** What clients may leave out but never change. */
function keepSystemFields(meta: Draft<ObjectMeta>, old: ObjectMeta): void {
  const fields = meta as { [field: string]: unknown };
  for (const field of keptIfLeftOut) if (old[field] !== undefined && (fields[field] === undefined || fields[field] === "")) fields[field] = old[field];
  for (const field of keptAlways) {
    if (old[field] !== undefined) fields[field] = old[field];
    else if (field !== "deletionTimestamp") delete fields[field];
  }
}
