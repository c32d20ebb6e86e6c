/**
 * The chains that stand on every node whatever Services there are, as data: first those that kube-proxy keeps, then those of the
 * node agent, which prints of a node's rules show as well. Rules are written as iptables-save prints them, without "-A" and the
 * chain's name.
 */

export type TableName = "mangle" | "filter" | "nat";

export interface FixedTable {
  readonly name: TableName;
  /** The kernel's own chains, in the order in which they are printed. */
  readonly builtin: readonly string[];
  readonly chains: readonly string[];
  /** Rules by chain. Those of a chain that Services fill (`serviceChains`) come after what Services put there. */
  readonly rules: { readonly [chain: string]: readonly string[] };
}

const canary = "KUBE-PROXY-CANARY";
const isNew = "-m conntrack --ctstate NEW";
const comment = (text: string) => `-m comment --comment "${text}"`;

const firewallJump = `${isNew} ${comment("kubernetes load balancer firewall")} -j KUBE-PROXY-FIREWALL`;
const portalsJump = `${isNew} ${comment("kubernetes service portals")} -j KUBE-SERVICES`;
const externalJump = `${isNew} ${comment("kubernetes externally-visible service portals")} -j KUBE-EXTERNAL-SERVICES`;
const natJump = `${comment("kubernetes service portals")} -j KUBE-SERVICES`;

export const proxyTables: readonly FixedTable[] = [
  { name: "mangle", builtin: ["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"], chains: [canary], rules: {} },
  {
    name: "filter",
    builtin: ["INPUT", "FORWARD", "OUTPUT"],
    chains: ["KUBE-EXTERNAL-SERVICES", "KUBE-FORWARD", "KUBE-NODEPORTS", canary, "KUBE-PROXY-FIREWALL", "KUBE-SERVICES"],
    rules: {
      INPUT: [firewallJump, `${comment("kubernetes health check service ports")} -j KUBE-NODEPORTS`, externalJump],
      FORWARD: [firewallJump, `${comment("kubernetes forwarding rules")} -j KUBE-FORWARD`, portalsJump, externalJump],
      OUTPUT: [firewallJump, portalsJump],
      "KUBE-FORWARD": [
        // The counter's name really is printed after two spaces.
        "-m conntrack --ctstate INVALID -m nfacct --nfacct-name  ct_state_invalid_dropped_pkts -j DROP",
        `${comment("kubernetes forwarding rules")} -m mark --mark 0x4000/0x4000 -j ACCEPT`,
        `${comment("kubernetes forwarding conntrack rule")} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT`,
      ],
    },
  },
  {
    name: "nat",
    builtin: ["PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"],
    chains: ["KUBE-MARK-MASQ", "KUBE-NODEPORTS", "KUBE-POSTROUTING", canary, "KUBE-SERVICES"],
    rules: {
      PREROUTING: [natJump],
      OUTPUT: [natJump],
      POSTROUTING: [`${comment("kubernetes postrouting rules")} -j KUBE-POSTROUTING`],
      "KUBE-MARK-MASQ": ["-j MARK --set-xmark 0x4000/0x4000"],
      "KUBE-POSTROUTING": [
        "-m mark ! --mark 0x4000/0x4000 -j RETURN",
        "-j MARK --set-xmark 0x4000/0x0",
        `${comment("kubernetes service traffic requiring SNAT")} -j MASQUERADE --random-fully`,
      ],
      "KUBE-SERVICES": [`${comment("kubernetes service nodeports; NOTE: this must be the last rule in this chain")} -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS`],
    },
  },
];

/** Objects of the kernel's packet accounting (nfacct) that rules feed; to be made before the rules. */
export const proxyCounters = ["ct_state_invalid_dropped_pkts", "localhost_nps_accepted_pkts"] as const;

/** Chains of others that a print of the node's rules shows; their rules in the kernel's chains come last. */
export type ForeignChains = { readonly [table in TableName]?: { readonly chains: readonly string[]; readonly rules: { readonly [chain: string]: readonly string[] } } };

/** The node agent's guard against packets from outside for 127.0.0.0/8. */
export const nodeAgentFirewall: ForeignChains = {
  filter: {
    chains: ["KUBE-FIREWALL"],
    rules: {
      INPUT: ["-j KUBE-FIREWALL"],
      OUTPUT: ["-j KUBE-FIREWALL"],
      "KUBE-FIREWALL": [`! -s 127.0.0.0/8 -d 127.0.0.0/8 ${comment("block incoming localnet connections")} -m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -j DROP`],
    },
  },
};

/** The guard and the agent's canaries: all that a running node shows of it. */
export const nodeAgentChains: ForeignChains = {
  mangle: { chains: ["KUBE-KUBELET-CANARY"], rules: {} },
  filter: { chains: ["KUBE-FIREWALL", "KUBE-KUBELET-CANARY"], rules: nodeAgentFirewall.filter?.rules ?? {} },
  nat: { chains: ["KUBE-KUBELET-CANARY"], rules: {} },
};

/** The chains of kube-proxy that Services fill, in the order of a block's parts (see port-text.ts). */
export const serviceChains = [
  { table: "filter", chain: "KUBE-EXTERNAL-SERVICES" },
  { table: "filter", chain: "KUBE-NODEPORTS" },
  { table: "filter", chain: "KUBE-PROXY-FIREWALL" },
  { table: "filter", chain: "KUBE-SERVICES" },
  { table: "nat", chain: "KUBE-NODEPORTS" },
  { table: "nat", chain: "KUBE-SERVICES" },
] as const satisfies readonly { table: TableName; chain: string }[];
