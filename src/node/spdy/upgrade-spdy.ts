/**
 * Connections that become SPDY: a POST with `Upgrade: SPDY/3.1` on the socket itself, or a WebSocket whose messages carry the same
 * bytes, as kubectl's port-forward does today.
 */
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { WebSocketServer } from "ws";
import { limits } from "../../base/limits.ts";
import type { ApiBody } from "../../server/request.ts";
import { SpdyConnection } from "./connection.ts";
import type { SpdyStream, SpdyTransport } from "./connection.ts";
import { ExecStreams, spdyExecProtocols } from "./exec-streams.ts";
import { PortStreams, portForwardProtocol } from "./port-streams.ts";

/** The subprotocol of a WebSocket that carries SPDY. */
export const tunnelProtocol = `SPDY/3.1+${portForwardProtocol}`;

type Streamed = Extract<ApiBody, { readonly type: "ports" | "channels" }>;

/** What serves the streams of a connection. */
interface Server {
  take(stream: SpdyStream): void;
  lost?(): void;
}

function serverOf(body: Streamed, query: string): Server {
  return body.type === "ports" ? new PortStreams(body.connect) : new ExecStreams(query, body.start);
}

/** The stream protocol to be spoken over SPDY; undefined: the client offers none of ours. */
export function chooseStreamProtocol(body: Streamed, message: IncomingMessage): string | undefined {
  const offered = (message.headers["x-stream-protocol-version"] ?? "").toString().split(",").map((name) => name.trim());
  return (body.type === "ports" ? [portForwardProtocol] : spdyExecProtocols).find((name) => offered.includes(name));
}

/** Answers 101 and speaks SPDY on the socket from then on. */
export function startSpdy({ socket, first, protocol, body, query, sinks }: { socket: Duplex; first: Buffer; protocol: string; body: Streamed; query: string; sinks: Set<{ end(): void }> }): void {
  socket.write(`HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\nX-Stream-Protocol-Version: ${protocol}\r\n\r\n`);
  const transport: SpdyTransport = {
    write: (bytes) => {
      if (socket.writableLength > limits.outputAheadBytesMax) socket.destroy();
      return socket.destroyed || socket.write(bytes);
    },
    close: () => void socket.end(),
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
  };
  const { receive, gone } = serve(transport, serverOf(body, query), sinks);
  if (first.length > 0) receive(first);
  socket.on("data", receive);
  socket.once("end", gone);
  socket.once("close", gone);
}

/** Accepts the WebSocket and speaks SPDY in its messages. */
export function startTunnel({ message, socket, first, body, query, sinks }: { message: IncomingMessage; socket: Duplex; first: Buffer; body: Streamed; query: string; sinks: Set<{ end(): void }> }): void {
  // The library takes a "/" in a subprotocol for a mistake: it must not see this one, and the answer is put in by hand.
  delete message.headers["sec-websocket-protocol"];
  const sockets = new WebSocketServer({ noServer: true, clientTracking: false, maxPayload: limits.tunnelMessageBytesMax });
  sockets.on("headers", (headers) => headers.push(`Sec-WebSocket-Protocol: ${tunnelProtocol}`));
  sockets.on("wsClientError", () => void socket.destroy());
  sockets.handleUpgrade(message, socket, first, (webSocket) => {
    webSocket.binaryType = "nodebuffer";
    const transport: SpdyTransport = {
      write: (bytes) => {
        webSocket.send(bytes);
        if (webSocket.bufferedAmount > limits.outputAheadBytesMax) webSocket.terminate();
        return webSocket.bufferedAmount === 0;
      },
      close: () => webSocket.close(1000),
      pause: () => webSocket.pause(),
      resume: () => webSocket.resume(),
    };
    const { receive, gone } = serve(transport, serverOf(body, query), sinks);
    webSocket.on("error", () => undefined);
    webSocket.on("message", (data) => receive(data as Buffer));
    webSocket.once("close", gone);
  });
}

function serve(transport: SpdyTransport, server: Server, sinks: Set<{ end(): void }>): { receive: (bytes: Buffer) => void; gone: () => void } {
  const connection = new SpdyConnection(transport, (stream) => server.take(stream));
  const sink = { end: () => connection.close() };
  sinks.add(sink);
  const gone = (): void => {
    sinks.delete(sink);
    connection.close();
    server.lost?.();
  };
  return { receive: (bytes) => void connection.receive(bytes), gone };
}
