import { formatDuration } from "../../base/duration.ts";
import { notFound } from "../../base/status-error.ts";
import { formatTime } from "../../base/time.ts";
import type { KubeObject } from "../../api/kind-ref.ts";
import type { Verb } from "../../api/kind-facts.ts";
import type { Node, Pod } from "../../api/types/core-v1.ts";
import type { ContainerMetrics } from "../../api/types/metrics-v1beta1.ts";
import type { Stored } from "../../store/contract.ts";
import type { Handler, ResourceCall } from "../context.ts";
import type { NodeStats, PodStats, Usage } from "../node-agent.ts";
import { dataAnswer, objectAnswer } from "../represent.ts";
import type { ApiResponse } from "../request.ts";
import { parseSelection, selected } from "../selection.ts";
import { tableOf } from "../table.ts";

/**
 * metrics.k8s.io: what nodes and Pods use, asked of the agents of the nodes at the moment of the request and stored nowhere. A node
 * whose agent does not answer, and a Pod that has not all of its containers running, has no metrics: lists leave it out, a request by
 * name is answered with 404.
 */
export const metricsGroup = "metrics.k8s.io";

export const metricsHandlers: { readonly [verb in Verb]?: Handler } = { get: getMetrics, list: listMetrics };

function getMetrics(call: ResourceCall): ApiResponse {
  const key = call.namespace === "" ? `nodes/${call.name}` : `pods/${call.namespace}/${call.name}`;
  const stored = call.server.store.get(key);
  const object = stored && measured(call, [stored])[0];
  if (object === undefined) throw notFound(call.kind.facts, call.name);
  return objectAnswer(call, 200, object);
}

function listMetrics(call: ResourceCall): ApiResponse {
  const { kind, query, representation } = call;
  const selection = parseSelection(kind, query.get("labelSelector"), query.get("fieldSelector"));
  const prefix = call.namespace === "" ? `${kind.facts.plural}/` : `${kind.facts.plural}/${call.namespace}/`;
  const { items } = call.server.store.list(prefix);
  const objects = measured(call, items.filter(({ object }) => selected(selection, kind, object)));
  if (representation.as === "table") return dataAnswer(call, 200, tableOf(call, objects, {}));
  return dataAnswer(call, 200, { kind: kind.facts.list, apiVersion: kind.ref.apiVersion, metadata: {}, items: objects });
}

/** Metrics of stored Nodes or Pods; those that have none are left out. Every agent is asked once. */
function measured(call: ResourceCall, items: readonly Stored[]): KubeObject[] {
  const asked = new Map<string, AgentAnswer | undefined>();
  const answerOf = (node: string): AgentAnswer | undefined => {
    if (!asked.has(node)) asked.set(node, answer(call.server.nodeAgents(node)?.stats?.()));
    return asked.get(node);
  };
  const objects: KubeObject[] = [];
  for (const { object } of items) {
    const made = call.kind.facts.namespaced ? podMetrics(call, object as Pod, answerOf) : nodeMetrics(call, object as Node, answerOf);
    if (made !== undefined) objects.push(made);
  }
  return objects;
}

interface AgentAnswer {
  readonly stats: NodeStats;
  readonly pods: ReadonlyMap<string, PodStats>;
}

function answer(stats: NodeStats | undefined): AgentAnswer | undefined {
  return stats && { stats, pods: new Map(stats.pods.map((pod) => [pod.uid, pod])) };
}

function nodeMetrics(call: ResourceCall, node: Node, answerOf: (node: string) => AgentAnswer | undefined): KubeObject | undefined {
  const found = answerOf(node.metadata.name);
  return found && ({ ...head(call, node), ...taken(call, found.stats), usage: quantities(found.stats.usage) } as unknown as KubeObject);
}

function podMetrics(call: ResourceCall, pod: Pod, answerOf: (node: string) => AgentAnswer | undefined): KubeObject | undefined {
  if (pod.status.phase !== "Running" || !pod.spec.nodeName) return undefined;
  const found = answerOf(pod.spec.nodeName);
  const stats = found?.pods.get(pod.metadata.uid);
  if (!found || !stats || pod.spec.containers.some(({ name }) => !stats.containers.some((container) => container.name === name))) return undefined;
  const containers: ContainerMetrics[] = stats.containers.map(({ name, usage }) => ({ name, usage: quantities(usage) }));
  return { ...head(call, pod), ...taken(call, found.stats), containers } as unknown as KubeObject;
}

function head(call: ResourceCall, { metadata }: KubeObject) {
  const { kind, server } = call;
  const { name, namespace, labels } = metadata;
  const creationTimestamp = formatTime(server.environment.clock.now());
  return {
    kind: kind.facts.kind,
    apiVersion: kind.ref.apiVersion,
    metadata: { name, ...(namespace === undefined ? {} : { namespace }), creationTimestamp, ...(labels === undefined ? {} : { labels }) },
  };
}

function taken(call: ResourceCall, { windowMs }: NodeStats) {
  return { timestamp: formatTime(call.server.environment.clock.now()), window: formatDuration(windowMs) };
}

/** As metrics-server spells them: processor time in billionths of a core, memory in Ki. */
function quantities({ cpuNanoCores, memoryBytes }: Usage): { readonly [resource: string]: string } {
  return { cpu: cpuNanoCores === 0 ? "0" : `${cpuNanoCores}n`, memory: `${Math.ceil(memoryBytes / 1024)}Ki` };
}
