/**
 * A load generator in a process of its own: HTTP/2 over TLS, a fixed number of requests in flight, one line of JSON with what it measured.
 * Arguments: one JSON text, see `LoadOptions`.
 */
import { connect } from "node:http2";
import type { ClientHttp2Session } from "node:http2";

export interface LoadOptions {
  readonly url: string;
  readonly ca: string;
  readonly cert?: string;
  readonly key?: string;
  readonly method: "GET" | "POST";
  /** `{i}` in path and body becomes the number of the request. */
  readonly path: string;
  readonly body?: string;
  readonly inFlight: number;
  /** Requests in all; the first `warmUp` are not timed. */
  readonly requests: number;
  readonly warmUp: number;
}

export interface LoadResult {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly bytes: number;
  readonly failures: number;
}

/** A browser-like number of connections: streams of one connection share its flow control and its thread of work. */
const sessionsMax = 4;

function request(session: ClientHttp2Session, options: LoadOptions, i: number): Promise<{ status: number; bytes: number }> {
  return new Promise((resolve, reject) => {
    const body = options.body?.replaceAll("{i}", String(i));
    const stream = session.request({
      ":method": options.method,
      ":path": options.path.replaceAll("{i}", String(i)),
      accept: "application/json",
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    });
    let status = 0;
    let bytes = 0;
    stream.on("response", (headers) => (status = Number(headers[":status"])));
    stream.on("data", (chunk: Buffer) => (bytes += chunk.length));
    stream.on("end", () => resolve({ status, bytes }));
    stream.on("error", reject);
    stream.end(body);
  });
}

async function run(options: LoadOptions): Promise<LoadResult> {
  const sessions = Array.from({ length: Math.min(sessionsMax, options.inFlight) }, () =>
    connect(options.url, { ca: options.ca, cert: options.cert, key: options.key, settings: { initialWindowSize: 4 * 1024 * 1024 } }),
  );
  for (const session of sessions) session.on("connect", () => session.setLocalWindowSize(64 * 1024 * 1024));
  const times: number[] = [];
  let next = 0;
  let bytes = 0;
  let failures = 0;
  let startedAt = 0;
  const worker = async (session: ClientHttp2Session): Promise<void> => {
    while (next < options.requests) {
      const i = next++;
      if (i === options.warmUp) startedAt = performance.now();
      const start = performance.now();
      const answer = await request(session, options, i);
      if (i >= options.warmUp) times.push(performance.now() - start);
      bytes += answer.bytes;
      if (answer.status >= 300) failures++;
    }
  };
  await Promise.all(Array.from({ length: options.inFlight }, (_, i) => worker(sessions[i % sessions.length] as ClientHttp2Session)));
  const seconds = (performance.now() - startedAt) / 1000;
  for (const session of sessions) session.close();
  times.sort((a, b) => a - b);
  const at = (share: number): number => Number((times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0).toFixed(2));
  return { perSecond: Math.round(times.length / seconds), p50Ms: at(0.5), p99Ms: at(0.99), bytes, failures };
}

console.log(JSON.stringify(await run(JSON.parse(process.argv[2] as string) as LoadOptions)));
