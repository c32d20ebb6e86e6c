import { events, pods } from "../src/api/kinds.ts";
import type { Pod } from "../src/api/types/core-v1.ts";
import type { Partially } from "../src/base/json.ts";
import { Registry } from "../src/sim/images/registry.ts";
import { SimulatedMachine } from "../src/sim/machine.ts";
import { SimulatedNetwork } from "../src/sim/network.ts";
import type { InProcessServer } from "./in-process-server.ts";
import { startInProcessServer } from "./in-process-server.ts";

/** The node of the one machine. */
export const node = "local-worker";
const namespace = "default";

/** One simulated machine with its kubelet beside a real server, and nothing else: no scheduler, no controllers. Its node is registered. */
export class OneMachine {
  readonly server: InProcessServer;
  readonly machine: SimulatedMachine;

  private constructor(server: InProcessServer) {
    this.server = server;
    const client = server.as({ name: `system:node:${node}`, groups: ["system:nodes", "system:authenticated"] });
    this.machine = new SimulatedMachine({ name: node, index: 1, environment: server.environment, client, images: new Registry(), network: new SimulatedNetwork(), spec: {} });
  }

  static async start(): Promise<OneMachine> {
    const one = new OneMachine(await startInProcessServer());
    one.machine.powerOn();
    await one.server.settle();
    return one;
  }

  /** A Pod that is bound to the node already. */
  async create(name: string, spec: object): Promise<void> {
    const pod = { metadata: { name, namespace }, spec: { nodeName: node, automountServiceAccountToken: false, ...spec } };
    await this.server.client.create(pods, pod as unknown as Partially<Pod>);
  }

  get(name: string): Promise<Pod> {
    return this.server.client.get(pods, { namespace, name });
  }

  /** What events tell of an object of this name. */
  async messages(name: string): Promise<string[]> {
    const { items } = await this.server.client.list(events, { namespace });
    return items.filter(({ involvedObject }) => involvedObject.name === name).map(({ type, reason, message, count = 1 }) => `${type} ${reason} ${message}${count > 1 ? ` x${count}` : ""}`);
  }

  async logOf(name: string, container = "c"): Promise<string> {
    const decoder = new TextDecoder();
    let log = "";
    await this.machine.agent?.logs({ namespace, pod: name, uid: (await this.get(name)).metadata.uid, container }, { follow: false, previous: false, timestamps: false, stream: "All" }, {
      write: (bytes) => {
        log += decoder.decode(bytes);
        return true;
      },
      drained: () => undefined, end: () => undefined, closed: () => undefined,
    });
    return log;
  }

  /** The output of a command in the container "c" of a Pod, through the kubelet as the API server asks it. */
  async execIn(name: string, command: readonly string[]): Promise<string> {
    const decoder = new TextDecoder();
    let out = "";
    const session = this.machine.agent?.exec({ namespace, pod: name, uid: (await this.get(name)).metadata.uid, container: "c" }, { command, stdin: false, stdout: true, stderr: true, tty: false }, {
      send: (channel, bytes) => {
        if (channel < 3) out += decoder.decode(bytes);
        return true;
      },
      drained: () => undefined, onData: () => undefined, onEnd: () => undefined, closed: () => undefined, close: () => undefined,
    });
    await this.server.settle();
    await session;
    return out;
  }
}
