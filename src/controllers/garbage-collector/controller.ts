import type { Environment } from "../../base/environment.ts";
import { isStatus } from "../../base/status-error.ts";
import type { KindRegistry } from "../../api/registry.ts";
import type { KindRef, KubeObject } from "../../api/kind-ref.ts";
import type { OwnerReference } from "../../api/types/meta-v1.ts";
import type { Client } from "../../client/client.ts";
import type { Controller, ControllerContext } from "../../client/controller-context.ts";
import type { EventRecorder } from "../../client/event-recorder.ts";
import type { Informer } from "../../client/informer.ts";
import { keyOf } from "../../client/informer.ts";
import { Reconciler } from "../../client/reconciler.ts";
import { release } from "../owner.ts";
import { releaseKinds, storedKinds } from "../stored-kinds.ts";
import { Dependents, ownerUids } from "./dependents.ts";
import type { OwnerState } from "./plan.ts";
import { foregroundFinalizer, isDeletingForeground, isOrphaning, judgeDependent, orphanFinalizer } from "./plan.ts";

/**
 * Deletes what has lost its owners. One graph over the views of all stored kinds serves the three ways: in the background
 * dependents go after their owner, in the foreground before it, and orphans are let go. Work follows change: an object is looked at
 * when an owner of it goes or begins to go, or when it names one that no view shows. Nothing is deleted on the word of a view: an
 * owner counts as absent when its deletion was seen or the server says so, and every deletion names the very revision judged.
 */
export function startGarbageCollector(context: ControllerContext, registry: KindRegistry = releaseKinds): Controller {
  return new GarbageCollector(context, registry);
}

/** Upstream's ConcurrentGCSyncs. */
const concurrency = 20;
/** Uids of deleted objects that are remembered; above it the oldest are asked for again. One namespace of 10,000 fits thrice. */
const absentMax = 32_768;
/** Own nothing and are owned by nothing, and come all the time. Upstream ignores them too. */
const ignored = "events";

interface Watched {
  readonly index: number;
  readonly ref: KindRef;
  readonly view: Informer<KubeObject>;
}

class GarbageCollector implements Controller {
  private readonly environment: Environment;
  private readonly client: Client;
  private readonly recorder: EventRecorder;
  private readonly registry: KindRegistry;
  private readonly watched: readonly Watched[];
  private readonly byKind = new Map<string, Watched>();
  private readonly dependents = new Dependents();
  private readonly absent = new Set<string>();
  private readonly synced: Promise<void>;
  private readonly queue: Reconciler;
  private readonly stops: (() => void)[] = [];

  constructor(context: ControllerContext, registry: KindRegistry) {
    this.environment = context.environment;
    this.client = context.client("generic-garbage-collector");
    this.recorder = context.recorder("garbage-collector-controller");
    this.registry = registry;
    const kinds = storedKinds(registry).filter(({ ref }) => ref.plural !== ignored);
    this.watched = kinds.map(({ ref }, index) => ({ index, ref, view: context.informers.of(ref) }));
    for (const each of this.watched) this.byKind.set(`${each.ref.apiVersion} ${each.ref.kind}`, each);
    this.synced = context.informers.synced();
    this.queue = new Reconciler({ name: "garbage-collector", environment: this.environment, concurrency, reconcile: (node) => this.sync(node) });
    for (const { index, view } of this.watched) this.stops.push(view.onChange((current, previous) => this.changed(index, current, previous)));
  }

  stop(): void {
    for (const stop of this.stops) stop();
    this.queue.stop();
  }

  private changed(index: number, current: KubeObject | undefined, previous: KubeObject | undefined): void {
    const node = `${index} ${keyOf((current ?? previous) as KubeObject)}`;
    if (previous && current?.metadata.uid !== previous.metadata.uid) {
      this.dependents.change(node, undefined, previous);
      this.gone(previous);
      previous = undefined;
    }
    if (!current) return;
    if (ownersDiffer(current, previous)) {
      this.dependents.change(node, current, previous);
      for (const uid of ownerUids(previous)) this.wakeLeaving(previous as KubeObject, uid);
      if (!this.hasVisibleOwners(current)) this.queue.add(node);
    }
    const leaves = isDeletingForeground(current) || isOrphaning(current);
    if (leaves && !(previous && (isDeletingForeground(previous) || isOrphaning(previous)))) this.queue.add(node);
  }

