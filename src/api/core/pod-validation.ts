import type { FieldError } from "../../base/field-error.ts";
import { formatQuantity, parseQuantity } from "../../base/quantity.ts";
import { compareQuantity } from "../../base/quantity.ts";
import type { HostAlias, Pod, PodDNSConfig, PodReadinessGate, PodResourceClaim, PodSchedulingGate, PodSpec } from "../types/core-v1.ts";
import type { ObjectMeta } from "../types/meta-v1.ts";
import { byteLength } from "../validation/byte-length.ts";
import { duplicate, forbidden, invalid, notSupported, pushProblems, required } from "../validation/errors.ts";
import { ipProblems } from "../validation/ip.ts";
import { dns1123LabelProblems, dns1123SubdomainProblems, dns1123SubdomainWithUnderscoreProblems, qualifiedNameProblems } from "../validation/names.ts";
import { inRangeText } from "../validation/numbers.ts";
import { checkLabels } from "../validation/object-meta.ts";
import { FieldPath } from "../validation/path.ts";
import { compareAmounts, checkSubdomain } from "../validation/quantities.ts";
import { checkAffinity, checkTopologySpread } from "./affinity-validation.ts";
import { checkContainers, checkEphemeralContainers, checkImageSpaces, checkInitContainers } from "./container-validation.ts";
import { checkAnnotatedProfiles, checkPodAnnotations } from "./pod-annotations.ts";
import { aggregate } from "./pod-resources.ts";
import { checkOs } from "./pod-os-validation.ts";
import { checkContainerResources, checkPodLevelResources } from "./resource-requirements-validation.ts";
import { checkHostUsers, checkPodSecurityContext, checkWindowsHostProcess } from "./security-context-validation.ts";
import { checkTolerations } from "./tolerations-validation.ts";
import { checkVolumes } from "./volume-validation.ts";

/** Validation of Pods and of the Pod specs inside templates, in upstream's order. */
export interface PodSpecRules {
  /** The Pod's own metadata; absent for a template. Names of claims depend on it. */
  readonly pod?: ObjectMeta | undefined;
}

/** Everything but metadata, of a new Pod. */
export function validatePod(pod: Pod): FieldError[] {
  const errors: FieldError[] = [];
  const spec = pod.spec ?? { containers: [] };
  const path = FieldPath.of("spec");
  checkPod(pod, errors);
  if ((spec.ephemeralContainers ?? []).length > 0) errors.push(forbidden(path.child("ephemeralContainers"), "cannot be set on create"));
  if ((spec.nodeName ?? "") !== "" && (spec.schedulingGates ?? []).length > 0) {
    errors.push(forbidden(path.child("nodeName"), "cannot be set until all schedulingGates have been cleared"));
  }
  checkAnnotatedProfiles(pod.metadata.annotations, spec, path, errors);
  return errors;
}

/** What holds for new and for changed Pods alike. */
export function checkPod(pod: Pod, errors: FieldError[]): void {
  const spec = pod.spec ?? { containers: [] };
  const path = FieldPath.of("spec");
  checkPodAnnotations(pod.metadata.annotations, spec, FieldPath.of("metadata").child("annotations"), errors);
  checkPodSpec(spec, { pod: pod.metadata }, path, errors);
  if ((spec.serviceAccountName ?? "") === "") checkNoTokens(spec, path.child("volumes"), errors);
  spec.containers?.forEach((container, i) => checkImageSpaces(container, path.child("containers").index(i), errors));
  spec.initContainers?.forEach((container, i) => checkImageSpaces(container, path.child("initContainers").index(i), errors));
}

function checkNoTokens(spec: PodSpec, path: FieldPath, errors: FieldError[]): void {
  spec.volumes?.forEach((volume, i) => {
    volume.projected?.sources?.forEach((source, j) => {
      if (source.serviceAccountToken === undefined) return;
      const tokenPath = path.index(i).child("projected").child("sources").index(j).child("serviceAccountToken");
      errors.push(forbidden(tokenPath, "must not be specified when serviceAccountName is not set"));
    });
  });
}

