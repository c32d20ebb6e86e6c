/**
 * Port-forward over SPDY, as kubectl speaks it: each forwarded connection is a pair of streams with the same `requestid`, one for the
 * data, one on which a failure is told in plain text. Both end with the connection.
 */
import type { ConnectPort, PortConnection } from "../../server/request.ts";
import type { SpdyStream } from "./connection.ts";

export const portForwardProtocol = "portforward.k8s.io";

export class PortStreams {
  private readonly connect: ConnectPort;
  private readonly errors = new Map<string, SpdyStream>();

  constructor(connect: ConnectPort) {
    this.connect = connect;
  }

  take(stream: SpdyStream): void {
    const { streamtype, requestid = "", port } = stream.headers;
    if (streamtype === "error") {
      this.errors.set(requestid, stream);
      stream.onClose = () => this.errors.delete(requestid);
      return;
    }
    const errors = this.errors.get(requestid);
    if (streamtype !== "data" || !errors) return stream.end();
    const number = Number(port);
    if (!Number.isInteger(number) || number < 1 || number > 65_535) return this.fail(errors, stream, `"port" header must be a number from 1 to 65535, not ${JSON.stringify(port)}`);
    this.forward(stream, errors, number);
  }

  private forward(data: SpdyStream, errors: SpdyStream, port: number): void {
    // What comes before the connection stands waits.
    const early: (() => void)[] = [];
    let connection: PortConnection | undefined;
    const whenOpen = (act: (open: PortConnection) => void): void => {
      if (connection) act(connection);
      else early.push(() => connection && act(connection));
    };
    data.onData = (bytes) => whenOpen((open) => open.write(bytes));
    data.onEnd = () => whenOpen((open) => open.end());
    data.onClose = () => whenOpen((open) => open.close());
    const client = {
      write: (bytes: Uint8Array) => void data.write(bytes),
      end: () => {
        data.end();
        errors.end();
      },
    };
    this.connect(port, client).then(
      (open) => {
        connection = open;
        for (const act of early) act();
      },
      (error: unknown) => this.fail(errors, data, error instanceof Error ? error.message : String(error)),
    );
  }

  private fail(errors: SpdyStream, data: SpdyStream, message: string): void {
    errors.write(Buffer.from(message));
    errors.end();
    data.end();
  }
}
