import type { ApiBody, ApiRequest, ApiResponse, ApiServer, ByteSink, Channels } from "../../src/server/request.ts";

/**
 * The API server as kubectl reaches it, with a count of what passes, so that a test knows when a command works (time stands still)
 * and when it only waits for something to happen in the cluster (time moves). How fast the machine is changes nothing.
 */
export class ObservedServer implements ApiServer {
  private readonly server: ApiServer;
  private readonly restartedAt: (() => string) | undefined;
  /** Grows with every request, answer and frame. */
  activity = 0;
  /** Requests without an answer yet. */
  pending = 0;
  /** Watches, followed logs and shells that were ever opened; each has its number. */
  opened = 0;
  private readonly open = new Set<number>();

  /** `restartedAt` gives the instant that a `rollout restart` writes instead of the host's; absent, the host's stays. */
  constructor(server: ApiServer, restartedAt?: () => string) {
    this.server = server;
    this.restartedAt = restartedAt;
  }

  async handle(asSent: ApiRequest): Promise<ApiResponse> {
    const request = this.stamped(asSent);
    this.activity++;
    this.pending++;
    try {
      const response = await this.server.handle(request);
      if (response.body.type === "stream") return { ...response, body: this.observedStream(response.body) };
      return response.body.type === "channels" ? { ...response, body: this.observedChannels(response.body) } : response;
    } finally {
      this.activity++;
      this.pending--;
    }
  }

  private stamped(request: ApiRequest): ApiRequest {
    const { restartedAt } = this;
    if (restartedAt === undefined || request.method !== "PATCH" || !(request.body instanceof Uint8Array)) return request;
    const text = new TextDecoder().decode(request.body);
    const stamp = /("kubectl\.kubernetes\.io\/restartedAt":")[^"]*"/;
    return stamp.test(text) ? { ...request, body: new TextEncoder().encode(text.replace(stamp, `$1${restartedAt()}"`)) } : request;
  }

  /** Whether one is open that was opened when `mark` had been opened already: older ones belong to other commands. */
  hasOpenSince(mark: number): boolean {
    for (const number of this.open) if (number > mark) return true;
    return false;
  }

  /** Counts what is open until the returned function is called. */
  private opening(): () => void {
    const number = ++this.opened;
    this.open.add(number);
    this.activity++;
    return () => {
      this.open.delete(number);
      this.activity++;
    };
  }

  private observedStream(body: Extract<ApiBody, { type: "stream" }>): ApiBody {
    return {
      type: "stream",
      start: (sink) => {
        const close = this.opening();
        const observed: ByteSink = {
          write: (bytes) => {
            this.activity++;
            return sink.write(bytes);
          },
          drained: (next) => sink.drained(next),
          end: () => {
            close();
            sink.end();
          },
          closed: (then) => sink.closed(then),
        };
        sink.closed(close);
        body.start(observed);
      },
    };
  }

  private observedChannels(body: Extract<ApiBody, { type: "channels" }>): ApiBody {
    return {
      ...body,
      start: (channels: Channels) => {
        const close = this.opening();
        const observed: Channels = {
          send: (channel, bytes) => {
            this.activity++;
            return channels.send(channel, bytes);
          },
          drained: (next) => channels.drained(next),
          onData: (listener) =>
            channels.onData((channel: number, bytes: Uint8Array) => {
              this.activity++;
              listener(channel, bytes);
            }),
          onEnd: (listener) =>
            channels.onEnd((channel) => {
              this.activity++;
              listener(channel);
            }),
          closed: (then) => channels.closed(then),
          close: () => {
            close();
            channels.close();
          },
        };
        channels.closed(close);
        body.start(observed);
      },
    };
  }
}