export function checkPodSpec(spec: PodSpec, rules: PodSpecRules, path: FieldPath, errors: FieldError[]): void {
  if (spec.terminationGracePeriodSeconds === undefined) errors.push(required(path.child("terminationGracePeriodSeconds")));
  const volumes = checkVolumes(spec.volumes, rules.pod, path.child("volumes"), errors);
  const claimNames = new Set((spec.resourceClaims ?? []).map(({ name }) => name ?? "").filter((name) => name !== ""));
  if (spec.resourceClaims !== undefined) checkResourceClaims(spec.resourceClaims, path.child("resourceClaims"), errors);
  const context = { spec, volumes, claimNames };
  checkContainers(context, path, errors);
  checkInitContainers(context, path, errors);
  checkEphemeralContainers(context, path, errors);
  if (spec.resources !== undefined) checkPodResources(spec, claimNames, path.child("resources"), errors);
  if (spec.hostNetwork === true) checkHostNetworkPorts(spec, rules, path.child("containers"), errors);
  checkChoices(spec, path, errors);
  if (spec.nodeSelector !== undefined) checkLabels(spec.nodeSelector, path.child("nodeSelector"), errors);
  checkPodSecurityContext(spec.securityContext, spec, path, errors);
  if (spec.affinity !== undefined) checkAffinity(spec.affinity, path.child("affinity"), errors);
  checkDnsConfig(spec.dnsConfig, spec.dnsPolicy, path.child("dnsConfig"), errors);
  checkGates(spec.readinessGates, spec.schedulingGates, path, errors);
  if (spec.topologySpreadConstraints !== undefined) checkTopologySpread(spec.topologySpreadConstraints, path.child("topologySpreadConstraints"), errors);
  checkWindowsHostProcess(spec, path, errors);
  checkHostUsers(spec, path, errors);
  checkNames(spec, path, errors);
  checkDeadline(spec.activeDeadlineSeconds, path, errors);
  if (spec.tolerations !== undefined) checkTolerations(spec.tolerations, path.child("tolerations"), errors);
  if (spec.hostAliases !== undefined) checkHostAliases(spec.hostAliases, path.child("hostAliases"), errors);
  if (spec.overhead !== undefined) checkContainerResources({ limits: spec.overhead }, new Set(), path.child("overhead"), errors);
  if (spec.os !== undefined) checkOs(spec, path, errors);
}

function checkResourceClaims(claims: readonly PodResourceClaim[], path: FieldPath, errors: FieldError[]): void {
  const names = new Set<string>();
  claims.forEach((claim, i) => {
    const { name = "", resourceClaimName: direct, resourceClaimTemplateName: template } = claim;
    const itemPath = path.index(i);
    if (name === "") errors.push(required(itemPath.child("name")));
    else if (names.has(name)) errors.push(duplicate(itemPath.child("name"), name));
    else pushProblems(errors, itemPath.child("name"), name, dns1123LabelProblems(name));
    names.add(name);
    const printed = { Name: name, ResourceClaimName: direct ?? null, ResourceClaimTemplateName: template ?? null };
    if (direct !== undefined && template !== undefined) {
      errors.push(invalid(itemPath, printed, "at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified"));
    }
    if (direct === undefined && template === undefined) {
      errors.push(invalid(itemPath, printed, "must specify one of: `resourceClaimName`, `resourceClaimTemplateName`"));
    }
    if (direct !== undefined) checkSubdomain(direct, itemPath.child("resourceClaimName"), errors);
    if (template !== undefined) checkSubdomain(template, itemPath.child("resourceClaimTemplateName"), errors);
  });
}

function checkPodResources(spec: PodSpec, claimNames: ReadonlySet<string>, path: FieldPath, errors: FieldError[]): void {
  const resources = spec.resources ?? {};
  if (resources.claims !== undefined) errors.push(forbidden(path.child("claims"), "claims cannot be set for Resources at pod-level"));
  checkPodLevelResources(resources, claimNames, path, errors);
  for (const [resource, needed] of aggregate(spec, "requests")) {
    const own = resources.requests?.[resource] ?? "0";
    const parsed = parseQuantity(own);
    if (parsed !== undefined && compareQuantity(needed, parsed) > 0) {
      const rule = `must be greater than or equal to aggregate container requests of ${formatQuantity(needed)}`;
      errors.push(invalid(path.child("requests").key(resource), own, rule));
    }
  }
  spec.containers?.forEach((container, i) => {
    for (const [resource, limit] of Object.entries(container.resources?.limits ?? {})) {
      const whole = resources.limits?.[resource];
      if (whole === undefined || compareAmounts(limit, whole) <= 0) continue;
      errors.push(invalid(path.child("containers").index(i).key(resource).child("limits"), limit, `must be less than or equal to pod limits of ${whole}`));
    }
  });
}

function checkHostNetworkPorts(spec: PodSpec, rules: PodSpecRules, path: FieldPath, errors: FieldError[]): void {
  spec.containers?.forEach((container, i) => {
    container.ports?.forEach((port, j) => {
      const hostPort = port.hostPort ?? 0;
      // A template may leave it open: the Pod gets it by default.
      if ((rules.pod === undefined && hostPort === 0) || hostPort === (port.containerPort ?? 0)) return;
      errors.push(invalid(path.index(i).child("ports").index(j).child("hostPort"), hostPort, "must match `containerPort` when `hostNetwork` is true"));
    });
  });
}

const choices: readonly { readonly field: "restartPolicy" | "dnsPolicy" | "preemptionPolicy"; readonly supported: readonly string[]; readonly optional: boolean }[] = [
  { field: "restartPolicy", supported: ["Always", "OnFailure", "Never"], optional: false },
  { field: "dnsPolicy", supported: ["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"], optional: false },
  { field: "preemptionPolicy", supported: ["PreemptLowerPriority", "Never"], optional: true },
];

function checkChoices(spec: PodSpec, path: FieldPath, errors: FieldError[]): void {
  for (const { field, supported, optional } of choices) {
    const value = spec[field] as string | undefined;
    if (value === undefined ? optional : supported.includes(value)) continue;
    if ((value ?? "") === "") errors.push(required(path.child(field)));
    else errors.push(notSupported(path.child(field), value, supported));
  }
}

