import type { FieldError } from "../../base/field-error.ts";
import type { Container, ContainerPort, ContainerResizePolicy, EphemeralContainer, PodSpec } from "../types/core-v1.ts";
import { duplicate, forbidden, invalid, notFound, notSupported, pushProblems, required, tooMany } from "../validation/errors.ts";
import { dns1123LabelProblems, portNameProblems } from "../validation/names.ts";
import { portProblems } from "../validation/numbers.ts";
import type { FieldPath } from "../validation/path.ts";
import { checkEnv, checkEnvFrom } from "./env-validation.ts";
import { checkMounts } from "./mount-validation.ts";
import type { Volumes } from "./mount-validation.ts";
import { checkLifecycle, checkProbe } from "./probe-validation.ts";
import { checkContainerResources } from "./resource-requirements-validation.ts";
import { checkSecurityContext } from "./security-context-validation.ts";

/** Validation of the containers of a Pod, of all three sorts. */
export interface ContainerContext {
  readonly spec: PodSpec;
  readonly volumes: Volumes;
  readonly claimNames: ReadonlySet<string>;
}

type AnyContainer = Container | EphemeralContainer;

export function checkContainers(context: ContainerContext, specPath: FieldPath, errors: FieldError[]): void {
  const path = specPath.child("containers");
  const containers = context.spec.containers ?? [];
  if (containers.length === 0) {
    errors.push(required(path));
    return;
  }
  const names = new Set<string>();
  for (let i = 0; i < containers.length; i++) {
    const container = containers[i] as Container;
    const itemPath = path.index(i);
    checkCommon(container, context, itemPath, errors);
    if (names.has(container.name)) errors.push(duplicate(itemPath.child("name"), container.name));
    else names.add(container.name);
    checkServing(container, context, itemPath, errors);
    checkRestart(container, itemPath, errors);
  }
  checkHostPortConflicts(containers, path, errors);
}

export function checkInitContainers(context: ContainerContext, specPath: FieldPath, errors: FieldError[]): void {
  const containers = context.spec.initContainers;
  if (containers === undefined) return;
  const path = specPath.child("initContainers");
  const names = new Set((context.spec.containers ?? []).map(({ name }) => name));
  containers.forEach((container, i) => {
    const itemPath = path.index(i);
    checkCommon(container, context, itemPath, errors);
    checkRestart(container, itemPath, errors);
    const name = container.name ?? "";
    if (names.has(name)) errors.push(duplicate(itemPath.child("name"), name));
    else if (name !== "") names.add(name);
    // One by one: init containers run one after the other. Upstream's path counts from the one it looks at.
    checkHostPortConflicts([container], path, errors);
    if (container.restartPolicy === "Always") checkServing(container, context, itemPath, errors);
    else {
      for (const field of ["lifecycle", "livenessProbe", "readinessProbe", "startupProbe"] as const) {
        if (container[field] !== undefined) errors.push(forbidden(itemPath.child(field), "may not be set for init containers without restartPolicy=Always"));
      }
    }
  });
}

/** What only a container that keeps running can have. */
function checkServing(container: Container, context: ContainerContext, path: FieldPath, errors: FieldError[]): void {
  checkLifecycle(container.lifecycle, context.spec.terminationGracePeriodSeconds, path.child("lifecycle"), errors);
  checkProbe(container.livenessProbe, "livenessProbe", path, errors);
  checkProbe(container.readinessProbe, "readinessProbe", path, errors);
  checkProbe(container.startupProbe, "startupProbe", path, errors);
}

const forbiddenInEphemeral = ["ports", "resources", "resizePolicy", "restartPolicy", "restartPolicyRules", "livenessProbe", "readinessProbe", "startupProbe", "lifecycle"] as const;

