import type { DnsAnswer, DnsRecord, Question } from "../dns/answer.ts";
import type { SimulatedNetwork } from "./network.ts";

/**
 * The way out of the network of the machines: 172.18.0.1. It knows the machines by name, as a container engine's name server does,
 * and of the world outside the three names that are reserved for examples; nothing outside answers.
 */
const address = "172.18.0.1";
const ttlSeconds = 600;

/** Addresses of the blocks for documentation. */
const exampleHosts: { readonly [name: string]: string } = { "example.com": "192.0.2.1", "example.net": "198.51.100.1", "example.org": "203.0.113.1" };

export function listenAsGateway(network: SimulatedNetwork): void {
  network.addEndpoint(address, "gateway");
  const dns = (question: Question): DnsAnswer => {
    const name = question.name.replace(/\.$/, "").toLowerCase();
    const ip = exampleHosts[name] ?? network.nodes().find((node) => node.name === name)?.ip;
    const answer: DnsRecord[] = ip !== undefined && question.type === "A" ? [{ name: `${name}.`, ttl: ttlSeconds, type: "A", data: ip }] : [];
    return { status: ip === undefined ? "NXDOMAIN" : "NOERROR", isAuthoritative: false, answer, authority: [], additional: [] };
  };
  network.listen(address, 53, { dns }, "UDP");
  network.listen(address, 53, { dns });
}
