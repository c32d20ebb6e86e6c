import type { FieldError } from "../../base/field-error.ts";
import type { Draft } from "../../base/json.ts";
import { equalJson } from "../schema/json-data.ts";
import type { Container, Pod, PodSpec, ResourceRequirements } from "../types/core-v1.ts";
import { forbidden, invalid } from "../validation/errors.ts";
import { FieldPath } from "../validation/path.ts";
import { isMirrorPod } from "./pod-annotations.ts";
import { qosClass } from "./pod-resources.ts";
import { checkPod } from "./pod-validation.ts";

/**
 * What the subresource `resize` may change of a Pod: how much CPU and memory its containers and sidecars, or it as a whole, ask for
 * and may use. Nothing that was asked for is given up, and the quality of service stays.
 */
const specPath = FieldPath.of("spec");
const onlyThese = "only cpu and memory resources are mutable";
const sides = ["requests", "limits"] as const;
const groups = ["containers", "initContainers"] as const;

type Amounts = { readonly [resource: string]: string };

/** Takes back all that a resize does not change. Containers that came, went or moved are left for validation to name. */
export function prepareResize(draft: Draft<Pod>, old: Pod): void {
  const { spec } = draft;
  const before = old.spec as PodSpec;
  if (spec === undefined || groups.some((group) => (spec[group] ?? []).length !== (before[group] ?? []).length)) return;
  const containers = groups.map((group) => resized((spec[group] ?? []) as Container[], before[group] ?? []));
  const { resources } = spec;
  const next: Draft<PodSpec> = { ...(before as Draft<PodSpec>), containers: containers[0] as Draft<Container>[] };
  if (before.initContainers !== undefined) next.initContainers = containers[1] as Draft<Container>[];
  if (resources !== undefined) next.resources = resources;
  else delete next.resources;
  draft.spec = next;
  draft.status = old.status as Draft<Pod>["status"];
}

/** The old containers with the new resources; the new ones where a name differs. */
function resized(now: readonly Container[], before: readonly Container[]): readonly Container[] {
  if (now.some(({ name }, i) => name !== before[i]?.name)) return now;
  return now.map(({ resources, resizePolicy }, i) => {
    const { resources: _resources, resizePolicy: _policy, ...rest } = before[i] as Container;
    return { ...rest, resources: resources ?? {}, ...(resizePolicy === undefined ? {} : { resizePolicy }) };
  });
}

export function validateResize(object: Pod, old: Pod): FieldError[] {
  const errors: FieldError[] = [];
  const [spec, before] = [object.spec as PodSpec, old.spec as PodSpec];
  if (isMirrorPod(old)) return [forbidden("", "static pods cannot be resized")];
  if (before.os?.name === "windows") return [forbidden("", "windows pods cannot be resized")];
  checkPod(object, errors);
  const quality = old.status?.qosClass ?? qosClass(old);
  if (quality !== qosClass(object)) errors.push(invalid(specPath, object.status?.qosClass ?? "", "Pod QOS Class may not change as a result of resizing"));
  if (!isSupported(old)) errors.push(forbidden(specPath, "Pod running on node without support for resize"));
  const known = errors.length;
  for (const group of groups) checkOrder(spec[group] ?? [], before[group] ?? [], group, errors);
  if (errors.length > known) return errors;
  checkRemoved(spec.resources, before.resources, specPath.child("resources"), errors);
  for (const group of groups) {
    (before[group] ?? []).forEach((container, i) => checkRemoved(spec[group]?.[i]?.resources, container.resources, specPath.child(group).index(i).child("resources"), errors));
  }
  for (const group of groups) (before[group] ?? []).forEach((container, i) => checkChange(spec[group]?.[i] as Container, container, group, errors));
  return errors;
}

/** A node that knows of resizing says of every container that runs what it has. */
function isSupported({ status }: Pod): boolean {
  const running = (status?.containerStatuses ?? []).find(({ state }) => state?.running !== undefined);
  return running === undefined || running.resources !== undefined;
}

function checkOrder(now: readonly Container[], before: readonly Container[], group: (typeof groups)[number], errors: FieldError[]): void {
  const path = specPath.child(group);
  if (now.length !== before.length) {
    errors.push(forbidden(path, `${group} may not be added or removed on resize`));
    return;
  }
  before.forEach(({ name }, i) => {
    if (now[i]?.name !== name) errors.push(forbidden(path.index(i).child("name"), `${group} may not be renamed or reordered on resize`));
  });
}

function checkRemoved(now: ResourceRequirements | undefined, before: ResourceRequirements | undefined, path: FieldPath, errors: FieldError[]): void {
  for (const side of sides) {
    const gone = Object.keys(before?.[side] ?? {}).some((resource) => now?.[side]?.[resource] === undefined);
    if (gone) errors.push(forbidden(path.child(side), `resource ${side} cannot be removed`));
  }
}

function checkChange(now: Container, before: Container, group: (typeof groups)[number], errors: FieldError[]): void {
  const fixed = group === "initContainers" && before.restartPolicy !== "Always";
  if (fixed) {
    if (!equalJson(now, before)) errors.push(forbidden(specPath, "resources for non-sidecar init containers are immutable"));
    return;
  }
  const resources = Object.fromEntries(sides.flatMap((side) => undone(now.resources?.[side], before.resources?.[side], side)));
  // Claims are lost on the way of upstream's comparison, so that a container with some is never resized.
  if (equalJson({ ...now, resources }, { ...before, resources: before.resources ?? {} })) return;
  errors.push(forbidden(specPath, group === "containers" ? onlyThese : "only cpu and memory resources for sidecar containers are mutable"));
}

/** The amounts with CPU and memory as they were. */
function undone(now: Amounts | undefined, before: Amounts | undefined, side: string): [string, Amounts][] {
  if (before === undefined) return [];
  const out: { [resource: string]: string } = { ...now };
  for (const resource of ["cpu", "memory"]) {
    delete out[resource];
    if (before[resource] !== undefined) out[resource] = before[resource];
  }
  return [[side, out]];
}
