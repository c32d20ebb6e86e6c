import type { KindRef } from "../../api/kind-ref.ts";
import { pods } from "../../api/kinds.ts";
import type { Pod } from "../../api/types/core-v1.ts";
import { isStatus } from "../../base/status-error.ts";
import type { Client } from "../../client/client.ts";
import type { EventRecorder } from "../../client/event-recorder.ts";
import { isNamespaceEnding, messageOf, refusalText } from "../creation-failure.ts";
import { controllerOf } from "../owner.ts";
import { slowStart } from "../slow-start.ts";
import { creation, deletion } from "../unseen-pods.ts";
import type { UnseenWrites } from "../unseen-writes.ts";
import type { ReplicaPlan } from "./plan.ts";
import type { ReplicaOwner } from "./replica-kind.ts";
import { otherName, replicaPod } from "./replica-pod.ts";

/** Names tried when strangers have those that the view gives. */
const attemptsMax = 10;

/** Why a plan could not be carried out whole: for the status, and for the next attempt. */
export interface Failure {
  readonly message: string;
  readonly cause: unknown;
}

class CreationRefused extends Error {}

/** Makes and deletes the Pods of one kind of owner, and tells about it in events. Every write is announced as unseen first. */
export class PodControl {
  private readonly kind: KindRef;
  private readonly client: Client;
  private readonly recorder: EventRecorder;
  private readonly unseen: UnseenWrites;

  constructor(options: { kind: KindRef; client: Client; recorder: EventRecorder; unseen: UnseenWrites }) {
    this.kind = options.kind;
    this.client = options.client;
    this.recorder = options.recorder;
    this.unseen = options.unseen;
  }

  /** Resolves with the first failure. */
  async carryOut(owner: ReplicaOwner, plan: ReplicaPlan): Promise<Failure | undefined> {
    const refused = await slowStart(plan.create.length, (index) => this.create(owner, plan.create[index] as string));
    const undeleted = await Promise.all(plan.delete.map((pod) => this.remove(owner, pod)));
    const cause = refused ?? undeleted.find((each) => each !== undefined);
    return cause === undefined ? undefined : { message: messageOf(cause), cause };
  }

  /** Does not reject when the Pod is there already: somebody with the same view was faster. */
  private async create(owner: ReplicaOwner, wanted: string): Promise<void> {
    const { namespace } = owner.metadata;
    for (let attempt = 0, name = wanted; ; attempt++, name = otherName(owner, name)) {
      const write = creation(`${namespace ?? ""}/${name}`);
      this.unseen.announce(owner.metadata.uid, write);
      try {
        const created = await this.client.create(pods, replicaPod(owner, this.kind, name));
        this.recorder.event(owner, "Normal", "SuccessfulCreate", `Created pod: ${created.metadata.name}`);
        return;
      } catch (error) {
        this.unseen.settle(write);
        if (isNamespaceEnding(error)) return;
        if (!isStatus(error, "AlreadyExists") || attempt === attemptsMax) {
          const message = refusalText(error, name, `${owner.metadata.name}-`);
          this.recorder.event(owner, "Warning", "FailedCreate", `Error creating: ${message}`);
          throw new CreationRefused(message, { cause: error });
        }
      }
      const [existing] = (await this.client.list(pods, { namespace, fieldSelector: `metadata.name=${name}` })).items;
      if (existing && controllerOf(existing)?.uid === owner.metadata.uid) return;
    }
  }

  /** Resolves with what went wrong; that the Pod is gone is not wrong. */
  private async remove(owner: ReplicaOwner, pod: Pod): Promise<unknown> {
    const { namespace, name, uid } = pod.metadata;
    const write = deletion(pod);
    this.unseen.announce(owner.metadata.uid, write);
    try {
      await this.client.delete(pods, { namespace, name }, { preconditions: { uid } });
      this.recorder.event(owner, "Normal", "SuccessfulDelete", `Deleted pod: ${name}`);
      return undefined;
    } catch (error) {
      this.unseen.settle(write);
      if (isStatus(error, "NotFound") || isStatus(error, "Conflict")) return undefined;
      this.recorder.event(owner, "Warning", "FailedDelete", `Error deleting: ${messageOf(error)}`);
      return error;
    }
  }
}
