import type { JsonObject } from "../../base/json.ts";
import { lastAppliedAnnotation } from "../meta-fields.ts";
import type { Schema } from "../schema/schema.ts";
import { ApplyConflicts, applyFields } from "./apply.ts";
import type { Application, ApplyOutcome } from "./apply.ts";
import { compareObjects } from "./compare.ts";
import type { FieldSet } from "./field-set.ts";
import { difference } from "./field-set.ts";
import { fieldSetOf } from "./typed.ts";

/**
 * The way of kubectl from applying at the client to applying at the server: what the annotation of the former says it applied
 * is no conflict for the manager `kubectl`, and the annotation follows every apply of that manager.
 */

/** The only manager that this holds for. */
const kubectl = "kubectl";

/** Bytes of all annotations of an object: above it the annotation is dropped. */
const annotationBytesMax = 256 * 1024;

/** As `applyFields`, for any manager. Throws ApplyConflicts. */
export function applyAsManager(schema: Schema, typeName: string, application: Application): ApplyOutcome {
  if (application.ownership.manager !== kubectl) return applyFields(schema, typeName, application);
  return withAnnotation(applyAllowed(schema, typeName, application), application.applied as JsonObject);
}

function applyAllowed(schema: Schema, typeName: string, application: Application): ApplyOutcome {
  try {
    return applyFields(schema, typeName, application);
  } catch (error) {
    if (!(error instanceof ApplyConflicts)) throw error;
    const former = formerFields(schema, typeName, application);
    if (former === undefined) throw error;
    const left = error.conflicts.filter(({ path }) => !has(former, path));
    if (left.length > 0) throw new ApplyConflicts(left);
    return applyFields(schema, typeName, { ...application, force: true });
  }
}

/** What the annotation says, as far as the live object still agrees. */
function formerFields(schema: Schema, typeName: string, { live }: Application): FieldSet | undefined {
  const text = live.metadata.annotations?.[lastAppliedAnnotation];
  if (text === undefined) return undefined;
  try {
    const former = JSON.parse(text) as JsonObject;
    return difference(fieldSetOf(schema, typeName, former), compareObjects(schema, typeName, { old: live, next: former }).changed);
  } catch {
    return undefined;
  }
}

function has(set: FieldSet, path: readonly string[]): boolean {
  let at: FieldSet | undefined = set;
  for (const element of path) {
    at = Object.hasOwn(at, element) ? at[element] : undefined;
    if (at === undefined) return false;
  }
  return Object.keys(at).length === 0 || Object.hasOwn(at, ".");
}

function withAnnotation(outcome: ApplyOutcome, applied: JsonObject): ApplyOutcome {
  const object = outcome.object as { readonly metadata?: { readonly annotations?: { readonly [key: string]: string } } };
  const annotations = object.metadata?.annotations;
  if (annotations?.[lastAppliedAnnotation] === undefined) return outcome;
  const text = configurationText(applied);
  const { [lastAppliedAnnotation]: _former, ...others } = annotations;
  const next = text.length > annotationBytesMax ? others : { ...annotations, [lastAppliedAnnotation]: text };
  return { ...outcome, object: { ...object, metadata: { ...object.metadata, annotations: next } } };
}

/** JSON with sorted keys and a line feed, as Go writes it, without the annotation itself. */
function configurationText(applied: JsonObject): string {
  const metadata = { ...(applied["metadata"] as JsonObject | undefined) };
  const annotations = metadata["annotations"] as JsonObject | undefined;
  if (annotations?.[lastAppliedAnnotation] !== undefined) {
    const { [lastAppliedAnnotation]: _former, ...others } = annotations;
    metadata["annotations"] = others;
  }
  return `${sortedJson({ ...applied, metadata })}\n`.replace(/[<>&\u2028\u2029]/g, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

function sortedJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(sortedJson).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const object = value as { readonly [key: string]: unknown };
  return `{${Object.keys(object).sort().map((key) => `${JSON.stringify(key)}:${sortedJson(object[key])}`).join(",")}}`;
}
