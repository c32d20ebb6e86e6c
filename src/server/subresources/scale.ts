import type { Draft } from "../../base/json.ts";
import { badRequest, invalid, notFound } from "../../base/status-error.ts";
import type { Kind } from "../../api/registry.ts";
import type { KubeObject } from "../../api/kind-ref.ts";
import { selectorText } from "../../api/label-text.ts";
import { cloneDraft } from "../../api/schema/json-data.ts";
import type { Scale } from "../../api/types/autoscaling-v1.ts";
import { difference, intersection, isEmptySet } from "../../api/managed-fields/field-set.ts";
import type { FieldSet } from "../../api/managed-fields/field-set.ts";
import { sortedEntries } from "../../api/managed-fields/managed-fields.ts";
import type { LabelSelector, ManagedFieldsEntry, ObjectMeta } from "../../api/types/meta-v1.ts";
import type { Stored } from "../../store/contract.ts";
import { decodeObject, mediaType } from "../body.ts";
import { checkName, commitError } from "../commit.ts";
import type { ResourceCall } from "../context.ts";
import { keyOf } from "../keys.ts";
import { mainRules, replace } from "../replace.ts";
import type { UpdateRules } from "../replace.ts";
import { objectAnswer } from "../represent.ts";
import type { ApiResponse } from "../request.ts";
import { appliedBody, applyOn, checkApplied, isApply } from "../verbs/apply.ts";
import { patchedObject } from "../verbs/patch.ts";
import { spokenKind } from "./spoken-kind.ts";
import { writeOptions } from "../write-options.ts";
import type { WriteOptions } from "../write-options.ts";

/** /scale of every kind that has it: the number of replicas as an object of its own. */
interface Scaled {
  readonly metadata: ObjectMeta;
  readonly spec?: { readonly replicas?: number; readonly selector?: LabelSelector | { readonly [label: string]: string } };
  readonly status?: { readonly replicas?: number };
}

/** Upstream notes the owners of replicas anew whenever a Scale is written, so that it always makes a revision; an apply does not. */
const scaleRules: UpdateRules = { ...mainRules, writesUnchanged: true };

const scaleRef = { group: "autoscaling", version: "v1", apiVersion: "autoscaling/v1", kind: "Scale", plural: "scales", namespaced: true } as const;

function scaleKind(): Kind {
  return spokenKind(scaleRef, "io.k8s.api.autoscaling.v1.Scale");
}

export function getScale(call: ResourceCall): ApiResponse {
  return objectAnswer(call, 200, scaleOf(current(call)));
}

export async function updateScale(call: ResourceCall): Promise<ApiResponse> {
  const options = writeOptions("UpdateOptions", call.query, call.request);
  const scale = decodeObject(call, scaleKind(), options.fieldValidation) as unknown as Scale;
  const name = scale.metadata.name ?? "";
  if (name !== "" && name !== call.name) throw badRequest(`the name of the object (${name}) does not match the name on the URL (${call.name})`);
  return await write(call, current(call), scale, options);
}

export async function patchScale(call: ResourceCall): Promise<ApiResponse> {
  if (isApply(mediaType(call.request))) return await applyScale(call);
  const stored = current(call);
  const { draft, options } = patchedObject(call, scaleKind(), ownedScaleOf(stored));
  return await write(call, stored, draft as unknown as Scale, options);
}

async function applyScale(call: ResourceCall): Promise<ApiResponse> {
  const options = writeOptions("PatchOptions", call.query, call.request, true);
  const applied = appliedBody(call);
  const kind = scaleKind();
  checkApplied(call, kind, applied);
  const stored = current(call);
  const parents = stored.object.metadata.managedFields ?? [];
  const { draft, owners } = applyOn(call, kind, { live: ownedScaleOf(stored), applied, options });
  checkName(call, draft);
  return await write(call, stored, draft as unknown as Scale, { ...options, owners: ownersOfParent(parents, owners, call.kind.ref.apiVersion) });
}

/** The one field of a Scale that is a field of its parent, too: under the same name. */
const replicas: FieldSet = { "f:spec": { "f:replicas": {} } };

