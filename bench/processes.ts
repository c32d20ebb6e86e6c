/** Starting, asking and ending what is measured, from outside, as a person would. */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:http2";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { load } from "js-yaml";
import { createCertificates } from "../src/node/certificates.ts";
import type { LoadOptions, LoadResult } from "./load.ts";

const root = join(import.meta.dirname, "..");

export interface Access {
  readonly url: string;
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

export interface Up {
  readonly child: ChildProcess;
  readonly startedAt: number;
  /** Resolves with the access data when the kubeconfig is there. */
  access(): Promise<Access>;
  stop(): Promise<void>;
}

/** `coracle up` with a kubeconfig and state of its own. */
export function up(args: readonly string[]): Up {
  const folder = mkdtempSync(join(tmpdir(), "coracle-bench-"));
  const kubeconfig = join(folder, "config");
  const startedAt = performance.now();
  const child = spawn(join(root, "bin/coracle"), ["up", "--kubeconfig", kubeconfig, ...args], {
    env: { ...process.env, XDG_STATE_HOME: join(folder, "state"), HOME: folder },
    stdio: ["ignore", "ignore", "inherit"],
  });
  const ended = new Promise<void>((resolve) => child.on("exit", () => resolve()));
  return {
    child,
    startedAt,
    async access() {
      for (;;) {
        if (existsSync(kubeconfig)) {
          const config = load(readFileSync(kubeconfig, "utf8")) as {
            clusters: { cluster: { server: string; "certificate-authority-data": string } }[];
            users: { user: { "client-certificate-data": string; "client-key-data": string } }[];
          };
          const cluster = config.clusters[0]?.cluster;
          const user = config.users[0]?.user;
          if (cluster && user) {
            const text = (data: string): string => Buffer.from(data, "base64").toString();
            return { url: cluster.server, ca: text(cluster["certificate-authority-data"]), cert: text(user["client-certificate-data"]), key: text(user["client-key-data"]) };
          }
        }
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
    },
    async stop() {
      child.kill("SIGINT");
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export interface Bare {
  readonly url: string;
  readonly ca: string;
  readonly startedAt: number;
  stop(): void;
}

/** The peer, with certificates like a cluster's. Resolves when it listens. */
export async function bare(): Promise<Bare> {
  const folder = mkdtempSync(join(tmpdir(), "coracle-bench-"));
  const { server, authority } = createCertificates();
  const [certificate, key] = [join(folder, "certificate"), join(folder, "key")];
  writeFileSync(certificate, server.certificate);
  writeFileSync(key, server.key);
  const startedAt = performance.now();
  const child = spawn(process.execPath, [join(import.meta.dirname, "bare-server.ts"), certificate, key], { stdio: ["ignore", "pipe", "inherit"] });
  const url = await new Promise<string>((resolve) => child.stdout.once("data", (line: Buffer) => resolve(line.toString().trim())));
  return {
    url,
    ca: authority.certificate,
    startedAt,
    stop() {
      child.kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** One request; the status and the body. */
export function ask(access: Pick<Access, "url" | "ca"> & Partial<Access>, path: string, options: { method?: string; body?: unknown } = {}): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const session = connect(access.url, { ca: access.ca, cert: access.cert, key: access.key });
    session.on("error", reject);
    const stream = session.request({
      ":method": options.method ?? "GET",
      ":path": path,
      ...(options.body === undefined ? {} : { "content-type": "application/json" }),
    });
    let status = 0;
    let body = "";
    stream.on("response", (headers) => (status = Number(headers[":status"])));
    stream.on("data", (chunk: Buffer) => (body += chunk.toString()));
    stream.on("end", () => {
      session.close();
      resolve({ status, body });
    });
    stream.on("error", reject);
    stream.end(options.body === undefined ? undefined : JSON.stringify(options.body));
  });
}

/** Runs the load generator in its own process. */
export function loadFrom(options: LoadOptions): Promise<LoadResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(root, "bench/load.ts"), JSON.stringify(options)], { stdio: ["ignore", "pipe", "inherit"] });
    let text = "";
    child.stdout.on("data", (chunk: Buffer) => (text += chunk.toString()));
    child.on("error", reject);
    child.on("exit", (code) => (code === 0 ? resolve(JSON.parse(text) as LoadResult) : reject(new Error(`load generator ended with ${code}`))));
  });
}

/** Proportional set size of a process and its children, in MB. */
export function pssMb(pid: number): number {
  const own = Number(/^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"))?.[1] ?? 0) / 1024;
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").filter((text) => text !== "");
  return own + children.reduce((sum, child) => sum + pssMb(Number(child)), 0);
}
