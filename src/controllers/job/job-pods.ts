import { childName, hashSuffix } from "../../base/names.ts";
import type { Draft, Partially } from "../../base/json.ts";
import { jobs } from "../../api/kinds.ts";
import type { Job } from "../../api/types/batch-v1.ts";
import type { Container, Pod } from "../../api/types/core-v1.ts";
import { controllerReference } from "../owner.ts";

/** The Pods of a Job: what marks them, what their state means for the Job, and how they are made. */

export const trackingFinalizer = "batch.kubernetes.io/job-tracking";
const indexKey = "batch.kubernetes.io/job-completion-index";
const failuresKey = "batch.kubernetes.io/job-index-failure-count";
const ignoredFailuresKey = "batch.kubernetes.io/job-index-ignored-failure-count";

export function isIndexed(job: Job): boolean {
  return job.spec.completionMode === "Indexed";
}

export function isSuspended(job: Job): boolean {
  return job.spec.suspend === true;
}

export function hasLimitPerIndex(job: Job): boolean {
  return isIndexed(job) && job.spec.backoffLimitPerIndex !== undefined;
}

/** Pods are replaced only when they have ended, not as soon as they are being deleted. */
export function waitsForEnd(job: Job): boolean {
  return job.spec.podReplacementPolicy === "Failed" || job.spec.podFailurePolicy !== undefined;
}

export function isTracked(pod: Pod): boolean {
  return pod.metadata.finalizers?.includes(trackingFinalizer) === true;
}

/** The Pod's completion index, or undefined when it has none that the Job (still) asks for. */
export function indexOf(pod: Pod, job: Job): number | undefined {
  const text = pod.metadata.annotations?.[indexKey];
  if (text === undefined || !/^\d+$/.test(text)) return undefined;
  const index = Number(text);
  return index < (job.spec.completions ?? 0) ? index : undefined;
}

/** Failed, or going without ever having come to an end of its own, where the Job does not wait for that. */
export function isFailed(pod: Pod, job: Job): boolean {
  if (pod.status.phase === "Failed") return true;
  return !waitsForEnd(job) && pod.metadata.deletionTimestamp !== undefined && pod.status.phase !== "Succeeded";
}

function countAt(pod: Pod, key: string): number {
  const value = Number(pod.metadata.annotations?.[key] ?? 0);
  return Number.isInteger(value) && value > 0 ? value : 0;
}

/** How often Pods of this index had failed before this one was made: counted, and ignored by the failure policy. */
export function failuresBefore(pod: Pod): { counted: number; ignored: number } {
  return { counted: countAt(pod, failuresKey), ignored: countAt(pod, ignoredFailuresKey) };
}

export interface NewPod {
  readonly name: string;
  readonly index: number | undefined;
  readonly failures: { readonly counted: number; readonly ignored: number } | undefined;
}

/**
 * The first free name of a place: a function of the Job, of when it was suspended last, of the index, and of how many names of that place
 * were used before. Two views that lack the same Pod therefore arrive at the same name, and the second creation collides instead of
 * making a second Pod: also where only one of them remembers the Pods that suspending took away.
 */
export function freeName(job: Job, index: number | undefined, isUsed: (name: string) => boolean, from = 0): { name: string; ordinal: number } {
  const base = index === undefined ? job.metadata.name : indexedBase(job.metadata.name, index);
  const suspended = job.status.conditions?.find(({ type }) => type === "Suspended")?.lastTransitionTime;
  const run = suspended === undefined ? job.metadata.uid : `${job.metadata.uid}/${suspended}`;
  for (let ordinal = from; ; ordinal++) {
    const name = childName(base, hashSuffix(`${run}/${index ?? ""}/${ordinal}`));
    if (!isUsed(name)) return { name, ordinal };
  }
}

/** `<job>-<index>`, the Job's part cut so that the suffix still fits (upstream's podGenerateNameWithIndex). */
function indexedBase(name: string, index: number): string {
  const tail = `-${index}`;
  return name.slice(0, 57 - tail.length) + tail;
}

/** The Pod as it is sent: the template with ownership, tracking, and for Indexed Jobs all that names the index. */
export function buildPod(job: Job, made: NewPod): Partially<Pod> {
  const template = job.spec.template;
  const { name, index, failures } = made;
  const finalizers = template.metadata.finalizers ?? [];
  const metadata: Draft<Partially<Pod["metadata"]>> = {
    name,
    generateName: index === undefined ? `${job.metadata.name}-` : `${indexedBase(job.metadata.name, index)}-`,
    ...(job.metadata.namespace === undefined ? {} : { namespace: job.metadata.namespace }),
    labels: { ...template.metadata.labels, ...(index === undefined ? {} : { [indexKey]: String(index) }) },
    annotations: {
      ...template.metadata.annotations,
      ...(index === undefined ? {} : { [indexKey]: String(index) }),
      ...(failures === undefined ? {} : { [failuresKey]: String(failures.counted) }),
      ...(failures === undefined || failures.ignored === 0 ? {} : { [ignoredFailuresKey]: String(failures.ignored) }),
    },
    ownerReferences: [controllerReference(job, jobs)],
    finalizers: finalizers.includes(trackingFinalizer) ? [...finalizers] : [...finalizers, trackingFinalizer],
  };
  if (Object.keys(metadata.annotations ?? {}).length === 0) delete metadata.annotations;
  const spec = index === undefined ? template.spec : withIndex(template.spec, job.metadata.name, index);
  return { apiVersion: "v1", kind: "Pod", metadata, spec } as Partially<Pod>;
}

function withIndex(spec: Pod["spec"], jobName: string, index: number): Pod["spec"] {
  const variable = { name: "JOB_COMPLETION_INDEX", valueFrom: { fieldRef: { fieldPath: `metadata.labels['${indexKey}']` } } };
  const add = (container: Container): Container =>
    container.env?.some(({ name }) => name === variable.name) ? container : { ...container, env: [...(container.env ?? []), variable as NonNullable<Container["env"]>[number]] };
  return {
    ...spec,
    ...(spec.initContainers === undefined ? {} : { initContainers: spec.initContainers.map(add) }),
    containers: spec.containers.map(add),
    hostname: `${jobName}-${index}`,
  };
}
