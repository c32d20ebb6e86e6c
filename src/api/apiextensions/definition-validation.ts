import type { FieldError } from "../../base/field-error.ts";
import type {
  CustomResourceColumnDefinition,
  CustomResourceConversion,
  CustomResourceDefinition,
  CustomResourceDefinitionNames,
  CustomResourceDefinitionSpec,
  CustomResourceDefinitionVersion,
  CustomResourceSubresources,
  JSONSchemaProps,
  SelectableField,
} from "../types/apiextensions-v1.ts";
import { byteLength } from "../validation/byte-length.ts";
import { duplicate, forbidden, invalid, notSupported, required, tooMany } from "../validation/errors.ts";
import { goQuote } from "../validation/go-text.ts";
import { dns1035LabelProblems, dns1123SubdomainProblems } from "../validation/names.ts";
import { FieldPath } from "../validation/path.ts";
import { checkReviewVersions, checkWebhookService, checkWebhookUrl } from "../validation/webhook-client.ts";
import { hoist, partPath, printedVersions } from "./hoisted.ts";
import type { Hoisted, VersionParts } from "./hoisted.ts";
import { schemaAt } from "./schema-path.ts";
import { checkRootSchema } from "./schema-validation.ts";

/** Validation of custom kinds: names, versions, columns, subresources, selectable fields and conversion. */
const specPath = FieldPath.of("spec");
const scopes = ["Cluster", "Namespaced"];
const columnTypes = ["boolean", "date", "integer", "number", "string"];
const columnFormats = ["byte", "date", "date-time", "double", "float", "int32", "int64", "password"];
const strategies = ["None", "Webhook"];
const selectableFieldsMax = 8;
const deprecationBytesMax = 256;
const approval = "api-approved.kubernetes.io";

export function checkDefinition(object: CustomResourceDefinition): FieldError[] {
  const errors: FieldError[] = [];
  const { spec } = object;
  const { name = "" } = object.metadata;
  if (name !== "" && name !== `${spec.names.plural}.${spec.group}`) {
    errors.push(invalid("metadata.name", name, 'must be spec.names.plural+"."+spec.group'));
  }
  checkSpec(spec, errors);
  checkNames(object.status.acceptedNames, FieldPath.of("status").child("acceptedNames"), errors);
  checkStoredVersions(object.status.storedVersions ?? [], spec.versions ?? [], errors);
  checkApproval(object, errors);
  return errors;
}

function checkSpec(spec: CustomResourceDefinitionSpec, errors: FieldError[]): void {
  checkGroup(spec.group, specPath.child("group"), errors);
  if (spec.scope === "") errors.push(required(specPath.child("scope")));
  else if (!scopes.includes(spec.scope)) errors.push(notSupported(specPath.child("scope"), spec.scope, scopes));
  if (spec.preserveUnknownFields === true) {
    const why = "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead";
    errors.push(invalid(specPath.child("preserveUnknownFields"), true, why));
  }
  const parts = hoist(spec.versions ?? []);
  checkVersions(parts, spec.versions ?? undefined, errors);
  for (const field of ["plural", "singular", "kind", "listKind"] as const) {
    if ((spec.names[field] ?? "") === "") errors.push(required(specPath.child("names").child(field)));
  }
  checkNames(spec.names, specPath.child("names"), errors);
  const anyStatus = [parts.common, ...parts.versions].some(({ subresources }) => subresources?.status !== undefined);
  checkParts(parts.common, undefined, anyStatus, errors);
  if (spec.conversion !== undefined) checkConversion(spec.conversion, specPath.child("conversion"), errors);
}

function checkGroup(group: string, path: FieldPath, errors: FieldError[]): void {
  const problems = dns1123SubdomainProblems(group);
  if (group === "") errors.push(required(path));
  else if (problems.length > 0) errors.push(invalid(path, group, problems.join(",")));
  else if (!group.includes(".")) errors.push(invalid(path, group, "should be a domain with at least one dot"));
}

function checkVersions({ common, versions }: Hoisted, given: readonly CustomResourceDefinitionVersion[] | undefined, errors: FieldError[]): void {
  const path = specPath.child("versions");
  const names = versions.map(({ name }) => name);
  if (common.schema?.openAPIV3Schema === undefined) {
    versions.forEach(({ schema }, i) => {
      if (schema?.openAPIV3Schema === undefined) errors.push(required(partPath("schema", i).child("openAPIV3Schema")));
    });
  }
  versions.forEach((version, i) => {
    const problems = dns1035LabelProblems(version.name);
    if (problems.length > 0) errors.push(invalid(path.index(i).child("name"), version.name, problems.join(",")));
    checkDeprecation(version, path.index(i).child("deprecationWarning"), errors);
    checkParts(version, i, (version.subresources ?? common.subresources)?.status !== undefined, errors);
  });
  const complain = (text: string): number => errors.push(invalid(path, given && printedVersions(versions), text));
  if (new Set(names).size < names.length) complain("must contain unique version names");
  if (versions.filter(({ storage }) => storage).length !== 1) complain("must have exactly one version marked as storage version");
  // Upstream judges the first name again, under the field that held the only one once.
  const [first = ""] = names;
  const problems = first === "" ? [] : dns1035LabelProblems(first);
  if (problems.length > 0) errors.push(invalid(specPath.child("version"), first, problems.join(",")));
}

