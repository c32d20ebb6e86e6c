import type { FieldError } from "../base/field-error.ts";
import type { Draft } from "../base/json.ts";
import { invalid } from "../base/status-error.ts";
import { equalJson } from "../api/schema/json-data.ts";
import type { KubeObject } from "../api/kind-ref.ts";
import type { Kind } from "../api/registry.ts";
import type { ObjectMeta } from "../api/types/meta-v1.ts";
import { dnsSubdomainName } from "../api/validation/names.ts";
import { checkObjectMeta, checkObjectMetaUpdate } from "../api/validation/object-meta.ts";

/** What a kind's declaration says about its life, with what holds for every kind where it says nothing. */
type Fields = { [field: string]: unknown };

export function hasSubresource(kind: Kind, name: string): boolean {
  return kind.facts.subresources?.some((subresource) => subresource.name === name) ?? false;
}

/** Objects of such kinds carry a generation from creation on. */
export function hasGeneration(kind: Kind, object: KubeObject): boolean {
  return kind.declaration?.hasGeneration ?? (hasSubresource(kind, "status") && "spec" in object);
}

/** Before validation of a create: what a client may not set is dropped. */
export function prepareCreate(kind: Kind, draft: Draft<KubeObject>): void {
  const hook = kind.declaration?.prepareCreate;
  if (hook !== undefined) hook(draft);
  else if (hasSubresource(kind, "status")) resetStatus(draft, undefined);
}

/** Before validation of an update of the object itself. */
export function prepareUpdate(kind: Kind, draft: Draft<KubeObject>, old: KubeObject): void {
  if (hasSubresource(kind, "status")) resetStatus(draft, (old as unknown as Fields)["status"]);
  kind.declaration?.prepareUpdate?.(draft, old);
}

/** Before validation of an update of /status: everything else stays as it was, but for metadata. */
export function prepareStatusUpdate(kind: Kind, draft: Draft<KubeObject>, old: KubeObject, now: number): void {
  const target = draft as unknown as Fields;
  const source = old as unknown as Fields;
  for (const field of new Set([...Object.keys(target), ...Object.keys(source)])) {
    if (field === "status" || field === "metadata") continue;
    if (field in source) target[field] = source[field];
    else delete target[field];
  }
  kind.declaration?.status?.prepare?.(draft, old, now);
}

function resetStatus(draft: Draft<KubeObject>, status: unknown): void {
  const fields = draft as unknown as Fields;
  if (status !== undefined) fields["status"] = status;
  else if ("status" in fields) fields["status"] = {};
}

export function validateCreate(kind: Kind, object: KubeObject): void {
  const errors: FieldError[] = [];
  checkObjectMeta(object.metadata, { namespaced: kind.facts.namespaced, nameProblems: kind.declaration?.nameErrors ?? dnsSubdomainName }, errors);
  refuse(kind, object, [...errors, ...(kind.declaration?.validate?.(object) ?? [])]);
}

export function validateUpdate(kind: Kind, object: KubeObject, old: KubeObject): void {
  const { declaration } = kind;
  const whole = declaration?.validateOnUpdate !== false;
  const errors = metaErrors(object, old, { whole });
  const inItself = whole ? (declaration?.validate?.(object) ?? []) : [];
  const changes = declaration?.validateUpdate?.(object, old) ?? [];
  refuse(kind, object, [...errors, ...(declaration?.changesFirst === true ? [...changes, ...inItself] : [...inItself, ...changes])]);
}

/** Some kinds are not replaced blindly: an update of them names the version that it saw. */
export function checkConditional(kind: Kind, meta: Pick<ObjectMeta, "name" | "resourceVersion">): void {
  const version = meta.resourceVersion ?? "";
  if ((version !== "" && version !== "0") || kind.declaration?.allowUnconditionalUpdate !== false) return;
  const error = { type: "FieldValueInvalid", field: "metadata.resourceVersion", message: "Invalid value: 0: must be specified for an update" } as const;
  // Upstream names the resource where it otherwise names the kind.
  throw invalid({ group: kind.facts.group, kind: kind.facts.plural }, meta.name ?? "", [error]);
}

export function validateStatusUpdate(kind: Kind, object: KubeObject, old: KubeObject): void {
  const errors = metaErrors(object, old, { whole: false });
  refuse(kind, object, [...errors, ...(kind.declaration?.status?.validate?.(object, old) ?? [])]);
}

/** What a client may write is judged whenever metadata is judged, as a new object's and as a changed one's. */
const judgedAlways = /^metadata\.(labels|annotations|ownerReferences)\b/;
const addedFinalizers = /no new finalizers/;

/**
 * What is wrong with changed metadata, each problem as often as upstream names it: its generic update judges metadata as of a
 * new object and as of a change; the kind judges the change again and, where it judges the `whole` object, that too.
 */
function metaErrors(object: KubeObject, old: KubeObject, { whole }: { whole: boolean }): FieldError[] {
  const errors: FieldError[] = [];
  checkObjectMetaUpdate(object.metadata, old.metadata, {}, errors);
  if (errors.length === 0) return errors;
  const timesOf = ({ field, message }: FieldError): number => {
    if (judgedAlways.test(field)) return whole ? 4 : 3;
    return field.startsWith("metadata.finalizers") && !addedFinalizers.test(message) && !whole ? 1 : 2;
  };
  return errors.flatMap((error) => Array<FieldError>(timesOf(error)).fill(error));
}

/** Whether this update of the object itself counts as a new generation. */
export function generationRises(kind: Kind, object: KubeObject, old: KubeObject): boolean {
  const rule = kind.declaration?.generationRises;
  if (rule !== undefined) return rule(object, old);
  return hasGeneration(kind, old) && !equalJson((object as unknown as Fields)["spec"], (old as unknown as Fields)["spec"]);
}

export function refuse(kind: Kind, object: KubeObject, errors: readonly FieldError[]): void {
  if (errors.length > 0) throw invalid({ group: kind.facts.group, kind: kind.facts.kind }, object.metadata.name ?? "", errors);
}
