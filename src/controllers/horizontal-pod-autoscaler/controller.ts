import type { Scale as ScaleObject } from "../../api/types/autoscaling-v1.ts";
import type { HorizontalPodAutoscaler, HorizontalPodAutoscalerStatus } from "../../api/types/autoscaling-v2.ts";
import type { PodMetrics } from "../../api/types/metrics-v1beta1.ts";
import type { KubeObject } from "../../api/kind-ref.ts";
import { horizontalPodAutoscalers, pods } from "../../api/kinds.ts";
import { parseLabelSelector, selects } from "../../api/label-selector.ts";
import { KindRegistry } from "../../api/registry.ts";
import { equalJson } from "../../api/schema/json-data.ts";
import { isStatus } from "../../base/status-error.ts";
import { formatTime } from "../../base/time.ts";
import type { Controller, ControllerContext } from "../../client/controller-context.ts";
import { keyOf } from "../../client/informer.ts";
import type { Outcome } from "../../client/reconciler.ts";
import { Reconciler } from "../../client/reconciler.ts";
import type { Change, Recommendation } from "./limits.ts";
import { planScaler, withCondition } from "./plan.ts";

/** Looks at every HorizontalPodAutoscaler each 15 seconds, and when its spec changes; without one it does nothing. */
const syncMs = 15_000;
/** The longest period or window that `behavior` may name. */
const memoryMs = 3_600_000;
const unserved = "the server could not find the requested resource";

interface Memory {
  changes: readonly Change[];
  recommendations: readonly Recommendation[];
}

export function startHorizontalPodAutoscalerController(context: ControllerContext): Controller {
  const { environment, informers } = context;
  const client = context.client("horizontal-pod-autoscaler");
  const recorder = context.recorder("horizontal-pod-autoscaler");
  const scalers = informers.of(horizontalPodAutoscalers);
  const podView = informers.of(pods);
  const registry = KindRegistry.default();
  const memories = new Map<string, Memory>();

  async function ask(method: string, path: string, body?: object): Promise<unknown> {
    const response = await client.request({ method, path, query: "", headers: {}, body: body as KubeObject | undefined, wants: "object" });
    if (response.body.type !== "object") throw new Error(unserved);
    const { object } = response.body;
    if (response.status >= 400) throw new Error((object as unknown as { message?: string }).message ?? unserved);
    return object;
  }

  async function read<T>(path: string): Promise<T | string> {
    try {
      return (await ask("GET", path)) as T;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  async function sync(key: string): Promise<Outcome> {
    const scaler = scalers.get(key);
    if (scaler === undefined) return void memories.delete(key);
    const now = environment.clock.now();
    const { namespace = "" } = scaler.metadata;
    const { apiVersion = "v1", kind, name } = scaler.spec.scaleTargetRef;
    const target = registry.byKind(apiVersion, kind)?.ref;
    const path = `/${target?.group ? "apis" : "api"}/${apiVersion}/namespaces/${namespace}/${target?.plural}/${name}/scale`;
    const found = target === undefined ? `no matches for kind "${kind}" in group "${apiVersion.includes("/") ? apiVersion.split("/")[0] : ""}"` : await read<ScaleObject>(path);
    const selector = typeof found === "string" ? "" : (found.status.selector ?? "");
    const requirements = selector === "" ? undefined : parseLabelSelector(selector);
    const chosen = requirements ? podView.list(namespace).filter((pod) => selects(requirements, pod.metadata.labels)) : [];
    const list = requirements ? await read<{ items: readonly PodMetrics[] }>(`/apis/metrics.k8s.io/v1beta1/namespaces/${namespace}/pods`) : { items: [] };
    const metrics = typeof list === "string" ? list : list.items.filter(({ metadata }) => chosen.some((pod) => pod.metadata.name === metadata.name));
    const past = memories.get(key) ?? { changes: [], recommendations: [] };
    const plan = planScaler({ scaler, scale: typeof found === "string" ? found : { replicas: found.spec.replicas ?? 0, selector }, pods: chosen, metrics, past, now });
    for (const { reason, message } of plan.warnings) recorder.event(scaler, "Warning", reason, message);
    const recent = <T extends { readonly at: number }>(all: readonly T[]): readonly T[] => all.filter(({ at }) => at > now - memoryMs);
    const memory: Memory = { changes: recent(past.changes), recommendations: recent(past.recommendations) };
    if (plan.recommended !== undefined) memory.recommendations = [...memory.recommendations, { at: now, replicas: plan.recommended }];
    memories.set(key, memory);
    let { status } = plan;
    if (plan.rescale && typeof found !== "string") {
      const { replicas, reason } = plan.rescale;
      try {
        await ask("PUT", path, { ...found, spec: { ...found.spec, replicas } });
        memory.changes = [...memory.changes, { at: now, by: replicas - (found.spec.replicas ?? 0) }];
        recorder.event(scaler, "Normal", "SuccessfulRescale", `New size: ${replicas}; reason: ${reason}`);
        status = withCondition({ ...status, lastScaleTime: formatTime(now) }, { type: "AbleToScale", status: "True", reason: "SucceededRescale", message: `the HPA controller was able to update the target scale to ${replicas}` }, now);
      } catch (error) {
        const text = error instanceof Error ? error.message : String(error);
        recorder.event(scaler, "Warning", "FailedRescale", `New size: ${replicas}; reason: ${reason}; error: ${text}`);
        status = withCondition({ ...status, desiredReplicas: found.spec.replicas ?? 0 }, { type: "AbleToScale", status: "False", reason: "FailedUpdateScale", message: `the HPA controller was unable to update the target scale: ${text}` }, now);
      }
    }
    await write(scaler, status);
    return { again: now + syncMs };
  }

  async function write(scaler: HorizontalPodAutoscaler, status: HorizontalPodAutoscalerStatus): Promise<void> {
    if (equalJson(status, scaler.status)) return;
    try {
      await client.update(horizontalPodAutoscalers, { ...scaler, status }, { subresource: "status" });
    } catch (error) {
      if (!isStatus(error, "NotFound") && !isStatus(error, "Conflict")) throw error;
    }
  }

  const queue = new Reconciler({ name: "horizontal-pod-autoscaler", environment, reconcile: sync });
  const stop = scalers.onChange((current, previous) => {
    if (current && previous?.metadata.uid === current.metadata.uid && equalJson(current.spec, previous.spec)) return;
    const key = keyOf((current ?? previous) as HorizontalPodAutoscaler);
    // As upstream: a new or changed one waits for the next round too.
    if (current) queue.addAt(key, environment.clock.now() + syncMs);
    else queue.add(key);
  });
  return {
    stop() {
      stop();
      queue.stop();
    },
  };
}