const nameserversMax = 3;
const searchesMax = 32;
const searchCharactersMax = 2048;

function checkDnsConfig(config: PodDNSConfig | undefined, policy: string | undefined, path: FieldPath, errors: FieldError[]): void {
  if (policy === "None") {
    if (config === undefined) {
      errors.push(required(path, "must provide `dnsConfig` when `dnsPolicy` is None"));
      return;
    }
    if ((config.nameservers ?? []).length === 0) {
      errors.push(required(path.child("nameservers"), "must provide at least one DNS nameserver when `dnsPolicy` is None"));
      return;
    }
  }
  if (config === undefined) return;
  const { nameservers = [], searches = [], options = [] } = config;
  const serversPath = path.child("nameservers");
  if (nameservers.length > nameserversMax) errors.push(invalid(serversPath, nameservers, `must not have more than ${nameserversMax} nameservers`));
  nameservers.forEach((server, i) => pushProblems(errors, serversPath.index(i), server, ipProblems(server)));
  const searchesPath = path.child("searches");
  if (searches.length > searchesMax) errors.push(invalid(searchesPath, searches, `must not have more than ${searchesMax} search paths`));
  if (byteLength(searches.join(" ")) > searchCharactersMax) {
    errors.push(invalid(searchesPath, searches, `must not have more than ${searchCharactersMax} characters (including spaces) in the search list`));
  }
  searches.forEach((search, i) => {
    if (search === ".") return;
    const domain = search.endsWith(".") ? search.slice(0, -1) : search;
    pushProblems(errors, searchesPath.index(i), domain, dns1123SubdomainWithUnderscoreProblems(domain));
  });
  options.forEach((option, i) => {
    if ((option.name ?? "") === "") errors.push(required(path.child("options").index(i), "must not be empty"));
  });
}

function checkGates(readiness: readonly PodReadinessGate[] | undefined, scheduling: readonly PodSchedulingGate[] | undefined, path: FieldPath, errors: FieldError[]): void {
  readiness?.forEach(({ conditionType = "" }, i) =>
    pushProblems(errors, path.child("readinessGates").index(i).child("conditionType"), conditionType, qualifiedNameProblems(conditionType)),
  );
  const seen = new Set<string>();
  scheduling?.forEach(({ name = "" }, i) => {
    const itemPath = path.child("schedulingGates").index(i);
    pushProblems(errors, itemPath, name, qualifiedNameProblems(name));
    if (seen.has(name)) errors.push(duplicate(itemPath, name));
    seen.add(name);
  });
}

function checkNames(spec: PodSpec, path: FieldPath, errors: FieldError[]): void {
  for (const field of ["serviceAccountName", "nodeName", "priorityClassName", "runtimeClassName"] as const) {
    const name = spec[field];
    // An empty name of a runtime class is wrong; the others are then unset.
    if (name === undefined || (name === "" && field !== "runtimeClassName")) continue;
    const problems = dns1123SubdomainProblems(name);
    if (problems.length > 0) pushProblems(errors, path.child(field), name, problems);
  }
  for (const field of ["hostname", "subdomain"] as const) {
    const name = spec[field] ?? "";
    if (name !== "") pushProblems(errors, path.child(field), name, dns1123LabelProblems(name));
  }
  if (spec.hostnameOverride !== undefined) checkHostnameOverride(spec, path, errors);
}

const hostnameOverrideMax = 64;

function checkHostnameOverride(spec: PodSpec, path: FieldPath, errors: FieldError[]): void {
  const override = spec.hostnameOverride ?? "";
  const overridePath = path.child("hostnameOverride");
  pushProblems(errors, overridePath, override, dns1123SubdomainProblems(override));
  if (byteLength(override) > hostnameOverrideMax) errors.push(invalid(overridePath, override, `must be no more than ${hostnameOverrideMax} characters`));
  if (spec.setHostnameAsFQDN === true) errors.push(forbidden(overridePath, "may not be specified when setHostnameAsFQDN is true"));
  if (spec.hostNetwork === true) errors.push(forbidden(overridePath, "may not be specified when hostNetwork is true"));
}

const int32Max = 2147483647;

function checkDeadline(seconds: number | undefined, path: FieldPath, errors: FieldError[]): void {
  if (seconds !== undefined && (seconds < 1 || seconds > int32Max)) {
    errors.push(invalid(path.child("activeDeadlineSeconds"), seconds, inRangeText(1, int32Max)));
  }
}

function checkHostAliases(aliases: readonly HostAlias[], path: FieldPath, errors: FieldError[]): void {
  aliases.forEach(({ ip = "", hostnames = [] }, i) => {
    pushProblems(errors, path.index(i).child("ip"), ip, ipProblems(ip));
    hostnames.forEach((name, j) => pushProblems(errors, path.index(i).child("hostnames").index(j), name, dns1123SubdomainProblems(name)));
  });
}
