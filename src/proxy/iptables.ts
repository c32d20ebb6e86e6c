import { ChainNames } from "./chain-names.ts";
import type { FixedTable, ForeignChains, TableName } from "./fixed-chains.ts";
import { proxyTables, serviceChains } from "./fixed-chains.ts";
import type { ProxyNode } from "./plan.ts";
import type { ChainText, TextSettings } from "./port-text.ts";
import { ownText, sharedText } from "./port-text.ts";
import type { ServicePortRules } from "./service-port.ts";
import type { ServiceRules } from "./service-rules.ts";

/**
 * The rule set as iptables text for one node, with upstream's chains, names, comments and probabilities. `restore` gives all
 * of it as input of `iptables-restore --noflush`; `changes` what changed since, as such input; `save` all of it as
 * `iptables-save` prints it.
 *
 * A change costs the text of the Service port that changed, and of a chain that all Services share only if the port's part of it
 * changed.
 */

/** Above so many endpoints the lines of endpoints go without comments, which halves the text: upstream's threshold. */
const endpointsCommentedMax = 1000;

/** A Service port as it was written last. */
interface Block {
  readonly port: ServicePortRules;
  readonly settings: TextSettings;
  readonly shared: readonly string[];
}

const ownOf = (block: Block | undefined): readonly ChainText[] => (block ? ownText(block.port, block.settings) : []);

export class IptablesText {
  private readonly rules: ServiceRules;
  private readonly feed: { take(): ReadonlySet<string>; stop(): void };
  private node: ProxyNode;
  /** Undefined: everything must be written anew. */
  private settings: TextSettings | undefined;
  private readonly blocks = new Map<string, Block>();
  /** Of what was handed out last: the shared chains that have changed since, and the own chains with their new lines, undefined for those to delete. */
  private readonly changedShared = new Set<number>();
  private readonly changedOwn = new Map<string, string | undefined>();
  private isHandedOut = false;
  private readonly counted: boolean;
  private readonly names = new ChainNames();

  /** `hasCounters: false`: the kernel lacks the nfacct objects `proxyCounters`, and rules that name them would be refused. */
  constructor(options: { rules: ServiceRules; node: ProxyNode; hasCounters?: boolean }) {
    this.rules = options.rules;
    this.node = options.node;
    this.counted = options.hasCounters ?? true;
    this.feed = this.rules.changes();
  }

  /** The node has other addresses or another zone. */
  setNode(node: ProxyNode): void {
    this.node = node;
    this.settings = undefined;
  }

  /** No longer kept up to date. */
  stop(): void {
    this.feed.stop();
  }

  /** Input of `iptables-restore --noflush` that makes the proxy's chains exactly these. The kernel's chains must jump to them: see `proxyTables`. */
  restore(): string {
    this.refreshAll();
    this.forgetChanges();
    return this.write({ shared: new Set(serviceChains.keys()), own: this.ownChains(), isWhole: true });
  }

  /** What makes of the rules handed out last the present ones, as input of `iptables-restore --noflush`; undefined: nothing changed. */
  changes(): string | undefined {
    if (!this.isHandedOut) return this.restore();
    this.refreshAll();
    if (this.changedShared.size === 0 && this.changedOwn.size === 0) return undefined;
    const text = this.write({ shared: this.changedShared, own: [this.changedOwn], isWhole: false });
    this.forgetChanges();
    return text;
  }

  /** As `iptables-save` prints it, with counters at zero; `foreign` are chains of others that stand on the node. */
  save(options: { tables?: readonly TableName[]; foreign?: ForeignChains } = {}): string {
    this.refreshAll();
    const names = options.tables ?? proxyTables.map(({ name }) => name);
    return proxyTables
      .filter(({ name }) => names.includes(name))
      .map((table) => this.saveTable(table, options.foreign?.[table.name]))
      .join("");
  }

  private forgetChanges(): void {
    this.isHandedOut = true;
    this.changedShared.clear();
    this.changedOwn.clear();
  }

  private refreshAll(): void {
    const changed = this.feed.take();
    const commented = this.rules.endpointCount() <= endpointsCommentedMax;
    const isWhole = this.settings?.commented !== commented;
    if (isWhole) this.settings = { node: this.node, commented, counted: this.counted, names: this.names };
    for (const key of changed) if (!isWhole || this.rules.get(key) === undefined) this.refresh(key);
    if (isWhole) for (const { key } of this.rules.ports()) this.refresh(key);
  }

