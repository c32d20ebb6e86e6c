import type { KubeObject } from "../../api/kind-ref.ts";
import { pods } from "../../api/kinds.ts";
import type { Pod } from "../../api/types/core-v1.ts";
import { isStatus } from "../../base/status-error.ts";
import type { Client } from "../../client/client.ts";
import { messageOf } from "../creation-failure.ts";
import { isPodTerminal } from "../pod-status.ts";
import type { StoredKind } from "../stored-kinds.ts";
import { nothingFound } from "./conditions.ts";
import type { Sweep } from "./plan.ts";

/** What an object with a finalizer is expected to take (upstream's finalizerEstimateSeconds). */
const finalizerMs = 15_000;

/**
 * Deletes what a namespace holds: Pods first, everything else only when no Pod is left, so that what Pods rely on (network
 * policies, secrets) outlives them. While Pods are left nothing else is looked at, and nothing is said about it.
 */
export async function sweepNamespace(client: Client, namespace: string, kinds: readonly StoredKind[]): Promise<Sweep> {
  const podKind = kinds.find(({ ref }) => ref.plural === pods.plural && ref.group === pods.group);
  if (podKind) {
    const swept = await sweepKind(client, namespace, podKind);
    if (swept.left.length > 0) return { findings: { ...nothingFound, failures: swept.failures }, waitMs: swept.waitMs };
    if (swept.failures.length > 0) return { findings: { ...nothingFound, failures: swept.failures }, waitMs: 0 };
  }
  const remaining = new Map<string, number>();
  const finalizers = new Map<string, number>();
  const failures: string[] = [];
  let waitMs = 0;
  for (const kind of kinds) {
    if (!kind.ref.namespaced || kind === podKind) continue;
    const swept = await sweepKind(client, namespace, kind);
    failures.push(...swept.failures);
    waitMs = Math.max(waitMs, swept.waitMs);
    if (swept.left.length > 0) remaining.set(`${kind.ref.plural}.${kind.ref.group}`, swept.left.length);
    for (const { metadata } of swept.left) for (const finalizer of metadata.finalizers ?? []) finalizers.set(finalizer, (finalizers.get(finalizer) ?? 0) + 1);
  }
  return { findings: { remaining, finalizers, failures }, waitMs };
}

interface SweptKind {
  readonly left: readonly KubeObject[];
  readonly failures: readonly string[];
  readonly waitMs: number;
}

async function sweepKind(client: Client, namespace: string, kind: StoredKind): Promise<SweptKind> {
  const found = (await client.list(kind.ref, { namespace })).items;
  if (found.length === 0) return { left: [], failures: [], waitMs: 0 };
  try {
    await deleteAll(client, namespace, kind, found);
  } catch (error) {
    return { left: found, failures: [messageOf(error)], waitMs: 0 };
  }
  const left = (await client.list(kind.ref, { namespace })).items;
  if (left.length === 0) return { left, failures: [], waitMs: 0 };
  const isHeld = left.some(({ metadata }) => (metadata.finalizers ?? []).length > 0);
  const waitMs = Math.max(isHeld ? finalizerMs : 0, kind.ref.plural === pods.plural ? graceMs(found as unknown as readonly Pod[]) : 0);
  const resource = `${kind.ref.group}/${kind.ref.version}, Resource=${kind.ref.plural}`;
  const failures = waitMs > 0 ? [] : [`unexpected items still remain in namespace: ${namespace} for gvr: ${resource}`];
  return { left, failures, waitMs };
}

async function deleteAll(client: Client, namespace: string, { ref, facts }: StoredKind, found: readonly KubeObject[]): Promise<void> {
  if (facts.verbs.includes("deletecollection")) return client.deleteCollection(ref, { namespace, propagationPolicy: "Background" });
  for (const { metadata } of found) {
    try {
      await client.delete(ref, { namespace, name: metadata.name }, { propagationPolicy: "Background" });
    } catch (error) {
      if (!isStatus(error, "NotFound")) throw error;
    }
  }
}

/** The longest grace that a Pod which still runs asks for. */
function graceMs(found: readonly Pod[]): number {
  return Math.max(0, ...found.filter((pod) => !isPodTerminal(pod)).map(({ spec }) => (spec.terminationGracePeriodSeconds ?? 30) * 1000));
}
