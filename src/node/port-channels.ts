/**
 * Port-forward over plain WebSocket channels, as the clients for Python and JavaScript speak it: the ports stand in the query, each has two
 * channels, one for its data and one on which a failure is told in plain text. Both begin with the number of the port in two bytes. The
 * WebSocket ends when the programs have closed all of them.
 */
import { badRequest } from "../base/status-error.ts";
import type { Channels, ConnectPort, PortConnection } from "../server/request.ts";

/** A client that names none speaks the first. */
export const portChannelProtocols: readonly string[] = ["v4.channel.k8s.io", "v4.base64.channel.k8s.io"];

/** Each has two channels, and a channel's number is one byte. */
const portsMax = 128;

/** The ports that are asked for; throws 400. */
export function portsOf(query: string): readonly number[] {
  const ports = new URLSearchParams(query).getAll("ports").flatMap((value) => value.split(",").map(portOf));
  if (ports.length === 0) throw badRequest('query parameter "port" is required');
  if (ports.length > portsMax) throw badRequest(`one WebSocket forwards at most ${portsMax} ports, not ${ports.length}`);
  return ports;
}

function portOf(text: string): number {
  if (!/^\d+$/.test(text)) throw badRequest(`cannot convert to []int32: strconv.ParseUint: parsing ${JSON.stringify(text)}: invalid syntax`);
  const port = Number(text);
  if (port > 65_535) throw badRequest(`cannot convert to []int32: strconv.ParseUint: parsing ${JSON.stringify(text)}: value out of range`);
  if (port === 0) throw badRequest(`port "${text}" must be > 0`);
  return port;
}

/** Connects to every port at once. What comes for a port before its connection stands waits. */
export function servePorts(channels: Channels, ports: readonly number[], connect: ConnectPort): void {
  const lines = ports.map((port, i) => new PortLine(channels, port, i * 2));
  let open = lines.length;
  const closed = (): void => {
    if (--open === 0) channels.close();
  };
  channels.onData((channel, bytes) => channel % 2 === 0 && lines[channel / 2]?.receive(bytes));
  channels.onEnd((channel) => channel % 2 === 0 && lines[channel / 2]?.ended());
  channels.closed(() => lines.forEach((line) => line.lost()));
  for (const line of lines) line.start(connect, closed);
}

class PortLine {
  private readonly channels: Channels;
  private readonly port: number;
  private readonly channel: number;
  private connection: PortConnection | undefined;
  private early: ((open: PortConnection) => void)[] = [];
  private done = false;

  constructor(channels: Channels, port: number, channel: number) {
    this.channels = channels;
    this.port = port;
    this.channel = channel;
  }

  /** Calls back once, when nothing more comes for this port. */
  start(connect: ConnectPort, closed: () => void): void {
    const end = (): void => {
      if (this.done) return;
      this.done = true;
      closed();
    };
    const number = Uint8Array.of(this.port & 0xff, this.port >> 8);
    this.channels.send(this.channel, number);
    this.channels.send(this.channel + 1, number);
    connect(this.port, { write: (bytes) => void this.channels.send(this.channel, bytes), end }).then(
      (open) => {
        this.connection = open;
        for (const act of this.early) act(open);
        this.early = [];
      },
      (error: unknown) => {
        this.channels.send(this.channel + 1, Buffer.from(error instanceof Error ? error.message : String(error)));
        end();
      },
    );
  }

  receive(bytes: Uint8Array): void {
    this.whenOpen((open) => open.write(bytes));
  }

  ended(): void {
    this.whenOpen((open) => open.end());
  }

  lost(): void {
    this.whenOpen((open) => open.close());
  }

  private whenOpen(act: (open: PortConnection) => void): void {
    if (this.connection) act(this.connection);
    else this.early.push(act);
  }
}
