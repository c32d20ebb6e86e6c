import type { Draft } from "../../base/json.ts";
import type { Status } from "../../base/status-error.ts";
import { conflict, notFound } from "../../base/status-error.ts";
import { formatTime, parseTime } from "../../base/time.ts";
import type { KubeObject } from "../../api/kind-ref.ts";
import type { Kind } from "../../api/registry.ts";
import type { ObjectMeta } from "../../api/types/meta-v1.ts";
import { RevisionConflict } from "../../store/contract.ts";
import type { Stored } from "../../store/contract.ts";
import { admissionRequest, sealed, unstored } from "../commit.ts";
import type { ResourceCall } from "../context.ts";
import { deleteOptions } from "../delete-options.ts";
import type { DeleteOptions } from "../delete-options.ts";
import { keyOf } from "../keys.ts";
import { orderedMeta } from "../meta.ts";
import { startNamespaceTermination } from "../namespace-termination.ts";
import { isReleased, markDeleting } from "../replace.ts";
import { dataAnswer, objectAnswer, servedForm } from "../represent.ts";
import type { ApiResponse } from "../request.ts";

const orphanText =
  "child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or set propagationPolicy=Orphan to suppress this warning";

/** DELETE of one object: at once, or by marking it where grace or finalizers stand in between. */
export async function deleteOne(call: ResourceCall): Promise<ApiResponse> {
  const options = deleteOptions(call);
  const silent = options.propagationPolicy === undefined && options.orphanDependents === undefined;
  if (silent && call.kind.storage.declaration?.defaultPropagation === "Orphan") call.warnings.push(orphanText);
  const outcome = await deleteObject(call, call.name, options);
  const { object } = outcome.stored;
  if (outcome.gone && !answersObject.has(call.kind.storage.facts.plural)) return dataAnswer(call, 200, success(call.kind, object));
  const accepted = !outcome.gone && options.orphanDependents === false;
  return objectAnswer(call, accepted ? 202 : 200, servedForm(call.kind, object));
}

/** Kinds whose deletion answers with the object even when it is gone (upstream's ReturnDeletedObject). */
const answersObject = new Set(["pods", "podtemplates", "persistentvolumes", "persistentvolumeclaims", "resourcequotas", "services", "serviceaccounts"]);

export interface Deletion {
  /** The last known state. */
  readonly stored: Stored;
  readonly gone: boolean;
}

/** Deletes one object of the call's kind and namespace; tries again when somebody else changes it meanwhile. */
export async function deleteObject(call: ResourceCall, name: string, options: DeleteOptions): Promise<Deletion> {
  const key = keyOf(call.kind, call.namespace, name);
  for (;;) {
    const current = call.server.store.get(key);
    call.server.admission.validate(admissionRequest(call, { operation: "DELETE", object: undefined, old: current?.object, dryRun: options.dryRun, name }));
    if (current === undefined) throw notFound(call.kind.facts, name);
    checkPreconditions(call.kind, current, options);
    try {
      return await attempt(call, current, options);
    } catch (error) {
      if (!(error instanceof RevisionConflict)) throw error;
    }
  }
}

async function attempt(call: ResourceCall, current: Stored, options: DeleteOptions): Promise<Deletion> {
  const kind = call.kind.storage;
  if (kind.facts.plural === "namespaces" && kind.facts.group === "") {
    const held = await startNamespaceTermination(call, current, options);
    if (held !== undefined) return { stored: held, gone: false };
  }
  const now = call.server.environment.clock.now();
  const meta: Draft<ObjectMeta> = { ...current.object.metadata } as Draft<ObjectMeta>;
  const grace = applyGrace(kind, current.object, meta, options, now);
  if (grace === "pending") return { stored: current, gone: false };
  const finalizers = finalizersFor(kind, current.object.metadata, options);
  if (finalizers !== undefined) meta.finalizers = [...finalizers];
  const held = (meta.finalizers ?? []).length > 0;
  if (held && grace === "none") markDeleting(meta, now);
  const next = { ...current.object, metadata: orderedMeta(meta as ObjectMeta) } as Draft<KubeObject>;
  if (options.dryRun) return { stored: unstored(current.key, next as KubeObject), gone: !held && !((meta.deletionGracePeriodSeconds ?? 0) > 0) };
  if (grace === "none" && !held) return { stored: await remove(call, current), gone: true };
  const marked = await call.server.store.put(current.key, current.revision, sealed(next));
  if (!isReleased(kind, marked.object)) return { stored: marked, gone: false };
  return { stored: await remove(call, marked), gone: true };
}

