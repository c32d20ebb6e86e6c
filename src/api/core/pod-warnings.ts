import { milliValue } from "../../base/quantity.ts";
import type { KubeObject } from "../kind-ref.ts";
import type { Container, EphemeralContainer, PersistentVolumeClaimSpec, Pod, PodAffinityTerm, PodSpec, TopologySpreadConstraint, Volume } from "../types/core-v1.ts";
import type { ObjectMeta } from "../types/meta-v1.ts";
import { goList, goQuote } from "../validation/go-text.ts";
import { dns1123LabelProblems } from "../validation/names.ts";
import { objectPath } from "../validation/path.ts";
import type { FieldPath } from "../validation/path.ts";
import { deprecatedNodeLabel, nodeTermWarnings } from "./node-label-warnings.ts";
import { eachContainer } from "./pod-containers.ts";
import { volumeFileWarnings } from "./volume-warnings.ts";

/** What upstream warns about in Pods and templates: allowed, but hardly meant. Texts for Warning headers. */
export function podWarnings(object: Pod): string[] {
  const spec = object.spec ?? { containers: [] };
  const warnings: string[] = [];
  const problems = dns1123LabelProblems(object.metadata.name ?? "");
  if (problems.length > 0) {
    const rule = "this is used in the Pod's hostname, which can result in surprising behavior; a DNS label is recommended";
    warnings.push(`metadata.name: ${rule}: ${goList(problems)}`);
  }
  warnAll(spec, object.metadata, objectPath, { template: false }, warnings);
  return warnings;
}

export function podTemplateWarnings(template: { readonly metadata?: ObjectMeta; readonly spec?: PodSpec } | undefined, path: FieldPath): string[] {
  const warnings: string[] = [];
  if (template?.spec !== undefined) warnAll(template.spec, template.metadata, path, { template: true }, warnings);
  return warnings;
}

/** The warnings about an object's template when it is new or, by its generation, has changed. */
export function changedTemplateWarnings<T extends KubeObject>(object: T, old: T | undefined, templateOf: (object: T) => Parameters<typeof podTemplateWarnings>[0], path: FieldPath): string[] {
  if (old !== undefined && object.metadata.generation === old.metadata.generation) return [];
  return podTemplateWarnings(templateOf(object), path);
}

/** Of what makes Pods under names of its own: when it is new. */
export function podNameWarnings(name: string | undefined, old: KubeObject | undefined): string[] {
  const problems = old === undefined ? dns1123LabelProblems(name ?? "") : [];
  return problems.length === 0 ? [] : [`metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is recommended: [${problems.join(" ")}]`];
}

/** Of an amount of storage that somebody asks for, below `spec`. */
export function claimWarnings(spec: PersistentVolumeClaimSpec | undefined, path: FieldPath): string[] {
  const storage = spec?.resources?.requests?.["storage"];
  if (storage === undefined || milliValue(storage) % 1000 === 0) return [];
  return [`${path.child("resources").child("requests").key("storage").toString()}: fractional byte value ${goQuote(storage)} is invalid, must be an integer`];
}

type Context = { readonly template: boolean };

function warnAll(spec: PodSpec, meta: ObjectMeta | undefined, path: FieldPath, context: Context, warnings: string[]): void {
  const specPath = path.child("spec");
  warnNodeLabels(spec, specPath, warnings);
  spec.topologySpreadConstraints?.forEach((constraint, i) => warnSpread(constraint, specPath.child("topologySpreadConstraints").index(i), warnings));
  if (meta?.annotations !== undefined) warnAnnotations(meta.annotations, path.child("metadata").child("annotations"), warnings);
  spec.volumes?.forEach((volume, i) => warnVolume(volume, specPath.child("volumes").index(i), warnings));
  for (const volume of spec.volumes ?? []) warnings.push(...volumeFileWarnings(volume));
  if (spec.hostAliases !== undefined) warnDuplicates(spec.hostAliases.map(({ ip }) => ip ?? ""), (i) => specPath.child("hostAliases").index(i).child("ip"), "ip", warnings);
  if (spec.imagePullSecrets !== undefined) warnPullSecrets(spec, specPath.child("imagePullSecrets"), warnings);
  warnFractions(spec.overhead, specPath.child("overhead"), warnings);
  eachContainer(spec, specPath, (container, containerPath) => warnContainer(container, containerPath, { spec, meta, metaPath: path.child("metadata"), ...context }, warnings));
  warnPorts(spec, specPath, warnings);
  if ((spec.terminationGracePeriodSeconds ?? 0) < 0) {
    warnings.push(`${specPath.child("terminationGracePeriodSeconds").toString()}: must be >= 0; negative values are invalid and will be treated as 1`);
  }
  warnPodAffinity(spec, specPath.child("affinity"), warnings);
}