export function checkEphemeralContainers(context: ContainerContext, specPath: FieldPath, errors: FieldError[]): void {
  const containers = context.spec.ephemeralContainers;
  if (containers === undefined || containers.length === 0) return;
  const path = specPath.child("ephemeralContainers");
  const others = new Set([...(context.spec.containers ?? []), ...(context.spec.initContainers ?? [])].map(({ name }) => name));
  const names = new Set(others);
  containers.forEach((container, i) => {
    const itemPath = path.index(i);
    checkCommon(container, context, itemPath, errors);
    checkImageSpaces(container, itemPath, errors);
    if (names.has(container.name)) errors.push(duplicate(itemPath.child("name"), container.name));
    else names.add(container.name);
    const target = container.targetContainerName ?? "";
    if (target !== "" && !others.has(target)) errors.push(notFound(itemPath.child("targetContainerName"), target));
    for (const field of forbiddenInEphemeral) {
      const value = container[field];
      const set = field === "resources" ? Object.keys(value ?? {}).length > 0 : value !== undefined;
      if (set) errors.push(forbidden(itemPath.child(field), "cannot be set for an Ephemeral Container"));
    }
    container.volumeMounts?.forEach((mount, j) => {
      const mountPath = itemPath.child("volumeMounts").index(j);
      for (const field of ["subPath", "subPathExpr"] as const) {
        if ((mount[field] ?? "") !== "") errors.push(forbidden(mountPath.child(field), "cannot be set for an Ephemeral Container"));
      }
    });
  });
}

/** In a Pod, not in a template: templates may hold a placeholder. */
export function checkImageSpaces(container: AnyContainer, path: FieldPath, errors: FieldError[]): void {
  const image = container.image ?? "";
  if (image.trim() !== image) errors.push(invalid(path.child("image"), image, "must not have leading or trailing whitespace"));
}

function checkCommon(container: AnyContainer, context: ContainerContext, path: FieldPath, errors: FieldError[]): void {
  const name = container.name ?? "";
  if (name === "") errors.push(required(path.child("name")));
  else {
    const problems = dns1123LabelProblems(name);
    if (problems.length > 0) pushProblems(errors, path.child("name"), name, problems);
  }
  if ((container.image ?? "") === "") errors.push(required(path.child("image")));
  const messages: string = container.terminationMessagePolicy ?? "";
  if (messages === "") errors.push(required(path.child("terminationMessagePolicy")));
  else if (messages !== "File" && messages !== "FallbackToLogsOnError") {
    errors.push(notSupported(path.child("terminationMessagePolicy"), messages, ["File", "FallbackToLogsOnError"]));
  }
  if (container.ports !== undefined) checkPorts(container.ports, path.child("ports"), errors);
  if (container.env !== undefined) checkEnv(container.env, path.child("env"), errors);
  if (container.envFrom !== undefined) checkEnvFrom(container.envFrom, path.child("envFrom"), errors);
  checkMounts(container, context.volumes, path, errors);
  checkPullPolicy(container.imagePullPolicy, path.child("imagePullPolicy"), errors);
  checkContainerResources(container.resources, context.claimNames, path.child("resources"), errors);
  if (container.resizePolicy !== undefined) checkResizePolicy(container.resizePolicy, context.spec, path.child("resizePolicy"), errors);
  if (container.securityContext !== undefined) {
    checkSecurityContext(container.securityContext, path.child("securityContext"), context.spec.hostUsers !== false, errors);
  }
}

export function checkPullPolicy(policy: string | undefined, path: FieldPath, errors: FieldError[]): void {
  if (policy === "Always" || policy === "IfNotPresent" || policy === "Never") return;
  if ((policy ?? "") === "") errors.push(required(path));
  else errors.push(notSupported(path, policy, ["Always", "IfNotPresent", "Never"]));
}

