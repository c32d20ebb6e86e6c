import { namespaces, endpointSlices, services } from "../../api/kinds.ts";
import type { Informers } from "../../client/informer.ts";
import { keyOf } from "../../client/informer.ts";
import { Directory } from "../../dns/directory.ts";
import { ServiceRules } from "../../proxy/service-rules.ts";

/** The rules as they were when somebody took hold of them. */
export interface HeldRules {
  readonly rules: ServiceRules;
  release(): void;
}

/** Shared by all who took hold since the last change; the rules are only copied if a change comes while somebody still holds them. */
class Hold {
  rules: ServiceRules;
  holders = 0;

  constructor(rules: ServiceRules) {
    this.rules = rules;
  }
}

/**
 * What the service proxies and name servers of all simulated nodes know of the cluster: one rule set and one directory, kept up to
 * date by the cluster's informers, however many nodes there are. A node whose proxy stops holds the rules as they are then.
 */
export class ClusterServices {
  readonly directory = new Directory();
  private readonly live = new ServiceRules();
  private readonly stops: readonly (() => void)[];
  readonly proxyStarted: (node: string) => void;
  private latest: Hold | undefined;

  /** `proxyStarted` hears of each proxy that begins its work, with the name of its node. */
  constructor(informers: Informers, proxyStarted: (node: string) => void) {
    this.proxyStarted = proxyStarted;
    this.stops = [
      informers.of(services).onChange((current, previous) => {
        const key = keyOf((current ?? previous) as NonNullable<typeof current>);
        this.beforeChange();
        this.live.setService(key, current);
        this.directory.setService(key, current);
      }),
      informers.of(endpointSlices).onChange((current, previous) => {
        const key = keyOf((current ?? previous) as NonNullable<typeof current>);
        this.beforeChange();
        this.live.setSlice(key, current);
        this.directory.setSlice(key, current);
      }),
      informers.of(namespaces).onChange((current, previous) => this.directory.setNamespace((current ?? previous)?.metadata.name ?? "", current !== undefined)),
    ];
  }

  /** The rules of a node whose proxy is at work. */
  get rules(): ServiceRules {
    return this.live;
  }

  /** The rules as they are now, for as long as they are held. */
  hold(): HeldRules {
    const hold = (this.latest ??= new Hold(this.live));
    hold.holders++;
    return {
      get rules() {
        return hold.rules;
      },
      release: () => void hold.holders--,
    };
  }

  stop(): void {
    for (const stop of this.stops) stop();
  }

  private beforeChange(): void {
    if (this.latest && this.latest.holders > 0) this.latest.rules = this.live.copy();
    this.latest = undefined;
  }
}