function warnNodeLabels(spec: PodSpec, path: FieldPath, warnings: string[]): void {
  for (const key in spec.nodeSelector) {
    const text = deprecatedNodeLabel(key);
    if (text !== undefined) warnings.push(`${path.child("nodeSelector").key(key).toString()}: ${text}`);
  }
  const affinity = spec.affinity?.nodeAffinity;
  if (affinity === undefined) return;
  const nodePath = path.child("affinity").child("nodeAffinity");
  affinity.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms?.forEach((term, i) =>
    warnings.push(...nodeTermWarnings(term, nodePath.child("requiredDuringSchedulingIgnoredDuringExecution").child("nodeSelectorTerms").index(i))),
  );
  affinity.preferredDuringSchedulingIgnoredDuringExecution?.forEach(({ preference }, i) =>
    warnings.push(...nodeTermWarnings(preference, nodePath.child("preferredDuringSchedulingIgnoredDuringExecution").index(i).child("preference"))),
  );
}

function warnSpread(constraint: TopologySpreadConstraint, path: FieldPath, warnings: string[]): void {
  const text = deprecatedNodeLabel(constraint.topologyKey);
  if (text !== undefined) warnings.push(`${path.child("topologyKey").toString()}: ${constraint.topologyKey} is ${text}`);
  if (constraint.labelSelector === undefined) warnings.push(`${path.child("labelSelector").toString()}: a null labelSelector results in matching no pod`);
}

const deprecatedAnnotations: { readonly [key: string]: string } = {
  "scheduler.alpha.kubernetes.io/critical-pod": 'non-functional in v1.16+; use the "priorityClassName" field instead',
  "security.alpha.kubernetes.io/sysctls": 'non-functional in v1.11+; use the "sysctls" field instead',
  "security.alpha.kubernetes.io/unsafe-sysctls": 'non-functional in v1.11+; use the "sysctls" field instead',
};

function warnAnnotations(annotations: { readonly [key: string]: string }, path: FieldPath, warnings: string[]): void {
  for (const [key, text] of Object.entries(deprecatedAnnotations)) if (Object.hasOwn(annotations, key)) warnings.push(`${path.key(key).toString()}: ${text}`);
}

/** Field, name in the path, text. */
const deprecatedVolumes: readonly (readonly [keyof Volume, string, string])[] = [
  ["photonPersistentDisk", "photonPersistentDisk", "deprecated in v1.11, non-functional in v1.16+"],
  ["gitRepo", "gitRepo", "deprecated in v1.11, and disabled by default in v1.33+"],
  ["scaleIO", "scaleIO", "deprecated in v1.16, non-functional in v1.22+"],
  ["flocker", "flocker", "deprecated in v1.22, non-functional in v1.25+"],
  ["storageos", "storageOS", "deprecated in v1.22, non-functional in v1.25+"],
  ["quobyte", "quobyte", "deprecated in v1.22, non-functional in v1.25+"],
  ["glusterfs", "glusterfs", "deprecated in v1.25, non-functional in v1.26+"],
  ["cephfs", "cephfs", "deprecated in v1.28, non-functional in v1.31+"],
  ["rbd", "rbd", "deprecated in v1.28, non-functional in v1.31+"],
];

function warnVolume(volume: Volume, path: FieldPath, warnings: string[]): void {
  for (const [field, name, text] of deprecatedVolumes) if (volume[field] !== undefined) warnings.push(`${path.child(name).toString()}: ${text}`);
  warnings.push(...claimWarnings(volume.ephemeral?.volumeClaimTemplate?.spec, path.child("ephemeral").child("volumeClaimTemplate").child("spec")));
}

function warnDuplicates(values: readonly string[], path: (i: number) => FieldPath, what: string, warnings: string[]): void {
  const seen = new Set<string>();
  values.forEach((value, i) => {
    if (seen.has(value)) warnings.push(`${path(i).toString()}: duplicate ${what} ${goQuote(value)}`);
    seen.add(value);
  });
}

function warnPullSecrets(spec: PodSpec, path: FieldPath, warnings: string[]): void {
  const names = (spec.imagePullSecrets ?? []).map(({ name }) => name ?? "");
  warnDuplicates(names, (i) => path.index(i).child("name"), "name", warnings);
  names.forEach((name, i) => {
    if (name === "") warnings.push(`${path.index(i).child("name").toString()}: invalid empty name ""`);
  });
}

