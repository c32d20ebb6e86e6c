import type { FixedTable, ForeignChains, TableName } from "./fixed-chains.ts";
import { proxyTables, serviceChains } from "./fixed-chains.ts";
import type { ProxyNode } from "./plan.ts";
import type { PortText } from "./port-text.ts";
import { portText } from "./port-text.ts";
import type { ServiceRules } from "./service-rules.ts";

/**
 * The rule set as iptables text for one node, with upstream's chains, names, comments and probabilities. `restore` gives all
 * of it as input of `iptables-restore --noflush`; `changes` what changed since, as such input; `save` all of it as
 * `iptables-save` prints it.
 *
 * The text of a Service port is kept until that port changes; a chain that all Services share is put together again only if a
 * port's part of it changed.
 */

/** Above so many endpoints the lines of endpoints go without comments, which halves the text: upstream's threshold. */
const endpointsCommentedMax = 1000;

export class IptablesText {
  private readonly rules: ServiceRules;
  private readonly feed: { take(): ReadonlySet<string>; stop(): void };
  private node: ProxyNode;
  private commented = true;
  private readonly blocks = new Map<string, PortText>();
  /** Of what was handed out last: the shared chains that have changed since, the own chains that must be written, and those to delete. */
  private readonly changedShared = new Set<number>();
  private readonly changedOwn = new Map<string, string | undefined>();

  constructor(options: { rules: ServiceRules; node: ProxyNode }) {
    this.rules = options.rules;
    this.node = options.node;
    this.feed = this.rules.changes();
    for (const { key } of this.rules.ports()) this.refresh(key);
  }

  /** The node has other addresses or another zone. */
  setNode(node: ProxyNode): void {
    this.node = node;
    for (const { key } of this.rules.ports()) this.refresh(key);
  }

  /** No longer kept up to date. */
  stop(): void {
    this.feed.stop();
  }

  /** Input of `iptables-restore --noflush` that makes the proxy's chains exactly these. The kernel's chains must jump to them: see `proxyTables`. */
  restore(): string {
    this.refreshAll();
    this.changedShared.clear();
    this.changedOwn.clear();
    const own = new Map([...this.blocks.values()].flatMap((block) => [...block.own]));
    return this.write(proxyTables, { shared: new Set(serviceChains.keys()), own, isWhole: true });
  }

  /** What makes of the rules handed out last the present ones, as input of `iptables-restore --noflush`; undefined: nothing changed. */
  changes(): string | undefined {
    this.refreshAll();
    if (this.changedShared.size === 0 && this.changedOwn.size === 0) return undefined;
    const text = this.write(proxyTables, { shared: this.changedShared, own: this.changedOwn, isWhole: false });
    this.changedShared.clear();
    this.changedOwn.clear();
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

  private refreshAll(): void {
    const changed = this.feed.take();
    const commented = this.rules.endpointCount() <= endpointsCommentedMax;
    if (commented !== this.commented) {
      this.commented = commented;
      for (const { key } of this.rules.ports()) this.refresh(key);
    }
    for (const key of changed) this.refresh(key);
  }

  private refresh(key: string): void {
    const port = this.rules.get(key);
    const before = this.blocks.get(key);
    const next = port === undefined ? undefined : portText(port, { node: this.node, commented: this.commented });
    if (next === undefined) this.blocks.delete(key);
    else this.blocks.set(key, next);
    serviceChains.forEach((_, i) => {
      if ((before?.shared[i] ?? "") !== (next?.shared[i] ?? "")) this.changedShared.add(i);
    });
    for (const chain of before?.own.keys() ?? []) if (!next?.own.has(chain)) this.changedOwn.set(chain, undefined);
    for (const [chain, lines] of next?.own ?? []) if (before?.own.get(chain) !== lines) this.changedOwn.set(chain, lines);
  }

  private sharedLines(index: number): string {
    const parts: string[] = [];
    for (const { key } of this.rules.ports()) {
      const part = this.blocks.get(key)?.shared[index];
      if (part) parts.push(part);
    }
    return parts.join("");
  }

  private write(tables: readonly FixedTable[], what: { shared: ReadonlySet<number>; own: ReadonlyMap<string, string | undefined>; isWhole: boolean }): string {
    const text: string[] = [];
    for (const { name, builtin, chains, rules } of tables) {
      const declared: string[] = [];
      const lines: string[] = [];
      const declare = (chain: string) => declared.push(`:${chain} - [0:0]\n`);
      for (const chain of chains) {
        const index = serviceChains.findIndex((shared) => shared.table === name && shared.chain === chain);
        if (index < 0 ? !what.isWhole : !what.shared.has(index)) continue;
        declare(chain);
        if (index >= 0) lines.push(this.sharedLines(index));
        lines.push(fixedLines(chain, rules));
      }
      const deleted: string[] = [];
      if (name === "nat") {
        for (const [chain, rulesOfChain] of what.own) {
          declare(chain);
          if (rulesOfChain === undefined) deleted.push(`-X ${chain}\n`);
          else lines.push(rulesOfChain);
        }
      }
      if (declared.length > 0 && builtin.length > 0) text.push(`*${name}\n`, ...[declared, lines, deleted].map((part) => part.join("")), "COMMIT\n");
    }
    return text.join("");
  }

  private saveTable(table: FixedTable, foreign: ForeignChains[TableName]): string {
    const own = new Map<string, string>();
    for (const chain of table.chains) {
      const index = serviceChains.findIndex((shared) => shared.table === table.name && shared.chain === chain);
      own.set(chain, (index < 0 ? "" : this.sharedLines(index)) + fixedLines(chain, table.rules));
    }
    for (const chain of foreign?.chains ?? []) own.set(chain, fixedLines(chain, foreign?.rules ?? {}));
    if (table.name === "nat") for (const block of this.blocks.values()) for (const [chain, lines] of block.own) own.set(chain, lines);
    const sorted = [...own].sort(([a], [b]) => (a < b ? -1 : 1));
    const lines = [
      `*${table.name}\n`,
      ...table.builtin.map((chain) => `:${chain} ACCEPT [0:0]\n`),
      sorted.map(([chain]) => `:${chain} - [0:0]\n`).join(""),
      ...table.builtin.map((chain) => fixedLines(chain, table.rules) + fixedLines(chain, foreign?.rules ?? {})),
      sorted.map(([, rules]) => rules).join(""),
      "COMMIT\n",
    ];
    return lines.join("");
  }
}

function fixedLines(chain: string, rules: FixedTable["rules"]): string {
  return (rules[chain] ?? []).map((rule) => `-A ${chain} ${rule}\n`).join("");
}
