import { limits } from "../base/limits.ts";
import type { ProxyEndpoint, ServicePortRules } from "./service-port.ts";

/**
 * Which client went to which endpoint of a Service with session affinity, and when last: the memory that the kernel's `recent`
 * lists are to the rules. One per node, as in the kernel: two nodes send one client to different endpoints.
 */

export class AffinityMemory {
  /** By port, by endpoint address, by client: the instant of its last connection, in milliseconds; least recent first. */
  private readonly seen = new Map<string, Map<string, Map<string, number>>>();

  /** The endpoint of `endpoints` that the client used within the port's time-out; the first in their order, as the rules are asked. */
  recall(port: ServicePortRules, endpoints: readonly ProxyEndpoint[], clientIp: string, now: number): ProxyEndpoint | undefined {
    const lists = this.seen.get(port.key);
    if (lists === undefined) return undefined;
    return endpoints.find(({ address }) => {
      const last = lists.get(address)?.get(clientIp);
      return last !== undefined && now - last <= port.affinitySeconds * 1000;
    });
  }

  /** The client connects to the endpoint now: its time begins anew. */
  remember(port: ServicePortRules, endpoint: ProxyEndpoint, clientIp: string, now: number): void {
    const lists = this.seen.get(port.key) ?? new Map<string, Map<string, number>>();
    this.seen.set(port.key, lists);
    // With an endpoint's rules its list goes.
    if (lists.size > port.endpoints.length) {
      const standing = new Set(port.endpoints.map(({ address }) => address));
      for (const address of [...lists.keys()]) if (!standing.has(address)) lists.delete(address);
    }
    const list = lists.get(endpoint.address) ?? new Map<string, number>();
    lists.set(endpoint.address, list);
    list.delete(clientIp);
    list.set(clientIp, now);
    // The client that was longest away is forgotten first.
    for (const [client] of list) {
      if (list.size <= limits.affinityClientsPerEndpointMax) break;
      list.delete(client);
    }
  }

  /** Forgets ports that are gone. */
  keepOnly(isStanding: (portKey: string) => boolean): void {
    for (const key of [...this.seen.keys()]) if (!isStanding(key)) this.seen.delete(key);
  }
}
