import type { Environment } from "../base/environment.ts";
import type { Soon } from "../base/soon.ts";
import type { NodeNetwork } from "../kubelet/runtime.ts";
import type { SimulatedNetwork } from "./network.ts";
import { ConnectError } from "./network.ts";

export interface NodeNetworkOptions {
  readonly environment: Environment;
  readonly network: SimulatedNetwork;
  readonly node: string;
  readonly nodeIp: string;
}

/** How a simulated machine itself reaches others: what its kubelet probes over. Errors are worded as Go's net does. */
export class SimulatedNodeNetwork implements NodeNetwork {
  private readonly options: NodeNetworkOptions;

  constructor(options: NodeNetworkOptions) {
    this.options = options;
  }

  httpGet(options: Parameters<NodeNetwork["httpGet"]>[0]): Soon<{ status: number; body: string }> {
    const { ip, port, path, headers, timeoutMs, scheme } = options;
    const failed = (why: string): string => `Get "${scheme.toLowerCase()}://${ip}:${port}${path}": ${why}`;
    const late = (): string => failed("context deadline exceeded (Client.Timeout exceeded while awaiting headers)");
    const reached = this.reach(ip, port, failed);
    if (!reached) return this.tooLate(timeoutMs, late);
    const { listener, from } = reached;
    if (!listener.http) throw new Error(failed("EOF"));
    const host = headers["host"] ?? `${ip}:${port}`;
    const answer = listener.http({ method: "GET", path, host, headers: { host, ...headers }, body: "" }, from);
    return answer instanceof Promise ? this.inTime(answer, timeoutMs, late) : answer;
  }

  private inTime<T>(answer: Promise<T>, timeoutMs: number, late: () => string): Promise<T> {
    return new Promise((resolve, reject) => {
      const timer = this.options.environment.clock.after(timeoutMs, () => reject(new Error(late())));
      answer.then(
        (response) => {
          timer.cancel();
          resolve(response);
        },
        (error: unknown) => {
          timer.cancel();
          reject(error);
        },
      );
    });
  }

  tcpConnect({ ip, port, timeoutMs }: Parameters<NodeNetwork["tcpConnect"]>[0]): Soon<void> {
    return this.reach(ip, port, (why) => why) ? undefined : this.tooLate(timeoutMs, () => `dial tcp ${ip}:${port}: i/o timeout`);
  }

  /** Undefined: nothing answers, and who asks runs into his time-out. Throws when the connection is refused. */
  private reach(ip: string, port: number, failed: (why: string) => string) {
    try {
      return this.options.network.connect({ node: this.options.node, from: this.options.nodeIp, ip, port });
    } catch (error) {
      if (!(error instanceof ConnectError)) throw error;
      if (error.failure === "refused") throw new Error(failed(`dial tcp ${ip}:${port}: connect: connection refused`));
      return undefined;
    }
  }

  private async tooLate(timeoutMs: number, why: () => string): Promise<never> {
    await this.options.environment.clock.sleep(timeoutMs);
    throw new Error(why());
  }
}
