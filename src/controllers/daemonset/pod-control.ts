import type { Client } from "../../client/client.ts";
import type { EventRecorder } from "../../client/event-recorder.ts";
import { pods } from "../../api/kinds.ts";
import type { DaemonSet } from "../../api/types/apps-v1.ts";
import { isStatus } from "../../base/status-error.ts";
import { isNamespaceEnding, messageOf, refusalText } from "../creation-failure.ts";
import { controllerOf } from "../owner.ts";
import { slowStart } from "../slow-start.ts";
import { creation, deletion } from "../unseen-pods.ts";
import type { UnseenWrites } from "../unseen-writes.ts";
import { daemonPod, daemonPodName, targetNode } from "./daemon-pod.ts";
import type { DaemonPlan } from "./plan.ts";
import type { Removal } from "./view.ts";

/** At most so many Pods are made, and so many deleted, in one go (upstream's BurstReplicas); the rest follows at the next look. */
const burstMax = 250;
/** Names tried when another Pod has the one that the view gives: of 5,000 nodes two meet in one of 14 million names at even odds. */
const attemptsMax = 10;

/** Makes and deletes the Pods of DaemonSets, and tells about it in events. Every write is announced as unseen first. */
export class PodControl {
  private readonly client: Client;
  private readonly recorder: EventRecorder;
  private readonly unseen: UnseenWrites;

  constructor(options: { client: Client; recorder: EventRecorder; unseen: UnseenWrites }) {
    this.client = options.client;
    this.recorder = options.recorder;
    this.unseen = options.unseen;
  }

  /**
   * Carries out a plan and returns the first failure. `replaced` gives the uid of the Pod that each node had last, as of the view
   * that the plan was made from: a later one would give another name, and the node perhaps a second Pod.
   */
  async carryOut(set: DaemonSet, plan: DaemonPlan, options: { hash: string; replaced: ReadonlyMap<string, string> }): Promise<unknown> {
    const nodes = plan.create.slice(0, burstMax);
    const failure = await slowStart(nodes.length, (index) => {
      const node = nodes[index] as string;
      return this.create(set, { node, hash: options.hash, replaces: options.replaced.get(node) ?? "" });
    });
    const failures = await Promise.all(plan.delete.slice(0, burstMax).map((removal) => this.remove(set, removal)));
    return failure ?? failures.find((each) => each !== undefined);
  }

  /** Does not reject when the Pod is there already: somebody with the same view was faster. */
  private async create(set: DaemonSet, options: { node: string; hash: string; replaces: string }): Promise<void> {
    const { node, hash, replaces } = options;
    const namespace = set.metadata.namespace;
    for (let attempt = 0; ; attempt++) {
      const name = daemonPodName(set, { node, replaces, attempt });
      const write = creation(`${namespace ?? ""}/${name}`);
      this.unseen.announce(set.metadata.uid, write);
      try {
        const created = await this.client.create(pods, daemonPod(set, { node, name, hash }));
        this.recorder.event(set, "Normal", "SuccessfulCreate", `Created pod: ${created.metadata.name}`);
        return;
      } catch (error) {
        this.unseen.settle(write);
        if (!isStatus(error, "AlreadyExists") || attempt === attemptsMax) {
          if (isNamespaceEnding(error)) return;
          this.recorder.event(set, "Warning", "FailedCreate", `Error creating: ${refusalText(error, name, `${set.metadata.name}-`)}`);
          throw error;
        }
      }
      const [existing] = (await this.client.list(pods, { namespace, fieldSelector: `metadata.name=${name}` })).items;
      if (existing && controllerOf(existing)?.uid === set.metadata.uid && targetNode(existing) === node) return;
    }
  }

  /** Resolves with what went wrong; that the Pod is gone is not wrong. */
  private async remove(set: DaemonSet, { pod, node, why }: Removal): Promise<unknown> {
    const { namespace, name, uid } = pod.metadata;
    const text = `daemon pod ${namespace ?? ""}/${name} on node ${node}, will try to`;
    if (why === "failed") this.recorder.event(set, "Warning", "FailedDaemonPod", `Found failed ${text} kill it`);
    if (why === "succeeded") this.recorder.event(set, "Normal", "SucceededDaemonPod", `Found succeeded ${text} delete it`);
    const write = deletion(pod);
    this.unseen.announce(set.metadata.uid, write);
    try {
      await this.client.delete(pods, { namespace, name }, { preconditions: { uid } });
      this.recorder.event(set, "Normal", "SuccessfulDelete", `Deleted pod: ${name}`);
      return undefined;
    } catch (error) {
      this.unseen.settle(write);
      if (isStatus(error, "NotFound") || isStatus(error, "Conflict")) return undefined;
      this.recorder.event(set, "Warning", "FailedDelete", `Error deleting: ${messageOf(error)}`);
      return error;
    }
  }
}
