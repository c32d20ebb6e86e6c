import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { PassThrough } from "node:stream";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createCluster } from "../../src/node/create-cluster.ts";
import type { NodeCluster } from "../../src/node/create-cluster.ts";
import { createCertificates } from "../../src/node/certificates.ts";
import { execOver } from "../../src/node/exec-channels.ts";
import { silentLog } from "../../src/node/file-log.ts";
import { listenHttps } from "../../src/node/https-server.ts";
import type { HttpsListener } from "../../src/node/https-server.ts";
import { kubeconfigText } from "../../src/node/kubeconfig.ts";
import type { Access } from "../../src/node/kubeconfig.ts";
import { goEnvironment, kubectlPath } from "../kubectl/kubectl.ts";
import { ObservedServer } from "../kubectl/observed-server.ts";
import { endOf, pause, paced } from "../kubectl/paced.ts";
import type { Ended } from "../kubectl/paced.ts";
import { narrate, narrateCommand } from "./narration.ts";
import waiting from "./waiting.json" with { type: "json" };

/**
 * A scenario: a cluster of simulated nodes behind a real port, and steps that a person would type, in order, with the real
 * kubectl. Commands run in a real shell in this folder, so `kubectl apply -f manifests/x.yaml | grep y` is written as it stands in the
 * tutorial. The cluster has a virtual clock: it stands still while a command only asks and is moved while one waits.
 */
export interface Background {
  /** What it has printed so far. */
  readonly stdout: string;
  readonly stderr: string;
  /** Ends it and waits for its end. */
  stop(): Promise<Ended>;
}

export interface ScenarioOptions {
  /** Name of the cluster; the nodes are called after it. */
  readonly cluster: string;
  readonly nodes: number;
  /** Where commands run; default this folder. */
  readonly folder?: string;
}

/** Commands that wait by asking again and again; all others that wait do so on a watch, a followed log or a shell. */
const polling = /\bkubectl drain\b/;
/** Commands that say when they can be asked; others of those that go on open a watch or a log. */
const listening = /\bkubectl (proxy|port-forward)\b/;

/** Steps that may wait, by `E01/2`; the harness fails when one of them passes. */
const mayWait = waiting as { readonly [step: string]: string };

export class Scenario {
  cluster!: NodeCluster;
  private readonly id: string;
  private folder = "";
  private kubeconfig = "";
  private access!: Access;
  private server!: ObservedServer;
  private listener: HttpsListener | undefined;
  private readonly running = new Set<ChildProcess>();
  private readonly options: ScenarioOptions;

  constructor(id: string, options: ScenarioOptions) {
    this.id = id;
    this.options = options;
  }

  async open(): Promise<void> {
    this.folder = mkdtempSync(join(tmpdir(), "coracle-scenario-"));
    this.cluster = await createCluster({ name: this.options.cluster, nodes: this.options.nodes });
    this.server = new ObservedServer(this.cluster.server);
    const certificates = createCertificates();
    this.listener = await listenHttps({ server: this.server, certificates, log: silentLog });
    this.access = { url: this.listener.url, authority: certificates.authority.certificate, certificate: certificates.admin.certificate, key: certificates.admin.key };
    this.kubeconfig = join(this.folder, "config");
    writeFileSync(this.kubeconfig, kubeconfigText(`coracle-${this.options.cluster}`, this.access), { mode: 0o600 });
  }