  /** An object is gone: its dependents may be next, and an owner that waited for it may go. */
  private gone(object: KubeObject): void {
    const { uid } = object.metadata;
    this.absent.add(uid);
    if (this.absent.size > absentMax) for (const oldest of this.absent) if (this.absent.delete(oldest)) break;
    for (const node of this.dependents.of(uid)) this.queue.add(node);
    for (const owner of ownerUids(object)) this.wakeLeaving(object, owner);
  }

  private wakeLeaving(dependent: KubeObject, ownerUid: string): void {
    const reference = dependent.metadata.ownerReferences?.find(({ uid }) => uid === ownerUid);
    const owner = reference && this.find(reference, dependent.metadata.namespace);
    if (owner && isDeletingForeground(owner.object) && !this.dependents.block(ownerUid)) this.queue.add(owner.node);
  }

  private hasVisibleOwners(object: KubeObject): boolean {
    return (object.metadata.ownerReferences ?? []).every((reference) => {
      const owner = this.find(reference, object.metadata.namespace);
      return owner !== undefined && !isDeletingForeground(owner.object);
    });
  }

  /** The owner that a reference means, as the views show it. */
  private find(reference: OwnerReference, namespace: string | undefined): { node: string; object: KubeObject } | undefined {
    const watched = this.watchedOf(reference);
    if (!watched) return undefined;
    const key = watched.ref.namespaced ? `${namespace ?? ""}/${reference.name}` : reference.name;
    const object = watched.view.get(key);
    return object?.metadata.uid === reference.uid ? { node: `${watched.index} ${key}`, object } : undefined;
  }

  /** References may name a kind in any served version. */
  private watchedOf({ apiVersion, kind }: OwnerReference): Watched | undefined {
    const direct = this.byKind.get(`${apiVersion} ${kind}`);
    if (direct) return direct;
    const stored = this.registry.byKind(apiVersion, kind)?.storage.ref;
    return stored && this.byKind.get(`${stored.apiVersion} ${stored.kind}`);
  }

  private read(node: string): { watched: Watched; object: KubeObject } | undefined {
    const space = node.indexOf(" ");
    const watched = this.watched[Number(node.slice(0, space))];
    const object = watched?.view.get(node.slice(space + 1));
    return watched && object ? { watched, object } : undefined;
  }

  private async sync(node: string): Promise<void> {
    await this.synced;
    const found = this.read(node);
    if (!found) return;
    const { watched, object } = found;
    try {
      if (isOrphaning(object)) await this.orphanDependents(watched, object);
      else if (isDeletingForeground(object)) await this.clearForeground(watched, object);
      else if (object.metadata.deletionTimestamp === undefined) await this.judge(watched, object);
    } catch (error) {
      if (!isStatus(error, "NotFound")) throw error;
    }
  }

  private async judge({ ref }: Watched, object: KubeObject): Promise<void> {
    const states = new Map<string, OwnerState>();
    for (const reference of object.metadata.ownerReferences ?? []) states.set(reference.uid, await this.stateOf(ref, object, reference));
    const decision = judgeDependent(object, states, this.dependentsOf(object));
    if (decision.type === "release") for (const owner of decision.uids) await release(this.client, ref, object, owner);
    if (decision.type !== "delete") return;
    const { namespace, name, uid, resourceVersion } = (decision.unblock ? await this.unblock(ref, object) : object).metadata;
    const preconditions = { uid, ...(resourceVersion === undefined ? {} : { resourceVersion }) };
    await this.client.delete(ref, { namespace, name }, { propagationPolicy: decision.policy, preconditions });
  }

