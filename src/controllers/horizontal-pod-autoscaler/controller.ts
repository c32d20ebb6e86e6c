import type { Scale as ScaleObject } from "../../api/types/autoscaling-v1.ts";
import type { HorizontalPodAutoscaler, HorizontalPodAutoscalerStatus } from "../../api/types/autoscaling-v2.ts";
import type { Pod } from "../../api/types/core-v1.ts";
import type { PodMetrics } from "../../api/types/metrics-v1beta1.ts";
import type { KubeObject } from "../../api/kind-ref.ts";
import { horizontalPodAutoscalers, pods } from "../../api/kinds.ts";
import type { Requirement } from "../../api/label-selector.ts";
import { parseLabelSelector, selects } from "../../api/label-selector.ts";
import { KindRegistry } from "../../api/registry.ts";
import { equalJson } from "../../api/schema/json-data.ts";
import type { Status } from "../../base/status-error.ts";
import { StatusError, isStatus } from "../../base/status-error.ts";
import type { Controller, ControllerContext } from "../../client/controller-context.ts";
import { keyOf, splitKey } from "../../client/informer.ts";
import type { Outcome } from "../../client/reconciler.ts";
import { Reconciler } from "../../client/reconciler.ts";
import { messageOf } from "../creation-failure.ts";
import type { Past } from "./limits.ts";
import { notRescaled, planScaler, rescaled } from "./plan.ts";
import type { ScalerPlan } from "./plan.ts";

/** Looks at every HorizontalPodAutoscaler each 15 seconds, upstream's sync period; without one it does nothing. */
const syncMs = 15_000;
/** The longest period or window that `behavior` may name. */
const memoryMs = 3_600_000;
/** How often a size is offered anew when somebody changed the target meanwhile: upstream's retry.DefaultRetry. */
const conflictsMax = 4;
const unserved = "the server could not find the requested resource";

