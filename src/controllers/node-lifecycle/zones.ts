import type { Node } from "../../api/types/core-v1.ts";
import type { Instant } from "../../base/environment.ts";

/**
 * How fast nodes that are not ready may be emptied, per zone: one every ten seconds; where most of a zone is not ready, one
 * every hundred seconds in a large zone and none in a small one; none at all when no node of the cluster is ready, because then
 * it is the control plane that is cut off. The counts are kept by telling each change of a node.
 */

/** Upstream's --node-eviction-rate 0.1 and --secondary-node-eviction-rate 0.01, as milliseconds between two nodes. */
const pauseMs = 10_000;
const longPauseMs = 100_000;
/** Upstream's --unhealthy-zone-threshold and --large-cluster-size-threshold. */
const disruptedShare = 0.55;
const largeZone = 50;

interface Zone {
  ready: number;
  total: number;
  nextAt: Instant;
}

export function zoneOf(node: Node): string {
  const labels = node.metadata.labels ?? {};
  const region = labels["topology.kubernetes.io/region"] ?? labels["failure-domain.beta.kubernetes.io/region"] ?? "";
  const zone = labels["topology.kubernetes.io/zone"] ?? labels["failure-domain.beta.kubernetes.io/zone"] ?? "";
  return region === "" && zone === "" ? "" : `${region}:\u0000:${zone}`;
}

export class Zones {
  private readonly zones = new Map<string, Zone>();
  private readonly members = new Map<string, { readonly zone: string; readonly ready: boolean }>();
  private readyZones = 0;

  /** Nodes in all zones. */
  get size(): number {
    return this.members.size;
  }

  /** No node of the cluster is ready. */
  get disrupted(): boolean {
    return this.readyZones === 0;
  }

  /** A node is in this zone and ready or not. */
  set(node: string, zone: string, ready: boolean): void {
    const known = this.members.get(node);
    if (known?.zone === zone && known.ready === ready) return;
    this.remove(node);
    this.members.set(node, { zone, ready });
    this.change(zone, { total: 1, ready: Number(ready) });
  }

  remove(node: string): void {
    const known = this.members.get(node);
    if (!known) return;
    this.members.delete(node);
    this.change(known.zone, { total: -1, ready: -Number(known.ready) });
  }

  /** Takes the turn of a node in its zone: "now" when it may be emptied now, an instant when later, "never" while the zone stands still. */
  turn(zone: string, now: Instant): "now" | "never" | Instant {
    const state = this.zones.get(zone);
    const pause = state && this.pauseOf(state);
    if (!state || pause === undefined) return "never";
    if (now < state.nextAt) return state.nextAt;
    state.nextAt = now + pause;
    return "now";
  }

  /** The turn was not used: the next node may have it. */
  giveBack(zone: string): void {
    const state = this.zones.get(zone);
    if (state) state.nextAt = -Infinity;
  }

  /** Whether nodes of the zone are emptied at all, and how fast: changes when nodes that wait have to be asked again. */
  paceOf(zone: string): number | undefined {
    const state = this.zones.get(zone);
    return state && this.pauseOf(state);
  }

  private pauseOf({ ready, total }: Zone): number | undefined {
    if (this.disrupted) return undefined;
    const notReady = total - ready;
    if (ready === 0 || notReady <= 2 || notReady / total < disruptedShare) return pauseMs;
    return total > largeZone ? longPauseMs : undefined;
  }

  private change(name: string, by: { total: number; ready: number }): void {
    let zone = this.zones.get(name);
    if (!zone) this.zones.set(name, (zone = { ready: 0, total: 0, nextAt: -Infinity }));
    const before = zone.ready > 0;
    zone.ready += by.ready;
    zone.total += by.total;
    this.readyZones += Number(zone.ready > 0) - Number(before);
    if (zone.total === 0) this.zones.delete(name);
  }
}
