import type { ApiBody, ApiRequest, ApiResponse, ApiServer, ByteSink } from "../../src/server/request.ts";

/**
 * The API server as kubectl reaches it, with a count of what passes, so that a replay knows when a command works (time stands
 * still) and when it only waits on a watch (time moves).
 */
export class ObservedServer implements ApiServer {
  private readonly server: ApiServer;
  private readonly restartedAt: () => string;
  /** Grows with every request, answer and watch frame. */
  activity = 0;
  /** Requests without an answer yet. */
  pending = 0;
  /** Open watches. */
  watches = 0;

  /** `restartedAt` gives the instant that a `rollout restart` writes instead of the host's. */
  constructor(server: ApiServer, restartedAt: () => string) {
    this.server = server;
    this.restartedAt = restartedAt;
  }

  async handle(asSent: ApiRequest): Promise<ApiResponse> {
    const request = this.stamped(asSent);
    this.activity++;
    this.pending++;
    try {
      const response = await this.server.handle(request);
      return response.body.type === "stream" ? { ...response, body: this.observed(response.body) } : response;
    } finally {
      this.activity++;
      this.pending--;
    }
  }

  private stamped(request: ApiRequest): ApiRequest {
    if (request.method !== "PATCH" || !(request.body instanceof Uint8Array)) return request;
    const text = new TextDecoder().decode(request.body);
    const stamp = /("kubectl\.kubernetes\.io\/restartedAt":")[^"]*"/;
    return stamp.test(text) ? { ...request, body: new TextEncoder().encode(text.replace(stamp, `$1${this.restartedAt()}"`)) } : request;
  }

  private observed(body: Extract<ApiBody, { type: "stream" }>): ApiBody {
    return {
      type: "stream",
      start: (sink) => {
        this.watches++;
        let open = true;
        const close = (): void => {
          if (open) this.watches--;
          open = false;
          this.activity++;
        };
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
}
