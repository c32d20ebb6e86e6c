import type { KubeObject } from "../../src/api/kind-ref.ts";
import * as kinds from "../../src/api/kinds.ts";
import { endpointSlices, replicaSets } from "../../src/api/kinds.ts";
import type { KindRef } from "../../src/api/kind-ref.ts";
import type { NodeCluster } from "../../src/node/create-cluster.ts";
import type { Finding } from "./judge.ts";
import { normalise } from "./normalise.ts";
import type { Recording } from "./recording.ts";

/** How long after the last command the recorder may have looked, in milliseconds: it did so soon, in the middle of what happened then. */
const looksAfterMs = [0, 50, 100, 250, 500, 1000];

/**
 * What was left when a topic ended: whole objects, of every kind that the recorder kept, as the API served them. Which of several alike
 * is which does not matter, so they are compared as a bag of texts, kind by kind. Moves time on by the second in which the recorder
 * may have looked, and is met when one of those instants shows what it saw.
 */
export async function judgeObjects(cluster: NodeCluster, recorded: Recording): Promise<Finding[]> {
  const wanted = new Map([...byKind(recorded.objects)].map(([kind, objects]) => [kind, { objects, expected: texts(objects), seen: [] as string[] }]));
  let passedMs = 0;
  for (const afterMs of looksAfterMs) {
    if (afterMs > passedMs) await cluster.advance(afterMs - passedMs);
    passedMs = afterMs;
    for (const [kind, { objects, seen }] of wanted) seen.push(texts(await likeThem(cluster, kind, objects)));
  }
  return [...wanted].map(([kind, { expected, seen }]) => {
    const met = seen.includes(expected);
    return { what: `objects ${kind}`, met, expected, got: met ? expected : (seen.at(-1) ?? "") };
  });
}

/** Those of a kind that stand in the namespaces of the recorded ones. */
async function likeThem(cluster: NodeCluster, kind: string, recorded: readonly KubeObject[]): Promise<KubeObject[]> {
  const namespaces = new Set(recorded.map(({ metadata }) => metadata.namespace));
  const { items } = await cluster.client.list<KubeObject>(refOf(kind, recorded[0]?.apiVersion));
  return items.filter(({ metadata }) => namespaces.has(metadata.namespace));
}

function byKind(objects: readonly KubeObject[]): Map<string, KubeObject[]> {
  const found = new Map<string, KubeObject[]>();
  for (const object of objects) found.set(object.kind, [...(found.get(object.kind) ?? []), object]);
  return found;
}

function refOf(kind: string, apiVersion: string | undefined): KindRef {
  const refs = Object.values(kinds) as readonly KindRef[];
  const ref = refs.find((one) => one.kind === kind && one.apiVersion === apiVersion);
  if (!ref) throw new Error(`recorded objects of ${apiVersion} ${kind}, which nobody knows`);
  return ref;
}

function texts(objects: readonly KubeObject[]): string {
  return objects.map((object) => withoutOwnMatters(normalise(JSON.stringify(bare(object), undefined, 1)))).sort().join("\n");
}

/** What belongs to the one cluster that was recorded: its authority, the port of its server, the node ports that it drew. */
function withoutOwnMatters(text: string): string {
  return text
    .replace(/-----BEGIN CERTIFICATE-----[^"]*/g, "<certificate>")
    .replace(/("targetPort": )(6443|66\d\d)\b/g, "$1<server-port>")
    .replace(/("nodePort": )3[0-2]\d{3}\b/g, "$1<node-port>");
}

/** Kinds whose generation counts the steps of a controller, which gathers more or less as it is quick. */
const countsSteps = new Set([replicaSets.kind, endpointSlices.kind]);

/** Fields in the order of their names; without who owns which field, which the recorder left out. */
function bare(object: KubeObject): unknown {
  const { managedFields: _, ...metadata } = object.metadata;
  if (!countsSteps.has(object.kind)) return sorted({ ...object, metadata });
  const { status } = object as { status?: object };
  return sorted({ ...object, metadata: { ...metadata, generation: 0 }, ...(status ? { status: { ...status, observedGeneration: 0 } } : {}) });
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, one]) => [name, sorted(one)]));
}
