import { Sha256 } from "../base/sha256.ts";
import type { ServicePortRules } from "./service-port.ts";

/**
 * Names of a Service port's chains, as upstream makes them: 16 characters of base32 of a SHA-256. People and tools follow rules by
 * these names, so that they must be the same on every cluster.
 */

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

export interface PortChains {
  /** Balances over the endpoints of the policy Cluster. */
  readonly cluster: string;
  /** The same for the policy Local. */
  readonly local: string;
  /** Takes traffic from outside. */
  readonly external: string;
  /** Lets the allowed sources of a load balancer through. */
  readonly firewall: string;
}

type NamedPort = Pick<ServicePortRules, "name" | "protocol">;

export class ChainNames {
  private readonly hash = new Sha256();

  ofPort({ name, protocol }: NamedPort): PortChains {
    const hash = this.suffix(name + protocol.toLowerCase());
    return { cluster: `KUBE-SVC-${hash}`, local: `KUBE-SVL-${hash}`, external: `KUBE-EXT-${hash}`, firewall: `KUBE-FW-${hash}` };
  }

  /** The chain that sends to one endpoint ("10.244.1.5:8080"). */
  ofEndpoint({ name, protocol }: NamedPort, address: string): string {
    return `KUBE-SEP-${this.suffix(name + protocol.toLowerCase() + address)}`;
  }

  /** The first 16 characters of the base32 form: 80 bits. */
  private suffix(text: string): string {
    const words = this.hash.words(text);
    let name = "";
    for (let bit = 0; bit < 80; bit += 5) {
      const word = bit >> 5;
      const shift = bit & 31;
      const low = shift > 27 ? (words[word + 1] as number) >>> (32 - shift) : 0;
      name += alphabet.charAt((((words[word] as number) << shift) | low) >>> 27);
    }
    return name;
  }
}
