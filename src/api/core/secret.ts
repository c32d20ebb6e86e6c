/** Secret: like a ConfigMap, but its values are base64 and some types demand certain keys. */
import type { Draft } from "../../base/json.ts";
import type { FieldError } from "../../base/field-error.ts";
import type { KindDeclaration } from "../declaration.ts";
import { secrets } from "../kinds.ts";
import { age, columns } from "../table.ts";
import type { Secret } from "../types/core-v1.ts";
import { decodeBase64, encodeBase64 } from "../../base/base64.ts";
import { invalid, required, tooLong } from "../validation/errors.ts";
import { FieldPath } from "../validation/path.ts";
import { checkUnchanged } from "../apps/workload.ts";
import { base64Bytes, checkDataKeys, checkImmutable, dataBytesMax } from "./keyed-data.ts";
import { jsonProblem } from "./secret-json.ts";

const data = FieldPath.of("data");
const redacted = "<secret contents redacted>";

/** Keys that a type demands, and whether their value must be JSON. */
const demanded: { readonly [type: string]: { readonly keys: readonly string[]; readonly json?: boolean } } = {
  "kubernetes.io/dockercfg": { keys: [".dockercfg"], json: true },
  "kubernetes.io/dockerconfigjson": { keys: [".dockerconfigjson"], json: true },
  "kubernetes.io/ssh-auth": { keys: ["ssh-privatekey"] },
  "kubernetes.io/tls": { keys: ["tls.crt", "tls.key"] },
};
const serviceAccountName = "kubernetes.io/service-account.name";

export const secret: KindDeclaration<Secret> = {
  ref: secrets,
  defaults(draft) {
    mergeStringData(draft);
    draft.type ||= "Opaque";
  },
  prepareUpdate(draft, old) {
    // A body without a type keeps the old one, which may not change.
    draft.type ||= old.type ?? "Opaque";
  },
  validate(object) {
    const errors: FieldError[] = [];
    checkDataKeys(Object.keys(object.data ?? {}), data, errors);
    const bytes = Object.values(object.data ?? {}).reduce((sum, value) => sum + base64Bytes(value), 0);
    if (bytes > dataBytesMax) errors.push(tooLong(data, dataBytesMax));
    checkType(object, errors);
    return errors;
  },
  validateUpdate(object, old) {
    const errors: FieldError[] = [];
    checkUnchanged(object.type === old.type, object.type, FieldPath.of("type"), errors);
    return [...errors, ...checkImmutable(object, old, ["data"])];
  },
  warnings: (object) => (object.type === "kubernetes.io/tls" ? pairWarnings(object) : []),
  selectableFields: { type: (object) => object.type ?? "" },
  table: {
    columns: columns("Name", "Type", "Data", "Age"),
    cells: (object, context) => [object.metadata.name, object.type ?? "", Object.keys(object.data ?? {}).length, age(object, context)],
  },
};

/** A certificate and its key that cannot even be read. What they say is nobody's business here. */
function pairWarnings(object: Secret): string[] {
  const missing = (key: string): boolean => {
    const text = Array.from(decodeBase64(object.data?.[key] ?? ""), (byte) => String.fromCharCode(byte)).join("");
    return !/(^|\n)-----BEGIN [^\n]*-----\r?\n[\s\S]*\n-----END [^\n]*-----/.test(text);
  };
  if (missing("tls.crt")) return ["tls: failed to find any PEM data in certificate input"];
  return missing("tls.key") ? ["tls: failed to find any PEM data in key input"] : [];
}

/** stringData is write-only: each entry replaces the one of the same key in data. */
function mergeStringData(draft: Draft<Secret>): void {
  const texts = Object.entries(draft.stringData ?? {});
  delete draft.stringData;
  if (texts.length === 0) return;
  const merged = { ...draft.data, ...Object.fromEntries(texts.map(([key, text]) => [key, encodeBase64(new TextEncoder().encode(text))])) };
  draft.data = Object.fromEntries(Object.entries(merged).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function checkType(object: Secret, errors: FieldError[]): void {
  const type = object.type ?? "";
  if (type === "kubernetes.io/service-account-token" && (object.metadata.annotations?.[serviceAccountName] ?? "") === "") {
    errors.push(required(FieldPath.of("metadata").child("annotations").key(serviceAccountName)));
  }
  if (type === "kubernetes.io/basic-auth") {
    if (object.data?.["username"] === undefined && object.data?.["password"] === undefined) {
      errors.push(required(data.key("username")), required(data.key("password")));
    }
    return;
  }
  const rule = demanded[type];
  for (const key of rule?.keys ?? []) {
    const value = object.data?.[key];
    if (value === undefined) errors.push(required(data.key(key)));
    else if (rule?.json === true) {
      const problem = jsonProblem(decodeBase64(value));
      if (problem !== undefined) errors.push(invalid(data.key(key), redacted, problem));
    }
  }
}