function checkDeprecation({ deprecated, deprecationWarning: text }: CustomResourceDefinitionVersion, path: FieldPath, errors: FieldError[]): void {
  if (text === undefined) return;
  if (deprecated !== true) {
    errors.push(invalid(path, text, "can only be set for deprecated versions"));
    return;
  }
  if (byteLength(text) > deprecationBytesMax) errors.push(invalid(path, text, `must be <= ${deprecationBytesMax} characters long`));
  if (text === "") errors.push(invalid(path, text, "must not be an empty string"));
  const odd = /[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/u.exec(text);
  if (odd === null) return;
  const at = byteLength(text.slice(0, odd.index));
  errors.push(invalid(path, text, `must only contain printable UTF-8 characters; non-printable character found at index ${at}`));
}

/** The parts of a version, or (`version` undefined) what all versions share. */
function checkParts(parts: VersionParts, version: number | undefined, hasStatus: boolean, errors: FieldError[]): void {
  const schema = parts.schema?.openAPIV3Schema;
  if (schema !== undefined) checkRootSchema(schema, hasStatus, partPath("schema", version).child("openAPIV3Schema"), errors);
  if (parts.subresources !== undefined) checkSubresources(parts.subresources, partPath("subresources", version), errors);
  parts.additionalPrinterColumns?.forEach((column, i) => checkColumn(column, partPath("additionalPrinterColumns", version).index(i), errors));
  const selectable = parts.selectableFields ?? [];
  if (selectable.length === 0) return;
  const place = partPath("selectableFields", version);
  if (schema !== undefined) checkSelectable(selectable, schema, place, errors);
  else if (version !== undefined) errors.push(invalid(place, "", "may only be set when `version.schema.openAPIV3Schema` is not included"));
  else if (parts.schema === undefined) errors.push(invalid(place, "", "may only be set when validations.schema is included"));
}

function checkSimplePath(text: string, under: readonly string[], where: string, path: FieldPath, errors: FieldError[]): void {
  if (!text.startsWith(".")) errors.push(invalid(path, text, "must be a simple json path starting with ."));
  else if (under.length > 0 && !under.some((prefix) => text.startsWith(prefix))) errors.push(invalid(path, text, `should be a json path under ${where}`));
}

function checkSubresources({ scale }: CustomResourceSubresources, path: FieldPath, errors: FieldError[]): void {
  if (scale === undefined) return;
  const place = path.child("scale");
  for (const [field, part] of [["specReplicasPath", ".spec"], ["statusReplicasPath", ".status"]] as const) {
    if (scale[field] === "") errors.push(required(place.child(field)));
    else checkSimplePath(scale[field], [`${part}.`], part, place.child(field), errors);
  }
  const selector = scale.labelSelectorPath ?? "";
  if (selector !== "") checkSimplePath(selector, [".spec.", ".status."], "either .spec or .status", place.child("labelSelectorPath"), errors);
}

function checkColumn({ name, type, format = "", jsonPath }: CustomResourceColumnDefinition, path: FieldPath, errors: FieldError[]): void {
  if (name === "") errors.push(required(path.child("name")));
  const known = `must be one of ${columnTypes.join(",")}`;
  if (type === "") errors.push(required(path.child("type"), known));
  else if (!columnTypes.includes(type)) errors.push(invalid(path.child("type"), type, known));
  if (format !== "" && !columnFormats.includes(format)) errors.push(invalid(path.child("format"), format, `must be one of ${columnFormats.join(",")}`));
  // Upstream's path spells this field otherwise.
  if (jsonPath === "") errors.push(required(path.child("JSONPath")));
  else checkSimplePath(jsonPath, [], "", path.child("JSONPath"), errors);
}

function checkSelectable(fields: readonly SelectableField[], schema: JSONSchemaProps, path: FieldPath, errors: FieldError[]): void {
  const seen = new Set<string>();
  fields.forEach(({ jsonPath }, i) => {
    const place = path.index(i).child("jsonPath");
    if (jsonPath === "") {
      errors.push(required(place));
      return;
    }
    const found = schemaAt(schema, jsonPath, { arrayNotation: false });
    if ("problem" in found) {
      errors.push(invalid(place, jsonPath, `is an invalid path: ${found.problem}`));
      return;
    }
    if (found.steps[0] === "metadata") errors.push(invalid(place, jsonPath, "must not point to fields in metadata"));
    if (!["string", "boolean", "integer"].includes(found.schema.type ?? "")) {
      const why = "must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.";
      errors.push(invalid(place, jsonPath, why));
    }
    const steps = found.steps.join(".");
    if (seen.has(steps)) errors.push(duplicate(place, jsonPath));
    seen.add(steps);
  });
  if (seen.size > selectableFieldsMax) errors.push(tooMany(path, seen.size, selectableFieldsMax));
}

function checkNames(names: CustomResourceDefinitionNames, path: FieldPath, errors: FieldError[]): void {
  const { kind, listKind = "" } = names;
  for (const field of ["plural", "singular", "kind", "listKind"] as const) {
    const name = names[field] ?? "";
    const mixed = field === "kind" || field === "listKind";
    const problems = name === "" ? [] : dns1035LabelProblems(mixed ? name.toLowerCase() : name);
    if (problems.length > 0) errors.push(invalid(path.child(field), name, `${mixed ? "may have mixed case, but should otherwise match: " : ""}${problems.join(",")}`));
  }
  for (const field of ["shortNames", "categories"] as const) {
    names[field]?.forEach((name, i) => {
      const problems = dns1035LabelProblems(name);
      if (problems.length > 0) errors.push(invalid(path.child(field).index(i), name, problems.join(",")));
    });
  }
  if (kind !== "" && kind === listKind) errors.push(invalid(path.child("listKind"), listKind, "kind and listKind may not be the same"));
}

function checkConversion({ strategy, webhook }: CustomResourceConversion, path: FieldPath, errors: FieldError[]): void {
  if (strategy === "") errors.push(required(path.child("strategy")));
  else if (!strategies.includes(strategy)) errors.push(notSupported(path.child("strategy"), strategy, strategies));
  // Upstream's paths are those of an older form.
  const [client, versions] = [path.child("webhookClientConfig"), path.child("conversionReviewVersions")];
  const given = webhook?.conversionReviewVersions ?? [];
  if (strategy !== "Webhook") {
    const why = "should not be set when strategy is not set to Webhook";
    if (webhook?.clientConfig !== undefined) errors.push(forbidden(client, why));
    if (given.length > 0) errors.push(forbidden(versions, why));
    return;
  }
  const { url, service } = webhook?.clientConfig ?? {};
  if (webhook?.clientConfig === undefined) errors.push(required(client, "required when strategy is set to Webhook"));
  else if ((url === undefined) === (service === undefined)) errors.push(required(client, "exactly one of url or service is required"));
  else if (url !== undefined) checkWebhookUrl(url, client.child("url"), errors);
  // As in webhooks of admission, each name is blamed for what the other lacks.
  else if (service !== undefined) checkWebhookService({ ...service, name: service.namespace, namespace: service.name }, client.child("service"), errors);
  checkReviewVersions(given, versions, errors);
}

function checkStoredVersions(stored: readonly string[], versions: readonly CustomResourceDefinitionVersion[], errors: FieldError[]): void {
  const path = FieldPath.of("status").child("storedVersions");
  if (stored.length === 0) {
    errors.push(invalid(path, undefined, "must have at least one stored version"));
    return;
  }
  const missing = new Set(stored);
  for (const { name, storage } of versions) {
    if (storage && !missing.has(name)) errors.push(invalid(path, stored, `must have the storage version ${name}`));
    missing.delete(name);
  }
  for (const name of missing) {
    const why = `missing from spec.versions; ${name} was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in ${name} and removes ${name} from status.storedVersions`;
    errors.push(invalid(path.index(stored.indexOf(name)), name, why));
  }
}

/** Groups of the project itself need its consent: an address that shows it, or a reason why there is none. */
function checkApproval({ metadata, spec }: CustomResourceDefinition, errors: FieldError[]): void {
  if (!/(^|\.)(k8s|kubernetes)\.io$/.test(spec.group)) return;
  const path = FieldPath.of("metadata").child("annotations").key(approval);
  const text = metadata.annotations?.[approval] ?? "";
  const rule = `protected groups must have approval annotation ${goQuote(approval)}`;
  const link = "see https://github.com/kubernetes/enhancements/pull/1111";
  if (text === "") errors.push(required(path, `${rule}, ${link}`));
  else if (!text.startsWith("unapproved") && !/^[a-zA-Z][a-zA-Z0-9+.-]*:\/\/[^/?#]+/.test(text)) {
    errors.push(invalid(path, text, `${rule} with either a URL or a reason starting with "unapproved", ${link}`));
  }
}
