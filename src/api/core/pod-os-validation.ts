import type { FieldError } from "../../base/field-error.ts";
import type { PodSecurityContext, PodSpec, SecurityContext } from "../types/core-v1.ts";
import { forbidden, notSupported, required } from "../validation/errors.ts";
import type { FieldPath } from "../validation/path.ts";
import { eachContainer } from "./pod-containers.ts";

/** A Pod that says for which operating system it is may not ask for what only the other one has. */
const podFields: readonly (keyof PodSecurityContext)[] = [
  "appArmorProfile",
  "seLinuxOptions",
  "seccompProfile",
  "fsGroup",
  "fsGroupChangePolicy",
  "sysctls",
  "runAsUser",
  "runAsGroup",
  "supplementalGroups",
  "supplementalGroupsPolicy",
  "seLinuxChangePolicy",
];

const containerFields: readonly (keyof SecurityContext)[] = [
  "appArmorProfile",
  "seLinuxOptions",
  "seccompProfile",
  "capabilities",
  "readOnlyRootFilesystem",
  "privileged",
  "allowPrivilegeEscalation",
  "procMount",
  "runAsUser",
  "runAsGroup",
];

export function checkOs(spec: PodSpec, path: FieldPath, errors: FieldError[]): void {
  const name = spec.os?.name ?? "";
  if (name === "") errors.push(required(path.child("os").child("name"), "cannot be empty"));
  else if (name === "linux") checkLinux(spec, path, errors);
  else if (name === "windows") checkWindows(spec, path, errors);
  else errors.push(notSupported(path.child("os"), name, ["linux", "windows"]));
}

function checkLinux(spec: PodSpec, path: FieldPath, errors: FieldError[]): void {
  const refuse = (context: { readonly windowsOptions?: unknown } | undefined, contextPath: FieldPath): void => {
    if (context?.windowsOptions !== undefined) errors.push(forbidden(contextPath.child("windowsOptions"), "windows options cannot be set for a linux pod"));
  };
  refuse(spec.securityContext, path.child("securityContext"));
  eachContainer(spec, path, (container, containerPath) => refuse(container.securityContext, containerPath.child("securityContext")));
}

function checkWindows(spec: PodSpec, path: FieldPath, errors: FieldError[]): void {
  const refuse = (fieldPath: FieldPath): void => {
    errors.push(forbidden(fieldPath, "cannot be set for a windows pod"));
  };
  for (const field of podFields) if (spec.securityContext?.[field] !== undefined) refuse(path.child("securityContext").child(field));
  for (const field of ["hostUsers", "shareProcessNamespace"] as const) if (spec[field] !== undefined) refuse(path.child(field));
  for (const field of ["hostPID", "hostIPC"] as const) if (spec[field] === true) refuse(path.child(field));
  eachContainer(spec, path, (container, containerPath) => {
    for (const field of containerFields) if (container.securityContext?.[field] !== undefined) refuse(containerPath.child("securityContext").child(field));
  });
}
