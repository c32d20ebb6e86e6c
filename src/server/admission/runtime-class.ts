import type { Draft, JsonValue } from "../../base/json.ts";
import { canonicalQuantity } from "../../base/quantity.ts";
import { forbidden } from "../../base/status-error.ts";
import { sameData } from "../../api/equality.ts";
import type { Pod, Toleration } from "../../api/types/core-v1.ts";
import type { RuntimeClass as RuntimeClassObject } from "../../api/types/node-v1.ts";
import type { AdmissionPlugin, AdmissionRequest } from "./admission.ts";
import type { AdmissionView } from "./view.ts";

/**
 * RuntimeClass: a Pod that names a class gets what running it costs beside its containers (`overhead`) and where it can run (node
 * labels, tolerations); nobody sets an overhead that no class gives.
 */
export const runtimeClass: AdmissionPlugin = {
  name: "RuntimeClass",
  mutate(request, view) {
    const { pod, found } = look(request, view) ?? {};
    if (pod === undefined || found === undefined) return;
    if (found.overhead !== undefined) {
      const fixed = found.overhead.podFixed ?? {};
      if (hasOverhead(pod) && !sameAmounts(pod.spec.overhead, fixed)) throw mismatch(request);
      pod.spec.overhead = { ...fixed };
    }
    if (found.scheduling !== undefined) schedule(request, pod, found.scheduling);
  },
  validate(request, view) {
    const { pod, found } = look(request, view) ?? {};
    if (pod === undefined || !hasOverhead(pod)) return;
    if (found?.overhead === undefined) throw forbidden(request.kind.facts, request.name, "pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead");
    if (!sameAmounts(pod.spec.overhead, found.overhead.podFixed)) throw mismatch(request);
  },
};

/** The new Pod and the class that it names, if it names one; undefined for other requests. Throws 403 where there is no such class. */
function look(request: AdmissionRequest, view: AdmissionView): { readonly pod: Draft<Pod>; readonly found?: RuntimeClassObject } | undefined {
  if (request.operation !== "CREATE" || request.kind.facts.kind !== "Pod" || request.subresource !== "") return undefined;
  const pod = request.object as unknown as Draft<Pod>;
  const name = pod.spec.runtimeClassName;
  if (name === undefined) return { pod };
  const found = view.get<RuntimeClassObject>(`runtimeclasses.node.k8s.io/${name}`);
  if (found === undefined) throw forbidden(request.kind.facts, request.name, `pod rejected: RuntimeClass ${JSON.stringify(name)} not found`);
  return { pod, found };
}

type Amounts = { readonly [resource: string]: string } | undefined;

const hasOverhead = (pod: Draft<Pod>): boolean => Object.keys(pod.spec.overhead ?? {}).length > 0;

/** Equal as amounts: 0.1 is 100m. */
function sameAmounts(left: Amounts, right: Amounts): boolean {
  const canonical = (amounts: Amounts): JsonValue => Object.fromEntries(Object.entries(amounts ?? {}).map(([name, text]) => [name, canonicalQuantity(text) ?? text]));
  return sameData(canonical(left), canonical(right));
}

function mismatch({ kind, name }: AdmissionRequest) {
  return forbidden(kind.facts, name, "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead");
}

function schedule(request: AdmissionRequest, { spec }: Draft<Pod>, { nodeSelector, tolerations = [] }: NonNullable<RuntimeClassObject["scheduling"]>): void {
  const own = new Map(Object.entries(spec.nodeSelector ?? {}));
  for (const [key, value] of Object.entries(nodeSelector ?? {})) {
    const standing = own.get(key);
    if (standing !== undefined && standing !== value) {
      throw forbidden(request.kind.facts, request.name, `conflict: runtimeClass.scheduling.nodeSelector[${key}] = ${value}; pod.spec.nodeSelector[${key}] = ${standing}`);
    }
    own.set(key, value);
  }
  if (own.size > 0) spec.nodeSelector = Object.fromEntries(own);
  const merged = mergeTolerations([...(spec.tolerations ?? []), ...(tolerations as Draft<Toleration>[])]);
  if (merged.length > 0) spec.tolerations = merged;
}

/** Each toleration that no other one covers; of equal ones, the first. */
function mergeTolerations(all: readonly Draft<Toleration>[]): Draft<Toleration>[] {
  const kept: Draft<Toleration>[] = [];
  all.forEach((toleration, i) => {
    const coveredBefore = kept.some((other) => covers(other, toleration));
    const coveredAfter = all.slice(i + 1).some((other) => !sameData(other, toleration) && covers(other, toleration));
    if (!coveredBefore && !coveredAfter) kept.push({ ...toleration });
  });
  return kept;
}

/** Whether what `other` tolerates is all that `toleration` tolerates, for at least as long. */
function covers(other: Toleration, toleration: Toleration): boolean {
  if (sameData(other, toleration)) return true;
  const everyKey = (other.key ?? "") === "" && other.operator === "Exists";
  if (!everyKey && (other.key ?? "") !== (toleration.key ?? "")) return false;
  if ((other.effect ?? "") !== "" && other.effect !== toleration.effect) return false;
  if (other.effect === "NoExecute" && other.tolerationSeconds !== undefined) {
    if (toleration.tolerationSeconds === undefined || toleration.tolerationSeconds > other.tolerationSeconds) return false;
  }
  if (other.operator === "Exists") return true;
  return (other.operator ?? "Equal") === "Equal" && (toleration.operator ?? "Equal") === "Equal" && (other.value ?? "") === (toleration.value ?? "");
}
