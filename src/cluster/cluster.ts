import type { Environment, Instant } from "../base/environment.ts";
import type { KubeObject, ObjectName } from "../api/kind-ref.ts";
import type { Client } from "../client/client.ts";
import type { Applied } from "../client/apply.ts";
import type { ApiServer } from "../server/request.ts";
import type { MachineSpec } from "../api/sim/types.ts";

/** A running cluster in this process. All its parts share one environment; nothing is shared with other clusters. */
export interface Cluster extends AsyncDisposable {
  readonly name: string;
  /** The API server as a function; what `listen` puts behind a port. */
  readonly server: ApiServer;
  /** Acts as the administrator (group system:masters). Objects it returns are shared and never to be changed. */
  readonly client: Client;
  readonly environment: Environment;
  /** Milliseconds since the epoch on the cluster's clock. */
  now(): Instant;
  /**
   * Creates or patches each object three-way, as `kubectl apply` does: unknown fields are refused, what names no namespace goes to
   * `default`. YAML may hold several documents. Answers in order; stops at the first refusal, which it throws (a StatusError).
   */
  apply(yamlOrObjects: string | KubeObject | readonly KubeObject[]): Promise<readonly Applied[]>;
  /** Moves a virtual clock by a duration ("30d", "90s", milliseconds) and does all there is to do on the way. */
  advance(duration: string | number): Promise<void>;
  /**
   * Moves a virtual clock (or waits, on the machine's) until the predicate holds; it is asked after each instant. Throws with the text of
   * the predicate when `within` (default "10m" of the cluster's time) is over.
   */
  runUntil(predicate: () => boolean | Promise<boolean>, options?: { within?: string | number }): Promise<void>;
  /** Resolves when nothing is left to do at this instant; time stays where it is. */
  settle(): Promise<void>;
  readonly nodes: Nodes;
  /** A container's log so far. A name alone means a Pod of `default`; `container` may be absent when the Pod has one. */
  logs(pod: string | (ObjectName & { container?: string })): Promise<string>;
  /** Stops every component and closes every port; what still waits rejects, and what is asked afterwards does. Idempotent. */
  close(): Promise<void>;
}

/** The simulated machines of a cluster and their Nodes. Each method resolves when the cluster shows what was asked for; a virtual clock moves meanwhile. */
export interface Nodes {
  /** Adds a machine and resolves with its name when its Node is Ready (at once with `power: "Off"`). Without a name it is the next worker. */
  add(options?: { name?: string } & MachineSpec): Promise<string>;
  /** The machine and its Node. */
  remove(name: string): Promise<void>;
  /** Power off: heartbeats cease, and its containers with them. */
  stop(name: string): Promise<void>;
  /** Power on again. */
  start(name: string): Promise<void>;
}
