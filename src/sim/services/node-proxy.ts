import type { Ipv4Range } from "../../base/ipv4.ts";
import { parseIpv4Range } from "../../base/ipv4.ts";
import { AffinityMemory } from "../../proxy/affinity.ts";
import type { ForeignChains, TableName } from "../../proxy/fixed-chains.ts";
import { counted } from "../../proxy/counters.ts";
import { nodeAgentChains, proxyTables } from "../../proxy/fixed-chains.ts";
import { IptablesText } from "../../proxy/iptables.ts";
import type { ProxyNode } from "../../proxy/plan.ts";
import type { ServiceRules } from "../../proxy/service-rules.ts";
import type { NodeRules } from "../../proxy/walk.ts";
import { NodeConnections } from "./connections.ts";
import type { ClusterServices, HeldRules } from "./cluster-services.ts";

/** `--cluster-cidr` of the proxy. */
const podRange: Ipv4Range | undefined = parseIpv4Range("10.244.0.0/16");

/**
 * The service rules in the kernel of one simulated node. While a kube-proxy runs there they are the cluster's; when none does
 * they stay as they were, and age. Power takes them away, a flush as well, until a kube-proxy starts anew.
 */
export class NodeProxy {
  private readonly node: ProxyNode;
  private readonly services: ClusterServices | undefined;
  private affinity = new AffinityMemory();
  /** Proxies at work: two for the moment of a roll-out. */
  private readonly followers = new Set<object>();
  private held: HeldRules | undefined;
  /** What a flush took away, until there are rules again. */
  private flushed: HeldRules | undefined;
  /** "none": there are no rules. "live": they follow the cluster. "held": they stay as they were. */
  private state: "none" | "live" | "held" = "none";
  private severed = false;
  /** What its kernel has seen. */
  readonly connections = new NodeConnections();

  constructor(options: { node: string; zone: string; ip: string; services: ClusterServices | undefined }) {
    this.node = { name: options.node, zone: options.zone, addresses: [options.ip], podRange };
    this.services = options.services;
  }

  /** What packets meet. */
  get rules(): NodeRules {
    const { node, affinity } = this;
    const rules = this.state === "live" ? this.services?.rules : this.state === "held" ? this.held?.rules : undefined;
    return { node, rules, affinity };
  }

  /** A kube-proxy begins its work with a full synchronisation; the function ends it. */
  follow(): () => void {
    const follower = {};
    this.followers.add(follower);
    if (!this.severed) {
      this.become("live");
      this.services?.proxyStarted(this.node.name);
    }
    return () => {
      if (this.followers.delete(follower) && this.followers.size === 0 && this.state === "live") this.become("held");
    };
  }

  /** Cut off from the API server, a proxy hears of no change. */
  setSevered(severed: boolean): void {
    this.severed = severed;
    if (severed && this.state === "live") this.become("held");
    if (!severed && this.followers.size > 0) this.become("live");
  }

  /** All service chains go: `kube-proxy --cleanup`, `iptables -F`. */
  flush(): void {
    this.connections.uncount();
    const { flushed } = this;
    const taken = this.state === "none" ? undefined : this.state === "held" ? this.held : this.services?.hold();
    if (taken === this.held) this.held = undefined;
    this.become("none");
    this.flushed = taken ?? flushed;
  }

  /** Puts back what a flush took away; a kube-proxy at work goes on with it. */
  restore(): void {
    const { flushed } = this;
    if (!flushed) return;
    this.flushed = undefined;
    const isFollowed = this.followers.size > 0 && !this.severed;
    if (isFollowed) flushed.release();
    else this.held = flushed;
    this.become(isFollowed ? "live" : "held");
  }

  /** As `iptables-save` printed it before the flush; undefined: nothing was flushed. */
  flushedSave(tables?: readonly TableName[]): string | undefined {
    return this.flushed && this.textOf(this.flushed.rules, tables);
  }

  /** Without power the kernel forgets all. */
  reset(): void {
    this.followers.clear();
    this.connections.forget();
    this.affinity = new AffinityMemory();
    this.become("none");
  }

  /** As `iptables-save` prints it on the node. */
  save(tables?: readonly TableName[]): string {
    const { rules } = this.rules;
    return rules ? this.textOf(rules, tables) : bareTables(tables, nodeAgentChains);
  }

  private textOf(rules: ServiceRules, tables: readonly TableName[] | undefined): string {
    const text = new IptablesText({ rules, node: this.node });
    try {
      return text.save({ foreign: nodeAgentChains, ...(tables ? { tables } : {}) });
    } finally {
      text.stop();
    }
  }

  /** The same text with the counters of the nat table. */
  countedSave(tables?: readonly TableName[]): string {
    const own = new Set(this.node.addresses);
    return counted(this.save(tables), this.connections.counts(), (ip) => own.has(ip) || ip.startsWith("127."));
  }

  private become(state: "none" | "live" | "held"): void {
    const held = state === "held" ? (this.held ?? this.services?.hold()) : undefined;
    if (this.held !== held) this.held?.release();
    this.held = held;
    this.flushed?.release();
    this.flushed = undefined;
    this.state = state;
  }
}

/** The tables of a node on which only the kubelet has been. */
function bareTables(wanted: readonly TableName[] | undefined, foreign: ForeignChains): string {
  let text = "";
  for (const { name, builtin } of proxyTables) {
    if (wanted && !wanted.includes(name)) continue;
    const { chains = [], rules = {} } = foreign[name] ?? {};
    const lines = (chain: string): string => (rules[chain] ?? []).map((rule) => `-A ${chain} ${rule}\n`).join("");
    text += `*${name}\n${builtin.map((chain) => `:${chain} ACCEPT [0:0]\n`).join("")}${chains.map((chain) => `:${chain} - [0:0]\n`).join("")}`;
    text += `${[...builtin, ...chains].map(lines).join("")}COMMIT\n`;
  }
  return text;
}
