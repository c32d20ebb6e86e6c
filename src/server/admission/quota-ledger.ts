import { addAmounts, resourceOfName, subtractAmounts, usageOf } from "../../api/core/quota-usage.ts";
import type { Amounts } from "../../api/core/pod-amounts.ts";
import { equalJson } from "../../api/schema/json-data.ts";
import type { KubeObject } from "../../api/kind-ref.ts";
import type { ResourceQuota } from "../../api/types/core-v1.ts";
import type { Change, Store } from "../../store/contract.ts";

/**
 * What every quota has given out, exact at every moment: the ledger follows the store's commits as they are made, so that a
 * write that is judged and committed in one turn can never exceed a quota, however many come at once. It costs nothing where
 * there is no quota, and one sum per change where there is one.
 */
export class QuotaLedger {
  private readonly store: Store;
  private readonly byNamespace = new Map<string, Map<string, Tally>>();

  constructor(store: Store) {
    this.store = store;
    const table = "resourcequotas/";
    for (const { object } of store.list(table).items) this.open(object as ResourceQuota);
    store.watch(table, store.revision, ({ type, current }) => {
      const quota = current.object as ResourceQuota;
      if (type === "put") this.open(quota);
      else this.close(quota);
    });
  }

  /** The quotas of a namespace, by name. */
  of(namespace: string): readonly Tally[] {
    const tallies = this.byNamespace.get(namespace);
    return tallies === undefined ? none : [...tallies.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  private open(quota: ResourceQuota): void {
    const { namespace = "", name } = quota.metadata;
    const tallies = this.byNamespace.get(namespace) ?? new Map<string, Tally>();
    this.byNamespace.set(namespace, tallies);
    const standing = tallies.get(name);
    if (standing !== undefined && equalJson(standing.spec, quota.spec)) return;
    standing?.stop();
    tallies.set(name, new Tally(this.store, quota));
  }

  private close({ metadata: { namespace = "", name } }: ResourceQuota): void {
    const tallies = this.byNamespace.get(namespace);
    tallies?.get(name)?.stop();
    tallies?.delete(name);
    if (tallies?.size === 0) this.byNamespace.delete(namespace);
  }
}

const none: readonly Tally[] = [];

/** One quota and what it has given out. */
export class Tally {
  readonly name: string;
  readonly spec: ResourceQuota["spec"];
  used: Amounts = new Map();
  private readonly stops: { stop(): void }[];

  constructor(store: Store, { metadata, spec }: ResourceQuota) {
    this.name = metadata.name;
    this.spec = spec;
    const resources = new Set(Object.keys(spec.hard ?? {}).map(resourceOfName));
    this.stops = [...resources].map((resource) => {
      const prefix = `${resource}/${metadata.namespace ?? ""}/`;
      for (const { object } of store.list(prefix).items) this.used = addAmounts(this.used, this.usage(resource, object));
      return store.watch(prefix, store.revision, (change) => this.follow(resource, change));
    });
  }

  stop(): void {
    for (const each of this.stops) each.stop();
  }

  private follow(resource: string, { type, current, previous }: Change): void {
    if (previous !== undefined) this.used = subtractAmounts(this.used, this.usage(resource, previous.object));
    if (type === "put") this.used = addAmounts(this.used, this.usage(resource, current.object));
  }

  private usage(resource: string, object: KubeObject): Amounts {
    const dot = resource.indexOf(".");
    return usageOf(this.spec, dot < 0 ? { group: "", plural: resource } : { group: resource.slice(dot + 1), plural: resource.slice(0, dot) }, object);
  }
}
