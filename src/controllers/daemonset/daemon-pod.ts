import type { DaemonSet } from "../../api/types/apps-v1.ts";
import type { Affinity, NodeSelectorRequirement, Pod, PodSpec, Toleration } from "../../api/types/core-v1.ts";
import { daemonSets } from "../../api/kinds.ts";
import { childName, hashSuffix } from "../../base/names.ts";
import type { Partially } from "../../base/json.ts";
import { controllerReference } from "../owner.ts";

/** The Pods of a DaemonSet as it makes them, and what can be read off them: their node, and whether they are up to date. */

export const revisionHashLabel = "controller-revision-hash";
const templateGenerationLabel = "pod-template-generation";
const templateGenerationAnnotation = "deprecated.daemonset.template.generation";

function existsToleration(name: string, effect: "NoExecute" | "NoSchedule"): Toleration {
  return { key: `node.kubernetes.io/${name}`, operator: "Exists", effect };
}

/** A daemon's Pod stays on a node in trouble, and comes to one that is under pressure or cordoned. */
const automaticTolerations: readonly Toleration[] = [
  existsToleration("not-ready", "NoExecute"),
  existsToleration("unreachable", "NoExecute"),
  existsToleration("disk-pressure", "NoSchedule"),
  existsToleration("memory-pressure", "NoSchedule"),
  existsToleration("pid-pressure", "NoSchedule"),
  existsToleration("unschedulable", "NoSchedule"),
];
const hostNetworkToleration = existsToleration("network-unavailable", "NoSchedule");

/** The template's tolerations with the automatic ones; one that the template spells the same way in all but its seconds is replaced. */
export function daemonTolerations(spec: PodSpec): readonly Toleration[] {
  let tolerations = [...(spec.tolerations ?? [])];
  for (const added of spec.hostNetwork ? [...automaticTolerations, hostNetworkToleration] : automaticTolerations) {
    const same = (each: Toleration): boolean =>
      each.key === added.key && each.effect === added.effect && each.operator === added.operator && (each.value ?? "") === "";
    if (tolerations.some(same)) tolerations = tolerations.map((each) => (same(each) ? added : each));
    else tolerations.push(added);
  }
  return tolerations;
}

/** The affinity of a Pod that is meant for one node: its required node affinity is that node, whatever the template required. */
function affinityTo(affinity: Affinity | undefined, node: string): Affinity {
  const field: NodeSelectorRequirement = { key: "metadata.name", operator: "In", values: [node] };
  const { nodeAffinity, ...rest } = affinity ?? {};
  const preferred = nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution;
  return {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchFields: [field] }] },
      ...(preferred === undefined ? {} : { preferredDuringSchedulingIgnoredDuringExecution: preferred }),
    },
    ...rest,
  };
}

/** The generation of the template that the server keeps in an annotation; undefined when it is missing or no number. */
export function templateGeneration(set: DaemonSet): string | undefined {
  const text = set.metadata.annotations?.[templateGenerationAnnotation];
  return text !== undefined && /^[+-]?\d+$/.test(text) ? String(Number(text)) : undefined;
}

/**
 * The name of the Pod that a node gets next. It depends on what the Pod replaces, so that whoever acts on the same view
 * chooses the same name, and the second creation fails. `attempt` counts names that others already have.
 */
export function daemonPodName(set: DaemonSet, options: { node: string; replaces: string; attempt: number }): string {
  const { node, replaces, attempt } = options;
  return childName(set.metadata.name, hashSuffix(`${set.metadata.uid}/${node}/${replaces}${attempt === 0 ? "" : `/${attempt}`}`));
}

/** The Pod for one node, made from the template. */
export function daemonPod(set: DaemonSet, options: { node: string; name: string; hash: string }): Partially<Pod> {
  const { metadata, spec } = set.spec.template;
  const generation = templateGeneration(set);
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name: options.name,
      generateName: `${set.metadata.name}-`,
      namespace: set.metadata.namespace,
      labels: {
        ...metadata?.labels,
        ...(generation === undefined ? {} : { [templateGenerationLabel]: generation }),
        [revisionHashLabel]: options.hash,
      },
      ...(metadata?.annotations === undefined ? {} : { annotations: metadata.annotations }),
      ownerReferences: [controllerReference(set, daemonSets)],
      ...(metadata?.finalizers === undefined ? {} : { finalizers: metadata.finalizers }),
    },
    spec: { ...spec, tolerations: daemonTolerations(spec), affinity: affinityTo(spec.affinity, options.node) },
  };
}

/** The node that a Pod runs on, or is meant for; undefined when it is meant for none or several. */
export function targetNode(pod: Pod): string | undefined {
  if (pod.spec.nodeName) return pod.spec.nodeName;
  const terms = pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
  for (const term of terms) {
    const field = term.matchFields?.find((each) => each.key === "metadata.name" && each.operator === "In");
    if (field) return field.values?.length === 1 ? field.values[0] : undefined;
  }
  return undefined;
}

/** Whether a Pod was made from the current template: by its revision hash or by the template's generation. */
export function isUpToDate(pod: Pod, hash: string, generation: string | undefined): boolean {
  const labels = pod.metadata.labels;
  return labels?.[revisionHashLabel] === hash || (generation !== undefined && labels?.[templateGenerationLabel] === generation);
}
