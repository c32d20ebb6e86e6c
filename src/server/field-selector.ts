import { badRequest } from "../base/status-error.ts";
import type { StatusError } from "../base/status-error.ts";
import type { Kind } from "../api/registry.ts";
import type { KubeObject } from "../api/kind-ref.ts";

/** One term of a field selector. All terms must hold. */
export interface FieldTerm {
  readonly path: string;
  readonly equal: boolean;
  readonly value: string;
}

const byMetadata: { readonly [path: string]: (object: KubeObject) => string } = {
  "metadata.name": (object) => object.metadata.name ?? "",
  "metadata.namespace": (object) => object.metadata.namespace ?? "",
};

/**
 * How upstream words a field that a kind cannot be selected by: kinds with a conversion of field labels of their own say it one
 * way, all others another.
 */
const ownWording: { readonly [kind: string]: (path: string) => string } = {
  ...Object.fromEntries(
    ["Pod", "Node", "ReplicationController", "Namespace", "Secret", "Event", "Service", "CertificateSigningRequest"].map((kind) => [
      kind,
      (path: string) => `field label not supported: ${path}`,
    ]),
  ),
  Job: (path) => `field label "${path}" not supported for batchv1.Job`,
  ReplicaSet: (path) => `field label "${path}" not supported for ReplicaSet`,
  ResourceSlice: (path) => `field label not supported for resource.k8s.io/v1, Kind=ResourceSlice: ${path}`,
};

/** Reads the text form and checks that the kind can be selected so; throws 400 in upstream's words. The terms are of the stored form. */
export function parseFieldSelector(text: string, kind: Kind): readonly FieldTerm[] {
  const terms: FieldTerm[] = [];
  for (const part of splitTerms(text)) {
    if (part === "") continue;
    const term = parseTerm(part);
    if (term === undefined) throw badRequest(`invalid selector: '${text}'; can't understand '${part}'`);
    const path = kind.conversion?.storedPath ? kind.conversion.storedPath(term.path) : term.path;
    if (path === undefined || reader(path, kind.storage) === undefined) throw unsupported(term.path, kind);
    terms.push({ ...term, path });
  }
  return terms;
}

/** `kind`: the stored one. */
export function fieldTermHolds(term: FieldTerm, kind: Kind, object: KubeObject): boolean {
  const read = reader(term.path, kind);
  return read !== undefined && (read(object) === term.value) === term.equal;
}

/** Paths come from clients: one such as `constructor` must not find what every object inherits. */
function reader(path: string, kind: Kind): ((object: KubeObject) => string) | undefined {
  if (Object.hasOwn(byMetadata, path)) return byMetadata[path];
  const own = kind.declaration?.selectableFields;
  return own !== undefined && Object.hasOwn(own, path) ? own[path] : undefined;
}

function unsupported(path: string, kind: Kind): StatusError {
  const wording = ownWording[kind.facts.kind];
  return badRequest(wording ? wording(path) : `"${path}" is not a known field selector: only "metadata.name", "metadata.namespace"`);
}

/** At commas that no backslash stands before. */
function splitTerms(text: string): string[] {
  const parts: string[] = [];
  let start = 0;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === "\\") i++;
    else if (text[i] === ",") {
      parts.push(text.slice(start, i));
      start = i + 1;
    }
  }
  parts.push(text.slice(start));
  return parts;
}

function parseTerm(part: string): FieldTerm | undefined {
  for (let i = 0; i < part.length; i++) {
    if (part[i] === "\\") {
      i++;
      continue;
    }
    const operator = part.startsWith("!=", i) ? "!=" : part.startsWith("==", i) ? "==" : part[i] === "=" ? "=" : undefined;
    if (operator === undefined) continue;
    const value = unescape(part.slice(i + operator.length));
    return value === undefined ? undefined : { path: part.slice(0, i), equal: operator !== "!=", value };
  }
  return undefined;
}

/** A backslash stands before a backslash, a comma or an equals sign only, and those never stand alone. */
function unescape(text: string): string | undefined {
  let out = "";
  for (let i = 0; i < text.length; i++) {
    const character = text[i] as string;
    if (character === "\\") {
      const next = text[++i];
      if (next !== "\\" && next !== "," && next !== "=") return undefined;
      out += next;
    } else if (character === "," || character === "=") return undefined;
    else out += character;
  }
  return out;
}
