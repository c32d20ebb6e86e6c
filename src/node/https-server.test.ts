import { X509Certificate } from "node:crypto";
import { connect as connectHttp2 } from "node:http2";
import type { ClientHttp2Session, IncomingHttpHeaders } from "node:http2";
import { connect as connectTcp } from "node:net";
import { request as requestHttp1 } from "node:https";
import { setTimeout as wait } from "node:timers/promises";
import { connect as connectTls } from "node:tls";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import type { ApiRequest, ApiResponse, ByteSink, Channels, ConnectPort } from "../server/request.ts";
import { createCertificates, createClientCertificate } from "./certificates.ts";
import { listenHttps } from "./https-server.ts";
import type { HttpsListener } from "./https-server.ts";

const certificates = createCertificates();
const stranger = createCertificates();
const log = { debug() {}, info() {}, warn() {}, error() {} };
const json = { "content-type": "application/json" };
const text = (value: string): ApiResponse["body"] => ({ type: "bytes", parts: [Buffer.from(value)] });

const seen: ApiRequest[] = [];
let openSink: ByteSink | undefined;
let openChannels: Channels | undefined;
const gone: string[] = [];
let release = () => {};
let unblock = () => {};
const blocked = new Promise<void>((resolve) => (unblock = resolve));

const routes: Record<string, (request: ApiRequest) => ApiResponse | Promise<ApiResponse>> = {
  "/echo": (request) => ({ status: 200, headers: json, body: text(JSON.stringify({ method: request.method, query: request.query, body: Buffer.from((request.body as Uint8Array | undefined) ?? []).toString(), credentials: request.credentials })) }),
  "/parts": () => ({ status: 200, headers: { ...json, warning: ['299 - "one"', '299 - "two"'] }, body: { type: "bytes", parts: [Buffer.from("a"), Buffer.from("b"), Buffer.from("c")] } }),
  "/large": () => ({ status: 200, headers: json, body: { type: "bytes", parts: Array.from({ length: 5000 }, (_, i) => Buffer.alloc(1500, i % 256)) } }),
  "/unwritable": () => ({ status: 200, headers: { "x y": "z" }, body: text("") }),
  "/blocked": () => blocked.then(() => ({ status: 200, headers: json, body: text("{}") })),
  "/none": () => ({ status: 204, headers: {}, body: { type: "none" } }),
  "/defect": () => Promise.reject(new Error("planted")),
  "/slow": (request) =>
    new Promise((resolve) => {
      request.signal?.addEventListener("abort", () => gone.push("slow"), { once: true });
      release = () => resolve({ status: 200, headers: json, body: text("{}") });
    }),
  "/watch": () => ({ status: 200, headers: json, body: { type: "stream", start: (sink) => ((openSink = sink), sink.closed(() => gone.push("watch"))) } }),
  "/log": () => ({ status: 200, headers: { "content-type": "text/plain" }, body: { type: "stream", start: (sink) => void (openSink = sink) } }),
  "/portforward": () => ({ status: 101, headers: {}, body: { type: "ports", connect: echoPort } }),
  "/exec": () => ({
    status: 101,
    headers: {},
    body: { type: "channels", protocols: ["v5.channel.k8s.io", "v4.channel.k8s.io", "base64.channel.k8s.io", "channel.k8s.io"], start: echoChannels },
  }),
};

/** A program behind a port: gives each byte back, and closes when the client says no more. Nobody listens below 1024. */
const echoPort: ConnectPort = (port, client) =>
  port < 1024
    ? Promise.reject(new Error(`nobody listens on ${port}`))
    : Promise.resolve({ write: (bytes) => (Buffer.from(bytes).toString() === "bye" ? client.end() : client.write(bytes)), end() {}, close: () => gone.push(`port ${port}`) });

function echoChannels(channels: Channels): void {
  openChannels = channels;
  channels.closed(() => gone.push("exec"));
  channels.onData((channel, bytes) => channels.send(channel === 0 ? 1 : channel, bytes));
  channels.onEnd(() => {
    channels.send(3, Buffer.from(JSON.stringify({ status: "Failure", message: "exit 3" })));
    channels.close();
  });
}

const handle = (request: ApiRequest): Promise<ApiResponse> => {
  seen.push(request);
  const route = routes[request.path];
  return Promise.resolve(route ? route(request) : { status: 404, headers: json, body: text('{"code":404}') });
};

