import type { Client } from "../../client/client.ts";
import { controllerRevisions, daemonSets, pods } from "../../api/kinds.ts";
import type { ControllerRevision, DaemonSet } from "../../api/types/apps-v1.ts";
import type { Pod } from "../../api/types/core-v1.ts";
import { isStatus } from "../../base/status-error.ts";
import { planHistory, revisionData, sameRevisionData, superfluous } from "../history.ts";
import { controllerReference } from "../owner.ts";
import type { TemplateHasher } from "../template-hash.ts";
import { revisionHashLabel } from "./daemon-pod.ts";

export interface History {
  /** The hash under which Pods of the wanted template are labelled. */
  readonly hash: string;
  readonly old: readonly ControllerRevision[];
}

/** Keeps one ControllerRevision per template that a DaemonSet had: the wanted one has the highest number. */
export class RevisionControl {
  private readonly client: Client;
  private readonly hasher: TemplateHasher;

  constructor(options: { client: Client; hasher: TemplateHasher }) {
    this.client = options.client;
    this.hasher = options.hasher;
  }

  /**
   * Makes, renumbers or de-duplicates revisions as the wanted template asks. `revisions` are those that the set controls, `own`
   * gives its Pods (asked for only when they have to be labelled anew).
   */
  async bring(set: DaemonSet, revisions: readonly ControllerRevision[], own: () => readonly Pod[]): Promise<History> {
    const labelled = await Promise.all(revisions.map((revision) => this.label(revision)));
    const plan = planHistory(labelled, revisionData(set.spec.template));
    const current = plan.current ?? (await this.create(set, plan.revision));
    const hash = current.metadata.labels?.[revisionHashLabel] ?? "";
    if (plan.duplicates.length > 0) await this.merge(plan.duplicates, hash, own());
    if (current.revision < plan.revision) await this.client.update(controllerRevisions, { ...current, revision: plan.revision });
    return { hash, old: plan.old };
  }

  /** Removes old revisions beyond the set's limit that none of its Pods has. */
  async cleanUp(set: DaemonSet, old: readonly ControllerRevision[], own: readonly Pod[]): Promise<void> {
    const live = new Set(own.map((pod) => pod.metadata.labels?.[revisionHashLabel]));
    const limit = set.spec.revisionHistoryLimit ?? 10;
    for (const revision of superfluous(old, { limit, live: (each) => live.has(each.metadata.labels?.[revisionHashLabel]) })) await this.remove(revision);
  }

  /** A revision that somebody wrote without the hash label gets its name as hash. */
  private async label(revision: ControllerRevision): Promise<ControllerRevision> {
    const { metadata } = revision;
    if (metadata.labels?.[revisionHashLabel] !== undefined) return revision;
    const labels = { ...metadata.labels, [revisionHashLabel]: metadata.name };
    return this.client.update(controllerRevisions, { ...revision, metadata: { ...metadata, labels } });
  }

  private async create(set: DaemonSet, revision: number): Promise<ControllerRevision> {
    const { namespace, name, annotations } = set.metadata;
    const hash = this.hasher.hash(set.spec.template, set.status.collisionCount);
    const data = revisionData(set.spec.template);
    const own = { namespace, name: `${name}-${hash}` };
    try {
      return await this.client.create(controllerRevisions, {
        apiVersion: controllerRevisions.apiVersion,
        kind: controllerRevisions.kind,
        metadata: {
          ...own,
          labels: { ...set.spec.template.metadata?.labels, [revisionHashLabel]: hash },
          ...(annotations === undefined ? {} : { annotations }),
          ownerReferences: [controllerReference(set, daemonSets)],
        },
        data,
        revision,
      });
    } catch (error) {
      if (!isStatus(error, "AlreadyExists")) throw error;
      const existing = await this.client.get(controllerRevisions, own);
      if (sameRevisionData(existing.data, data)) return existing;
      await this.countCollision(set);
      throw error;
    }
  }

  /** Two templates with one hash: the count goes into the next hash, and the set is looked at again with it. */
  private async countCollision(set: DaemonSet): Promise<void> {
    const fresh = await this.client.get(daemonSets, { namespace: set.metadata.namespace, name: set.metadata.name });
    if (fresh.status.collisionCount !== set.status.collisionCount) return;
    const status = { ...fresh.status, collisionCount: (fresh.status.collisionCount ?? 0) + 1 };
    await this.client.update(daemonSets, { ...fresh, status }, { subresource: "status" });
  }

  /** Pods of superfluous revisions of the wanted template take the hash of the one that is kept. */
  private async merge(duplicates: readonly ControllerRevision[], hash: string, own: readonly Pod[]): Promise<void> {
    const superseded = new Set(duplicates.map((each) => each.metadata.labels?.[revisionHashLabel]));
    for (const { metadata } of own) {
      if (!superseded.has(metadata.labels?.[revisionHashLabel])) continue;
      await this.client.patch(pods, metadata, { type: "merge", body: { metadata: { labels: { [revisionHashLabel]: hash } } } });
    }
    for (const duplicate of duplicates) await this.remove(duplicate);
  }

  private async remove(revision: ControllerRevision): Promise<void> {
    try {
      await this.client.delete(controllerRevisions, revision.metadata);
    } catch (error) {
      if (!isStatus(error, "NotFound")) throw error;
    }
  }
}
