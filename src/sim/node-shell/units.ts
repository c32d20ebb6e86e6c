import type { Environment, Timer } from "../../base/environment.ts";
import type { Signal } from "../process.ts";
import { signalNumbers } from "../process.ts";
import { containerdPid, kubeletPid } from "./machine-state.ts";
import type { MachineState } from "./machine-state.ts";

/** A service of the machine as systemd knows it. */
export interface Unit {
  readonly name: string;
  readonly description: string;
  readonly path: string;
  readonly dropIn: string | undefined;
  readonly docs: string | undefined;
  readonly pid: number;
  readonly command: string;
  readonly tasks: number;
  readonly memory: string;
  /** When it was started; undefined: it is down. */
  readonly since: number | undefined;
  /** How it came to be down. */
  readonly ended: Ending | undefined;
}

interface Ending {
  readonly at: number;
  readonly startedAt: number;
  /** Absent: it left by itself when it was asked to. */
  readonly by?: Signal;
  readonly pid: number;
}

export interface JournalLine {
  readonly at: number;
  readonly unit: string;
  readonly text: string;
}

const kubeletCommand =
  "/usr/bin/kubelet --bootstrap-kubeconfig=/etc/kubernetes/bootstrap-kubelet.conf --kubeconfig=/etc/kubernetes/kubelet.conf --config=/var/lib/kubelet/config.yaml";

/** What kubeadm's unit file says: `Restart=always`, `RestartSec=10`. */
const restartMs = 10_000;
/** What the journal keeps of systemd's own words. */
const journalMax = 200;

const signalled = (signal: Signal): string => `${signalNumbers[signal]}/${signal}`;

/**
 * The services of a machine under systemd: the kubelet, which can be stopped, started and killed, and a container runtime, whose
 * restart nobody notices, as its containers live on. What systemd itself says of them is kept for the journal.
 */
export class Units {
  private readonly machine: MachineState;
  private readonly environment: Environment;
  private containerdSince: number;
  private kubeletStarts = 1;
  private ended: Ending | undefined;
  private again: Timer | undefined;
  private restarts = 0;
  private readonly lines: JournalLine[] = [];

  constructor(machine: MachineState, environment: Environment) {
    this.machine = machine;
    this.environment = environment;
    this.containerdSince = machine.host.bootedAt;
    const boot = machine.host.bootedAt;
    for (const unit of this.all()) this.lines.push({ at: boot, unit: unit.name, text: `Started ${titleOf(unit)}.` });
  }

  get kubeletPid(): number {
    // The first of a machine's life, then whatever number was free.
    return this.kubeletStarts === 1 ? kubeletPid : 88_000 + this.kubeletStarts;
  }

  all(): readonly Unit[] {
    const { machine } = this;
    const boot = machine.host.bootedAt;
    return [
      { name: "containerd", description: "containerd container runtime", path: "/etc/systemd/system/containerd.service", dropIn: undefined, docs: "https://containerd.io", pid: containerdPid, command: "/usr/local/bin/containerd", tasks: 24 + 10 * machine.runtime.listSandboxes().length, memory: "61.8M", since: this.containerdSince, ended: undefined },
      {
        name: "kubelet", description: "kubelet: The Kubernetes Node Agent", path: "/etc/systemd/system/kubelet.service", dropIn: "10-kubeadm.conf", docs: "http://kubernetes.io/docs/", pid: this.kubeletPid, tasks: 16, memory: "46.2M",
        command: `${kubeletCommand} --node-ip=${machine.ip} --hostname-override=${machine.name}`, since: machine.kubeletSince(), ended: this.ended,
      },
      { name: "systemd-journald", description: "Journal Service", path: "/lib/systemd/system/systemd-journald.service", dropIn: undefined, docs: "man:systemd-journald.service(8)", pid: 92, command: "/lib/systemd/systemd-journald", tasks: 1, memory: "12.4M", since: boot, ended: undefined },
    ];
  }

  find(name: string): Unit | undefined {
    return this.all().find((unit) => unit.name === name);
  }

  /** What systemd has said. */
  journal(): readonly JournalLine[] {
    return this.lines;
  }

  start(unit: Unit): void {
    this.again?.cancel();
    if (unit.since !== undefined) return;
    this.machine.kubelet.start();
    this.kubeletStarts++;
    this.ended = undefined;
    this.say(unit, `Started ${titleOf(unit)}.`);
  }

  stop(unit: Unit): void {
    this.again?.cancel();
    if (unit.since === undefined) return;
    this.say(unit, `Stopping ${titleOf(unit)}...`);
    this.end(unit);
    this.say(unit, `${unit.name}.service: Deactivated successfully.`);
    this.say(unit, `Stopped ${titleOf(unit)}.`);
  }

  restart(unit: Unit): void {
    if (unit.name === "kubelet") {
      this.stop(unit);
      this.start(this.find(unit.name) as Unit);
      return;
    }
    for (const text of [`Stopping ${titleOf(unit)}...`, `${unit.name}.service: Deactivated successfully.`, `Stopped ${titleOf(unit)}.`, `Started ${titleOf(unit)}.`]) this.say(unit, text);
    if (unit.name === "containerd") this.containerdSince = this.environment.clock.now();
  }

  /** A signal ended its process: systemd starts it anew, sooner or later. */
  killed(unit: Unit, signal: Signal): void {
    if (unit.name !== "kubelet" || unit.since === undefined) return this.restart(unit);
    const leaves = signal === "TERM" || signal === "INT";
    this.end(unit, leaves ? undefined : signal);
    if (leaves) this.say(unit, "kubelet.service: Deactivated successfully.");
    else for (const text of [`Main process exited, code=killed, status=${signalled(signal)}`, "Failed with result 'signal'."]) this.say(unit, `kubelet.service: ${text}`);
    this.again = this.environment.clock.after(restartMs, () => {
      this.say(unit, `kubelet.service: Scheduled restart job, restart counter is at ${++this.restarts}.`);
      this.start(this.find("kubelet") as Unit);
    });
  }

  /** Power is gone. */
  lose(): void {
    this.again?.cancel();
  }

  private end(unit: Unit, by?: Signal): void {
    this.ended = { at: this.environment.clock.now(), startedAt: unit.since as number, pid: unit.pid, ...(by === undefined ? {} : { by }) };
    this.machine.kubelet.stop();
  }

  private say({ name }: Unit, text: string): void {
    this.lines.push({ at: this.environment.clock.now(), unit: name, text });
    if (this.lines.length > journalMax) this.lines.shift();
  }
}

export const titleOf = ({ name, description }: Pick<Unit, "name" | "description">): string => `${name}.service - ${description}`;

/** How its last process ended, in systemd's words. */
export const endingOf = ({ by }: Ending): string => (by === undefined ? "code=exited, status=0/SUCCESS" : `code=killed, status=${signalNumbers[by]}/${by}`);
