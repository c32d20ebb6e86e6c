import type { Environment } from "../base/environment.ts";
import { SystemClock, VirtualClock } from "../base/clock.ts";
import { SeededRandom } from "../base/random.ts";
import { FifoRunner } from "../base/runner.ts";
import { KindRegistry } from "../api/registry.ts";
import { loadSchema } from "../api/schema/schema.ts";
import { simTypes } from "../api/sim/facts.ts";
import { MemoryStore } from "../store/memory-store.ts";
import { createApiServer } from "../server/server.ts";
import type { ClusterNetwork } from "../server/cluster-network.ts";
import type { MachineConsoles } from "../server/machine-console.ts";
import type { NodeAgents } from "../server/node-agent.ts";
import type { UserInfo } from "../server/request.ts";
import { InProcessClient } from "../client/in-process-client.ts";
import { Registry } from "../sim/images/registry.ts";
import { checkOptions, startOf } from "./check-options.ts";
import { startClockObject } from "./clock-object.ts";
import { startControlPlane } from "./control-plane.ts";
import { administrator, apiServerUser } from "./identities.ts";
import { Machines } from "./machines.ts";
import { nodeName } from "./names.ts";
import { defaults } from "./options.ts";
import type { ClusterHost, ClusterOptions } from "./options.ts";
import { RunningCluster } from "./running-cluster.ts";
import { keepStandingObjects } from "./standing-objects.ts";
import type { Parts } from "./running-cluster.ts";
import { testAuthorityPem } from "./test-authority.ts";

/** The means of a cluster, before anything runs. */
function partsOf(options: ClusterOptions, host: ClusterHost): Parts {
  const runner = new FifoRunner(host.runner);
  const virtual = options.clock === "system" ? undefined : new VirtualClock({ start: startOf(options), runner });
  const system = virtual ? undefined : new SystemClock({ host: host.clock, runner });
  const environment: Environment = {
    clock: (virtual ?? system) as VirtualClock | SystemClock,
    random: new SeededRandom(options.seed ?? defaults.seed),
    runner,
    log: host.log,
  };
  return { environment, virtual, system, store: new MemoryStore({ now: () => environment.clock.now() }), registry: KindRegistry.default({ addons: (options.metrics ?? defaults.metrics) ? ["metrics.k8s.io"] : [] }), schema: loadSchema(simTypes) };
}

/**
 * Puts a cluster together and resolves when the API server answers; machines and their nodes are asked for by `ready()`. Rejects with
 * OptionError for options that cannot be.
 */
export async function composeCluster(options: ClusterOptions, host: ClusterHost): Promise<RunningCluster> {
  checkOptions(options);
  const parts = partsOf(options, host);
  const { environment, store, registry, schema } = parts;
  // The server is there before the machines that it will ask.
  const agents: { of: NodeAgents; console: MachineConsoles; network?: ClusterNetwork } = { of: () => undefined, console: () => undefined };
  const server = createApiServer({ environment, store, registry, schema, nodeAgents: (name) => agents.of(name), machineConsoles: (name) => agents.console(name),
    network: { fetch: (request) => agents.network?.fetch(request) ?? Promise.reject(new Error("no machine is there yet")) }, ...(host.tokenSigner === undefined ? {} : { tokenSigner: host.tokenSigner }) });
  const clientOf = (user: UserInfo, fieldManager: string): InProcessClient => new InProcessClient({ server, environment, user, fieldManager });
  const own = clientOf(apiServerUser, "coracle");
  // Upstream's control plane runs on the first node, and its events say so.
  const hostName = nodeName(options.name ?? defaults.name, 0);
  const controlPlane = startControlPlane({ environment, server, caPem: host.caPem ?? testAuthorityPem, hostName, ...(host.certificateSigner === undefined ? {} : { certificateSigner: host.certificateSigner }) });
  const { informers } = controlPlane;
  const release = keepStandingObjects({ environment, informers, client: clientOf(apiServerUser, "kube-apiserver") });
  const machines = new Machines({ environment, server, client: own, informers, images: new Registry(options.images) });
  agents.of = (name) => machines.agentOf(name);
  agents.console = (name) => machines.consoleOf(name);
  agents.network = machines;
  const clockObject = parts.virtual ? await startClockObject({ clock: parts.virtual, environment, client: own, informers, hostClock: host.clock }) : undefined;
  return new RunningCluster({
    options,
    parts,
    server,
    client: new InProcessClient({ server, environment, user: administrator, fieldManager: "coracle", givesWay: true }),
    own,
    informers,
    tellTime: async () => clockObject?.report(),
    stops: [() => clockObject?.stop(), release, () => machines.stop(), () => controlPlane.stop(), () => parts.system?.stop(), () => void store.close()],
  });
}
