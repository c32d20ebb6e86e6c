import type { Tally } from "../../proxy/counters.ts";
import type { Packet } from "../../proxy/walk.ts";

/** How long a kernel remembers: a TCP connection that was closed, and an answer by UDP. */
export const rememberedMs = { TCP: 120_000, UDP: 30_000, SCTP: 10_000 } as const;
/** What `conntrack -L` shows at most: the newest. */
const rememberedMax = 256;
/** Kinds of connections that are counted apart; whoever makes more is counted no more. */
const talliesMax = 20_000;

/** A connection as its first packet met the node. */
export interface SeenConnection {
  readonly entry: Tally["entry"];
  readonly packet: Packet;
  /** Where a rule of this node sent it. */
  readonly endpoint?: { readonly ip: string; readonly port: number };
  /** The source that the other side saw. */
  readonly seenAs: string;
  readonly isForNode: boolean;
  readonly isRefused: boolean;
  /** Of the first packet. */
  readonly bytes: number;
}

export interface RememberedConnection extends SeenConnection {
  readonly at: number;
  readonly sourcePort: number;
}

/** The connections that one node's kernel has seen: counted by the way they took through its rules, and the newest ones by themselves. */
export class NodeConnections {
  private tallies = new Map<string, Tally>();
  private newest: RememberedConnection[] = [];
  private next = 0;
  private seen = 0;

  note(connection: SeenConnection, now: number): void {
    const { entry, packet, endpoint, isForNode, isRefused, bytes } = connection;
    const to = endpoint && `${endpoint.ip}:${endpoint.port}`;
    // Sources differ for the rules in two ways only: whether they are Pods, and whether they are the endpoint itself.
    const source = packet.sourceIp === endpoint?.ip ? "itself" : packet.sourceIp.split(".", 2).join(".");
    const key = to === undefined && !isRefused ? `${entry} ${source} ${isForNode}` : `${entry} ${source} ${packet.protocol} ${packet.ip} ${packet.port} ${to ?? "refused"}`;
    const tally = this.tallies.get(key);
    if (tally) {
      tally.packets++;
      tally.bytes += bytes;
    } else if (this.tallies.size < talliesMax) this.tallies.set(key, { entry, packet, ...(to === undefined ? {} : { endpoint: to }), isForNode, isRefused, packets: 1, bytes });
    if (isRefused) return;
    // From the range that Linux takes them from, one after the other.
    this.newest[this.next] = { ...connection, at: now, sourcePort: 32_768 + ((this.seen++ * 7919) % 28_232) };
    this.next = (this.next + 1) % rememberedMax;
  }

  counts(): Iterable<Tally> {
    return this.tallies.values();
  }

  /** Newest first. */
  remembered(now: number): readonly RememberedConnection[] {
    return this.newest.filter(({ at, packet }) => now - at < rememberedMs[packet.protocol]).sort((a, b) => b.at - a.at);
  }

  drop(gone: ReadonlySet<RememberedConnection>): void {
    this.newest = this.newest.filter((each) => !gone.has(each));
    this.next = this.newest.length % rememberedMax;
  }

  /** Counters go with the rules; connections stay. */
  uncount(): void {
    this.tallies = new Map();
  }

  forget(): void {
    this.uncount();
    this.newest = [];
    this.next = 0;
  }
}