let listener: HttpsListener;
let session: ClientHttp2Session;
beforeAll(async () => {
  listener = await listenHttps({ server: { handle }, certificates, log });
  session = connectHttp2(listener.url, { ca: certificates.authority.certificate, cert: certificates.admin.certificate, key: certificates.admin.key });
});
afterAll(async () => {
  session.destroy();
  await listener.close();
});

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

function http2(path: string, options: { method?: string; body?: Buffer | string; headers?: Record<string, string> } = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const stream = session.request({ ":path": path, ":method": options.method ?? "GET", ...options.headers }, { endStream: options.body === undefined });
    let headers: IncomingHttpHeaders & { ":status"?: number | undefined } = {};
    const chunks: Buffer[] = [];
    stream.on("response", (answer) => (headers = answer));
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    stream.on("end", () => resolve({ status: headers[":status"] ?? 0, headers, body: Buffer.concat(chunks) }));
    stream.on("error", reject);
    if (options.body !== undefined) stream.end(options.body);
  });
}

type Client = { cert?: string; key?: string };
const admin: Client = { cert: certificates.admin.certificate, key: certificates.admin.key };

function http1(path: string, options: { method?: string; body?: Buffer | string; headers?: Record<string, string>; client?: Client } = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { host, port } = listener;
    const sent = requestHttp1(
      { host, port, path, method: options.method ?? "GET", headers: options.headers ?? {}, ca: certificates.authority.certificate, agent: false, ...(options.client ?? admin) },
      (answer) => {
        const chunks: Buffer[] = [];
        answer.on("data", (chunk: Buffer) => chunks.push(chunk));
        answer.on("end", () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(chunks) }));
        answer.on("error", reject);
      },
    );
    sent.on("error", reject);
    sent.end(options.body);
  });
}

