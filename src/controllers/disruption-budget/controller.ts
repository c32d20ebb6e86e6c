import { deployments, podDisruptionBudgets, pods, replicaSets, replicationControllers, statefulSets } from "../../api/kinds.ts";
import { matchesSelector } from "../../api/label-selector.ts";
import { selectorText } from "../../api/label-text.ts";
import { equalJson } from "../../api/schema/json-data.ts";
import type { Pod } from "../../api/types/core-v1.ts";
import type { OwnerReference } from "../../api/types/meta-v1.ts";
import type { PodDisruptionBudget } from "../../api/types/policy-v1.ts";
import { isStatus } from "../../base/status-error.ts";
import type { Controller, ControllerContext } from "../../client/controller-context.ts";
import { keyOf } from "../../client/informer.ts";
import type { Outcome } from "../../client/reconciler.ts";
import { Reconciler } from "../../client/reconciler.ts";
import { controllerOf } from "../owner.ts";
import { planBudget } from "./plan.ts";
import type { BudgetPlan, PodScale } from "./plan.ts";

/** Keeps the status of every PodDisruptionBudget: what the eviction of Pods goes by. A settled budget is not written again. */
export function startDisruptionBudgetController(context: ControllerContext): Controller {
  const { environment, informers } = context;
  const client = context.client("disruption-controller");
  const recorder = context.recorder("controllermanager");
  const budgets = informers.of(podDisruptionBudgets);
  const podView = informers.of(pods);
  const scaleOf = scales(context);
  const synced = informers.synced();

  async function sync(key: string): Promise<Outcome> {
    await synced;
    const budget = budgets.get(key);
    if (budget === undefined) return;
    const selected = podView.list(budget.metadata.namespace).filter((pod) => selects(budget, pod));
    const plan = planBudget({ budget, pods: selected, scaleOf, now: environment.clock.now() });
    tell(budget, selected, plan);
    if (!equalJson(plan.status, budget.status)) {
      try {
        await client.update(podDisruptionBudgets, { ...budget, status: plan.status }, { subresource: "status" });
      } catch (error) {
        if (!isStatus(error, "NotFound")) throw error;
      }
    }
    if (plan.again !== undefined) return { again: plan.again };
  }

  function tell(budget: PodDisruptionBudget, selected: readonly Pod[], plan: BudgetPlan): void {
    if (selected.length === 0) recorder.event(budget, "Normal", "NoPods", "No matching pods found");
    if (plan.failure !== undefined) recorder.event(budget, "Warning", "CalculateExpectedPodCountFailed", `Failed to calculate the number of expected pods: ${plan.failure}`);
    if (plan.hasUnmanaged) recorder.event(budget, "Warning", "UnmanagedPods", unmanagedText(budget));
    const { namespace, name } = budget.metadata;
    for (const pod of plan.stayed) recorder.event(pod, "Warning", "NotDeleted", `Pod was expected by PDB ${namespace}/${name} to be deleted but it wasn't`);
  }

  const queue = new Reconciler({ name: "disruption", environment, reconcile: sync });
  const touch = (pod: Pod): void => {
    for (const budget of budgets.list(pod.metadata.namespace)) if (selects(budget, pod)) queue.add(keyOf(budget));
  };
  const stops = [
    budgets.onChange((current) => {
      if (current !== undefined) queue.add(keyOf(current));
    }),
    podView.onChange((current, previous) => {
      if (current !== undefined) touch(current);
      if (previous !== undefined) touch(previous);
    }),
  ];
  return {
    stop() {
      for (const stop of stops) stop();
      queue.stop();
    },
  };
}

function selects({ spec: { selector } }: PodDisruptionBudget, pod: Pod): boolean {
  return selector !== undefined && matchesSelector(selector, pod.metadata.labels ?? {});
}

function unmanagedText({ spec: { selector } }: PodDisruptionBudget): string {
  const text = selector === undefined ? "" : selectorText(selector);
  return (
    `Pods selected by this PodDisruptionBudget (selector: ${text}) were found to be unmanaged. As a result, the status of the PDB cannot be calculated correctly, which may result in undefined behavior. ` +
    'To account for these pods please set ".spec.minAvailable" field of the PDB to an integer value.'
  );
}

interface Scaled {
  readonly metadata: { readonly uid: string };
  readonly spec: { readonly replicas?: number };
}

/** How many Pods the one wants that controls a Pod: its Deployment, where its ReplicaSet has one. */
function scales({ informers }: ControllerContext): (pod: Pod) => PodScale | string | undefined {
  const sets = informers.of(replicaSets);
  const views: { readonly [kind: string]: { get(key: string): Scaled | undefined } } = {
    "v1 ReplicationController": informers.of(replicationControllers),
    "apps/v1 ReplicaSet": sets,
    "apps/v1 Deployment": informers.of(deployments),
    "apps/v1 StatefulSet": informers.of(statefulSets),
  };
  const find = (namespace: string | undefined, reference: OwnerReference): Scaled | undefined => {
    const found = views[`${reference.apiVersion} ${reference.kind}`]?.get(`${namespace}/${reference.name}`);
    return found?.metadata.uid === reference.uid ? found : undefined;
  };
  return (pod) => {
    const { namespace, name } = pod.metadata;
    const reference = controllerOf(pod);
    if (reference === undefined) return undefined;
    const plural = `${reference.kind.toLowerCase()}s`;
    if (views[`${reference.apiVersion} ${reference.kind}`] === undefined) {
      const [group = "", version] = reference.apiVersion.split("/");
      return `${version === undefined ? plural : `${plural}.${group}`} does not implement the scale subresource`;
    }
    const owner = find(namespace, reference);
    if (owner === undefined) return `found no controllers for pod ${JSON.stringify(name)}`;
    const above = reference.kind === "ReplicaSet" ? sets.get(`${namespace}/${reference.name}`) : undefined;
    const upper = above === undefined ? undefined : controllerOf(above);
    const last = (upper === undefined ? undefined : find(namespace, upper)) ?? owner;
    return { uid: last.metadata.uid, replicas: last.spec.replicas ?? 1 };
  };
}
