import type { FieldError } from "../../base/field-error.ts";
import type { EnvFromSource, EnvVar, FileKeySelector, ObjectFieldSelector, ResourceFieldSelector } from "../types/core-v1.ts";
import { invalid, notSupported, pushProblems, required } from "../validation/errors.ts";
import { checkLocalNonReservedPath } from "../validation/file-paths.ts";
import { configKeyProblems, dns1123LabelProblems, dnsSubdomainName, envVarNameProblems, qualifiedNameProblems } from "../validation/names.ts";
import type { FieldPath } from "../validation/path.ts";
import { compareAmounts } from "../validation/quantities.ts";

/** Validation of environment variables and of the references to fields of the Pod, which volumes of the downward API share. */
const envFieldPaths: readonly string[] = [
  "metadata.name",
  "metadata.namespace",
  "metadata.uid",
  "spec.nodeName",
  "spec.serviceAccountName",
  "status.hostIP",
  "status.hostIPs",
  "status.podIP",
  "status.podIPs",
];

export const volumeFieldPaths: readonly string[] = ["metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace", "metadata.uid"];

const resourceFields: readonly string[] = [
  "limits.cpu",
  "limits.ephemeral-storage",
  "limits.memory",
  "requests.cpu",
  "requests.ephemeral-storage",
  "requests.memory",
];

export function checkEnv(variables: readonly EnvVar[] | undefined, path: FieldPath, errors: FieldError[]): void {
  variables?.forEach((variable, i) => {
    const name = variable.name ?? "";
    if (name === "") errors.push(required(path.index(i).child("name")));
    else pushProblems(errors, path.index(i).child("name"), name, envVarNameProblems(name));
    if (variable.valueFrom !== undefined) checkValueFrom(variable, path.index(i).child("valueFrom"), errors);
  });
}

function checkValueFrom(variable: EnvVar, path: FieldPath, errors: FieldError[]): void {
  const { fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef, fileKeyRef } = variable.valueFrom ?? {};
  let sources = 0;
  if (fieldRef !== undefined) {
    sources++;
    checkFieldRef(fieldRef, envFieldPaths, path.child("fieldRef"), errors);
  }
  if (resourceFieldRef !== undefined) {
    sources++;
    checkResourceFieldRef(resourceFieldRef, { container: false }, path.child("resourceFieldRef"), errors);
  }
  if (configMapKeyRef !== undefined) {
    sources++;
    checkKeySelector(configMapKeyRef, path.child("configMapKeyRef"), errors);
  }
  if (secretKeyRef !== undefined) {
    sources++;
    checkKeySelector(secretKeyRef, path.child("secretKeyRef"), errors);
  }
  if (fileKeyRef !== undefined) {
    sources++;
    checkFileKeySelector(fileKeyRef, path.child("fileKeyRef"), errors);
  }
  if (sources === 0) {
    errors.push(invalid(path, "", "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`"));
  } else if ((variable.value ?? "") !== "") errors.push(invalid(path, "", "may not be specified when `value` is not empty"));
  else if (sources > 1) errors.push(invalid(path, "", "may not have more than one field specified at a time"));
}

const plainFieldPaths: ReadonlySet<string> = new Set([...envFieldPaths, ...volumeFieldPaths, "spec.restartPolicy", "status.phase", "spec.schedulerName"]);

export function checkFieldRef(reference: ObjectFieldSelector, supported: readonly string[], path: FieldPath, errors: FieldError[]): void {
  const fieldPath = reference.fieldPath ?? "";
  if (fieldPath === "") {
    errors.push(required(path.child("fieldPath")));
    return;
  }
  if (reference.apiVersion !== undefined && reference.apiVersion !== "" && reference.apiVersion !== "v1") {
    errors.push(invalid(path.child("fieldPath"), fieldPath, `error converting fieldPath: unsupported pod version: ${reference.apiVersion}`));
    return;
  }
  const subscripted = /^(.*)\['(.*)'\]$/s.exec(fieldPath);
  if (subscripted !== null && subscripted[1] !== "") {
    const [, whole = "", key = ""] = subscripted;
    if (whole === "metadata.annotations") pushProblems(errors, path, key.toLowerCase(), qualifiedNameProblems(key.toLowerCase()));
    else if (whole === "metadata.labels") pushProblems(errors, path, key, qualifiedNameProblems(key));
    else errors.push(invalid(path.child("fieldPath"), fieldPath, `error converting fieldPath: field label does not support subscript: ${fieldPath}`));
    return;
  }
  // The host's old name is still read.
  const field = fieldPath === "spec.host" ? "spec.nodeName" : fieldPath;
  if (!plainFieldPaths.has(field)) {
    errors.push(invalid(path.child("fieldPath"), fieldPath, `error converting fieldPath: field label not supported: ${fieldPath}`));
  } else if (!supported.includes(field)) errors.push(notSupported(path.child("fieldPath"), field, supported));
}