async function remove(call: ResourceCall, current: Stored): Promise<Stored> {
  const last = { ...current.object, metadata: { ...current.object.metadata } } as Draft<KubeObject>;
  return await call.server.store.delete(current.key, current.revision, sealed(last));
}

/**
 * Grace as the kind grants it. "none": the kind knows none, or it is over; "pending": deletion is under way and this request
 * does not shorten it; "set": the metadata now says until when.
 */
function applyGrace(kind: Kind, object: KubeObject, meta: Draft<ObjectMeta>, options: DeleteOptions, now: number): "none" | "pending" | "set" {
  const rule = kind.declaration?.gracePeriodSeconds;
  if (rule === undefined) return "none";
  const { deletionTimestamp, deletionGracePeriodSeconds } = object.metadata;
  const asked = options.gracePeriodSeconds;
  if (deletionTimestamp === undefined) {
    const seconds = rule(object, asked);
    meta.deletionTimestamp = formatTime(now + seconds * 1000);
    meta.deletionGracePeriodSeconds = seconds;
    if ((meta.generation ?? 0) > 0) meta.generation = (meta.generation ?? 0) + 1;
    return "set";
  }
  if (deletionGracePeriodSeconds === undefined) return "none";
  if (asked === undefined || asked >= deletionGracePeriodSeconds) return "pending";
  const marked = parseTime(deletionTimestamp) as number;
  meta.deletionTimestamp = formatTime(marked - (deletionGracePeriodSeconds - asked) * 1000);
  meta.deletionGracePeriodSeconds = asked;
  return "set";
}

const orphanFinalizer = "orphan";
const foregroundFinalizer = "foregroundDeletion";

/** The finalizers that carry the propagation policy; undefined when they stay as they are. */
function finalizersFor(kind: Kind, meta: ObjectMeta, options: DeleteOptions): readonly string[] | undefined {
  const standing = meta.finalizers ?? [];
  const wanted = propagation(kind, standing, options);
  const others = standing.filter((finalizer) => finalizer !== orphanFinalizer && finalizer !== foregroundFinalizer);
  const next = wanted === "Orphan" ? [...others, orphanFinalizer] : wanted === "Foreground" ? [...others, foregroundFinalizer] : others;
  const same = next.length === standing.length && next.every((finalizer) => standing.includes(finalizer));
  return same ? undefined : next;
}

/** What the request says, else what the finalizers say, else the kind's default. */
function propagation(kind: Kind, standing: readonly string[], options: DeleteOptions): "Orphan" | "Foreground" | "Background" {
  if (options.orphanDependents !== undefined) return options.orphanDependents ? "Orphan" : "Background";
  if (options.propagationPolicy !== undefined) return options.propagationPolicy;
  if (standing.includes(orphanFinalizer)) return "Orphan";
  if (standing.includes(foregroundFinalizer)) return "Foreground";
  return kind.declaration?.defaultPropagation ?? "Background";
}

function checkPreconditions(kind: Kind, current: Stored, options: DeleteOptions): void {
  const { metadata } = current.object;
  // Upstream names the object by kind here, not by resource.
  const named = { group: kind.facts.group, plural: kind.facts.kind };
  if (options.uid !== undefined && options.uid !== metadata.uid) {
    throw conflict(named, metadata.name ?? "", `the UID in the precondition (${options.uid}) does not match the UID in record (${metadata.uid}). The object might have been deleted and then recreated`);
  }
  if (options.resourceVersion !== undefined && options.resourceVersion !== metadata.resourceVersion) {
    const why = `the ResourceVersion in the precondition (${options.resourceVersion}) does not match the ResourceVersion in record (${metadata.resourceVersion}). The object might have been modified`;
    throw conflict(named, metadata.name ?? "", why);
  }
}

function success(kind: Kind, object: KubeObject): Omit<Status, "code"> {
  const { group, plural } = kind.facts;
  const { name = "", uid = "" } = object.metadata;
  return {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Success",
    details: { name, ...(group === "" ? {} : { group }), kind: plural, uid },
  };
}
