/**
 * The library's door for Node: `createCluster()` composes a cluster in this process and gives it what only Node has, a port. Nothing is
 * opened until `listen()` is called.
 */
import type { Log } from "../base/environment.ts";
import { composeCluster } from "../cluster/create-cluster.ts";
import type { Cluster } from "../cluster/cluster.ts";
import { OptionError } from "../cluster/options.ts";
import type { ClusterOptions } from "../cluster/options.ts";
import type { CertificateSigner } from "../controllers/certificate-signing/plan.ts";
import { createCertificateSigner } from "./certificate-signer.ts";
import { certificatesFor, createCertificates } from "./certificates.ts";
import type { ClusterCertificates } from "./certificates.ts";
import { codeOf, Failure, reasonOf } from "./failure.ts";
import { silentLog } from "./file-log.ts";
import { nodeHost } from "./host.ts";
import type { HttpsListener } from "./https-server.ts";
import type { Access } from "./kubeconfig.ts";

export type { Cluster, Nodes } from "../cluster/cluster.ts";
export { isStatus, StatusError } from "../base/status-error.ts";
export { clocks, machines } from "../api/sim/facts.ts";
export type { Clock, Machine, MachineSpec } from "../api/sim/types.ts";
export type { KindRef, KubeObject, ObjectName } from "../api/kind-ref.ts";
export type { Applied } from "../client/apply.ts";
export type { Client, ListResult, Patch, Watch, WatchHandler } from "../client/client.ts";
export { image } from "../sim/images/image.ts";
export type { SimulatedImage } from "../sim/images/image.ts";
export type { Program } from "../sim/process.ts";
export { OptionError } from "../cluster/options.ts";
export type { ClusterOptions, ImageOptions } from "../cluster/options.ts";

export interface NodeClusterOptions extends ClusterOptions {
  /** Default: nothing is logged. */
  readonly log?: Log;
  /** Made by `createCertificates()`. Default: a fixed test certificate stands in inside the cluster, and `listen` makes new ones. */
  readonly certificates?: ClusterCertificates;
  /** Called with a broken invariant. Default: it is thrown. */
  readonly onDefect?: (error: unknown) => void;
}

export interface NodeCluster extends Cluster {
  /** Opens a port (0: a free one) and resolves when it takes requests. It closes with the cluster. */
  listen(options?: { readonly host?: string; readonly port?: number }): Promise<Listening>;
}

export interface Listening {
  /** `https://127.0.0.1:6443`; the loopback also for who listens at all addresses. */
  readonly url: string;
  readonly port: number;
  /** What the administrator connects with. */
  readonly access: Access;
  /** A kubeconfig with this one cluster, as text (YAML). */
  readonly kubeconfig: string;
  /** Ends every connection and frees the port; the cluster goes on. */
  close(): Promise<void>;
}

/** Resolves with all nodes Ready. `await using cluster = await createCluster()` closes it at the end of the block. */
export async function createCluster(options: NodeClusterOptions = {}): Promise<NodeCluster> {
  const cluster = await startCluster(options);
  try {
    await cluster.ready();
    return cluster;
  } catch (error) {
    await cluster.close();
    throw error;
  }
}

/** A cluster whose API server answers and whose machines are not there yet. */
export interface StartedCluster extends NodeCluster {
  /** Asks for the machines and resolves when all nodes are Ready. */
  ready(): Promise<void>;
}

/** The first half of `createCluster`, for who wants to open the port before the nodes are there. */
export async function startCluster(options: NodeClusterOptions): Promise<StartedCluster> {
  const { rest, log, certificates, onDefect } = split(options);
  const host = nodeHost({ log, ...(onDefect === undefined ? {} : { onDefect }) });
  const holder = new CertificateHolder(certificates);
  const core = await composeCluster(rest, { ...host, ...(certificates === undefined ? {} : { caPem: certificates.authority.certificate }), certificateSigner: holder });
  return new ListeningCluster(core, { log, certificates: holder });
}