export function startHorizontalPodAutoscalerController(context: ControllerContext): Controller {
  const { environment, informers } = context;
  const client = context.client("horizontal-pod-autoscaler");
  const recorder = context.recorder("horizontal-pod-autoscaler");
  const scalers = informers.of(horizontalPodAutoscalers);
  const podView = informers.of(pods);
  const registry = KindRegistry.default();
  const memories = new Map<string, Past>();
  /** What each autoscaler's target selected when it was last looked at. */
  const selections = new Map<string, readonly Requirement[]>();

  async function ask(method: string, path: string, options: { readonly query?: string; readonly body?: object } = {}): Promise<unknown> {
    const response = await client.request({ method, path, query: options.query ?? "", headers: {}, body: options.body as KubeObject | undefined, wants: "object" });
    if (response.body.type !== "object") throw new Error(unserved);
    const { object } = response.body;
    if (response.status < 400) return object;
    const status = object as unknown as Status;
    throw response.status === 409 ? new StatusError({ ...status, message: status.message ?? unserved }) : new Error(status.message ?? unserved);
  }

  async function read<T>(path: string, query?: string): Promise<T | string> {
    try {
      return (await ask("GET", path, query === undefined ? {} : { query })) as T;
    } catch (error) {
      return messageOf(error);
    }
  }

  async function readMetrics(scaler: HorizontalPodAutoscaler, selector: string): Promise<readonly PodMetrics[] | string> {
    if (!scaler.spec.metrics?.some(({ type }) => type === "Resource" || type === "ContainerResource")) return [];
    const list = await read<{ readonly items: readonly PodMetrics[] }>(`/apis/metrics.k8s.io/v1beta1/namespaces/${scaler.metadata.namespace}/pods`, `labelSelector=${encodeURIComponent(selector)}`);
    if (typeof list !== "string") return list.items;
    return list === unserved ? `${unserved} (get pods.metrics.k8s.io)` : list;
  }

  async function sync(key: string): Promise<Outcome> {
    const scaler = scalers.get(key);
    if (scaler === undefined) return;
    const now = environment.clock.now();
    const { namespace = "" } = scaler.metadata;
    const { apiVersion = "v1", kind, name } = scaler.spec.scaleTargetRef;
    const target = registry.byKind(apiVersion, kind)?.ref;
    const path = `/${target?.group ? "apis" : "api"}/${apiVersion}/namespaces/${namespace}/${target?.plural}/${name}/scale`;
    const found = target === undefined ? `no matches for kind "${kind}" in group "${apiVersion.includes("/") ? apiVersion.split("/")[0] : ""}"` : await read<ScaleObject>(path);
    const selector = typeof found === "string" ? "" : (found.status.selector ?? "");
    const requirements = selector === "" ? undefined : parseLabelSelector(selector);
    if (requirements) selections.set(key, requirements);
    const chosen = requirements ? podView.list(namespace).filter((pod) => selects(requirements, pod.metadata.labels)) : [];
    const past = memories.get(key);
    const scale = typeof found === "string" ? found : { replicas: found.spec.replicas ?? 0, selector };
    const metrics = requirements ? await readMetrics(scaler, selector) : [];
    const plan = planScaler({ scaler, scale, pods: chosen, metrics, claimants: claimantsOf(namespace, chosen), past, now });
    for (const { reason, message } of plan.warnings) recorder.event(scaler, "Warning", reason, message);
    const before: Past = { changes: kept(past?.changes, now), recommendations: [...kept(past?.recommendations, now), ...plan.recommendations] };
    if (typeof found !== "string") memories.set(key, before);
    let { status } = plan;
    if (plan.rescale && typeof found !== "string") {
      const result = await resize(path, { scaler, scale: found, rescale: plan.rescale });
      status = result.error === undefined ? rescaled(status, plan.rescale.replicas, now) : notRescaled(status, { before: scaler.status, error: result.error, now });
      // Without rates to keep there is nothing to remember.
      const by = plan.rescale.replicas - (found.spec.replicas ?? 0);
      if (result.error === undefined && scaler.spec.behavior) memories.set(key, { ...before, changes: [...before.changes, { at: now, by }] });
    }
    await write(scaler, status);
    return { again: now + syncMs };
  }

  function claimantsOf(namespace: string, chosen: readonly Pod[]): readonly string[] {
    const rivals = [...selections].filter(([key, requirements]) => splitKey(key).namespace === namespace && chosen.some((pod) => selects(requirements, pod.metadata.labels)));
    return rivals.map(([key]) => key).sort();
  }

  async function resize(path: string, options: { readonly scaler: HorizontalPodAutoscaler; readonly scale: ScaleObject; readonly rescale: NonNullable<ScalerPlan["rescale"]> }): Promise<{ readonly error?: string }> {
    const { scaler, rescale } = options;
    const text = `New size: ${rescale.replicas}; reason: ${rescale.reason}`;
    let { scale } = options;
    for (let conflicts = 0; ; conflicts++) {
      try {
        await ask("PUT", path, { body: { ...scale, spec: { ...scale.spec, replicas: rescale.replicas } } });
        recorder.event(scaler, "Normal", "SuccessfulRescale", text);
        return {};
      } catch (error) {
        const latest = isStatus(error, "Conflict") && conflicts < conflictsMax ? await read<ScaleObject>(path) : "";
        if (typeof latest !== "string") {
          scale = latest;
          continue;
        }
        recorder.event(scaler, "Warning", "FailedRescale", `${text}; error: ${messageOf(error)}`);
        return { error: messageOf(error) };
      }
    }
  }

  async function write(scaler: HorizontalPodAutoscaler, status: HorizontalPodAutoscalerStatus): Promise<void> {
    if (equalJson(status, scaler.status)) return;
    try {
      await client.update(horizontalPodAutoscalers, { ...scaler, status }, { subresource: "status" });
    } catch (error) {
      if (isStatus(error, "NotFound")) return;
      recorder.event(scaler, "Warning", "FailedUpdateStatus", messageOf(error));
    }
  }

  const queue = new Reconciler({ name: "horizontal-pod-autoscaler", environment, reconcile: sync });
  const stop = scalers.onChange((current, previous) => {
    if (current && previous?.metadata.uid === current.metadata.uid && equalJson(current.spec, previous.spec)) return;
    const key = keyOf((current ?? previous) as HorizontalPodAutoscaler);
    // As upstream: a new or changed one waits for the next round too.
    if (current) return queue.addAt(key, environment.clock.now() + syncMs);
    memories.delete(key);
    selections.delete(key);
  });
  return {
    stop() {
      stop();
      queue.stop();
    },
  };
}

/** What may still matter. */
function kept<T extends { readonly at: number }>(all: readonly T[] | undefined, now: number): readonly T[] {
  return (all ?? []).filter(({ at }) => at > now - memoryMs);
}
