import type { Environment } from "../base/environment.ts";
import { isStatus } from "../base/status-error.ts";
import { formatTime } from "../base/time.ts";
import { pods as podKind } from "../api/kinds.ts";
import type { Pod, PodCondition } from "../api/types/core-v1.ts";
import type { Client } from "../client/client.ts";
import type { ControllerContext } from "../client/controller-context.ts";
import type { EventRecorder } from "../client/event-recorder.ts";
import { keyOf } from "../client/informer.ts";

export const schedulerName = "default-scheduler";

/** Tells the API, and by events people, what the scheduler has decided of a Pod. */
export class DecisionWriter {
  private readonly environment: Environment;
  private readonly client: Client;
  private readonly recorder: EventRecorder;
  /** What its events call the scheduler that wrote them. */
  private readonly instance: string;

  constructor(options: { context: ControllerContext; client: Client; host: string }) {
    this.environment = options.context.environment;
    this.client = options.client;
    this.recorder = options.context.recorder(schedulerName);
    this.instance = `${schedulerName}-${options.host}`;
  }

  /** Rejects when the server does not take the binding. */
  async bind(pod: Pod, nodeName: string): Promise<void> {
    const { namespace = "", name, uid } = pod.metadata;
    const response = await this.client.request({
      method: "POST",
      path: `/api/v1/namespaces/${namespace}/pods/${name}/binding`,
      query: "",
      headers: {},
      body: { apiVersion: "v1", kind: "Binding", metadata: { name, namespace, uid }, target: { kind: "Node", name: nodeName } } as never,
      wants: "object",
    });
    if (response.status >= 400) throw new Error(`binding answered ${response.status}`);
    this.recorder.actionEvent(pod, "Normal", "Scheduled", "Binding", `Successfully assigned ${namespace}/${name} to ${nodeName}`, this.instance);
  }

  /** Deletes a Pod so that another one finds room. A failure is logged: the other is looked at again anyway. */
  async evict(victim: Pod, preemptor: Pod, nodeName: string): Promise<void> {
    const condition = {
      type: "DisruptionTarget",
      status: "True",
      reason: "PreemptionByScheduler",
      message: `${schedulerName}: preempting to accommodate a higher priority pod`,
      lastTransitionTime: formatTime(this.environment.clock.now()),
      observedGeneration: victim.metadata.generation ?? 1,
    };
    try {
      await this.client.patch(podKind, victim.metadata, { type: "strategic", body: { status: { conditions: [condition] } } }, { subresource: "status" });
      await this.client.delete(podKind, victim.metadata, { preconditions: { uid: victim.metadata.uid } });
      this.recorder.actionEvent(victim, "Normal", "Preempted", "Preempting", `Preempted by pod ${preemptor.metadata.uid} on node ${nodeName}`, this.instance);
    } catch (error) {
      this.environment.log.debug(`scheduler: preemption of ${keyOf(victim)} failed`, { error: String(error) });
    }
  }

  /** Says why a Pod has no node, and which one it was promised ("": none any more). What its status says already is not written again. */
  async refuse(pod: Pod, message: string, nominatedNodeName?: string): Promise<void> {
    this.recorder.actionEvent(pod, "Warning", "FailedScheduling", "Scheduling", message, this.instance);
    const condition = pendingCondition(pod, "Unschedulable", message, this.environment.clock.now());
    const isPromised = nominatedNodeName !== undefined && nominatedNodeName !== (pod.status.nominatedNodeName ?? "");
    if (!condition && !isPromised) return;
    const status = { ...(condition ? { conditions: [condition] } : {}), ...(isPromised ? { nominatedNodeName: nominatedNodeName || null } : {}) };
    try {
      await this.client.patch(podKind, pod.metadata, { type: "strategic", body: { status } }, { subresource: "status" });
    } catch (error) {
      if (!isStatus(error, "NotFound")) this.environment.log.warn(`scheduler: condition of ${keyOf(pod)} not written`, { error: String(error) });
    }
  }
}

/** The PodScheduled condition to write, or undefined when it stands so already. */
function pendingCondition(pod: Pod, reason: string, message: string, now: number): PodCondition | undefined {
  const there = pod.status.conditions?.find((condition) => condition.type === "PodScheduled");
  if (there?.status === "False" && there.reason === reason && there.message === message) return undefined;
  return {
    type: "PodScheduled",
    status: "False",
    reason,
    message,
    lastTransitionTime: there?.status === "False" && there.lastTransitionTime ? there.lastTransitionTime : formatTime(now),
    observedGeneration: pod.metadata.generation ?? 1,
  } as PodCondition;
}
