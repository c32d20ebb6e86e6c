import { sha256Words } from "../base/sha256.ts";
import type { ServicePortRules } from "./service-port.ts";

/**
 * Names of a Service port's chains, as upstream makes them: 16 characters of base32 of a SHA-256. People and tools follow rules by
 * these names, so that they must be the same on every cluster.
 */

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/** The first 16 characters of the base32 form: 80 bits. */
function suffix(text: string): string {
  const words = sha256Words(text);
  let name = "";
  for (let bit = 0; bit < 80; bit += 5) {
    const [word, shift] = [bit >> 5, bit & 31];
    const high = (words[word] as number) << shift;
    const low = shift > 27 ? (words[word + 1] as number) >>> (32 - shift) : 0;
    name += alphabet.charAt((high | low) >>> 27);
  }
  return name;
}

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

export function portChains({ name, protocol }: Pick<ServicePortRules, "name" | "protocol">): PortChains {
  const hash = suffix(name + protocol.toLowerCase());
  return { cluster: `KUBE-SVC-${hash}`, local: `KUBE-SVL-${hash}`, external: `KUBE-EXT-${hash}`, firewall: `KUBE-FW-${hash}` };
}

/** The chain that sends to one endpoint ("10.244.1.5:8080"). */
export function endpointChain({ name, protocol }: Pick<ServicePortRules, "name" | "protocol">, address: string): string {
  return `KUBE-SEP-${suffix(name + protocol.toLowerCase() + address)}`;
}
