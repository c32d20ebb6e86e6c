import { forbidden, invalid } from "../../../base/status-error.ts";
import type { Namespace, Pod, PodTemplateSpec } from "../../../api/types/core-v1.ts";
import type { AdmissionPlugin, AdmissionRequest } from "../admission.ts";
import type { AdmissionView } from "../view.ts";
import type { Finding, JudgedPod } from "./check.ts";
import { checkLevelLabels, findings, isStricter, levelOf, levelText } from "./levels.ts";

/**
 * PodSecurity: what a namespace's labels demand of its Pods. A Pod below the level enforced is refused; one below the level warned of, and
 * a workload whose Pods would be, is told so. Nobody audits here.
 */
export const podSecurity: AdmissionPlugin = {
  name: "PodSecurity",
  validate(request, view) {
    if (request.operation !== "CREATE" && request.operation !== "UPDATE") return;
    const { kind, group } = request.kind.facts;
    if (kind === "Namespace" && group === "") return judgeNamespace(request, view);
    if (kind !== "Pod" && !Object.hasOwn(templatePaths, kind)) return;
    const namespace = view.get<Namespace>(`namespaces/${request.namespace}`);
    if (namespace === undefined) return;
    if (kind === "Pod") judgePod(request, namespace);
    else warnOfTemplate(request, namespace);
  },
};

function text(all: readonly Finding[]): string {
  return all.map(({ reason, detail }) => (detail === "" ? reason : `${reason} (${detail})`)).join(", ");
}

const judged = ({ metadata, spec }: Pod | PodTemplateSpec): JudgedPod => ({ spec: spec as Pod["spec"], annotations: metadata?.annotations ?? {} });

/** A Pod's security changes after its creation by the containers that are added to it only. */
function judgePod(request: AdmissionRequest, { metadata: { labels } }: Namespace): void {
  const isNew = request.operation === "CREATE" && request.subresource === "";
  if (!isNew && request.subresource !== "ephemeralcontainers") return;
  const pod = judged(request.object as unknown as Pod);
  const enforced = levelOf(labels, "enforce");
  const broken = findings(enforced, pod);
  if (broken.length > 0) throw forbidden(request.kind.facts, request.name, `violates PodSecurity ${JSON.stringify(levelText(enforced))}: ${text(broken)}`);
  warn(request, labels, pod);
}

function warn(request: AdmissionRequest, labels: Namespace["metadata"]["labels"], pod: JudgedPod): void {
  const level = levelOf(labels, "warn");
  const broken = findings(level, pod);
  if (broken.length > 0) request.warn(`would violate PodSecurity ${JSON.stringify(levelText(level))}: ${text(broken)}`);
}

/** Where workloads keep the template of their Pods. */
const templatePaths: { readonly [kind: string]: readonly string[] } = {
  Deployment: ["spec", "template"], ReplicaSet: ["spec", "template"], ReplicationController: ["spec", "template"], StatefulSet: ["spec", "template"], DaemonSet: ["spec", "template"],
  Job: ["spec", "template"], CronJob: ["spec", "jobTemplate", "spec", "template"], PodTemplate: ["template"],
};

function warnOfTemplate(request: AdmissionRequest, { metadata: { labels } }: Namespace): void {
  const { kind } = request.kind.facts;
  if (request.subresource !== "") return;
  let found: unknown = request.object;
  for (const step of templatePaths[kind] as readonly string[]) found = (found as { readonly [field: string]: unknown } | undefined)?.[step];
  if (found !== undefined && (found as PodTemplateSpec).spec !== undefined) warn(request, labels, judged(found as PodTemplateSpec));
}

/** Labels must say what they mean; who makes a level stricter hears which Pods are below it already. */
function judgeNamespace(request: AdmissionRequest, view: AdmissionView): void {
  if (request.subresource !== "") return;
  const { labels } = (request.object as unknown as Namespace).metadata;
  const before = (request.old as Namespace | undefined)?.metadata.labels;
  const errors = checkLevelLabels(labels);
  if (errors.length > 0 && (request.old === undefined || checkLevelLabels(before).length === 0)) throw invalid({ group: "", kind: "Namespace" }, request.name, errors);
  const level = levelOf(labels, "enforce");
  if (request.old === undefined || level.name === "privileged" || !isStricter(level, levelOf(before, "enforce"))) return;
  const groups = new Map<string, string[]>();
  for (const pod of view.list<Pod>(`pods/${request.name}/`)) {
    const broken = findings(level, judged(pod)).map(({ reason }) => reason).join(", ");
    if (broken !== "") groups.set(broken, [...(groups.get(broken) ?? []), pod.metadata.name]);
  }
  if (groups.size === 0) return;
  request.warn(`existing pods in namespace ${JSON.stringify(request.name)} violate the new PodSecurity enforce level ${JSON.stringify(levelText(level))}`);
  for (const [broken, [first = "", ...others]] of groups) request.warn(`${first}${others.length === 0 ? "" : ` (and ${others.length} other pod${others.length === 1 ? "" : "s"})`}: ${broken}`);
}
