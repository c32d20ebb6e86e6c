import { replicaSets } from "../../api/kinds.ts";
import type { Deployment, ReplicaSet } from "../../api/types/apps-v1.ts";
import { isStatus } from "../../base/status-error.ts";
import type { Client } from "../../client/client.ts";
import type { EventRecorder } from "../../client/event-recorder.ts";
import { keyOf } from "../../client/informer.ts";
import type { Informer } from "../../client/informer.ts";
import type { AwaitedStatus } from "../awaited-status.ts";
import { isNamespaceEnding, messageOf } from "../creation-failure.ts";
import { controllerOf } from "../owner.ts";
import type { UnseenWrites } from "../unseen-writes.ts";
import { reasons } from "./conditions.ts";
import { hasTemplateOf, sizeOf } from "./replica-sets.ts";
import { withSize } from "./revisions.ts";
import type { Scaling } from "./scaling.ts";

/** How the creation of a set ended. "collision": another template has its name. "ending": the namespace goes. */
export type Creation = { readonly outcome: "made" | "there" | "collision" | "ending" } | { readonly outcome: "refused"; readonly message: string; readonly cause: unknown };

/** Makes, changes and removes the ReplicaSets of Deployments, and tells about it in events. */
export class SetControl {
  private readonly client: Client;
  private readonly recorder: EventRecorder;
  private readonly sets: Informer<ReplicaSet>;
  private readonly unseen: UnseenWrites;
  private readonly awaited: AwaitedStatus;

  constructor(options: { client: Client; recorder: EventRecorder; sets: Informer<ReplicaSet>; unseen: UnseenWrites; awaited: AwaitedStatus }) {
    this.client = options.client;
    this.recorder = options.recorder;
    this.sets = options.sets;
    this.unseen = options.unseen;
    this.awaited = options.awaited;
  }

  async create(deployment: Deployment, set: ReplicaSet): Promise<Creation> {
    const { namespace, name } = set.metadata;
    const write = creation(keyOf(set));
    this.unseen.announce(deployment.metadata.uid, write);
    try {
      const made = await this.client.create(replicaSets, set);
      if (sizeOf(made) > 0) this.tell(deployment, made.metadata.name, 0, sizeOf(made));
      return { outcome: "made" };
    } catch (error) {
      this.unseen.settle(write);
      if (isNamespaceEnding(error)) return { outcome: "ending" };
      if (!isStatus(error, "AlreadyExists")) {
        const message = `Failed to create new replica set ${JSON.stringify(name)}: ${messageOf(error)}`;
        this.recorder.event(deployment, "Warning", reasons.createFailed, message);
        return { outcome: "refused", message, cause: error };
      }
    }
    const standing = await this.client.get(replicaSets, { namespace, name });
    const own = controllerOf(standing)?.uid === deployment.metadata.uid && hasTemplateOf(deployment, standing);
    return { outcome: own ? "there" : "collision" };
  }

  /** Writes the new state of a set; one that changed meanwhile rejects, and the Deployment is looked at again. */
  async write(set: ReplicaSet): Promise<ReplicaSet> {
    const written = await this.client.update(replicaSets, set);
    this.awaited.wrote(written, this.sets.get(keyOf(set)));
    return written;
  }

  async scale(deployment: Deployment, scalings: readonly Scaling[]): Promise<void> {
    const latest = new Map<string, ReplicaSet>();
    for (const { set, replicas } of scalings) {
      const standing = latest.get(set.metadata.uid) ?? set;
      const next = { ...standing, metadata: { ...standing.metadata, annotations: withSize(standing.metadata.annotations, deployment) }, spec: { ...standing.spec, replicas } };
      latest.set(set.metadata.uid, await this.write(next));
      if (sizeOf(standing) !== replicas) this.tell(deployment, set.metadata.name, sizeOf(standing), replicas);
    }
  }

  async remove(set: ReplicaSet): Promise<void> {
    const { namespace, name, uid } = set.metadata;
    try {
      await this.client.delete(replicaSets, { namespace, name }, { preconditions: { uid } });
    } catch (error) {
      if (!isStatus(error, "NotFound") && !isStatus(error, "Conflict")) throw error;
    }
  }

  private tell(deployment: Deployment, set: string, from: number, to: number): void {
    this.recorder.event(deployment, "Normal", "ScalingReplicaSet", `Scaled ${to > from ? "up" : "down"} replica set ${set} from ${from} to ${to}`);
  }
}

/** Names the creation of a set among the writes that the view does not show yet. */
export function creation(key: string): string {
  return `create ${key}`;
}
