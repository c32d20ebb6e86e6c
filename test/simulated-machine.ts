import { Registry } from "../src/sim/images/registry.ts";
import { SimulatedMachine } from "../src/sim/machine.ts";
import { SimulatedNetwork } from "../src/sim/network.ts";
import type { InProcessServer } from "./in-process-server.ts";
import { startInProcessServer } from "./in-process-server.ts";

/** The node of the one machine. */
export const node = "local-worker";

/** One simulated machine with its kubelet beside a real server, and nothing else: no scheduler, no controllers. Its node is registered. */
export async function startMachine(): Promise<{ readonly server: InProcessServer; readonly machine: SimulatedMachine }> {
  const server = await startInProcessServer();
  const client = server.as({ name: `system:node:${node}`, groups: ["system:nodes", "system:authenticated"] });
  const machine = new SimulatedMachine({ name: node, index: 1, environment: server.environment, client, images: new Registry(), network: new SimulatedNetwork(), spec: {} });
  machine.powerOn();
  await server.settle();
  return { server, machine };
}