describe.each([
  ["HTTP/2", http2],
  ["HTTP/1.1", http1],
] as const)("%s", (_name, send) => {
  test("passes method, path, query and body, and answers once", async () => {
    const before = seen.length;
    const answer = await send("/echo?a=%20b&c", { method: "POST", body: "hello" });
    expect(JSON.parse(answer.body.toString())).toEqual({
      method: "POST",
      query: "a=%20b&c",
      body: "hello",
      credentials: { type: "certificate", commonName: "kubernetes-admin", organizations: ["system:masters"], fingerprint: expect.stringMatching(/^[0-9a-f]{64}$/) as string },
    });
    expect(answer.headers["content-type"]).toBe("application/json");
    expect(seen.length - before).toBe(1);
    expect(seen.at(-1)?.path).toBe("/echo");
  });

  test("joins the parts of a body and keeps several warnings", async () => {
    const answer = await send("/parts");
    expect(answer.body.toString()).toBe("abc");
    expect(answer.headers["content-length"]).toBe("3");
    expect(answer.headers["warning"]).toBe('299 - "one", 299 - "two"');
  });

  test("sends a large list whole", async () => {
    const answer = await send("/large");
    expect(answer.body.length).toBe(5000 * 1500);
    for (let i = 0; i < 5000; i++) expect(answer.body[i * 1500]).toBe(i % 256);
  });

  test("answers without a body", async () => {
    const answer = await send("/none");
    expect(answer.status).toBe(204);
    expect(answer.body.length).toBe(0);
  });

  test("an answer that cannot be written ends the exchange, and the port goes on", async () => {
    const failed = await send("/unwritable").catch(() => undefined);
    if (failed !== undefined) expect(failed.body.length).toBe(0);
    expect((await send("/echo")).status).toBe(200);
  });

  test("passes on a refusal", async () => expect((await send("/nowhere")).status).toBe(404));

  test("answers a defect with 500 and a Status", async () => {
    const answer = await send("/defect");
    expect(answer.status).toBe(500);
    expect(JSON.parse(answer.body.toString())).toMatchObject({ kind: "Status", reason: "InternalError", code: 500 });
  });

  test("refuses a body that is too large, declared", async () => {
    const before = seen.length;
    const answer = await send("/echo", { method: "POST", body: Buffer.alloc(64), headers: { "content-length": String(4 * 1024 * 1024) } }).catch(() => undefined);
    if (answer !== undefined) expect(answer.status).toBe(413);
    expect(seen.length).toBe(before);
  });

  test("refuses a body that turns out too large", async () => {
    const before = seen.length;
    const answer = await send("/echo", { method: "POST", body: Buffer.alloc(3 * 1024 * 1024 + 1) });
    expect(answer.status).toBe(413);
    expect(JSON.parse(answer.body.toString())).toMatchObject({ reason: "RequestEntityTooLarge", message: "Request entity too large: limit is 3145728" });
    expect(seen.length).toBe(before);
  });

  test("reads no body of a caller who may not ask", async () => {
    const before = seen.length;
    const refusal = () => ({ status: 403, headers: json, body: text("{}") });
    const strict = await listenHttps({ server: { handle, refusal }, certificates, log });
    const client = connectHttp2(strict.url, { ca: certificates.authority.certificate, ...admin });
    const stream = client.request({ ":method": "POST", ":path": "/echo" });
    stream.on("error", () => {});
    stream.write(Buffer.alloc(100));
    expect(await new Promise((resolve) => stream.once("response", (headers) => resolve(headers[":status"])))).toBe(403);
    client.destroy();
    await strict.close();
    expect(seen.length).toBe(before);
  });

  test("does not wait for ever for the end of a body", async () => {
    const hasty = await listenHttps({ server: { handle }, certificates, log, bodyMsMax: 20 });
    const client = connectHttp2(hasty.url, { ca: certificates.authority.certificate, ...admin });
    const stream = client.request({ ":method": "POST", ":path": "/echo" });
    stream.on("error", () => {});
    stream.write("{");
    expect(await new Promise((resolve) => stream.once("response", (headers) => resolve(headers[":status"])))).toBe(504);
    client.destroy();
    await hasty.close();
  });

  test("waits a while for a revision that is yet to come", async () => {
    let asked = 0;
    const ahead = { status: 504, headers: {}, body: { type: "bytes", parts: [Buffer.from('{"details":{"causes":[{"reason":"ResourceVersionTooLarge"}]}}')] } } as const;
    const reached = { status: 200, headers: {}, body: { type: "bytes", parts: [Buffer.from("{}")] } } as const;
    const status = async (futureMsMax: number, looks: number): Promise<unknown> => {
      asked = 0;
      const server = { handle: () => Promise.resolve(++asked > looks ? reached : ahead) };
      const patient = await listenHttps({ server, certificates, log, futureMsMax });
      const client = connectHttp2(patient.url, { ca: certificates.authority.certificate, ...admin });
      const stream = client.request({ ":path": "/echo" });
      const answer = await new Promise((resolve) => stream.once("response", (headers) => resolve(headers[":status"])));
      client.destroy();
      await patient.close();
      return answer;
    };
    expect(await status(500, 1)).toBe(200);
    expect(await status(20, 100)).toBe(504);
    expect(asked).toBeLessThan(5);
  });

  test("closes a connection that nobody uses, not one on which somebody waits", async () => {
    const hasty = await listenHttps({ server: { handle }, certificates, log, idleMsMax: 250 });
    const [idle, watching] = [0, 1].map(() => connectHttp2(hasty.url, { ca: certificates.authority.certificate, ...admin })) as [ClientHttp2Session, ClientHttp2Session];
    watching.request({ ":path": "/watch" }).resume();
    await new Promise((resolve) => idle.once("close", resolve));
    await wait(300);
    expect(watching.closed).toBe(false);
    watching.destroy();
    await hasty.close();
  });

  test("takes a body of just the limit", async () => {
    const answer = await send("/echo", { method: "PUT", body: Buffer.alloc(3 * 1024 * 1024, 0x61) });
    expect(answer.status).toBe(200);
  });

  test("protobuf arrives as the JSON of the same object, and what is none is refused", async () => {
    const headers = { "content-type": "application/vnd.kubernetes.protobuf" };
    // kubectl create namespace foo
    const namespace = Buffer.from("6b3873000a0f0a02763112094e616d657370616365121b0a130a03666f6f12001a0022002a0032003800420012001a020a001a002200", "hex");
    const answer = await send("/echo", { method: "POST", body: namespace, headers });
    expect(JSON.parse((JSON.parse(answer.body.toString()) as { body: string }).body)).toMatchObject({ apiVersion: "v1", kind: "Namespace", metadata: { name: "foo" }, spec: {} });
    expect(seen.at(-1)?.headers["content-type"]).toBe("application/json");
    const garbage = await send("/echo", { method: "POST", body: "garbage", headers });
    expect(garbage.status).toBe(400);
    expect(JSON.parse(garbage.body.toString())).toMatchObject({ reason: "BadRequest" });
  });

  test("an exec without an upgrade is a bad request", async () => {
    const answer = await send("/exec", { method: "POST" });
    expect(answer.status).toBe(400);
    expect(JSON.parse(answer.body.toString())).toMatchObject({ message: "Upgrade request required" });
  });
});