function warnFractions(amounts: { readonly [resource: string]: string } | undefined, path: FieldPath, warnings: string[]): void {
  if (amounts === undefined) return;
  for (const resource of ["memory", "ephemeral-storage"]) {
    const amount = amounts[resource];
    if (amount === undefined || !/[^0-9A-Z]|m$/.test(amount) || milliValue(amount) % 1000 === 0) continue;
    warnings.push(`${path.key(resource).toString()}: fractional byte value ${goQuote(amount)} is invalid, must be an integer`);
  }
}

interface ContainerContext extends Context {
  readonly spec: PodSpec;
  readonly meta: ObjectMeta | undefined;
  readonly metaPath: FieldPath;
}

function warnContainer(container: Container | EphemeralContainer, path: FieldPath, context: ContainerContext, warnings: string[]): void {
  const annotations = context.meta?.annotations ?? {};
  const appArmor = `container.apparmor.security.beta.kubernetes.io/${container.name}`;
  const hasProfile = (context.spec.securityContext?.appArmorProfile ?? container.securityContext?.appArmorProfile) !== undefined;
  if ((context.template || context.spec.os?.name !== "windows") && !hasProfile && Object.hasOwn(annotations, appArmor)) {
    warnings.push(`${context.metaPath.child("annotations").key(appArmor).toString()}: deprecated since v1.30; use the "appArmorProfile" field instead`);
  }
  warnFractions(container.resources?.limits, path.child("resources").child("limits"), warnings);
  warnFractions(container.resources?.requests, path.child("resources").child("requests"), warnings);
  warnEnv(container, path.child("env"), warnings);
}

/** A second definition that does not build on the first one hides it. */
function warnEnv(container: Container | EphemeralContainer, path: FieldPath, warnings: string[]): void {
  const variables = container.env ?? [];
  if (variables.length < 2) return;
  const seen = new Set<string>();
  variables.forEach(({ name = "", value = "", valueFrom }, i) => {
    const reference = `$(${name})`;
    if (!seen.has(name)) seen.add(name);
    else if (valueFrom !== undefined || value === reference || !value.includes(reference)) {
      warnings.push(`${path.index(i).toString()}: hides previous definition of ${goQuote(name)}, which may be dropped when using apply`);
    }
  });
}

function warnPorts(spec: PodSpec, specPath: FieldPath, warnings: string[]): void {
  const seen = new Map<string, { path: FieldPath; hostIP: string; hostPort: number }[]>();
  eachContainer(spec, specPath, (container, containerPath) => {
    container.ports?.forEach((port, i) => {
      const path = containerPath.child("ports").index(i);
      const { hostIP = "", hostPort = 0 } = port;
      if (hostIP !== "" && hostPort === 0) {
        const printed = `{Name:${port.name ?? ""} HostPort:0 ContainerPort:${port.containerPort} Protocol:${port.protocol ?? ""} HostIP:${hostIP}}`;
        warnings.push(`${path.toString()}: hostIP set without hostPort: ${printed}`);
      }
      const key = `${port.containerPort}/${port.protocol ?? ""}`;
      const others = seen.get(key) ?? [];
      for (const other of others) {
        if (hostIP === other.hostIP && hostPort === other.hostPort) warnings.push(`${path.toString()}: duplicate port definition with ${other.path.toString()}`);
        else if (hostPort === 0 || other.hostPort === 0) warnings.push(`${path.toString()}: overlapping port definition with ${other.path.toString()}`);
        else if (hostPort === other.hostPort && (hostIP === "") !== (other.hostIP === "")) {
          warnings.push(`${path.toString()}: dangerously ambiguous port definition with ${other.path.toString()}`);
        }
      }
      seen.set(key, [...others, { path, hostIP, hostPort }]);
    });
  });
}

function warnPodAffinity(spec: PodSpec, path: FieldPath, warnings: string[]): void {
  for (const field of ["podAffinity", "podAntiAffinity"] as const) {
    const affinity = spec.affinity?.[field];
    if (affinity === undefined) continue;
    const warn = (term: PodAffinityTerm | undefined, termPath: FieldPath): void => {
      if (term?.labelSelector === undefined) warnings.push(`${termPath.child("labelSelector").toString()}: a null labelSelector results in matching no pod`);
    };
    const fieldPath = path.child(field);
    affinity.requiredDuringSchedulingIgnoredDuringExecution?.forEach((term, i) => warn(term, fieldPath.child("requiredDuringSchedulingIgnoredDuringExecution").index(i)));
    affinity.preferredDuringSchedulingIgnoredDuringExecution?.forEach(({ podAffinityTerm }, i) =>
      warn(podAffinityTerm, fieldPath.child("preferredDuringSchedulingIgnoredDuringExecution").index(i).child("podAffinityTerm")),
    );
  }
}
