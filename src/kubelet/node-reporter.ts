import type { Environment, Timer } from "../base/environment.ts";
import { formatMicroTime } from "../base/time.ts";
import { isStatus } from "../base/status-error.ts";
import { sameData } from "../api/equality.ts";
import { leases, nodes } from "../api/kinds.ts";
import type { Lease } from "../api/types/coordination-v1.ts";
import type { ContainerImage, Node } from "../api/types/core-v1.ts";
import type { Client } from "../client/client.ts";
import type { NodeFacts } from "./node-object.ts";
import { bootIdOf, newNode, nodeLabels, nodeStatus } from "./node-object.ts";

/*
 * Upstream's defaults: a lease of 40 s renewed every 10 (`nodeLeaseDurationSeconds`, a quarter of it), status at least every
 * five minutes (`nodeStatusReportFrequency`), images at most fifty (`nodeStatusMaxImages`).
 */
const leaseSeconds = 40;
const renewMs = 10_000;
const statusMs = 300_000;
const imagesMax = 50;
const retryMs = 1000;
/** A new image shows at the next look at the node's status, every ten seconds in upstream. */
const changedMs = 10_000;
const leaseNamespace = "kube-node-lease";

export interface ReporterOptions {
  readonly environment: Environment;
  readonly client: Client;
  readonly facts: NodeFacts;
  readonly images: () => readonly ContainerImage[];
  /** When the machine was started: each start has an id of its own. */
  readonly bootedAt: number;
  /** The Node object is there; told once, with what stood before this kubelet came. */
  readonly registered: (node: Node, before: Node | undefined) => void;
}

/** Registers the node, renews its lease and reports its status. Between renewals it costs one timer. */
export class NodeReporter {
  private readonly options: ReporterOptions;
  private readonly bootId: string;
  private lease: Lease | undefined;
  private timer: Timer | undefined;
  private changed: Timer | undefined;
  private reportedAt = 0;
  /** When the lease was renewed last. */
  private heardAt = 0;
  private stopped = false;

  constructor(options: ReporterOptions) {
    this.options = options;
    this.bootId = bootIdOf(options.facts.name, options.bootedAt);
    options.environment.runner.post(() => this.register());
  }

  stop(): void {
    this.stopped = true;
    this.timer?.cancel();
    this.changed?.cancel();
  }

  /** The list of images changed. */
  imagesChanged(): void {
    if (this.changed || this.stopped) return;
    this.changed = this.options.environment.clock.after(changedMs, () => {
      this.changed = undefined;
      void this.report();
    });
  }

  private async register(): Promise<void> {
    const { client, facts, environment } = this.options;
    try {
      let node: Node;
      let before: Node | undefined;
      try {
        node = await client.create<Node>(nodes, newNode(facts, this.status(undefined)));
      } catch (error) {
        if (!isStatus(error, "AlreadyExists")) throw error;
        const there = (before = await client.get(nodes, { name: facts.name }));
        const metadata = { ...there.metadata, labels: { ...there.metadata.labels, ...nodeLabels(facts) } };
        const merged = sameData(metadata.labels, there.metadata.labels) ? there : await client.update(nodes, { ...there, metadata });
        node = await client.update(nodes, { ...merged, status: this.status(merged) }, { subresource: "status" });
      }
      if (this.stopped) return;
      this.reportedAt = this.heardAt = environment.clock.now();
      this.options.registered(node, before);
      await this.beat(node);
    } catch (error) {
      if (this.stopped) return;
      environment.log.warn(`node ${facts.name} not registered, again in ${retryMs} ms`, { error: String(error) });
      this.timer = environment.clock.after(retryMs, () => void this.register());
    }
  }

  /** One renewal, and the status when it is due; then the next timer. */
  private async beat(registered?: Node): Promise<void> {
    const { environment } = this.options;
    if (this.stopped) return;
    const begun = environment.clock.now();
    try {
      await this.renew(begun, registered);
      // Whoever was silent for longer than the lease has been taken for lost, and says at once that it is not.
      if (begun - this.heardAt > leaseSeconds * 1000) this.reportedAt = Math.min(this.reportedAt, this.heardAt - statusMs);
      this.heardAt = begun;
    } catch (error) {
      this.lease = undefined;
      environment.log.debug(`lease of ${this.options.facts.name} not renewed`, { error: String(error) });
    }
    if (environment.clock.now() - this.reportedAt >= statusMs) await this.report();
    if (!this.stopped) this.timer = environment.clock.at(begun + renewMs, () => void this.beat());
  }

  /** Without a lease at hand one is made: a node that has just been registered mostly has none yet. */
  private async renew(now: number, registered: Node | undefined): Promise<void> {
    const { client, facts } = this.options;
    const spec = { holderIdentity: facts.name, leaseDurationSeconds: leaseSeconds, renewTime: formatMicroTime(now) };
    if (!this.lease) {
      const name = { namespace: leaseNamespace, name: facts.name };
      const { uid } = (registered ?? (await client.get(nodes, { name: facts.name }))).metadata;
      const owner = { apiVersion: "v1", kind: "Node", name: facts.name, uid };
      try {
        this.lease = await client.create(leases, { apiVersion: "coordination.k8s.io/v1", kind: "Lease", metadata: { ...name, ownerReferences: [owner] }, spec });
        return;
      } catch (error) {
        if (!isStatus(error, "AlreadyExists")) throw error;
        this.lease = await client.get(leases, name);
      }
    }
    this.lease = await client.update(leases, { ...this.lease, spec: { ...this.lease.spec, ...spec } });
  }

  private async report(): Promise<void> {
    const { client, facts, environment } = this.options;
    if (this.stopped) return;
    try {
      const node = await client.get(nodes, { name: facts.name });
      await client.update(nodes, { ...node, status: this.status(node) }, { subresource: "status" });
      this.reportedAt = environment.clock.now();
    } catch (error) {
      environment.log.debug(`status of node ${facts.name} not reported`, { error: String(error) });
    }
  }

  private status(node: Node | undefined) {
    const { facts, environment, images } = this.options;
    return nodeStatus({ facts, now: environment.clock.now(), bootId: this.bootId, images: images().slice(0, imagesMax), before: node?.status });
  }
}