/** `container`: a volume has to say whose resources it means. */
export function checkResourceFieldRef(reference: ResourceFieldSelector, needs: { container: boolean }, path: FieldPath, errors: FieldError[]): void {
  const resource = reference.resource ?? "";
  if (needs.container && (reference.containerName ?? "") === "") errors.push(required(path.child("containerName")));
  else if (resource === "") errors.push(required(path.child("resource")));
  else if (!resourceFields.includes(resource) && !isHugePagesField(resource)) errors.push(notSupported(path.child("resource"), resource, resourceFields));
  const divisor = reference.divisor ?? "0";
  if (divisor !== "0" && compareAmounts(divisor, "0") !== 0) checkDivisor(resource, divisor, path.child("divisor"), errors);
}

function isHugePagesField(resource: string): boolean {
  return resource.startsWith("limits.hugepages-") || resource.startsWith("requests.hugepages-");
}

function checkDivisor(resource: string, divisor: string, path: FieldPath, errors: FieldError[]): void {
  const [, kind = ""] = /^(?:limits|requests)\.(.*)$/.exec(resource) ?? [];
  if (kind === "cpu") {
    if (divisor !== "1m" && divisor !== "1") errors.push(invalid(path, resource, "only divisor's values 1m and 1 are supported with the cpu resource"));
    return;
  }
  const what = kind === "memory" ? "memory" : kind === "ephemeral-storage" ? "local ephemeral storage" : kind.startsWith("hugepages-") ? "hugepages" : undefined;
  if (what !== undefined && !/^1(?:[kMGTPE]|[KMGTPE]i)?$/.test(divisor)) {
    errors.push(invalid(path, resource, `only divisor's values 1, 1k, 1M, 1G, 1T, 1P, 1E, 1Ki, 1Mi, 1Gi, 1Ti, 1Pi, 1Ei are supported with the ${what} resource`));
  }
}

function checkKeySelector(selector: { readonly name?: string; readonly key: string }, path: FieldPath, errors: FieldError[]): void {
  const name = selector.name ?? "";
  pushProblems(errors, path.child("name"), name, dnsSubdomainName(name, false));
  const key = selector.key ?? "";
  if (key === "") errors.push(required(path.child("key")));
  else pushProblems(errors, path.child("key"), key, configKeyProblems(key));
}

function checkFileKeySelector(selector: FileKeySelector, path: FieldPath, errors: FieldError[]): void {
  const { key = "", volumeName = "", path: file = "" } = selector;
  if (key === "") errors.push(required(path.child("key")));
  else pushProblems(errors, path.child("key"), key, envVarNameProblems(key));
  if (volumeName === "") errors.push(required(path.child("volumeName")));
  else pushProblems(errors, path.child("volumeName"), volumeName, dns1123LabelProblems(volumeName));
  if (file === "") errors.push(required(path.child("path")));
  else checkLocalNonReservedPath(file, path.child("path"), errors);
}

export function checkEnvFrom(sources: readonly EnvFromSource[] | undefined, path: FieldPath, errors: FieldError[]): void {
  sources?.forEach((source, i) => {
    const itemPath = path.index(i);
    if ((source.prefix ?? "") !== "") pushProblems(errors, itemPath.child("prefix"), source.prefix, envVarNameProblems(source.prefix ?? ""));
    let count = 0;
    for (const field of ["configMapRef", "secretRef"] as const) {
      const reference = source[field];
      if (reference === undefined) continue;
      count++;
      const name = reference.name ?? "";
      const namePath = itemPath.child(field).child("name");
      if (name === "") errors.push(required(namePath));
      else pushProblems(errors, namePath, name, dnsSubdomainName(name, true));
    }
    if (count === 0) errors.push(invalid(path, "", "must specify one of: `configMapRef` or `secretRef`"));
    else if (count > 1) errors.push(invalid(path, "", "may not have more than one field specified at a time"));
  });
}
