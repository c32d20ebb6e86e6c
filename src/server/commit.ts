import type { Draft } from "../base/json.ts";
import { formatTime } from "../base/time.ts";
import { uuid, randomSuffix } from "../base/names.ts";
import { StatusError, alreadyExists, badRequest, conflict } from "../base/status-error.ts";
import { limits } from "../base/limits.ts";
import type { KubeObject } from "../api/kind-ref.ts";
import type { ObjectMeta } from "../api/types/meta-v1.ts";
import { RevisionConflict } from "../store/contract.ts";
import type { Stored } from "../store/contract.ts";
import { plainError } from "./errors.ts";
import type { AdmissionRequest } from "./admission/admission.ts";
import type { ResourceCall, ServerContext } from "./context.ts";

/** Steps that every write shares. */

export const modifiedText = "the object has been modified; please apply your changes to the latest version and try again";

/** The name or generateName of an object as upstream's generator makes it: a base of at most 58 characters and five more. */
export function generatedName(server: ServerContext, base: string): string {
  return base.slice(0, 58) + randomSuffix(server.environment.random);
}

/** What the server itself says of a new object. */
export function fillSystemFields(server: ServerContext, meta: Draft<ObjectMeta>): void {
  meta.uid = uuid(server.environment.random);
  meta.creationTimestamp = formatTime(server.environment.clock.now());
  delete meta.selfLink;
}

/** The namespace of the body must be that of the path, or absent. Throws 400. */
export function adoptNamespace(call: ResourceCall, meta: Draft<ObjectMeta>): void {
  if (meta.namespace !== undefined && meta.namespace !== "" && meta.namespace !== call.namespace) {
    throw badRequest("the namespace of the provided object does not match the namespace sent on the request");
  }
  if (call.namespace !== "") meta.namespace = call.namespace;
}

/** The name of the body must be that of the path. Throws 400. */
export function checkName(call: ResourceCall, { metadata: { name = "" } }: Draft<KubeObject>): void {
  if (name === call.name) return;
  if (name === "") throw badRequest(`the name of the object (${call.name} based on URL) was undeterminable: name must be provided`);
  throw badRequest(`the name of the object (${name}) does not match the name on the URL (${call.name})`);
}

const encoder = new TextEncoder();

/**
 * An object that would be too large for upstream's storage. Only large bodies are measured: `standing` is what is there already, in
 * bytes, and below half the limit neither defaults nor managed fields can make up the rest.
 */
export function checkSize({ request }: ResourceCall, object: KubeObject, standing: () => number): void {
  const { body } = request;
  if (!(body instanceof Uint8Array) || body.length + standing() < limits.objectBytesMax / 2) return;
  if (encoder.encode(JSON.stringify(object)).length > limits.objectBytesMax) throw plainError("etcdserver: request is too large");
}

/** An owner stands once, however often a client names it; it is told so. */
export function withoutRepeatedOwners(call: ResourceCall, meta: Draft<ObjectMeta>): void {
  const owners = meta.ownerReferences;
  if (owners === undefined || owners.length < 2) return;
  // Decoding has put their fields in one order, so that equal owners have equal texts.
  const seen = new Set<string>();
  const uids = new Set<string>();
  const kept = owners.filter((owner) => {
    const size = seen.size;
    if (seen.add(JSON.stringify(owner)).size > size) return true;
    uids.add(owner.uid);
    return false;
  });
  if (kept.length === owners.length) return;
  const when = call.request.method === "PATCH" ? " after mutating admission happens" : "";
  call.warnings.push(
    `.metadata.ownerReferences contains duplicate entries${when}; API server dedups owner references in 1.20+, and may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: ${[...uids].join(", ")}`,
  );
  meta.ownerReferences = kept;
}

export function admissionRequest(call: ResourceCall, parts: Pick<AdmissionRequest, "operation" | "object" | "old" | "dryRun"> & { name?: string }): AdmissionRequest {
  return {
    kind: call.kind.storage,
    subresource: call.subresource,
    namespace: call.namespace,
    name: parts.name ?? call.name,
    user: call.user,
    warn: (text) => void call.warnings.push(text),
    operation: parts.operation,
    object: parts.object,
    old: parts.old,
    dryRun: parts.dryRun,
  };
}

/** Writes the revision into the draft, which becomes the committed object. Its metadata must have the field already, for its place. */
export function sealed(draft: Draft<KubeObject>): (revision: number) => KubeObject {
  return (revision) => {
    draft.metadata.resourceVersion = String(revision);
    return draft as KubeObject;
  };
}

/** What a failed commit means to the client. */
export function commitError(call: ResourceCall, name: string, error: unknown, doing: "create" | "generate" | "update"): unknown {
  if (!(error instanceof RevisionConflict)) return error;
  if (doing === "update") return conflict(call.kind.facts, name, modifiedText);
  const standing = alreadyExists(call.kind.facts, name);
  if (doing === "generate") return new StatusError({ ...standing.status, message: `${standing.message}, the server was not able to generate a unique name for the object`, details: { ...standing.status.details, retryAfterSeconds: 1 } });
  if (error.actual?.object.metadata.deletionTimestamp === undefined) return standing;
  return new StatusError({ ...standing.status, message: `object is being deleted: ${standing.message}` });
}

/** A Stored that is not in the store: the answer of a dry run. */
export function unstored(key: string, object: KubeObject): Stored {
  return { key, object, revision: 0, bytes: () => new TextEncoder().encode(JSON.stringify(object)) };
}

/** Where upstream keeps a resource in etcd, where that is not under its name. */
const registryNames: { readonly [plural: string]: string } = { nodes: "minions", services: "services/specs", endpoints: "services/endpoints", replicationcontrollers: "controllers", ingresses: "ingress" };

export function staleUid(call: ResourceCall, asked: string, actual: string): StatusError {
  const { plural } = call.kind.facts;
  const key = [registryNames[plural] ?? plural, call.namespace, call.name].filter((part) => part !== "").join("/");
  const why = `StorageError: invalid object, Code: 4, Key: /registry/${key}, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: ${asked}, UID in object meta: ${actual}`;
  return conflict(call.kind.facts, call.name, why);
}
