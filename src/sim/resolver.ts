import type { DnsAnswer, Question } from "../dns/answer.ts";
import { serverFailure } from "../dns/answer.ts";
import { lookUp } from "../dns/lookup.ts";
import { parseResolvConf } from "../dns/search.ts";
import type { ResolverConfig } from "../dns/search.ts";
import { ConnectError } from "./network.ts";
import type { NetworkInterface } from "./network.ts";
import type { Process } from "./process.ts";

/**
 * How programs of simulated containers find addresses of names: literally, in /etc/hosts, then by asking the name servers of
 * /etc/resolv.conf along its search path. Each question is a packet to port 53: it takes the way of all packets.
 */

/** How long a resolver waits for name servers that say nothing: its `timeout` times its `attempts`, as musl counts. */
const silenceMs = 5000;

const decoder = new TextDecoder();

function fileText({ world }: Process, path: string): string {
  return world.files.exists(path) ? decoder.decode(world.files.readFile(path)) : "";
}

export function resolverConfig(process: Process): ResolverConfig {
  return parseResolvConf(fileText(process, "/etc/resolv.conf"));
}

/** One question to one name server; undefined when nothing comes back. */
export function askServer(network: NetworkInterface, server: string, question: Question, port = 53): DnsAnswer | "refused" | undefined {
  try {
    // 28 of IP and UDP, 12 of head, the name with its lengths, 4 of type and class.
    const { listener } = network.connect(server, port, "UDP", 28 + 12 + question.name.replace(/\.$/, "").length + 2 + 4);
    return listener.dns?.(question);
  } catch (error) {
    if (!(error instanceof ConnectError)) throw error;
    return error.failure === "refused" ? "refused" : undefined;
  }
}

/** IPv4 addresses of a name; none: it has none, or nobody could say. Waits where servers say nothing. */
export async function addressesOf(process: Process, name: string): Promise<readonly string[]> {
  if (/^\d+\.\d+\.\d+\.\d+$/.test(name)) return [name];
  for (const line of fileText(process, "/etc/hosts").split("\n")) {
    const [address, ...names] = line.replace(/#.*/, "").trim().split(/\s+/);
    if (address && names.includes(name) && !address.includes(":")) return [address];
  }
  if (name === "localhost") return ["127.0.0.1"];
  const config = resolverConfig(process);
  let isSilent = false;
  const ask = (question: Question): DnsAnswer => {
    // Who did not answer one question is not asked the next.
    if (isSilent) return serverFailure;
    for (const server of config.nameservers) {
      const answer = askServer(process.world.network, server, question);
      if (typeof answer === "object") return answer;
    }
    isSilent = true;
    return serverFailure;
  };
  const { addresses } = lookUp(name, { ask, config });
  if (isSilent) await process.sleep(silenceMs);
  return addresses;
}