function ownersOfScale(parents: readonly ManagedFieldsEntry[]): ManagedFieldsEntry[] {
  return parents.filter(ownsReplicas).map((entry) => ({ ...entry, apiVersion: scaleRef.apiVersion, fieldsV1: replicas }));
}

function ownsReplicas(entry: ManagedFieldsEntry): boolean {
  return !isEmptySet(intersection((entry.fieldsV1 ?? {}) as FieldSet, replicas));
}

/** What became of the owners of the Scale is true of the parent's replicas: who lost them there loses them here. */
function ownersOfParent(parents: readonly ManagedFieldsEntry[], scales: readonly ManagedFieldsEntry[], apiVersion: string): readonly ManagedFieldsEntry[] {
  const same = (a: ManagedFieldsEntry, b: ManagedFieldsEntry): boolean => a.manager === b.manager && a.operation === b.operation && (a.subresource ?? "") === (b.subresource ?? "");
  const standing = parents.flatMap((entry) => {
    if (!ownsReplicas(entry)) return [entry];
    const kept = scales.find((scale) => same(entry, scale));
    if (kept !== undefined) return [{ ...entry, ...(kept.time === undefined ? {} : { time: kept.time }) }];
    const left = difference((entry.fieldsV1 ?? {}) as FieldSet, replicas);
    return isEmptySet(left) ? [] : [{ ...entry, fieldsV1: left }];
  });
  const added = scales.filter((scale) => ownsReplicas(scale) && !parents.some((entry) => ownsReplicas(entry) && same(entry, scale))).map((scale) => ({ ...scale, apiVersion, fieldsV1: replicas }));
  return sortedEntries([...standing, ...added]);
}

function current(call: ResourceCall): Stored {
  const stored = call.server.store.get(keyOf(call.kind, call.namespace, call.name));
  if (stored === undefined) throw notFound(call.kind.facts, call.name);
  return stored;
}

function scaleOf({ object }: Stored): KubeObject {
  const { metadata, spec, status } = object as unknown as Scaled;
  const { name, namespace, uid, resourceVersion, creationTimestamp } = metadata;
  const selector = selectorOf(spec?.selector);
  return {
    kind: "Scale",
    apiVersion: "autoscaling/v1",
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
    spec: spec?.replicas === undefined || spec.replicas === 0 ? {} : { replicas: spec.replicas },
    status: { replicas: status?.replicas ?? 0, ...(selector === "" ? {} : { selector }) },
  } as unknown as KubeObject;
}

/** With who owns its one field. */
function ownedScaleOf(stored: Stored): KubeObject {
  const scale = scaleOf(stored);
  const managedFields = ownersOfScale(stored.object.metadata.managedFields ?? []);
  return managedFields.length === 0 ? scale : { ...scale, metadata: { ...scale.metadata, managedFields } };
}

/** A selector of either form: a ReplicationController's is a map of labels. */
function selectorOf(selector: NonNullable<Scaled["spec"]>["selector"]): string {
  if (selector === undefined) return "";
  const isMap = !("matchLabels" in selector) && !("matchExpressions" in selector);
  return selectorText((isMap ? { matchLabels: selector } : selector) as LabelSelector);
}

async function write(call: ResourceCall, stored: Stored, scale: Scale, options: WriteOptions): Promise<ApiResponse> {
  const replicas = scale.spec?.replicas ?? 0;
  if (replicas < 0) {
    const error = { type: "FieldValueInvalid", field: "spec.replicas", message: `Invalid value: ${replicas}: must be greater than or equal to 0` } as const;
    throw invalid({ group: "autoscaling", kind: "Scale" }, call.name, [error]);
  }
  const draft = cloneDraft(stored.object) as Draft<KubeObject> & { spec?: { replicas?: number } };
  draft.spec = { ...draft.spec, replicas };
  const { resourceVersion, uid } = scale.metadata;
  draft.metadata.resourceVersion = resourceVersion ?? "";
  if (uid !== undefined) draft.metadata.uid = uid;
  try {
    return objectAnswer(call, 200, scaleOf(await replace(call, stored, draft, options, scaleRules)));
  } catch (error) {
    throw commitError(call, call.name, error, "update");
  }
}
