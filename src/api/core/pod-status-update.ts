import type { FieldError } from "../../base/field-error.ts";
import type { Draft } from "../../base/json.ts";
import type { Container, ContainerStatus, Pod, PodResourceClaimStatus, PodStatus } from "../types/core-v1.ts";
import { duplicate, forbidden, invalid, pushProblems } from "../validation/errors.ts";
import { ipProblems, isIp6, parseIp } from "../validation/ip.ts";
import { dns1123SubdomainProblems, qualifiedNameProblems } from "../validation/names.ts";
import { FieldPath } from "../validation/path.ts";
import { checkSubdomain } from "../validation/quantities.ts";
import { checkAnnotationUpdate } from "./pod-annotations.ts";

/** Updates of a Pod's status: what the writer cannot change, and which transitions do not happen. */
export function preparePodStatus(draft: Draft<Pod>, old: Pod): void {
  // Kubelets once corrupted owners through this door.
  if (old.metadata.ownerReferences === undefined) delete draft.metadata.ownerReferences;
  else draft.metadata.ownerReferences = old.metadata.ownerReferences as Draft<Pod>["metadata"]["ownerReferences"] & object;
  const status = (draft.status ??= {});
  const quality = (status.qosClass ?? "") === "" ? old.status?.qosClass : status.qosClass;
  if (quality !== undefined) status.qosClass = quality;
  keepObservedGenerations(status, old.status ?? {});
}

/** A writer that does not know which generation it saw leaves what the one before it said. */
function keepObservedGenerations(status: Draft<PodStatus>, old: PodStatus): void {
  const before = old.observedGeneration ?? 0;
  if ((status.observedGeneration ?? 0) === 0 && before !== 0) status.observedGeneration = before;
  if (status.conditions === undefined || old.conditions === undefined) return;
  const seen = new Map<string, number>();
  for (const condition of status.conditions) {
    // Types may repeat: the second of a type takes over from the second.
    const position = seen.get(condition.type) ?? 0;
    seen.set(condition.type, position + 1);
    const generation = old.conditions.filter(({ type }) => type === condition.type)[position]?.observedGeneration ?? 0;
    if ((condition.observedGeneration ?? 0) === 0 && generation !== 0) condition.observedGeneration = generation;
  }
}

const systemConditions: readonly string[] = ["PodScheduled", "Ready", "Initialized"];

export function validatePodStatus(object: Pod, old: Pod): FieldError[] {
  const errors: FieldError[] = [];
  const path = FieldPath.of("status");
  const { status = {}, spec } = object;
  checkAnnotationUpdate(object, old, errors);
  // Upstream looks for conditions below metadata here.
  status.conditions?.forEach(({ type = "" }, i) => {
    if (systemConditions.includes(type)) return;
    pushProblems(errors, FieldPath.of("metadata").child("conditions").index(i).child("Type"), type, qualifiedNameProblems(type));
  });
  const nominated = status.nominatedNodeName ?? "";
  if (nominated !== "" && nominated !== old.status?.nominatedNodeName) {
    pushProblems(errors, path.child("nominatedNodeName"), nominated, dns1123SubdomainProblems(nominated));
  }
  if ((status.qosClass ?? "") !== (old.status?.qosClass ?? "")) errors.push(invalid(path.child("qosClass"), status.qosClass ?? "", "field is immutable"));
  const policy: string = old.spec?.restartPolicy ?? "Always";
  const exempt = (containers: readonly Container[] | undefined): Set<string> => new Set((containers ?? []).filter(hasOwnRestarts).map(({ name }) => name));
  checkTransitions(status.containerStatuses, old.status?.containerStatuses, { policy, exempt: exempt(old.spec?.containers) }, path.child("containerStatuses"), errors);
  checkTransitions(status.initContainerStatuses, old.status?.initContainerStatuses, { policy, exempt: exempt(old.spec?.initContainers) }, path.child("initContainerStatuses"), errors);
  const ephemeral = { policy: "Never", exempt: new Set<string>() };
  checkTransitions(status.ephemeralContainerStatuses, old.status?.ephemeralContainerStatuses, ephemeral, path.child("ephemeralContainerStatuses"), errors);
  checkClaimStatuses(status.resourceClaimStatuses, new Set((spec?.resourceClaims ?? []).map(({ name }) => name)), path.child("resourceClaimStatuses"), errors);
  checkAddresses(status.podIPs, path.child("podIPs"), errors);
  const firstHost = status.hostIPs?.[0]?.ip;
  if (firstHost !== undefined && firstHost !== (status.hostIP ?? "")) {
    errors.push(invalid(path.child("hostIPs").index(0).child("ip"), firstHost, "must be equal to `hostIP`"));
  }
  checkAddresses(status.hostIPs, path.child("hostIPs"), errors);
  return errors;
}

/** It may start again whatever the Pod's policy says. */
function hasOwnRestarts({ restartPolicy, restartPolicyRules = [] }: Container): boolean {
  return restartPolicy === "Always" || restartPolicy === "OnFailure" || restartPolicyRules.some(({ action }) => action === "Restart");
}

interface Restarts {
  readonly policy: string;
  /** Names of containers that may start again whatever the policy. */
  readonly exempt: ReadonlySet<string>;
}

/** What has ended for good does not run again. */
function checkTransitions(
  statuses: readonly ContainerStatus[] | undefined,
  old: readonly ContainerStatus[] | undefined,
  restarts: Restarts,
  path: FieldPath,
  errors: FieldError[],
): void {
  if (restarts.policy === "Always") return;
  old?.forEach((before, i) => {
    const ended = before.state?.terminated;
    if (ended === undefined || restarts.exempt.has(before.name)) return;
    if ((ended.exitCode ?? 0) !== 0 && restarts.policy === "OnFailure") return;
    for (const now of statuses ?? []) {
      if (now.name === before.name && now.state?.terminated === undefined) {
        errors.push(forbidden(path.index(i).child("state"), "may not be transitioned to non-terminated state"));
      }
    }
  });
}

function checkClaimStatuses(statuses: readonly PodResourceClaimStatus[] | undefined, claims: ReadonlySet<string>, path: FieldPath, errors: FieldError[]): void {
  const seen = new Set<string>();
  statuses?.forEach(({ name, resourceClaimName }, i) => {
    const namePath = path.index(i).child("name");
    if (!claims.has(name)) errors.push(invalid(namePath, name, "must match the name of an entry in `spec.resourceClaims`"));
    if (seen.has(name)) errors.push(duplicate(namePath, name));
    seen.add(name);
    if (resourceClaimName !== undefined) checkSubdomain(resourceClaimName, namePath, errors);
  });
}

/** At most one address of each family. */
function checkAddresses(addresses: readonly { readonly ip?: string }[] | undefined, path: FieldPath, errors: FieldError[]): void {
  if (addresses === undefined) return;
  addresses.forEach(({ ip = "" }, i) => pushProblems(errors, path.index(i), ip, ipProblems(ip)));
  if (addresses.length < 2) return;
  const families = new Set(addresses.map(({ ip = "" }) => isIp6(parseIp(ip) ?? new Uint8Array(4))));
  if (families.size < 2 || addresses.length > 2) errors.push(invalid(path, addresses.map(({ ip = "" }) => ({ IP: ip })), "may specify no more than one IP for each IP family"));
  const seen = new Set<string>();
  addresses.forEach(({ ip = "" }, i) => {
    if (seen.has(ip)) errors.push(duplicate(path.index(i), { IP: ip }));
    seen.add(ip);
  });
}
