import { VirtualClock } from "../src/base/clock.ts";
import type { Environment, Log } from "../src/base/environment.ts";
import { SeededRandom } from "../src/base/random.ts";
import { FifoRunner } from "../src/base/runner.ts";
import { KindRegistry } from "../src/api/registry.ts";
import { loadSchema } from "../src/api/schema/schema.ts";
import { simTypes } from "../src/api/sim/facts.ts";
import { MemoryStore } from "../src/store/memory-store.ts";
import type { ClusterNetwork } from "../src/server/cluster-network.ts";
import { createApiServer } from "../src/server/server.ts";
import type { ApiServer, UserInfo } from "../src/server/request.ts";
import type { ControllerContext } from "../src/client/controller-context.ts";
import { EventRecorder } from "../src/client/event-recorder.ts";
import { InProcessClient } from "../src/client/in-process-client.ts";
import { Informers } from "../src/client/informer.ts";
import { nodeTurns } from "../src/node/turns.ts";

/** The real API server in this process with nothing else beside it: no controllers, no nodes. Time stands still until it is moved. */
export interface InProcessServer {
  readonly environment: Environment;
  readonly clock: VirtualClock;
  readonly server: ApiServer;
  readonly store: MemoryStore;
  /** As the administrator. */
  readonly client: InProcessClient;
  readonly informers: Informers;
  readonly context: ControllerContext;
  as(user: UserInfo): InProcessClient;
  /** Nothing left to do at this instant; throws what a component threw. */
  settle(): Promise<void>;
  advance(ms: number): Promise<void>;
}

const silent: Log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
const administrator: UserInfo = { name: "kubernetes-admin", groups: ["system:masters", "system:authenticated"] };

export async function startInProcessServer(options: { seed?: number; now?: number; log?: Log; historyRevisionsMax?: number; network?: ClusterNetwork } = {}): Promise<InProcessServer> {
  const defects: unknown[] = [];
  const runner = new FifoRunner({ turn: nodeTurns(), fail: (error) => void defects.push(error) });
  const clock = new VirtualClock({ start: options.now ?? Date.UTC(2026, 0, 1), runner });
  const environment: Environment = { clock, runner, random: new SeededRandom(options.seed ?? 1), log: options.log ?? silent };
  const store = new MemoryStore({ freeze: true, now: () => clock.now(), ...(options.historyRevisionsMax === undefined ? {} : { historyRevisionsMax: options.historyRevisionsMax }) });
  const server = createApiServer({ environment, store, registry: KindRegistry.default(), schema: loadSchema(simTypes), nodeAgents: () => undefined, ...(options.network ? { network: options.network } : {}) });
  const as = (user: UserInfo): InProcessClient => new InProcessClient({ server, environment, user, fieldManager: "test", givesWay: true });
  const client = as(administrator);
  const informers = new Informers({ client, environment });
  const complain = (): void => {
    if (defects.length > 0) throw defects.splice(0)[0];
  };
  return {
    environment,
    clock,
    server,
    store,
    client,
    informers,
    context: { environment, informers, client: () => client, recorder: (component) => new EventRecorder({ client, environment, component }) },
    as,
    async settle() {
      await runner.idle();
      complain();
    },
    async advance(ms) {
      await clock.advanceTo(clock.now() + ms);
      complain();
    },
  };
}
