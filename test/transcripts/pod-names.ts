import { pods } from "../../src/api/kinds.ts";
import type { Pod } from "../../src/api/types/core-v1.ts";
import type { NodeCluster } from "../../src/node/create-cluster.ts";
import type { PodTimes } from "./fake-kubelets.ts";
import type { RecordedEvent, Recording, WatchLine } from "./recording.ts";

/**
 * Recorded commands name Pods whose suffixes were drawn. A recorded Pod corresponds to the one of ours that came at the same place in
 * the order of creation among Pods of the same owner (and, for a DaemonSet, of the same node).
 */
function familyOf(pod: Pod): string {
  const { namespace, name, generateName } = pod.metadata;
  const term = pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms[0];
  const node = pod.metadata.ownerReferences?.[0]?.kind === "DaemonSet" ? (term?.matchFields?.[0]?.values?.[0] ?? "") : "";
  return `${namespace}/${generateName ?? name}/${node}`;
}

class Order {
  private readonly families = new Map<string, string[]>();

  add(pod: Pod): void {
    const family = familyOf(pod);
    const names = this.families.get(family) ?? [];
    if (names.includes(pod.metadata.name)) return;
    names.push(pod.metadata.name);
    this.families.set(family, names);
  }

  *entries(): Iterable<[string, number, string]> {
    for (const [family, names] of this.families) for (const [i, name] of names.entries()) yield [family, i, name];
  }

  at(family: string, index: number): string | undefined {
    return this.families.get(family)?.[index];
  }

  of(family: string): readonly string[] {
    return this.families.get(family) ?? [];
  }

  indexOf(family: string, name: string): number {
    return this.families.get(family)?.indexOf(name) ?? -1;
  }
}

/** Pods that only events tell of: who made them, and which node they came to. */
function podsOf(events: readonly RecordedEvent[]): Pod[] {
  const nodes = new Map<string, string>();
  for (const { reason, involvedObject, message } of events) {
    const node = reason === "Scheduled" ? / to (\S+)$/.exec(message)?.[1] : undefined;
    if (node !== undefined) nodes.set(involvedObject.name, node);
  }
  return events.flatMap(({ reason, metadata, involvedObject: { kind, name: owner }, message }) => {
    const name = reason === "SuccessfulCreate" ? /^Created pod: (\S+)$/.exec(message)?.[1] : undefined;
    if (name === undefined) return [];
    const terms = [{ matchFields: [{ key: "metadata.name", operator: "In", values: [nodes.get(name) ?? ""] }] }];
    const affinity = { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: terms } } };
    const made = { name, namespace: metadata.namespace, generateName: name.slice(0, -5), ownerReferences: [{ kind, name: owner }] };
    return [{ metadata: made, spec: { affinity } } as unknown as Pod];
  });
}

/** When a recorded Pod first showed something, in seconds of its topic. */
interface Seen {
  bound?: number;
  running?: number;
  deleted?: number;
  ended?: number;
  gone?: number;
  node?: string;
  /** Of a ReplicaSet: one is as good as the other. */
  replica?: boolean;
}

function look(seen: Seen, { t, type, object }: WatchLine): void {
  const pod = object as unknown as Pod;
  if (pod.spec.nodeName) {
    seen.bound ??= t;
    seen.node ??= pod.spec.nodeName;
  }
  seen.replica = pod.metadata.ownerReferences?.[0]?.kind === "ReplicaSet";
  if (pod.status.phase === "Running") seen.running ??= t;
  if (pod.metadata.deletionTimestamp) seen.deleted ??= t;
  if (pod.status.phase === "Succeeded" || pod.status.phase === "Failed") seen.ended ??= t;
  // A finalizer may hold it longer than the kubelet does.
  if (type === "DELETED" || pod.metadata.deletionGracePeriodSeconds === 0) seen.gone ??= t;
}

/** What lasts longer was not the kubelet's doing alone (a stopped heartbeat, a finalizer). */
const stageMsMax = 2000;

function timesOf({ bound, running, deleted, ended, gone }: Seen): PodTimes {
  const between = (from: number | undefined, to: number | undefined): number | undefined => {
    const ms = from === undefined || to === undefined ? -1 : Math.round((to - from) * 1000);
    return ms > 0 && ms < stageMsMax ? ms : undefined;
  };
  const start = between(bound, running);
  const finish = deleted === undefined || (ended ?? Infinity) < deleted ? between(running, ended) : undefined;
  const end = between(deleted, ended);
  const remove = end === undefined ? undefined : between(ended, gone);
  return { ...(start === undefined ? {} : { start }), ...(finish === undefined ? {} : { finish }), ...(end === undefined ? {} : { end }), ...(remove === undefined ? {} : { remove }) };
}

export class PodNames {
  private readonly ours = new Order();
  private readonly theirs = new Order();
  private readonly recorded = new Map<string, { family: string; index: number }>();
  /** Our Pods that are there, and where. */
  private readonly nodes = new Map<string, string>();
  /** By recorded name, for those that no watch tells of. */
  private readonly chosen = new Map<string, string>();
  /** By recorded name. */
  private readonly seen = new Map<string, Seen>();

  constructor(cluster: NodeCluster, { watch, events = [] }: Recording) {
    for (const line of watch) {
      if (line.kind !== "Pod") continue;
      const pod = line.object as unknown as Pod;
      if (line.type === "ADDED") this.theirs.add(pod);
      const { name } = pod.metadata;
      let seen = this.seen.get(name);
      if (!seen) this.seen.set(name, (seen = {}));
      look(seen, line);
    }
    for (const pod of podsOf(events)) this.theirs.add(pod);
    for (const [family, index, name] of this.theirs.entries()) this.recorded.set(name, { family, index });
    cluster.client.watch(pods, { resourceVersion: "0" }, {
      event: (event) => {
        if (event.type === "ADDED") this.ours.add(event.object);
        if (event.type === "DELETED") this.nodes.delete(event.object.metadata.name);
        else if (event.object.spec?.nodeName) this.nodes.set(event.object.metadata.name, event.object.spec.nodeName);
      },
      ended: () => undefined,
    });
  }

  /** The text with recorded names replaced by ours; names without a counterpart stay. */
  translate(text: string): string {
    return text.replace(/[a-z0-9][-a-z0-9.]*-[bcdfghjklmnpqrstvwxz2456789]{5}\b/g, (name) => {
      const place = this.recorded.get(name);
      if (!place) return this.unrecorded(name);
      const { node, replica = false } = this.seen.get(name) ?? {};
      const same = this.ours.at(place.family, place.index);
      // Which node the scheduler picks varies, and what happens to a Pod may depend on it.
      const there = !replica || (same !== undefined && this.nodes.get(same) === node) ? undefined : this.ours.of(place.family).find((one) => this.nodes.get(one) === node);
      return there ?? same ?? name;
    });
  }

  /** Topics whose watch has no Pods: any living one of the same owner will do, for one name always the same. */
  private unrecorded(name: string): string {
    const base = name.slice(0, -5);
    const chosen = this.chosen.get(name) ?? [...this.nodes.keys()].find((one) => one.length === name.length && one.startsWith(base) && ![...this.chosen.values()].includes(one));
    if (chosen !== undefined) this.chosen.set(name, chosen);
    return chosen ?? name;
  }

  /** How long the stages of the recorded counterpart of one of our Pods took. */
  timesOf(pod: Pod): PodTimes {
    const family = familyOf(pod);
    this.ours.add(pod);
    const name = this.theirs.at(family, this.ours.indexOf(family, pod.metadata.name));
    return timesOf((name !== undefined && this.seen.get(name)) || {});
  }
}