  async close(): Promise<void> {
    for (const child of this.running) child.kill("SIGKILL");
    await this.listener?.close();
    await this.cluster?.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** One numbered step of the scenario. A step listed in waiting.json must fail. */
  step(number: number, title: string, run: () => Promise<void>): void {
    const reason = mayWait[`${this.id}/${number}`];
    const told = (): Promise<void> => {
      narrate({ type: "step", number, title });
      return run();
    };
    if (reason === undefined) {
      it(`${number}. ${title}`, told, 60_000);
      return;
    }
    it(`${number}. ${title} (may wait: ${reason})`, async () => {
      let passed = true;
      try {
        await told();
      } catch {
        passed = false;
      }
      expect(passed, `${this.id}/${number} passes now: take it off waiting.json`).toBe(false);
    }, 60_000);
  }

  /** Runs a shell command to its end; time moves when it waits, unless `still` says that it waits for the host's time. */
  async sh(command: string, options: { stdin?: string; still?: boolean } = {}): Promise<Ended> {
    const from = this.cluster.now();
    const ended = await this.quietly(command, options);
    narrateCommand({ command, stdin: options.stdin, from, to: this.cluster.now(), ...ended });
    return ended;
  }

  private async quietly(command: string, options: { stdin?: string; still?: boolean } = {}): Promise<Ended> {
    const child = this.start(command, options.stdin);
    try {
      return await (options.still ? endOf(child) : paced(child, { cluster: this.cluster, server: this.server, polls: polling.test(command) }));
    } finally {
      this.running.delete(child);
    }
  }

  /** As `sh`, and demands exit code 0; the standard output. */
  async ok(command: string, options: { stdin?: string } = {}): Promise<string> {
    const { exit, stdout, stderr } = await this.sh(command, options);
    expect(exit, `${command}\n${stdout}${stderr}`).toBe(0);
    return stdout;
  }

  /** As `sh`, and demands exit code 1; the standard error. */
  async refused(command: string, options: { stdin?: string } = {}): Promise<string> {
    const { exit, stdout, stderr } = await this.sh(command, options);
    expect(exit, `${command}\n${stdout}${stderr}`).toBe(1);
    return stderr;
  }

  /**
   * Starts a command that goes on while others run, such as `kubectl get pods -w`, and resolves when its watch is open (or its port): what
   * is opened later belongs to the commands that follow. `polls`: it asks again and again first, so it has begun once it has asked.
   */
  async background(command: string, options: { polls?: boolean } = {}): Promise<Background> {
    narrate({ type: "started", command });
    const { opened: openedBefore, activity: askedBefore } = this.server;
    const child = this.start(command, undefined);
    let over = false;
    const result = endOf(child).finally(() => (over = true));
    const text = { stdout: "", stderr: "" };
    child.stdout?.on("data", (bytes: Buffer) => (text.stdout += bytes.toString()));
    child.stderr?.on("data", (bytes: Buffer) => (text.stderr += bytes.toString()));
    const begun = (): boolean => {
      if (listening.test(command)) return text.stdout !== "";
      return this.server.hasOpenSince(openedBefore) || (options.polls === true && this.server.activity > askedBefore);
    };
    while (!over && !begun()) await pause(5, result);
    return {
      get stdout() {
        return text.stdout;
      },
      get stderr() {
        return text.stderr;
      },
      stop: () => {
        child.kill("SIGINT");
        void result.then(({ stdout, stderr }) => narrate({ type: "stopped", stdout, stderr }));
        return result;
      },
    };
  }

  /** Runs a command in a shell of a machine, as `coracle node shell NODE -- sh -c COMMAND` does. */
  async onNode(node: string, command: string): Promise<Ended> {
    const words = ["sh", "-c", command].map((word) => `command=${encodeURIComponent(word)}`).join("&");
    const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
    const text = { stdout: "", stderr: "" };
    stdout.on("data", (bytes: Buffer) => (text.stdout += bytes.toString()));
    stderr.on("data", (bytes: Buffer) => (text.stderr += bytes.toString()));
    stdin.end();
    const from = this.cluster.now();
    const exit = await execOver(this.access, `/apis/sim.coracle.dev/v1alpha1/machines/${node}/exec?${words}&stdin=true&stdout=true&stderr=true&tty=false`, { stdin, stdout, stderr });
    const ended = { exit, ...text };
    narrateCommand({ command: `coracle node shell ${node} -- sh -c '${command}'`, stdin: undefined, from, to: this.cluster.now(), ...ended });
    return ended;
  }

  /** Moves the cluster's time. */
  async advance(duration: string): Promise<void> {
    await this.cluster.advance(duration);
  }

  /** Moves time step by step until the command's output satisfies `enough`; that output. */
  async until(command: string, enough: (stdout: string) => boolean, options: { within?: number; step?: string } = {}): Promise<string> {
    const steps = options.within ?? 60;
    let last = "";
    for (let i = 0; i < steps; i++) {
      const from = this.cluster.now();
      const ended = await this.quietly(command);
      last = ended.stdout;
      if (enough(last)) {
        narrateCommand({ command, from, to: this.cluster.now(), ...ended });
        return last;
      }
      await this.cluster.advance(options.step ?? "1s");
    }
    throw new Error(`${command} never showed what was asked for; at last:\n${last}`);
  }

  /** Waits in the host's time, for what a background command prints: half a minute where the machine is busy. */
  async seen(background: Background, enough: (stdout: string) => boolean): Promise<string> {
    for (let i = 0; i < 3000; i++) {
      if (enough(background.stdout)) return background.stdout;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    throw new Error(`never printed what was asked for:\n${background.stdout}${background.stderr}`);
  }

  private start(command: string, stdin: string | undefined): ChildProcess {
    const child = spawn("/bin/sh", ["-c", command], {
      cwd: this.options.folder ?? import.meta.dirname,
      env: {
        PATH: [dirname(kubectlPath), process.env["PATH"] ?? ""].join(delimiter),
        HOME: this.folder,
        KUBECONFIG: this.kubeconfig,
        TMPDIR: this.folder,
        ...goEnvironment,
      },
      stdio: [stdin === undefined ? "ignore" : "pipe", "pipe", "pipe"],
    });
    this.running.add(child);
    if (stdin !== undefined) child.stdin?.end(stdin);
    return child;
  }
}

/**
 * Rows of a table as kubectl prints it: one record per line, by header. Columns are told apart by two spaces or more; a line with an empty
 * cell is cut where the headers begin. Rows of a watch may stand under columns that have become wider.
 */
export function table(text: string): { [header: string]: string }[] {
  const [head, ...lines] = text.trimEnd().split("\n");
  if (head === undefined) return [];
  const columns = [...head.matchAll(/\S+(?: \S+)*/g)].map((match) => ({ name: match[0], at: match.index }));
  return lines.map((line) => {
    const cells = line.trimEnd().split(/ {2,}/);
    return Object.fromEntries(columns.map(({ name, at }, i) => [name, cells.length === columns.length ? (cells[i] as string) : line.slice(at, columns[i + 1]?.at).trim()]));
  });
}

/** Declares a scenario; its steps run in order on one cluster. */
export function scenario(id: string, title: string, options: ScenarioOptions, define: (s: Scenario) => void): void {
  describe(`${id} ${title}`, () => {
    const s = new Scenario(id, options);
    beforeAll(() => {
      narrate({ type: "scenario", id, title });
      return s.open();
    }, 60_000);
    afterAll(() => s.close(), 60_000);
    define(s);
  });
}
