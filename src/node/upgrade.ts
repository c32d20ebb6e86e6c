/**
 * Connections that become numbered channels (exec, attach) or carry connections to ports (port-forward): WebSocket with the subprotocols of Kubernetes. A binary message is a channel
 * number and bytes; in the base64 forms a text message is a digit and base64. From v4 on channel 3 carries a Status; v5 adds the end of a
 * channel (255 and its number). SPDY/3.1 (see spdy/) is what kubectl's port-forward is carried in, inside a WebSocket or instead of it; older
 * clients run commands over it, too. Clients without SPDY forward ports over channels (see port-channels.ts).
 */
import type { IncomingMessage } from "node:http";
import { STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { WebSocketServer } from "ws";
import type { WebSocket } from "ws";
import { limits } from "../base/limits.ts";
import { badRequest, StatusError } from "../base/status-error.ts";
import type { Status } from "../base/status-error.ts";
import type { ApiResponse, Channels, ConnectPort } from "../server/request.ts";
import { ask, logDefect, refusal } from "./exchange.ts";
import type { EdgeRequest, Exchanges } from "./exchange.ts";
import { portChannelProtocols, portsOf, servePorts } from "./port-channels.ts";
import { WebSocketSink, formOf } from "./web-socket-sink.ts";
import { spdyExecProtocols } from "./spdy/exec-streams.ts";
import { portForwardProtocol } from "./spdy/port-streams.ts";
import { chooseStreamProtocol, startSpdy, startTunnel, tunnelProtocol } from "./spdy/upgrade-spdy.ts";

/** Subprotocols, best first. A client that names none speaks the oldest. */
const protocols: readonly string[] = ["v5.channel.k8s.io", "v4.channel.k8s.io", "v4.base64.channel.k8s.io", "channel.k8s.io", "base64.channel.k8s.io"];
const tokenPrefix = "base64url.bearer.authorization.k8s.io.";
const errorChannel = 3;
const endMark = 255;

interface Upgrade {
  readonly message: IncomingMessage;
  readonly socket: Duplex;
  readonly first: Buffer;
}

/** Answers a request that asks for an upgrade. Never rejects. */
export async function upgrade(shared: Exchanges, request: EdgeRequest, { message, socket, first }: Upgrade): Promise<void> {
  const wanted = (message.headers.upgrade ?? "").toLowerCase();
  const isSpdy = wanted === "spdy/3.1";
  if (wanted !== "websocket" && !isSpdy) return refuse(socket, refusal(unsupported(message.headers.upgrade ?? "")));
  const offered = (message.headers["sec-websocket-protocol"] ?? "").split(",").map((text) => text.trim()).filter((text) => text !== "");
  const token = offered.find((text) => text.startsWith(tokenPrefix));
  if (token !== undefined && request.credentials.type === "none") {
    request.credentials = { type: "token", token: Buffer.from(token.slice(tokenPrefix.length), "base64url").toString() };
  }
  const response = await ask(shared, request);
  const body = response.body;
  if (isSpdy && (body.type === "channels" || body.type === "ports")) {
    const protocol = chooseStreamProtocol(body, message);
    if (protocol === undefined) return refuse(socket, refusal(noCommonProtocol((message.headers["x-stream-protocol-version"] ?? "").toString(), body.type === "ports" ? [portForwardProtocol] : spdyExecProtocols)));
    return startSpdy({ socket, first, protocol, body, query: request.query, sinks: shared.sinks });
  }
  if (body.type === "ports") {
    if (offered.includes(tunnelProtocol)) return startTunnel({ message, socket, first, body, query: request.query, sinks: shared.sinks });
    return startPorts(shared, request, { message, socket, first }, { connect: body.connect, offered });
  }
  if (body.type === "stream") return startStream(shared, { message, socket, first }, response, offered);
  if (body.type !== "channels") return refuse(socket, body.type === "bytes" || body.type === "none" ? response : refusal(badRequest("this resource is not served over an upgraded connection: use a plain request")));
  const chosen = offered.length === 0 ? "" : protocols.find((name) => offered.includes(name) && body.protocols.includes(name));
  if (chosen === undefined) return refuse(socket, refusal(noCommonProtocol(offered.join(" "), body.protocols)));
  acceptWebSocket({ message, socket, first }, chosen, (webSocket) => startChannels(shared, request, new WebSocketChannels(webSocket, chosen), body.start));
}

/** Serves channels until they are closed. */
function startChannels(shared: Exchanges, request: EdgeRequest, channels: WebSocketChannels, start: (channels: Channels) => void): void {
  shared.sinks.add(channels);
  channels.closed(() => shared.sinks.delete(channels));
  try {
    start(channels);
  } catch (error) {
    logDefect(shared, request, error);
    channels.close();
  }
}

/** Port-forward without SPDY inside: two channels for each port of the query. */
function startPorts(shared: Exchanges, request: EdgeRequest, upgraded: Upgrade, { connect, offered }: { connect: ConnectPort; offered: readonly string[] }): void {
  const names = offered.filter((name) => !name.startsWith(tokenPrefix));
  const chosen = names.length === 0 ? "" : portChannelProtocols.find((name) => names.includes(name));
  if (chosen === undefined) return refuse(upgraded.socket, refusal(noCommonProtocol(names.join(" "), [tunnelProtocol, ...portChannelProtocols])));
  let ports: readonly number[];
  try {
    ports = portsOf(request.query);
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    return refuse(upgraded.socket, refusal(error));
  }
  const form = chosen || (portChannelProtocols[0] as string);
  acceptWebSocket(upgraded, chosen, (webSocket) => startChannels(shared, request, new WebSocketChannels(webSocket, form), (channels) => servePorts(channels, ports, connect)));
}

function acceptWebSocket({ message, socket, first }: Upgrade, chosen: string, then: (webSocket: WebSocket) => void): void {
  const sockets = new WebSocketServer({ noServer: true, clientTracking: false, maxPayload: limits.channelMessageBytesMax, handleProtocols: () => chosen || false });
  sockets.on("wsClientError", (error: Error) => refuse(socket, refusal(badRequest(`unable to upgrade: ${error.message}`))));
  sockets.handleUpgrade(message, socket, first, then);
}

/** A watch or a log that a browser follows: it has no other way to read an answer that does not end. */
function startStream(shared: Exchanges, { message, socket, first }: Upgrade, { headers, body }: ApiResponse, offered: readonly string[]): void {
  if (body.type !== "stream") return;
  const chosen = offered.find((name) => !name.startsWith(tokenPrefix)) ?? "";
  acceptWebSocket({ message, socket, first }, chosen, (webSocket) => {
    const sink = new WebSocketSink(webSocket, formOf(String(headers["content-type"] ?? ""), chosen));
    shared.sinks.add(sink);
    sink.closed(() => shared.sinks.delete(sink));
    body.start(sink);
  });
}

const unsupported = (protocol: string) => new StatusError({ code: 501, reason: "NotImplemented", message: `unable to upgrade to ${protocol}: this server speaks WebSocket and SPDY/3.1` });

const noCommonProtocol = (offered: string, accepted: readonly string[]) =>
  badRequest(`unable to upgrade: unable to negotiate protocol: client supports [${offered}], server accepts [${accepted.join(" ")}]`);

/** Writes an ordinary answer on a connection that was to be upgraded, and ends it. */
function refuse(socket: Duplex, response: ApiResponse): void {
  if (!socket.writable) return void socket.destroy();
  const content = response.body.type === "bytes" ? Buffer.concat(response.body.parts) : Buffer.alloc(0);
  const lines = Object.entries(response.headers).flatMap(([name, value]) => (typeof value === "string" ? [value] : value).map((text) => `${name}: ${text}`));
  const head = [`HTTP/1.1 ${response.status} ${STATUS_CODES[response.status] ?? ""}`, ...lines, `content-length: ${content.length}`, "connection: close", "", ""];
  socket.end(Buffer.concat([Buffer.from(head.join("\r\n")), content]));
}

class WebSocketChannels implements Channels {
  private readonly socket: WebSocket;
  private readonly protocol: string;
  private readonly isText: boolean;
  private waiting: (() => void)[] = [];
  private onBytes: (channel: number, bytes: Uint8Array) => void = () => {};
  private onEnded: (channel: number) => void = () => {};

  constructor(socket: WebSocket, protocol: string) {
    this.socket = socket;
    this.protocol = protocol;
    this.isText = protocol.includes("base64");
    socket.binaryType = "nodebuffer";
    socket.on("error", () => {});
    socket.on("message", (data, isBinary) => this.receive(data as Buffer, isBinary));
  }

  send(channel: number, bytes: Uint8Array): boolean {
    const content = channel === errorChannel ? this.errorContent(bytes) : bytes;
    if (content === undefined) return true;
    const message = this.isText ? `${channel}${Buffer.from(content).toString("base64")}` : Buffer.concat([Uint8Array.of(channel), content]);
    this.socket.send(message, () => this.release());
    if (this.socket.bufferedAmount > limits.outputAheadBytesMax) this.socket.terminate();
    return this.socket.bufferedAmount < limits.unreadBytesMax;
  }

  pause(): void {
    this.socket.pause();
  }

  resume(): void {
    this.socket.resume();
  }

  drained(next: () => void): void {
    this.waiting.push(next);
    if (this.socket.bufferedAmount < limits.unreadBytesMax) setImmediate(() => this.release());
  }

  onData(listener: (channel: number, bytes: Uint8Array) => void): void {
    this.onBytes = listener;
  }

  onEnd(listener: (channel: number) => void): void {
    this.onEnded = listener;
  }

  closed(then: () => void): void {
    if (this.socket.readyState === this.socket.CLOSED) setImmediate(then);
    else this.socket.once("close", then);
  }

  close(): void {
    this.socket.close(1000);
  }

  /** The listener closes: the client is told that the server goes away. */
  end(): void {
    this.socket.close(1001);
  }

  private release(): void {
    if (this.socket.bufferedAmount >= limits.unreadBytesMax) return;
    const waiting = this.waiting;
    this.waiting = [];
    for (const next of waiting) next();
  }

  /** Before v4 the error channel carries plain text, and nothing on success. */
  private errorContent(bytes: Uint8Array): Uint8Array | undefined {
    if (/^v[45]/.test(this.protocol)) return bytes;
    const status = JSON.parse(Buffer.from(bytes).toString()) as Status;
    return status.status === "Success" ? undefined : Buffer.from(status.message ?? "");
  }

  private receive(data: Buffer, isBinary: boolean): void {
    if (data.length === 0) return;
    if (this.isText && !isBinary) return this.onBytes((data[0] as number) - 0x30, Buffer.from(data.toString("latin1", 1), "base64"));
    const channel = data[0] as number;
    if (channel === endMark && this.protocol.startsWith("v5")) return this.onEnded(data[1] ?? 0);
    this.onBytes(channel, data.subarray(1));
  }
}