  private refresh(key: string): void {
    const { settings } = this;
    const port = this.rules.get(key);
    const before = this.blocks.get(key);
    const next = port && settings && { port, settings, shared: sharedText(port, settings) };
    if (next === undefined) this.blocks.delete(key);
    else this.blocks.set(key, next);
    if (!this.isHandedOut) return;
    serviceChains.forEach((_, i) => {
      if ((before?.shared[i] ?? "") !== (next?.shared[i] ?? "")) this.changedShared.add(i);
    });
    // The text of own chains is not kept: a node has a hundred thousand of them, and few ever change.
    const [oldOwn, own] = [new Map(ownOf(before)), new Map(ownOf(next))];
    for (const chain of oldOwn.keys()) if (!own.has(chain)) this.changedOwn.set(chain, undefined);
    for (const [chain, lines] of own) if (oldOwn.get(chain) !== lines) this.changedOwn.set(chain, lines);
  }

  private *ownChains(): Iterable<readonly ChainText[]> {
    for (const { key } of this.rules.ports()) yield ownOf(this.blocks.get(key));
  }

  private fixedLines(chain: string, rules: FixedTable["rules"]): string {
    const lines = (rules[chain] ?? []).map((rule) => `-A ${chain} ${this.counted ? rule : rule.replace(/ -m nfacct --nfacct-name +\S+/, "")}\n`);
    return lines.join("");
  }

  private sharedLines(index: number): string {
    const parts: string[] = [];
    for (const { key } of this.rules.ports()) {
      const part = this.blocks.get(key)?.shared[index];
      if (part) parts.push(part);
    }
    return parts.join("");
  }

  private write(what: { shared: ReadonlySet<number>; own: Iterable<Iterable<readonly [chain: string, lines: string | undefined]>>; isWhole: boolean }): string {
    const text: string[] = [];
    for (const { name, chains, rules } of proxyTables) {
      const declared: string[] = [];
      const lines: string[] = [];
      for (const chain of chains) {
        const index = serviceChains.findIndex((shared) => shared.table === name && shared.chain === chain);
        if (index < 0 ? !what.isWhole : !what.shared.has(index)) continue;
        declared.push(`:${chain} - [0:0]\n`);
        if (index >= 0) lines.push(this.sharedLines(index));
        lines.push(this.fixedLines(chain, rules));
      }
      const deleted: string[] = [];
      if (name === "nat") {
        for (const group of what.own) {
          const [chainsOfGroup, linesOfGroup]: [string[], string[]] = [[], []];
          for (const [chain, rulesOfChain] of group) {
            chainsOfGroup.push(`:${chain} - [0:0]\n`);
            if (rulesOfChain === undefined) deleted.push(`-X ${chain}\n`);
            else linesOfGroup.push(rulesOfChain);
          }
          declared.push(flat(chainsOfGroup));
          lines.push(flat(linesOfGroup));
        }
      }
      if (declared.length > 0) text.push(`*${name}\n`, ...[declared, lines, deleted].map((part) => part.join("")), "COMMIT\n");
    }
    return text.join("");
  }

  private saveTable(table: FixedTable, foreign: ForeignChains[TableName]): string {
    const own = new Map<string, string>();
    for (const chain of table.chains) {
      const index = serviceChains.findIndex((shared) => shared.table === table.name && shared.chain === chain);
      own.set(chain, (index < 0 ? "" : this.sharedLines(index)) + this.fixedLines(chain, table.rules));
    }
    for (const chain of foreign?.chains ?? []) own.set(chain, this.fixedLines(chain, foreign?.rules ?? {}));
    if (table.name === "nat") for (const chains of this.ownChains()) for (const [chain, lines] of chains) own.set(chain, lines);
    const sorted = [...own].sort(([a], [b]) => (a < b ? -1 : 1));
    const lines = [
      `*${table.name}\n`,
      ...table.builtin.map((chain) => `:${chain} ACCEPT [0:0]\n`),
      sorted.map(([chain]) => `:${chain} - [0:0]\n`).join(""),
      ...table.builtin.map((chain) => this.fixedLines(chain, table.rules) + this.fixedLines(chain, foreign?.rules ?? {})),
      sorted.map(([, rules]) => rules).join(""),
      "COMMIT\n",
    ];
    return lines.join("");
  }
}

/** One piece of text at once: joined late, the pieces of all Services would be alive together, and collecting them costs more than writing them. */
const flat = (lines: readonly string[]) => lines.join("");