describe("callers", () => {
  const who = async (options: Parameters<typeof http1>[1]) => (JSON.parse((await http1("/echo", options)).body.toString()) as { credentials: unknown }).credentials;

  test("nobody", async () => expect(await who({ client: {} })).toEqual({ type: "none" }));
  test("a bearer token", async () => {
    expect(await who({ client: {}, headers: { authorization: "Bearer abc.def" } })).toEqual({ type: "token", token: "abc.def" });
  });
  test("a certificate of the cluster with several organizations", async () => {
    const pair = createClientCertificate(certificates.authority, { commonName: "jane", organizations: ["dev", "ops"] });
    const fingerprint = new X509Certificate(pair.certificate).fingerprint256.replaceAll(":", "").toLowerCase();
    expect(await who({ client: { cert: pair.certificate, key: pair.key } })).toEqual({ type: "certificate", commonName: "jane", organizations: ["dev", "ops"], fingerprint });
  });
  test("a certificate of another cluster is worth nothing", async () => {
    expect(await who({ client: { cert: stranger.admin.certificate, key: stranger.admin.key } })).toEqual({ type: "token", token: "" });
  });
});

describe("streams", () => {
  test("bytes arrive as they are written, and the server learns that the reader is gone", async () => {
    const stream = session.request({ ":path": "/watch" });
    const chunks: string[] = [];
    stream.on("data", (chunk: Buffer) => chunks.push(chunk.toString()));
    await new Promise((resolve) => stream.once("response", resolve));
    openSink?.write(Buffer.from("one\n"));
    openSink?.write(Buffer.from("two\n"));
    await new Promise((resolve) => stream.once("data", resolve));
    expect(chunks.join("")).toBe("one\ntwo\n");
    stream.close();
    await expect.poll(() => gone).toContain("watch");
  });

  test("a reader that lags is noticed, and room again as well", async () => {
    const stream = session.request({ ":path": "/watch" });
    await new Promise((resolve) => stream.once("response", resolve));
    stream.pause();
    const sink = openSink as ByteSink;
    let written = 0;
    while (sink.write(Buffer.alloc(64 * 1024))) written++;
    expect(written).toBeLessThan(100);
    let drained = false;
    sink.drained(() => (drained = true));
    await wait(20);
    let read = 0;
    stream.on("data", (chunk: Buffer) => (read += chunk.length));
    stream.resume();
    await expect.poll(() => drained).toBe(true);
    sink.end();
    await new Promise((resolve) => stream.once("end", resolve));
    expect(read).toBe((written + 1) * 64 * 1024);
  });

  test("a request whose client goes away is aborted", async () => {
    const stream = session.request({ ":path": "/slow" });
    await expect.poll(() => seen.at(-1)?.path).toBe("/slow");
    stream.close();
    await expect.poll(() => gone).toContain("slow");
    release();
  });
});

/** What a WebSocket client saw: messages as text, the subprotocol, the close code. */
function webSocket(protocols: string[], send: (socket: WebSocket) => void, path = "/exec"): Promise<{ protocol: string; messages: string[]; code: number }> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`${listener.url.replace("https", "wss")}${path}`, protocols, { ca: certificates.authority.certificate, ...admin });
    const messages: string[] = [];
    socket.on("open", () => send(socket));
    socket.on("message", (data: Buffer) => {
      messages.push(data.toString("latin1"));
      if (protocols[0]?.includes("base64") || protocols[0] === "channel.k8s.io") socket.close(1000);
    });
    socket.on("error", reject);
    socket.on("close", (code) => resolve({ protocol: socket.protocol, messages, code }));
  });
}

