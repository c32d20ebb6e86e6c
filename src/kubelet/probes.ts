import type { Environment, Timer } from "../base/environment.ts";
import { andThen, rescued } from "../base/soon.ts";
import type { Soon } from "../base/soon.ts";
import type { Container, Probe } from "../api/types/core-v1.ts";
import type { ContainerRuntime, NodeNetwork } from "./runtime.ts";

/** One attempt of a probe or a hook against a container. */
export interface ProbeTarget {
  readonly containerId: string;
  readonly container: Container;
  readonly podIp: string;
}

export interface ProbeMeans {
  readonly environment: Environment;
  readonly runtime: ContainerRuntime;
  readonly network: NodeNetwork;
}

export type ProbeKind = "Startup" | "Readiness" | "Liveness";
export type ProbeResult = { readonly ok: true } | { readonly ok: false; readonly message: string; readonly errored?: boolean };

const decoder = new TextDecoder();
/** Upstream keeps this much of what a probe printed. */
const outputBytesMax = 10 * 1024;

/** A port by number or by name in the container's list. */
export function portNumber(port: number | string, container: Container): number | undefined {
  if (typeof port === "number") return port;
  return container.ports?.find(({ name }) => name === port)?.containerPort ?? (/^\d+$/.test(port) ? Number(port) : undefined);
}

/** Runs a command in a container with a time limit; resolves with its exit code and output. */
export async function execIn(means: ProbeMeans, containerId: string, argv: readonly string[], timeoutMs: number): Promise<{ code: number | "timeout"; output: string }> {
  let output = "";
  const abort = new AbortController();
  const run = means.runtime.exec(containerId, {
    argv, tty: false, signal: abort.signal,
    onOutput: (_stream, bytes) => {
      if (output.length < outputBytesMax) output += decoder.decode(bytes);
    },
  });
  let timer: Timer | undefined;
  const late = new Promise<"timeout">((resolve) => {
    timer = means.environment.clock.after(timeoutMs, () => resolve("timeout"));
  });
  const code = await Promise.race([run, late]).finally(() => timer?.cancel());
  if (code === "timeout") {
    abort.abort();
    run.catch(() => undefined);
  }
  return { code, output };
}

/** What the probe says; at once where nothing on the way takes time, which is how probes are answered a hundred thousand times a day. */
function probeOnce(probe: Probe, target: ProbeTarget, means: ProbeMeans): Soon<ProbeResult> {
  return rescued(
    () => attempt(probe, target, means),
    (error) => failure(probe, target, error instanceof Error ? error.message : String(error)),
  );
}

function attempt(probe: Probe, target: ProbeTarget, means: ProbeMeans): Soon<ProbeResult> {
  const { network } = means;
  const timeoutMs = timeoutOf(probe) * 1000;
  const { container, podIp } = target;
  if (probe.exec) return execProbe(probe.exec.command ?? [], probe, target, means);
  if (probe.httpGet) {
    const { path = "/", port, host, scheme = "HTTP", httpHeaders = [] } = probe.httpGet;
    const number = portNumber(port, container);
    if (number === undefined) return { ok: false, errored: true, message: `couldn't find port: ${port}` };
    const headers: { [name: string]: string } = { "user-agent": "kube-probe/1.36", accept: "*/*", connection: "close" };
    for (const { name, value } of httpHeaders) headers[name.toLowerCase()] = value;
    const answer = network.httpGet({ ip: host || podIp, port: number, path: path.startsWith("/") ? path : `/${path}`, scheme, headers, timeoutMs });
    return andThen(answer, ({ status }) => (status >= 200 && status < 400 ? success : { ok: false, message: `HTTP probe failed with statuscode: ${status}` }));
  }
  const port = probe.tcpSocket ? portNumber(probe.tcpSocket.port, container) : probe.grpc?.port;
  if (port === undefined) return { ok: false, errored: true, message: "couldn't find port" };
  return andThen(network.tcpConnect({ ip: probe.tcpSocket?.host || podIp, port, timeoutMs }), () => success);
}

const success: ProbeResult = { ok: true };