  private async stateOf(ref: KindRef, object: KubeObject, reference: OwnerReference): Promise<OwnerState> {
    const watched = this.watchedOf(reference);
    // Of a kind that is not served nothing is known: no reason to delete.
    if (!watched) return "solid";
    const { namespace } = object.metadata;
    const isAbsent = this.absent.has(reference.uid);
    if (!isAbsent && watched.ref.namespaced && this.isElsewhere(watched, reference, namespace)) this.recordMisplaced(ref, object, reference);
    // A namespaced owner of a cluster-scoped object can never be found, and is never believed to be gone.
    if (watched.ref.namespaced && !ref.namespaced) return "solid";
    if (isAbsent) return "absent";
    const seen = this.find(reference, namespace);
    if (seen) return isDeletingForeground(seen.object) ? "waiting" : "solid";
    try {
      const owner = await this.client.get(watched.ref, { ...(watched.ref.namespaced ? { namespace } : {}), name: reference.name });
      if (owner.metadata.uid !== reference.uid) return "absent";
      return isDeletingForeground(owner) ? "waiting" : "solid";
    } catch (error) {
      if (isStatus(error, "NotFound")) return "absent";
      throw error;
    }
  }

  private isElsewhere({ view }: Watched, reference: OwnerReference, namespace: string | undefined): boolean {
    if (view.get(`${namespace ?? ""}/${reference.name}`)?.metadata.uid === reference.uid) return false;
    return view.list().some(({ metadata }) => metadata.uid === reference.uid);
  }

  private recordMisplaced(ref: KindRef, object: KubeObject, { apiVersion, kind, name, uid }: OwnerReference): void {
    const { namespace = "" } = object.metadata;
    const text = `ownerRef [${apiVersion}/${kind}, namespace: ${namespace}, name: ${name}, uid: ${uid}] does not exist in namespace ${JSON.stringify(namespace)}`;
    this.recorder.event({ ...object, apiVersion: ref.apiVersion, kind: ref.kind }, "Warning", "OwnerRefInvalidNamespace", text);
  }

  private dependentsOf(owner: KubeObject): readonly KubeObject[] {
    return this.dependents.of(owner.metadata.uid).flatMap((node) => this.read(node)?.object ?? []);
  }

  /** Deletes the dependents of an owner that waits for them, or lets it go when none blocks it. */
  private async clearForeground(watched: Watched, owner: KubeObject): Promise<void> {
    if (!this.dependents.block(owner.metadata.uid)) return this.removeFinalizer(watched.ref, owner, foregroundFinalizer);
    for (const node of this.dependents.of(owner.metadata.uid)) this.queue.add(node);
  }

  private async orphanDependents({ ref }: Watched, owner: KubeObject): Promise<void> {
    const { uid } = owner.metadata;
    const released = this.dependents.of(uid).map(async (node) => {
      const found = this.read(node);
      if (found) await release(this.client, found.watched.ref, found.object, uid);
    });
    for (const outcome of await Promise.allSettled(released)) if (outcome.status === "rejected") throw outcome.reason;
    await this.removeFinalizer(ref, owner, orphanFinalizer);
  }

  private async removeFinalizer(ref: KindRef, { metadata }: KubeObject, finalizer: string): Promise<void> {
    const finalizers = metadata.finalizers?.filter((each) => each !== finalizer) ?? [];
    const body = { metadata: { uid: metadata.uid, resourceVersion: metadata.resourceVersion, finalizers } };
    await this.client.patch(ref, { namespace: metadata.namespace, name: metadata.name }, { type: "merge", body });
  }

  private async unblock(ref: KindRef, { metadata }: KubeObject): Promise<KubeObject> {
    const ownerReferences = metadata.ownerReferences?.map((reference) => ({ ...reference, blockOwnerDeletion: false })) ?? [];
    const body = { metadata: { uid: metadata.uid, resourceVersion: metadata.resourceVersion, ownerReferences } };
    return this.client.patch(ref, { namespace: metadata.namespace, name: metadata.name }, { type: "merge", body });
  }
}

function ownersDiffer(current: KubeObject, previous: KubeObject | undefined): boolean {
  if (current.metadata.ownerReferences === previous?.metadata.ownerReferences) return false;
  const describe = (object: KubeObject | undefined) => JSON.stringify(object?.metadata.ownerReferences?.map(({ uid, blockOwnerDeletion }) => [uid, blockOwnerDeletion]) ?? []);
  return describe(current) !== describe(previous);
}