describe("answers that do not end, as messages", () => {
  const follow = (path: string, protocols: string[]): Promise<{ socket: WebSocket; messages: { text: string; isBinary: boolean }[] }> =>
    new Promise((resolve, reject) => {
      const socket = new WebSocket(`${listener.url.replace("https", "wss")}${path}`, protocols, { ca: certificates.authority.certificate, ...admin });
      const messages: { text: string; isBinary: boolean }[] = [];
      socket.on("message", (data: Buffer, isBinary) => messages.push({ text: data.toString(), isBinary }));
      socket.on("open", () => resolve({ socket, messages }));
      socket.on("error", reject);
    });

  test("each event of a watch is a text", async () => {
    const { socket, messages } = await follow("/watch", []);
    openSink?.write(Buffer.from('{"type":"ADDED"}\n{"type":"MODIFIED"}\n'));
    await expect.poll(() => messages).toEqual([{ text: '{"type":"ADDED"}\n', isBinary: false }, { text: '{"type":"MODIFIED"}\n', isBinary: false }]);
    gone.length = 0;
    socket.close();
    await expect.poll(() => gone).toContain("watch");
  });

  test("a log comes as it was written, or in base64", async () => {
    const plain = await follow("/log", ["binary.k8s.io"]);
    openSink?.write(Buffer.from("one\ntwo"));
    await expect.poll(() => plain.messages).toEqual([{ text: "one\ntwo", isBinary: true }]);
    const coded = await follow("/log", ["base64url.bearer.authorization.k8s.io.YQ", "base64.binary.k8s.io"]);
    expect(coded.socket.protocol).toBe("base64.binary.k8s.io");
    const ended = new Promise((resolve) => coded.socket.once("close", resolve));
    openSink?.write(Buffer.from("one"));
    openSink?.end();
    expect(await ended).toBe(1000);
    expect(coded.messages).toEqual([{ text: "b25l", isBinary: false }]);
    plain.socket.close();
  });
});

describe("upgrades", () => {
  test("v5: channels, the end of stdin, the Status, a clean close", async () => {
    const result = await webSocket(["v5.channel.k8s.io", "v4.channel.k8s.io"], (socket) => {
      socket.send(Buffer.from("\u0000hello", "latin1"));
      socket.send(Buffer.from([255, 0]));
    });
    expect(result).toEqual({ protocol: "v5.channel.k8s.io", messages: ["\u0001hello", '\u0003{"status":"Failure","message":"exit 3"}'], code: 1000 });
  });

  test("base64: text messages", async () => {
    const result = await webSocket(["base64.channel.k8s.io"], (socket) => socket.send(`0${Buffer.from("hello").toString("base64")}`));
    expect(result.messages).toEqual([`1${Buffer.from("hello").toString("base64")}`]);
  });

  test("before v4 the error channel is plain text", async () => {
    const done = webSocket(["channel.k8s.io"], () => openChannels?.send(3, Buffer.from(JSON.stringify({ status: "Failure", message: "exit 3" }))));
    expect((await done).messages).toEqual(["\u0003exit 3"]);
  });

  test("ports over channels: each begins with its number, the end of all programs ends the connection", async () => {
    gone.length = 0;
    const result = await webSocket(["v5.channel.k8s.io", "v4.channel.k8s.io"], (socket) => ["\u0000hello", "\u0002there", "\u0002bye", "\u0000bye"].forEach((text) => socket.send(Buffer.from(text, "latin1"))), "/portforward?ports=8080,8081&ports=80");
    const numbers = ["\u0000\u0090\u001f", "\u0001\u0090\u001f", "\u0002\u0091\u001f", "\u0003\u0091\u001f", "\u0004P\u0000", "\u0005P\u0000"];
    expect(result).toEqual({ protocol: "v4.channel.k8s.io", messages: [...numbers, "\u0005nobody listens on 80", "\u0000hello", "\u0002there"], code: 1000 });
    await expect.poll(() => gone).toEqual(expect.arrayContaining(["port 8080", "port 8081"]));
  });

  test("ports over channels without a port, with none that is one, or over a protocol for commands are refused", async () => {
    const websocket = { connection: "Upgrade", upgrade: "websocket", "sec-websocket-key": "AAAAAAAAAAAAAAAAAAAAAA==", "sec-websocket-version": "13" };
    const refusals = ["", "?ports=0", "?ports=99999", "?ports=a", `?ports=${"80,".repeat(128)}80`].map(async (query) => JSON.parse((await http1(`/portforward${query}`, { headers: websocket })).body.toString()).message as string);
    expect(await Promise.all(refusals)).toEqual([
      'query parameter "port" is required',
      'port "0" must be > 0',
      'cannot convert to []int32: strconv.ParseUint: parsing "99999": value out of range',
      'cannot convert to []int32: strconv.ParseUint: parsing "a": invalid syntax',
      "one WebSocket forwards at most 128 ports, not 129",
    ]);
    await expect(webSocket(["v5.channel.k8s.io"], () => {}, "/portforward?ports=80")).rejects.toThrow("400");
  });

  test("an unknown subprotocol, an unknown route and an unknown protocol are refused by name", async () => {
    await expect(webSocket(["v9.channel.k8s.io"], () => {})).rejects.toThrow("400");
    expect((await http1("/exec", { method: "POST", headers: { connection: "Upgrade", upgrade: "SPDY/3.1" } })).status).toBe(400);
    const answer = await http1("/exec", { method: "POST", headers: { connection: "Upgrade", upgrade: "SPDY/4" } });
    expect(answer.status).toBe(501);
    expect(JSON.parse(answer.body.toString())).toMatchObject({ reason: "NotImplemented" });
    const websocket = { connection: "Upgrade", upgrade: "websocket", "sec-websocket-key": "AAAAAAAAAAAAAAAAAAAAAA==", "sec-websocket-version": "13" };
    expect((await http1("/nowhere", { headers: websocket })).status).toBe(404);
  });
});

