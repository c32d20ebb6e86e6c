import type { Draft } from "../../base/json.ts";
import { StatusError, badRequest, conflict, forbidden, notFound } from "../../base/status-error.ts";
import { formatTime } from "../../base/time.ts";
import { matchesSelector } from "../../api/label-selector.ts";
import type { KubeObject } from "../../api/kind-ref.ts";
import { disruptionAllowedCondition } from "../../api/policy/disruption-allowed.ts";
import type { Pod } from "../../api/types/core-v1.ts";
import type { DeleteOptions as WireDeleteOptions } from "../../api/types/meta-v1.ts";
import type { PodDisruptionBudget } from "../../api/types/policy-v1.ts";
import { RevisionConflict } from "../../store/contract.ts";
import type { Stored } from "../../store/contract.ts";
import { decodeObject } from "../body.ts";
import { admissionRequest, sealed } from "../commit.ts";
import type { ResourceCall } from "../context.ts";
import { optionsFrom } from "../delete-options.ts";
import type { DeleteOptions } from "../delete-options.ts";
import { plainError } from "../errors.ts";
import { keyOf } from "../keys.ts";
import { orderedMeta } from "../meta.ts";
import { dataAnswer } from "../represent.ts";
import type { ApiResponse } from "../request.ts";
import { deleteObject } from "../verbs/delete.ts";
import { writeOptions } from "../write-options.ts";
import { spokenKind } from "./spoken-kind.ts";

/**
 * POST of /eviction: deletes a Pod if the disruption budget that covers it allows one less. The budget is charged first, so that
 * two evictions at once never spend the same allowance; the controller gives it back when the Pod does not go.
 */
const evictionRef = { group: "policy", version: "v1", apiVersion: "policy/v1", kind: "Eviction", plural: "evictions", namespaced: true } as const;

/** Evictions that the controller has not seen yet: upstream's MaxDisruptedPodSize. */
const disruptedPodsMax = 2000;

const budgetText = "Cannot evict pod as it would violate the pod's disruption budget.";