const timeoutOf = ({ timeoutSeconds = 1 }: Probe): number => timeoutSeconds;

async function execProbe(command: readonly string[], probe: Probe, { containerId }: ProbeTarget, means: ProbeMeans): Promise<ProbeResult> {
  const { code, output } = await execIn(means, containerId, command, timeoutOf(probe) * 1000);
  if (code === 0) return success;
  if (code === "timeout") return { ok: false, message: `command timed out: "${command.join(" ")}" timed out after ${timeoutOf(probe)}s` };
  return { ok: false, message: output };
}

function failure(probe: Probe, { podIp }: ProbeTarget, message: string): ProbeResult {
  // The client of the gRPC health check goes on dialling until its time is over.
  if (probe.grpc) return { ok: false, message: `timeout: failed to connect service "${podIp}:${probe.grpc.port}" within ${timeoutOf(probe)}s: context deadline exceeded` };
  if (probe.exec) return { ok: false, errored: true, message: `rpc error: code = Unknown desc = ${message}` };
  return { ok: false, message };
}

export interface ProbeWorkerOptions {
  readonly kind: ProbeKind;
  readonly probe: Probe;
  readonly target: ProbeTarget;
  readonly means: ProbeMeans;
  /** When the container started. */
  readonly since: number;
  /** Each failure that counts: for the event. */
  readonly failed: (message: string, errored: boolean) => void;
  /** The verdict after the thresholds, each time it changes. */
  readonly verdict: (ok: boolean) => void;
  /** Only probes while this holds (readiness and liveness wait for startup). */
  readonly enabled: () => boolean;
}

/** Probes one container periodically until it is stopped. */
export class ProbeWorker {
  private readonly options: ProbeWorkerOptions;
  private readonly wake: () => void;
  private timer: Timer | undefined;
  private stopped = false;
  private streak = 0;
  private lastOk: boolean | undefined;
  private told: boolean | undefined;

  constructor(options: ProbeWorkerOptions) {
    this.options = options;
    this.told = options.kind === "Liveness" ? true : options.kind === "Readiness" ? false : undefined;
    const { clock } = options.means.environment;
    this.wake = () => this.round();
    this.timer = clock.at(Math.max(clock.now(), options.since + (options.probe.initialDelaySeconds ?? 0) * 1000), this.wake);
  }

  /** Whether its verdict can end the container. */
  get kills(): boolean {
    return this.options.kind !== "Readiness";
  }

  stop(): void {
    this.stopped = true;
    this.timer?.cancel();
  }

  /** Probes at once: a readiness probe after startup has succeeded. */
  hurry(): void {
    if (this.stopped || !this.timer) return;
    this.timer.cancel();
    this.round();
  }

  private round(): void {
    this.timer = undefined;
    const done = this.once();
    if (done instanceof Promise) void done.then(this.again);
    else this.again();
  }

  private readonly again = (): void => {
    if (this.stopped) return;
    this.timer = this.options.means.environment.clock.after((this.options.probe.periodSeconds ?? 10) * 1000, this.wake);
  };

  private once(): Soon<void> {
    const { probe, target, means } = this.options;
    if (!this.options.enabled()) return undefined;
    return andThen(probeOnce(probe, target, means), this.take);
  }

  private readonly take = (result: ProbeResult): void => {
    const { probe, kind } = this.options;
    if (this.stopped) return;
    if (!result.ok) this.options.failed(result.message, result.errored ?? false);
    // A probe that could not be made says nothing about the container.
    if (!result.ok && result.errored) return;
    if (result.ok === this.lastOk) this.streak++;
    else this.streak = 1;
    this.lastOk = result.ok;
    const threshold = result.ok ? (probe.successThreshold ?? 1) : (probe.failureThreshold ?? 3);
    if (this.streak < threshold || this.told === result.ok) return;
    this.told = result.ok;
    // The verdict of startup and a failed liveness are final for this container: its next attempt gets a new worker.
    if (kind === "Startup" || (kind === "Liveness" && !result.ok)) this.stop();
    this.options.verdict(result.ok);
  };
}
