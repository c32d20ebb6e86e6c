import type { FieldError } from "../../base/field-error.ts";
import type { ObjectMeta, OwnerReference } from "../types/meta-v1.ts";
import { byteLength } from "./byte-length.ts";
import { forbidden, invalid, pushProblems, required, tooLong } from "./errors.ts";
import { dns1123LabelProblems, labelValueProblems, qualifiedNameProblems } from "./names.ts";
import { checkNonNegative } from "./numbers.ts";
import { FieldPath } from "./path.ts";

/**
 * Validation of ObjectMeta, of new objects and of updates, in upstream's order. Maps are judged in the order of their keys in
 * the object (Go's order is random; a comparison takes causes as a set).
 */
export interface ObjectMetaRules {
  readonly namespaced: boolean;
  /** What is wrong with a name; `prefix`: it is a generateName. */
  readonly nameProblems: (name: string, prefix: boolean) => readonly string[];
  /** Finalizers without a domain must be upstream's own. False for custom resources. Default true. */
  readonly knownFinalizersOnly?: boolean;
}

/** Bytes of all keys and values of annotations: 256 KiB (apimachinery TotalAnnotationSizeLimitB). */
const annotationBytesMax = 256 * 1024;

const standardFinalizers: readonly string[] = ["kubernetes", "orphan", "foregroundDeletion"];

export function checkObjectMeta(meta: ObjectMeta, rules: ObjectMetaRules, errors: FieldError[], path = FieldPath.of("metadata")): void {
  const generateName = meta.generateName ?? "";
  if (generateName !== "") pushProblems(errors, path.child("generateName"), generateName, rules.nameProblems(generateName, true));
  const name = meta.name ?? "";
  if (name === "") errors.push(required(path.child("name"), "name or generateName is required"));
  else pushProblems(errors, path.child("name"), name, rules.nameProblems(name, false));
  checkNamespace(meta.namespace ?? "", rules.namespaced, path, errors);
  checkNonNegative(meta.generation, path, "generation", errors);
  checkCommon(meta, path, errors);
  checkFinalizers(meta.finalizers, path, rules.knownFinalizersOnly ?? true, errors);
}

function checkNamespace(namespace: string, namespaced: boolean, path: FieldPath, errors: FieldError[]): void {
  if (!namespaced) {
    if (namespace !== "") errors.push(forbidden(path.child("namespace"), "not allowed on this type"));
  } else if (namespace === "") errors.push(required(path.child("namespace")));
  else pushProblems(errors, path.child("namespace"), namespace, dns1123LabelProblems(namespace));
}

/** What is the very same as in `old` was judged when that was written. */
function checkCommon(meta: ObjectMeta, path: FieldPath, errors: FieldError[], old?: ObjectMeta): void {
  if (meta.labels !== undefined && meta.labels !== old?.labels) checkLabels(meta.labels, path.child("labels"), errors);
  if (meta.annotations !== undefined && meta.annotations !== old?.annotations) checkAnnotations(meta.annotations, path.child("annotations"), errors);
  if (meta.ownerReferences !== undefined && meta.ownerReferences.length > 0 && meta.ownerReferences !== old?.ownerReferences) checkOwnerReferences(meta.ownerReferences, path.child("ownerReferences"), errors);
}

export function checkLabels(labels: { readonly [key: string]: string } | undefined, path: FieldPath, errors: FieldError[]): void {
  for (const key in labels) {
    checkLabelKey(key, path, errors);
    const value = labels[key] ?? "";
    pushProblems(errors, path, value, labelValueProblems(value));
  }
}

export function checkLabelKey(key: string, path: FieldPath, errors: FieldError[]): void {
  pushProblems(errors, path, key, qualifiedNameProblems(key));
}

export function checkAnnotations(annotations: { readonly [key: string]: string } | undefined, path: FieldPath, errors: FieldError[]): void {
  let bytes = 0;
  for (const key in annotations) {
    // Upstream judges the key in lower case and prints it as it is.
    pushProblems(errors, path, key, qualifiedNameProblems(key.toLowerCase()));
    bytes += byteLength(key) + byteLength(annotations[key] ?? "");
  }
  if (bytes > annotationBytesMax) errors.push(tooLong(path, annotationBytesMax));
}