/** What comes back for raw bytes, until the server closes. */
function raw(bytes: Buffer | string, tls: boolean): Promise<string> {
  return new Promise((resolve) => {
    const { host, port } = listener;
    const socket = tls ? connectTls({ host, port, ca: certificates.authority.certificate, ALPNProtocols: ["http/1.1"] }) : connectTcp({ host, port });
    let received = "";
    socket.on("data", (chunk: Buffer) => (received += chunk.toString("latin1")));
    socket.on("error", () => {});
    socket.on("close", () => resolve(received));
    socket.write(bytes);
  });
}

test("beyond the limit of requests in flight the answer is 429, and after that all is well", async () => {
  const waiting = Array.from({ length: 600 }, () => http2("/blocked"));
  await expect.poll(() => seen.filter((request) => request.path === "/blocked").length).toBe(600);
  const refused = await http2("/echo");
  expect(refused.status).toBe(429);
  expect(refused.headers["retry-after"]).toBe("1");
  expect(JSON.parse(refused.body.toString())).toMatchObject({ reason: "TooManyRequests", details: { retryAfterSeconds: 1 } });
  unblock();
  expect((await Promise.all(waiting)).every((answer) => answer.status === 200)).toBe(true);
  expect((await http2("/echo")).status).toBe(200);
});

describe("garbage", () => {
  test("over TLS is answered with 400", async () => expect(await raw("garbage\r\n\r\n", true)).toMatch(/^HTTP\/1.1 400/));
  test("a head that is too long is refused", async () => expect(await raw(`GET / HTTP/1.1\r\nhost: x\r\nx: ${"y".repeat(100_000)}\r\n\r\n`, true)).toMatch(/^HTTP\/1.1 431/));
  test("and refused once, however much of it comes", async () => expect((await raw(`GET / HTTP/1.1\r\nhost: x\r\nx: ${"y".repeat(2_000_000)}\r\n\r\n`, true)).match(/HTTP\/1.1 431/g)).toHaveLength(1));
  test("without TLS the connection ends", async () => expect(await raw("GET / HTTP/1.1\r\nhost: x\r\n\r\n", false)).toBe(""));
  test("a target that is a whole URL is its path, and one that is no path leads nowhere", async () => {
    const get = (target: string) => raw(`GET ${target} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`, true);
    expect(await get("https://somewhere/echo?a")).toMatch(/^HTTP\/1.1 200[^]*"query":"a"/);
    expect(await get("*")).toMatch(/^HTTP\/1.1 404/);
  });
  test("and the port goes on", async () => expect((await http2("/echo")).status).toBe(200));
});

test("a taken port is an error, and closing ends watches, channels and connections and frees the port", async () => {
  const second = await listenHttps({ server: { handle }, certificates, log });
  await expect(listenHttps({ server: { handle }, certificates, log, port: second.port })).rejects.toThrow("EADDRINUSE");
  const client = connectHttp2(second.url, { ca: certificates.authority.certificate, ...admin });
  const stream = client.request({ ":path": "/watch" });
  const ended = new Promise((resolve) => stream.once("end", resolve));
  stream.resume();
  await new Promise((resolve) => stream.once("response", resolve));
  const idle = connectTls({ host: second.host, port: second.port, ca: certificates.authority.certificate });
  idle.on("error", () => {});
  await new Promise((resolve) => idle.once("secureConnect", resolve));
  await second.close();
  await ended;
  const third = await listenHttps({ server: { handle }, certificates, log, port: second.port });
  await third.close();
  client.destroy();
});
