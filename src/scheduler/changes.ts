import { sameData } from "../api/equality.ts";
import type { Node, Pod } from "../api/types/core-v1.ts";
import { keyOf } from "../client/informer.ts";
import { wantedBy } from "../placement/fit.ts";
import { takesRoom } from "../placement/node-state.ts";
import type { Attempts, AttemptsMeans } from "./attempts.ts";
import { schedulerName } from "./decision-writer.ts";
import { endMayHelp, neighbourMatters, nodeChanges, nodeMayHelp } from "./wake.ts";

export interface ChangesMeans extends Pick<AttemptsMeans, "queue" | "placements" | "namespaceLabels"> {
  readonly attempts: Attempts;
}

/** What changes of Pods and nodes mean to the scheduler: who waits, who stands where, and who may fit now that did not. */
export class Changes {
  private readonly means: ChangesMeans;

  constructor(means: ChangesMeans) {
    this.means = means;
  }

  onPod(current: Pod | undefined, previous: Pod | undefined): void {
    const { queue, placements } = this.means;
    const pod = current ?? (previous as Pod);
    const standing = current !== undefined && takesRoom(current);
    if (standing && current.spec.nodeName) {
      this.means.attempts.forget(current, current.spec.nodeName);
      queue.drop(keyOf(pod));
      placements.count(current, current.spec.nodeName);
      if (standsAnew(current, previous)) this.neighbourChanged(current, previous);
      return;
    }
    if (placements.has(pod.metadata.uid) && (!standing || previous?.spec.nodeName)) {
      placements.uncount(pod.metadata.uid);
      queue.wakeWhere((waiting) => endMayHelp(waiting.wanted, pod, waiting.lacking));
      this.neighbourChanged(pod, previous);
    }
    if (!standing || current.metadata.deletionTimestamp || current.spec.schedulerName !== schedulerName) {
      this.means.attempts.forget(pod);
      return queue.drop(keyOf(pod));
    }
    // Decided already: the view has not seen the binding yet.
    if (placements.has(pod.metadata.uid)) return;
    if (current.spec.schedulingGates && current.spec.schedulingGates.length > 0) return;
    if (current.status.nominatedNodeName !== previous?.status.nominatedNodeName) this.means.attempts.note(current);
    queue.put(keyOf(pod), wantedBy(current), previous !== undefined && changedWish(current, previous));
  }

  onNode(current: Node | undefined, previous: Node | undefined): void {
    const { queue, placements } = this.means;
    if (!current) {
      placements.removeNode((previous as Node).metadata.name);
      // Those who stand on it are in nobody's way any more, and beside nobody.
      return queue.wakeMinding(() => true);
    }
    const changes = nodeChanges(current, placements.putNode(current) ? previous : undefined);
    if (changes.size > 0) queue.wakeWhere((waiting) => nodeMayHelp(waiting, current, previous, changes));
  }

  /** A Pod came to a node, goes from it, or is another to those that mind it. */
  private neighbourChanged(pod: Pod, before: Pod | undefined): void {
    const { queue, namespaceLabels } = this.means;
    queue.wakeMinding((waiting) => neighbourMatters(waiting, pod, namespaceLabels) || (before !== undefined && neighbourMatters(waiting, before, namespaceLabels)));
  }
}

/** Whether a Pod on a node is news to Pods that mind where it stands. */
function standsAnew(current: Pod, previous: Pod | undefined): boolean {
  if (!previous?.spec.nodeName || previous.metadata.deletionTimestamp !== current.metadata.deletionTimestamp) return true;
  return previous.metadata.labels !== current.metadata.labels && !sameData(previous.metadata.labels, current.metadata.labels);
}

function changedWish(current: Pod, previous: Pod): boolean {
  if (current.spec === previous.spec && current.metadata.labels === previous.metadata.labels) return false;
  const wish = (pod: Pod): string => JSON.stringify([pod.metadata.labels, pod.spec.nodeSelector, pod.spec.affinity, pod.spec.tolerations, pod.spec.schedulingGates, wantedBy(pod).amounts]);
  return wish(current) !== wish(previous);
}