function checkPorts(ports: readonly ContainerPort[], path: FieldPath, errors: FieldError[]): void {
  const names = new Set<string>();
  ports.forEach((port, i) => {
    const itemPath = path.index(i);
    const { name = "", containerPort = 0, hostPort = 0 } = port;
    const protocol: string = port.protocol ?? "";
    if (name !== "") {
      const problems = portNameProblems(name);
      pushProblems(errors, itemPath.child("name"), name, problems);
      if (problems.length === 0 && names.has(name)) errors.push(duplicate(itemPath.child("name"), name));
      names.add(name);
    }
    if (containerPort === 0) errors.push(required(itemPath.child("containerPort")));
    else pushProblems(errors, itemPath.child("containerPort"), containerPort, portProblems(containerPort));
    if (hostPort !== 0) pushProblems(errors, itemPath.child("hostPort"), hostPort, portProblems(hostPort));
    if (protocol === "") errors.push(required(itemPath.child("protocol")));
    else if (protocol !== "TCP" && protocol !== "UDP" && protocol !== "SCTP") {
      errors.push(notSupported(itemPath.child("protocol"), protocol, ["SCTP", "TCP", "UDP"]));
    }
  });
}

function checkHostPortConflicts(containers: readonly AnyContainer[], path: FieldPath, errors: FieldError[]): void {
  const taken = new Set<string>();
  containers.forEach((container, i) => {
    container.ports?.forEach((port, j) => {
      if ((port.hostPort ?? 0) === 0) return;
      const key = `${port.protocol ?? ""}/${port.hostIP ?? ""}/${port.hostPort}`;
      if (taken.has(key)) errors.push(duplicate(path.index(i).child("ports").index(j).child("hostPort"), key));
      else taken.add(key);
    });
  });
}

function checkResizePolicy(policies: readonly ContainerResizePolicy[], spec: PodSpec, path: FieldPath, errors: FieldError[]): void {
  const seen = new Set<string>();
  policies.forEach(({ resourceName = "", restartPolicy = "" }, i) => {
    if (seen.has(resourceName)) errors.push(duplicate(path.index(i), resourceName));
    seen.add(resourceName);
    if (resourceName === "") errors.push(required(path));
    else if (resourceName !== "cpu" && resourceName !== "memory") errors.push(notSupported(path, resourceName, ["cpu", "memory"]));
    if (restartPolicy === "") errors.push(required(path));
    else if (restartPolicy !== "NotRequired" && restartPolicy !== "RestartContainer") {
      errors.push(notSupported(path, restartPolicy, ["NotRequired", "RestartContainer"]));
    }
    if (spec.restartPolicy === "Never" && restartPolicy !== "NotRequired") {
      errors.push(invalid(path, restartPolicy, "must be 'NotRequired' when `restartPolicy` is 'Never'"));
    }
  });
}

const rulesMax = 20;
const exitCodesMax = 255;

function checkRestart(container: Container, path: FieldPath, errors: FieldError[]): void {
  const policy = container.restartPolicy;
  const rules = container.restartPolicyRules ?? [];
  if (policy === undefined && rules.length === 0) return;
  if (policy === undefined) errors.push(required(path.child("restartPolicy"), "must specify restartPolicy when restart rules are used"));
  else if (policy !== "Always" && policy !== "Never" && policy !== "OnFailure") {
    errors.push(notSupported(path.child("restartPolicy"), policy, ["Always", "Never", "OnFailure"]));
  }
  if (rules.length > rulesMax) errors.push(tooMany(path.child("restartPolicyRules"), rules.length, rulesMax));
  rules.forEach((rule, i) => {
    const rulePath = path.child("restartPolicyRules").index(i);
    if (rule.action !== "Restart" && rule.action !== "RestartAllContainers") {
      errors.push(notSupported(rulePath.child("action"), rule.action ?? "", ["Restart", "RestartAllContainers"]));
    }
    if (rule.exitCodes === undefined) {
      errors.push(required(rulePath.child("exitCodes"), "must be specified"));
      return;
    }
    const { operator = "", values = [] } = rule.exitCodes;
    if (operator !== "In" && operator !== "NotIn") errors.push(notSupported(rulePath.child("exitCodes").child("operator"), operator, ["In", "NotIn"]));
    if (values.length > exitCodesMax) errors.push(tooMany(rulePath.child("exitCodes").child("values"), values.length, exitCodesMax));
  });
}
