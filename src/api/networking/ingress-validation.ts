/** Ingress: hosts, paths and what stands behind them. */
import type { FieldError } from "../../base/field-error.ts";
import type { HTTPIngressPath, IngressBackend, IngressRule, IngressSpec } from "../types/networking-v1.ts";
import { forbidden, invalid, notSupported, pushProblems, required } from "../validation/errors.ts";
import { parseIp } from "../validation/ip.ts";
import { dns1123LabelProblems, dns1123SubdomainProblems, portNameProblems, regexText } from "../validation/names.ts";
import { portProblems } from "../validation/numbers.ts";
import type { FieldPath } from "../validation/path.ts";

const wildcardPattern = /^\*\.[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const wildcardRule =
  "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character";

function hostProblems(host: string): readonly string[] {
  if (!host.includes("*")) return dns1123SubdomainProblems(host);
  return wildcardPattern.test(host) ? [] : [regexText(wildcardRule, wildcardPattern, "*.example.com")];
}

export function checkIngressSpec(spec: IngressSpec, path: FieldPath, errors: FieldError[]): void {
  const { rules = [], defaultBackend, ingressClassName, tls = [] } = spec;
  if (rules.length === 0 && defaultBackend === undefined) errors.push(invalid(path, spec.rules, "either `defaultBackend` or `rules` must be specified"));
  if (defaultBackend !== undefined) checkBackend(defaultBackend, path.child("defaultBackend"), errors);
  rules.forEach((rule, i) => checkRule(rule, path.child("rules").index(i), errors));
  tls.forEach(({ hosts = [], secretName = "" }, i) => {
    const at = path.child("tls").index(i);
    hosts.forEach((host, j) => pushProblems(errors, at.child("hosts").index(j), host, hostProblems(host)));
    if (secretName !== "") pushProblems(errors, at.child("secretName"), secretName, dns1123SubdomainProblems(secretName));
  });
  if (ingressClassName !== undefined) pushProblems(errors, path.child("ingressClassName"), ingressClassName, dns1123SubdomainProblems(ingressClassName));
}

function checkRule({ host = "", http }: IngressRule, path: FieldPath, errors: FieldError[]): void {
  if (host !== "") {
    if (parseIp(host) !== undefined) errors.push(invalid(path.child("host"), host, "must be a DNS name, not an IP address"));
    pushProblems(errors, path.child("host"), host, hostProblems(host));
  }
  if (http === undefined) return;
  const pathsPath = path.child("http").child("paths");
  const paths = http.paths ?? [];
  if (paths.length === 0) errors.push(required(pathsPath));
  paths.forEach((one, i) => checkPath(one, pathsPath.index(i), errors));
}

function checkPath({ path: url = "", pathType, backend }: HTTPIngressPath, path: FieldPath, errors: FieldError[]): void {
  const types = ["Exact", "ImplementationSpecific", "Prefix"];
  const free = pathType === "ImplementationSpecific";
  if ((pathType ?? undefined) === undefined) {
    // Upstream looks no further.
    errors.push(required(path.child("pathType"), "pathType must be specified"));
    return;
  }
  if (!types.includes(pathType ?? "")) errors.push(notSupported(path.child("pathType"), pathType, types));
  else if (free ? url !== "" && !url.startsWith("/") : !url.startsWith("/")) errors.push(invalid(path.child("path"), url, "must be an absolute path"));
  if (!free && types.includes(pathType ?? "")) {
    for (const part of ["//", "/./", "/../", "%2f", "%2F"]) if (url.includes(part)) errors.push(invalid(path.child("path"), url, `must not contain '${part}'`));
    for (const end of ["/..", "/."]) if (url.endsWith(end)) errors.push(invalid(path.child("path"), url, `cannot end with '${end}'`));
  }
  checkBackend(backend, path.child("backend"), errors);
}

function checkBackend(backend: IngressBackend | undefined, path: FieldPath, errors: FieldError[]): void {
  const { service, resource } = backend ?? {};
  if (resource !== undefined && service !== undefined) errors.push(invalid(path, "", "cannot set both resource and service backends"));
  else if (resource === undefined && service === undefined) errors.push(invalid(path, "", "resource or service backend is required"));
  if (resource !== undefined || service === undefined) return;
  const { name = "", port } = service;
  const servicePath = path.child("service");
  if (name === "") errors.push(required(servicePath.child("name")));
  else pushProblems(errors, servicePath.child("name"), name, dns1123LabelProblems(name));
  const { name: portName = "", number = 0 } = port ?? {};
  if (portName !== "" && number !== 0) errors.push(forbidden(path, "cannot set both port name & port number"));
  else if (portName !== "") pushProblems(errors, servicePath.child("port").child("name"), portName, portNameProblems(portName));
  else if (number !== 0) pushProblems(errors, servicePath.child("port").child("number"), number, portProblems(number));
  else errors.push(required(path, "port name or number is required"));
}
