import type { Environment, Random } from "../../base/environment.ts";
import type { RuntimeExec } from "../../kubelet/runtime.ts";
import type { CommandTable } from "../command.ts";
import { runFor } from "../container-streams.ts";
import { gnuCommands } from "../commands/gnu.ts";
import { glibcPing } from "../commands/ping.ts";
import type { FileView } from "../files/file-view.ts";
import { standardPath } from "../images/image.ts";
import { NetworkInterface } from "../network.ts";
import { Process } from "../process.ts";
import type { MachineFacts, World } from "../process.ts";
import type { Shells } from "../shell/shells.ts";
import { ExecError, findProgram, replaceProgram } from "../userland.ts";
import type { Finder } from "../userland.ts";
import { WorkMeter } from "../work-meter.ts";
import { addressCommands } from "./addresses.ts";
import { kubeProxyOfNode } from "../images/kube-proxy.ts";
import { binaryCommands } from "./binaries.ts";
import { conntrackCommands } from "./conntrack.ts";
import { crictlCommands } from "./crictl.ts";
import { iptablesCommands } from "./iptables.ts";
import type { MachineState } from "./machine-state.ts";
import { processCommands } from "./processes.ts";
import { journalCommands } from "./journal.ts";
import { systemdCommands } from "./systemd.ts";
import { Units } from "./units.ts";

/** Everything that a node has beside the ordinary commands. */
function nodeCommands(machine: MachineState, units: Units): CommandTable {
  return { ...glibcPing, ...gnuCommands, ...iptablesCommands, "kube-proxy": kubeProxyOfNode, ...crictlCommands(machine), ...systemdCommands(machine, units), ...journalCommands(machine, units), ...processCommands(machine, units), ...conntrackCommands(machine), ...binaryCommands, ...addressCommands(machine, units) };
}

/**
 * A shell on the machine itself, as `docker exec` gives one on a kind node: its own files, its own address, and the tools of
 * somebody who looks after nodes. It works while the machine has power, connected or not.
 */
export class MachineShell implements World {
  readonly environment: Environment;
  readonly random: Random;
  readonly hostname: string;
  readonly nodeName: string;
  readonly files: FileView;
  readonly network: NetworkInterface;
  readonly privileged = true;
  readonly user = 0;
  readonly groups = [0];
  readonly memoryBytesMax: number;
  readonly machine: MachineFacts;
  readonly programs = {};
  readonly processes = new Map<number, Process>();
  readonly work = new WorkMeter();
  private readonly units: Units;
  private readonly finder: Finder;
  private lastPid = 100_000;

  constructor({ state, environment, random, shells }: { state: MachineState; environment: Environment; random: Random; shells: Shells }) {
    const { name, ip, host, cluster, proxy } = state;
    this.environment = environment;
    this.random = random;
    this.hostname = name;
    this.nodeName = name;
    this.files = host.files;
    this.network = new NetworkInterface({ net: cluster, node: name, ip, isHost: true });
    this.memoryBytesMax = host.memoryBytes;
    this.machine = { cpus: host.cpus, memoryBytes: host.memoryBytes, bootedAt: host.bootedAt, proxy, rootIs: () => false, enter: async () => undefined, nextLogLine: () => host.nextLogLine("") };
    this.units = new Units(state, environment);
    this.finder = { shells, programs: {}, userland: true, commands: nodeCommands(state, this.units), world: () => this };
  }

  nextPid(): number {
    return ++this.lastPid;
  }

  onEnd(): void {
    // The machine's own shell holds nothing that outlives it.
  }

  execute(process: Process, argv: readonly string[]): Promise<number> {
    return replaceProgram(this.finder, process, argv);
  }

  /** Runs a command, or a shell for a person; resolves with its exit code: 127, with runc's words, when there is no such command. */
  async run(options: RuntimeExec): Promise<number> {
    const argv = options.argv.length > 0 ? options.argv : ["bash"];
    let program;
    try {
      program = findProgram(this.finder, argv, "/");
    } catch (error) {
      if (!(error instanceof ExecError)) throw error;
      options.onOutput("stderr", new TextEncoder().encode(`OCI runtime exec failed: exec failed: unable to start container process: ${error.message}: unknown\n`));
      return 127;
    }
    const env = new Map([["PATH", standardPath], ["HOSTNAME", this.hostname], ["HOME", "/root"]]);
    if (options.tty) env.set("TERM", "xterm");
    return await runFor(this, { ...options, argv, cwd: "/", env, program });
  }

  /** As `run`, for a process of a container that has changed its root: with its terminal, and no longer than it. */
  async enter(process: Process, argv: readonly string[]): Promise<number | undefined> {
    let program;
    try {
      program = findProgram(this.finder, argv, "/");
    } catch (error) {
      if (!(error instanceof ExecError)) throw error;
      return undefined;
    }
    const { env, tty, input, output } = process;
    const own = new Process({ world: this, argv, env, cwd: "/", tty, input, output, initial: false, ready: () => process.ready() });
    process.onSignal((signal) => own.signal(signal));
    process.world.onEnd(() => own.exit(137));
    return process.wait(own.run(program));
  }

  /** The machine lost power. */
  lose(): void {
    this.units.lose();
    for (const process of this.processes.values()) process.exit(255);
  }
}