export async function evict(call: ResourceCall): Promise<ApiResponse> {
  const query = writeOptions("CreateOptions", call.query, call.request);
  const eviction = decodeObject(call, spokenKind(evictionRef, "io.k8s.api.policy.v1.Eviction", ["policy/v1beta1"]), query.fieldValidation) as KubeObject & { readonly deleteOptions?: WireDeleteOptions };
  if ((eviction.metadata.name ?? "") !== call.name) throw badRequest("name in URL does not match name in Eviction object");
  const asked = optionsFrom((eviction.deleteOptions ?? {}) as never);
  if (eviction.deleteOptions !== undefined && query.dryRun !== asked.dryRun && query.dryRun) {
    throw badRequest(`Non-matching dry-run options in request and content: [All] and [${asked.dryRun ? "All" : ""}]`);
  }
  const options = { ...asked, dryRun: asked.dryRun || query.dryRun };
  call.server.admission.validate(admissionRequest(call, { operation: "CREATE", object: eviction as Draft<KubeObject>, old: undefined, dryRun: options.dryRun }));
  for (;;) {
    const stored = call.server.store.get(keyOf(call.kind, call.namespace, call.name));
    if (stored === undefined) throw notFound(call.kind.facts, call.name);
    try {
      await evictPod(call, stored, options);
      return dataAnswer(call, 201, { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", code: 201 });
    } catch (error) {
      if (!(error instanceof RevisionConflict)) throw error;
    }
  }
}

async function evictPod(call: ResourceCall, stored: Stored, options: DeleteOptions): Promise<void> {
  const pod = stored.object as Pod;
  checkPreconditions(call, pod, options);
  if (isUnguarded(pod)) return await removePod(call, options);
  const budget = budgetOf(call, pod);
  if (budget !== undefined && guards(budget.object as PodDisruptionBudget, pod)) await charge(call, budget, options.dryRun);
  if (!options.dryRun) await markTarget(call);
  // The mark is a revision of its own.
  await removePod(call, { ...options, resourceVersion: undefined });
}

/** Before the budget is charged: what the deletion itself would refuse. */
function checkPreconditions(call: ResourceCall, pod: Pod, options: DeleteOptions): void {
  if (options.uid !== undefined && options.uid !== pod.metadata.uid) {
    throw conflict({ group: "", plural: "Pod" }, call.name, `the UID in the precondition (${options.uid}) does not match the UID in record (${pod.metadata.uid}). The object might have been deleted and then recreated`);
  }
  if (options.resourceVersion !== undefined && options.resourceVersion !== pod.metadata.resourceVersion) {
    throw conflict({ group: "", plural: "Pod" }, call.name, `the ResourceVersion in the precondition (${options.resourceVersion}) does not match the ResourceVersion in record (${pod.metadata.resourceVersion}). The object might have been modified`);
  }
}

/** Pods that no budget counts: they have ended, have not begun, or are going already. */
function isUnguarded(pod: Pod): boolean {
  const { phase } = pod.status;
  return phase === "Succeeded" || phase === "Failed" || phase === "Pending" || pod.metadata.deletionTimestamp !== undefined;
}

/** The one budget that covers the Pod. Throws 500 when several do. */
function budgetOf(call: ResourceCall, pod: Pod): Stored | undefined {
  const { labels = {} } = pod.metadata;
  if (Object.keys(labels).length === 0) return undefined;
  const covering = call.server.store.list(`poddisruptionbudgets.policy/${call.namespace}/`).items.filter(({ object }) => {
    const { selector } = (object as PodDisruptionBudget).spec;
    return selector !== undefined && matchesSelector(selector, labels);
  });
  if (covering.length > 1) throw plainError("This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.");
  return covering[0];
}

/** Whether evicting the Pod costs a disruption: one that is not ready may go when the policy or the budget's state lets it. */
function guards({ spec, status }: PodDisruptionBudget, pod: Pod): boolean {
  if (pod.status.conditions?.find(({ type }) => type === "Ready")?.status === "True") return true;
  if (spec.unhealthyPodEvictionPolicy === "AlwaysAllow") return false;
  return !((status.currentHealthy ?? 0) >= (status.desiredHealthy ?? 0) && (status.desiredHealthy ?? 0) > 0);
}

/** Takes one disruption from the budget, or throws 429. */
async function charge(call: ResourceCall, { key, revision, object }: Stored, dryRun: boolean): Promise<void> {
  const budget = object as PodDisruptionBudget;
  const { status, metadata } = budget;
  const name = metadata.name ?? "";
  const facts = { group: "policy", plural: "poddisruptionbudgets" };
  const { disruptionsAllowed: allowed = 0, disruptedPods = {} } = status;
  if ((status.observedGeneration ?? 0) < (metadata.generation ?? 0)) throw tooMany(`The disruption budget ${name} is still being processed by the server.`);
  if (allowed < 0) throw forbidden(facts, name, "pdb disruptions allowed is negative");
  if (Object.keys(disruptedPods).length > disruptedPodsMax) throw forbidden(facts, name, "DisruptedPods map too big - too many evictions not confirmed by PDB controller");
  if (allowed === 0) throw tooMany(`The disruption budget ${name} needs ${status.desiredHealthy} healthy pods and has ${status.currentHealthy} currently`);
  if (dryRun) return;
  const now = formatTime(call.server.environment.clock.now());
  const left = allowed - 1;
  const { disruptedPods: _old, disruptionsAllowed: _allowed, conditions, observedGeneration, ...counts } = status;
  const next = {
    ...budget,
    metadata: { ...metadata },
    status: {
      ...(observedGeneration === undefined ? {} : { observedGeneration }),
      disruptedPods: { ...disruptedPods, [call.name]: now },
      disruptionsAllowed: left,
      ...counts,
      conditions: left > 0 ? (conditions ?? []) : disruptionAllowedCondition(conditions ?? [], { allowed: left, generation: metadata.generation ?? 0, now }),
    },
  };
  await call.server.store.put(key, revision, sealed(next as unknown as Draft<KubeObject>));
}

function tooMany(cause: string): StatusError {
  return new StatusError({ code: 429, reason: "TooManyRequests", message: budgetText, details: { causes: [{ reason: "DisruptionBudget", message: cause }] } });
}

/** Writes into the Pod why it goes. */
async function markTarget(call: ResourceCall): Promise<void> {
  const { store, environment } = call.server;
  const key = keyOf(call.kind, call.namespace, call.name);
  for (;;) {
    const stored = store.get(key);
    if (stored === undefined) throw notFound(call.kind.facts, call.name);
    const pod = stored.object as Pod;
    const generation = pod.metadata.generation;
    const condition = {
      type: "DisruptionTarget",
      ...(generation === undefined ? {} : { observedGeneration: generation }),
      status: "True",
      lastProbeTime: null,
      lastTransitionTime: formatTime(environment.clock.now()),
      reason: "EvictionByEvictionAPI",
      message: "Eviction API: evicting",
    };
    const conditions = [...(pod.status.conditions ?? []).filter(({ type }) => type !== "DisruptionTarget"), condition];
    const next = { ...pod, metadata: orderedMeta(pod.metadata), status: { ...pod.status, conditions } };
    try {
      await store.put(key, stored.revision, sealed(next as unknown as Draft<KubeObject>));
      return;
    } catch (error) {
      if (!(error instanceof RevisionConflict)) throw error;
    }
  }
}

async function removePod(call: ResourceCall, options: DeleteOptions): Promise<void> {
  await deleteObject({ ...call, subresource: "" }, call.name, options);
}
