import type { HorizontalPodAutoscaler, HorizontalPodAutoscalerStatus } from "../../api/types/autoscaling-v2.ts";
import { horizontalPodAutoscalers, pods } from "../../api/kinds.ts";
import { selects } from "../../api/label-selector.ts";
import { parseLabelSelector } from "../../api/parse-label-selector.ts";
import { equalJson } from "../../api/schema/json-data.ts";
import { isStatus } from "../../base/status-error.ts";
import type { Controller, ControllerContext } from "../../client/controller-context.ts";
import { keyOf } from "../../client/informer.ts";
import type { Outcome } from "../../client/reconciler.ts";
import { Reconciler } from "../../client/reconciler.ts";
import { messageOf } from "../creation-failure.ts";
import type { Past } from "./limits.ts";
import { Memory } from "./memory.ts";
import { notRescaled, planScaler, rescaled } from "./plan.ts";
import { ScaleClient } from "./scale-client.ts";

/** Looks at every HorizontalPodAutoscaler each 15 seconds, upstream's sync period; without one it does nothing. */
const syncMs = 15_000;

export function startHorizontalPodAutoscalerController(context: ControllerContext): Controller {
  const { environment, informers } = context;
  const client = context.client("horizontal-pod-autoscaler");
  const recorder = context.recorder("horizontal-pod-autoscaler");
  const scalers = informers.of(horizontalPodAutoscalers);
  const podView = informers.of(pods);
  const scales = new ScaleClient(client);
  const memory = new Memory();

  async function sync(key: string): Promise<Outcome> {
    const scaler = scalers.get(key);
    if (scaler === undefined) return;
    const now = environment.clock.now();
    const { namespace = "" } = scaler.metadata;
    const path = scales.pathOf(scaler);
    const found = path === undefined ? unknownKind(scaler) : await scales.read(path);
    const selector = typeof found === "string" ? "" : (found.status.selector ?? "");
    const requirements = selector === "" ? undefined : parseLabelSelector(selector);
    if (requirements) memory.select(key, requirements);
    const chosen = requirements ? podView.list(namespace).filter((pod) => selects(requirements, pod.metadata.labels)) : [];
    const past = memory.past(key, now);
    const scale = typeof found === "string" ? found : { replicas: found.spec.replicas ?? 0, selector };
    const metrics = requirements ? await scales.podMetrics(scaler, selector) : [];
    const plan = planScaler({ scaler, scale, pods: chosen, metrics, claimants: memory.claimants(namespace, chosen), past, now });
    for (const { reason, message } of plan.warnings) recorder.event(scaler, "Warning", reason, message);
    const before: Past = { changes: past?.changes ?? [], recommendations: [...(past?.recommendations ?? []), ...plan.recommendations] };
    if (typeof found !== "string") memory.remember(key, before);
    let { status } = plan;
    if (plan.rescale && path !== undefined && typeof found !== "string") {
      const { replicas, reason } = plan.rescale;
      const error = await scales.resize(path, found, replicas);
      const text = `New size: ${replicas}; reason: ${reason}`;
      if (error === undefined) recorder.event(scaler, "Normal", "SuccessfulRescale", text);
      else recorder.event(scaler, "Warning", "FailedRescale", `${text}; error: ${error}`);
      status = error === undefined ? rescaled(status, replicas, now) : notRescaled(status, { before: scaler.status, error, now });
      // Without rates to keep there is nothing to remember.
      const by = replicas - (found.spec.replicas ?? 0);
      if (error === undefined && scaler.spec.behavior) memory.remember(key, { ...before, changes: [...before.changes, { at: now, by }] });
    }
    await write(scaler, status);
    return { again: now + syncMs };
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
    memory.forget(key);
  });
  return {
    stop() {
      stop();
      queue.stop();
    },
  };
}

/** In the words of upstream's REST mapper. */
function unknownKind({ spec: { scaleTargetRef } }: HorizontalPodAutoscaler): string {
  const { apiVersion = "v1", kind } = scaleTargetRef;
  return `no matches for kind "${kind}" in group "${apiVersion.includes("/") ? apiVersion.split("/")[0] : ""}"`;
}