/** What Node gives, apart from what every cluster can be asked, which is checked where it is used. */
function split(options: NodeClusterOptions) {
  if (typeof options !== "object" || options === null || Array.isArray(options)) return { rest: options, log: silentLog, certificates: undefined, onDefect: undefined };
  const { log = silentLog, certificates, onDefect, ...rest } = options;
  return { rest, log, certificates, onDefect };
}

/** Certificates that are made when somebody needs them: the port, or whoever has a request for one approved. */
class CertificateHolder implements CertificateSigner {
  private made: ClusterCertificates | undefined;
  private signer: CertificateSigner | undefined;

  constructor(given: ClusterCertificates | undefined) {
    this.made = given;
  }

  get(): ClusterCertificates {
    return (this.made ??= createCertificates());
  }

  sign: CertificateSigner["sign"] = (request, terms) => (this.signer ??= createCertificateSigner(this.get().authority)).sign(request, terms);
}

const everywhere: ReadonlySet<string> = new Set(["0.0.0.0", "::"]);

type Core = Awaited<ReturnType<typeof composeCluster>>;

class ListeningCluster implements StartedCluster {
  private readonly core: Core;
  private readonly log: Log;
  private readonly certificates: CertificateHolder;
  private readonly listeners = new Set<HttpsListener>();

  constructor(core: Core, options: { log: Log; certificates: CertificateHolder }) {
    this.core = core;
    this.log = options.log;
    this.certificates = options.certificates;
  }

  get name() {
    return this.core.name;
  }
  get server() {
    return this.core.server;
  }
  get client() {
    return this.core.client;
  }
  get environment() {
    return this.core.environment;
  }
  get nodes() {
    return this.core.nodes;
  }
  ready = (): Promise<void> => this.core.ready();
  now: Cluster["now"] = () => this.core.now();
  apply: Cluster["apply"] = (objects) => this.core.apply(objects);
  advance: Cluster["advance"] = (duration) => this.core.advance(duration);
  runUntil: Cluster["runUntil"] = (predicate, options) => this.core.runUntil(predicate, options);
  settle: Cluster["settle"] = () => this.core.settle();
  logs: Cluster["logs"] = (pod) => this.core.logs(pod);

  async listen(options: { host?: string; port?: number } = {}): Promise<Listening> {
    this.core.assertOpen();
    const { port = 0 } = options;
    if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new OptionError(`listen: port ${port} is not a whole number from 0 to 65535`);
    const [{ listenHttps }, { kubeconfigText }] = await Promise.all([import("./https-server.ts"), import("./kubeconfig.ts")]);
    // Who listens everywhere is reached at the loopback.
    const { host = "127.0.0.1" } = options;
    const certificates = everywhere.has(host) ? this.certificates.get() : certificatesFor(this.certificates.get(), host);
    const listener = await listenHttps({ server: this.core.server, certificates, log: this.log, host, port }).catch((error: unknown) => {
      if (codeOf(error) === "EADDRINUSE") throw new Failure(`port ${port} is taken: choose another, or 0 for a free one`, { cause: error });
      throw new Failure(`port ${port}${options.host === undefined ? "" : ` of ${host}`} cannot be opened: ${reasonOf(error)}`, { cause: error });
    });
    const url = everywhere.has(host) ? `https://127.0.0.1:${listener.port}` : listener.url;
    if (this.core.isClosed) await listener.close();
    this.core.assertOpen();
    this.listeners.add(listener);
    const access: Access = {
      url,
      authority: certificates.authority.certificate,
      certificate: certificates.admin.certificate,
      key: certificates.admin.key,
    };
    return {
      url,
      port: listener.port,
      access,
      kubeconfig: kubeconfigText(`coracle-${this.name}`, access),
      close: () => {
        this.listeners.delete(listener);
        return listener.close();
      },
    };
  }

  async close(): Promise<void> {
    const listeners = [...this.listeners];
    this.listeners.clear();
    await Promise.all(listeners.map((listener) => listener.close()));
    await this.core.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