function checkOwnerReferences(owners: readonly OwnerReference[], path: FieldPath, errors: FieldError[]): void {
  let controller: OwnerReference | undefined;
  for (const owner of owners) {
    checkOwnerReference(owner, path, errors);
    if (owner.controller !== true) continue;
    if (controller === undefined) controller = owner;
    else {
      errors.push(
        invalid(path, owners, `Only one reference can have Controller set to true. Found "true" in references for ${controller.kind}/${controller.name} and ${owner.kind}/${owner.name}`),
      );
    }
  }
}

function checkOwnerReference(owner: OwnerReference, path: FieldPath, errors: FieldError[]): void {
  const apiVersion = owner.apiVersion ?? "";
  const slash = apiVersion.indexOf("/");
  if (apiVersion.slice(slash + 1) === "" || apiVersion.indexOf("/", slash + 1) > slash) {
    errors.push(invalid(path.child("apiVersion"), apiVersion, "version must not be empty"));
  }
  if ((owner.kind ?? "") === "") errors.push(invalid(path.child("kind"), "", "must not be empty"));
  if ((owner.name ?? "") === "") errors.push(invalid(path.child("name"), "", "must not be empty"));
  if ((owner.uid ?? "") === "") errors.push(invalid(path.child("uid"), "", "must not be empty"));
  if (apiVersion === "v1" && owner.kind === "Event") errors.push(invalid(path, owner, "/v1, Kind=Event is disallowed from being an owner"));
}

function checkFinalizers(finalizers: readonly string[] | undefined, metaPath: FieldPath, knownOnly: boolean, errors: FieldError[]): void {
  if (finalizers === undefined || finalizers.length === 0) return;
  const path = metaPath.child("finalizers");
  for (const finalizer of finalizers) pushProblems(errors, path, finalizer, qualifiedNameProblems(finalizer));
  if (finalizers.includes("orphan") && finalizers.includes("foregroundDeletion")) {
    errors.push(invalid(path, finalizers, "finalizer orphan and foregroundDeletion cannot be both set"));
  }
  if (!knownOnly) return;
  finalizers.forEach((finalizer, i) => {
    if (!finalizer.includes("/") && !standardFinalizers.includes(finalizer)) {
      errors.push(invalid(path.index(i), finalizer, "name is neither a standard finalizer name nor is it fully qualified"));
    }
  });
}

const immutableFields = ["name", "namespace", "uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds"] as const;

/** What an update may not do to metadata. The server has put back what clients cannot set; a name or uid in the body still counts. */
export function checkObjectMetaUpdate(meta: ObjectMeta, old: ObjectMeta, rules: Pick<ObjectMetaRules, "knownFinalizersOnly">, errors: FieldError[], path = FieldPath.of("metadata")): void {
  if (old.deletionTimestamp !== undefined) {
    const standing = new Set(old.finalizers);
    const extra = (meta.finalizers ?? []).filter((finalizer) => !standing.has(finalizer)).toSorted();
    if (extra.length > 0) {
      const list = `[]string{${extra.map((text) => JSON.stringify(text)).join(", ")}}`;
      errors.push(forbidden(path.child("finalizers"), `no new finalizers can be added if the object is being deleted, found new finalizers ${list}`));
    }
  }
  if ((meta.resourceVersion ?? "") === "") errors.push(invalid(path.child("resourceVersion"), "", "must be specified for an update"));
  if ((meta.generation ?? 0) < (old.generation ?? 0)) errors.push(invalid(path.child("generation"), meta.generation ?? 0, "must not be decremented"));
  for (const field of immutableFields) {
    const value = meta[field];
    if ((value ?? "") !== (old[field] ?? "")) errors.push(invalid(path.child(field), value ?? (field.startsWith("deletion") || field === "creationTimestamp" ? undefined : ""), "field is immutable"));
  }
  checkCommon(meta, path, errors, old);
  checkFinalizers(meta.finalizers, path, rules.knownFinalizersOnly ?? true, errors);
}

