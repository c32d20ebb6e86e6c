/**
 * The real kubectl and helm for tests: the pinned binaries from .cache, in a home of their own, so that nothing of the machine's user is
 * read or written.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const binFolder = join(import.meta.dirname, "..", "..", ".cache", "bin");
/** The gate `kubectl` of `npm test` brings it. */
export const kubectlPath: string = join(binFolder, "kubectl");

/** kubectl lives for 40 ms: collecting its garbage would take a fifth of them, and threads for a second core more than they give. */
export const goEnvironment = { GOGC: "off", GOMAXPROCS: "1" } as const;

export interface KubectlOptions {
  /** Path of a kubeconfig. */
  readonly kubeconfig?: string;
  /** A folder where it keeps what it has learned of the API's kinds. Default: one that is gone when it ends, which costs it half as much again. */
  readonly home?: string;
  readonly stdin?: string;
  /** Default: its home. */
  readonly cwd?: string;
  readonly env?: { readonly [name: string]: string };
  /** A command that runs longer is killed, and its exit code is undefined. Default 20 s. */
  readonly timeoutMs?: number;
}

export interface KubectlResult {
  readonly exit: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

const timeoutMsDefault = 20_000;

/** Runs kubectl and resolves when it has ended, however it ended. */
export function kubectl(args: readonly string[], options: KubectlOptions = {}): Promise<KubectlResult> {
  return atHome(kubectlPath, args, options);
}

/** Runs helm, as `kubectl` does kubectl. */
export function helm(args: readonly string[], options: KubectlOptions = {}): Promise<KubectlResult> {
  return atHome(join(binFolder, "helm"), args, options);
}

async function atHome(program: string, args: readonly string[], options: KubectlOptions): Promise<KubectlResult> {
  if (options.home !== undefined) return run(program, args, options, options.home);
  const home = mkdtempSync(join(tmpdir(), "coracle-kubectl-"));
  try {
    return await run(program, args, options, home);
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

function run(program: string, args: readonly string[], options: KubectlOptions, home: string): Promise<KubectlResult> {
  const env = { ...goEnvironment, HOME: home, PATH: process.env["PATH"] ?? "", TZ: "UTC", ...(options.kubeconfig === undefined ? {} : { KUBECONFIG: options.kubeconfig }), ...options.env };
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { env, cwd: options.cwd ?? home });
    const timer = setTimeout(() => child.kill("SIGKILL"), options.timeoutMs ?? timeoutMsDefault);
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    child.on("error", (error) => reject(new Error(`${program} does not start: run \`npm test -- kubectl\` first`, { cause: error })));
    child.on("close", (code) => {
      clearTimeout(timer);
      resolve({ exit: code ?? undefined, stdout, stderr });
    });
    // kubectl may end without reading what it is given.
    child.stdin.on("error", () => {});
    child.stdin.end(options.stdin ?? "");
  });
}
