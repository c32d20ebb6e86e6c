import { VirtualClock } from "../src/base/clock.ts";
import { SeededRandom } from "../src/base/random.ts";
import { FifoRunner } from "../src/base/runner.ts";
import type { Environment } from "../src/base/environment.ts";
import type { ContainerConfig } from "../src/kubelet/runtime.ts";
import { machineBase } from "../src/sim/files/userland.ts";
import { Registry } from "../src/sim/images/registry.ts";
import { SimulatedNetwork } from "../src/sim/network.ts";
import { SimulatedRuntime } from "../src/sim/runtime.ts";
import { Shells } from "../src/sim/shell/shells.ts";

/** One simulated runtime under a virtual clock, without a kubelet: for what containers print and do. */
export const start = Date.UTC(2026, 0, 1);

export interface Lab {
  environment: Environment;
  clock: VirtualClock;
  runtime: SimulatedRuntime;
  network: SimulatedNetwork;
}

export function lab(seed = 1): Lab {
  const runner = new FifoRunner({
    turn: (next) => void setImmediate(next),
    fail: (error) => {
      throw error;
    },
  });
  const clock = new VirtualClock({ start, runner });
  const quiet = (): void => undefined;
  const environment: Environment = { clock, runner, random: new SeededRandom(seed), log: { debug: quiet, info: quiet, warn: quiet, error: quiet } };
  const network = new SimulatedNetwork();
  const shared = { environment, network, images: new Registry(), shells: new Shells(environment), machineBase: machineBase([]) };
  const runtime = new SimulatedRuntime({ shared, node: "local-worker", nodeIp: "172.18.0.3", podPrefix: "10.244.1", cpus: 4, memoryBytes: 8 * 1024 ** 3, random: environment.random.fork("m"), enter: async () => undefined });
  return { environment, clock, runtime, network };
}

export async function run(at: Lab, image: string, argv: string[] | undefined, extra: Partial<ContainerConfig> = {}, name = "pod-1"): Promise<{ id: string; ip: string }> {
  const { runtime, clock } = at;
  let made: { id: string; ip: string } | undefined;
  const work = (async () => {
    const sandbox = await runtime.runSandbox({ podUid: `uid-of-${name}`, namespace: "default", name, hostname: name, hostNetwork: false, labels: {} });
    const info = await runtime.pullImage(image);
    const id = await runtime.createContainer(sandbox.id, {
      name: "c", image: info, attempt: 0, argv: argv ?? [...info.entrypoint, ...info.command], workingDir: "/", env: [{ name: "NODE_NAME", value: "local-worker" }], mounts: [], tty: false,
      stdin: false, stdinOnce: false, readOnlyRootFilesystem: false, privileged: false, terminationMessagePath: "/dev/termination-log", ...extra,
    });
    made = { id, ip: sandbox.ips[0] as string };
    await runtime.startContainer(id).catch(() => undefined);
  })();
  await clock.advanceTo(clock.now() + 60_000, () => made !== undefined && runtime.containerStatus(made.id)?.state !== "created");
  await work;
  return made as { id: string; ip: string };
}

export function text(at: Lab, id: string): string {
  return (at.runtime.log(id)?.entries() ?? []).map((entry) => new TextDecoder().decode(entry.text)).join("");
}

export async function exec(at: Lab, id: string, ...argv: string[]): Promise<{ code: number; out: string }> {
  let out = "";
  const done = at.runtime.exec(id, { argv, tty: false, onOutput: (_stream, bytes) => void (out += new TextDecoder().decode(bytes)) });
  return { code: await done, out };
}
