import type { Clock, Instant } from "../../base/environment.ts";
import type { KindRegistry } from "../../api/registry.ts";
import type { RequestInfo, ResourceInfo } from "../request-info.ts";

/**
 * Counts what is asked of the server and how it answers, under upstream's labels. Names that clients make up are no labels: a resource is
 * told only when there is one. Durations are of the cluster's clock, so that a virtual one that stands still measures nothing.
 */
export interface Labels {
  readonly verb: string;
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly subresource: string;
  readonly scope: string;
}

/** Requests of one kind. */
export class Series {
  readonly labels: Labels;
  readonly byCode = new Map<number, number>();
  /** How many took so long at most; the last counts all. Empty where a request lasts as long as its client wants. */
  readonly buckets: number[];
  seconds = 0;

  constructor(labels: Labels) {
    this.labels = labels;
    this.buckets = longRunning.has(labels.verb) ? [] : Array<number>(durationBounds.length + 1).fill(0);
  }

  add(code: number, seconds: number): void {
    this.byCode.set(code, (this.byCode.get(code) ?? 0) + 1);
    if (this.buckets.length === 0) return;
    this.seconds += seconds;
    for (let i = this.buckets.length - 1; i >= 0 && (i === durationBounds.length || seconds <= (durationBounds[i] as number)); i--) this.buckets[i] = (this.buckets[i] as number) + 1;
  }
}

/** Upstream's buckets of apiserver_request_duration_seconds. */
export const durationBounds: readonly number[] = [0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60];

const longRunning = new Set(["WATCH", "CONNECT"]);
const connecting = new Set(["exec", "attach", "portforward", "proxy"]);
const verbs: { readonly [verb: string]: string } = { get: "GET", list: "LIST", watch: "WATCH", create: "POST", update: "PUT", patch: "PATCH", delete: "DELETE", deletecollection: "DELETECOLLECTION" };
const plainMethods = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);

/** A request from its beginning to its answer. */
export interface Observed {
  readonly started: Instant;
  readonly method: string;
  readonly isApply: boolean;
  /** Undefined until it has been read. */
  info: RequestInfo | undefined;
}

export class RequestCounters {
  readonly started: Instant;
  readonly inFlight = { readOnly: 0, mutating: 0 };
  private readonly clock: Clock;
  private readonly registry: KindRegistry;
  private readonly known = new Map<string, Series>();

  constructor(options: { readonly clock: Clock; readonly registry: KindRegistry }) {
    this.clock = options.clock;
    this.registry = options.registry;
    this.started = this.clock.now();
  }

  get series(): Iterable<Series> {
    return this.known.values();
  }

  begin({ method, headers }: { readonly method: string; readonly headers: { readonly [name: string]: string } }): Observed {
    this.inFlight[isReading(method) ? "readOnly" : "mutating"]++;
    return { started: this.clock.now(), method, isApply: method === "PATCH" && (headers["content-type"] ?? "").startsWith("application/apply-patch"), info: undefined };
  }

  end(observed: Observed, code: number): void {
    this.inFlight[isReading(observed.method) ? "readOnly" : "mutating"]--;
    this.seriesOf(observed).add(code, (this.clock.now() - observed.started) / 1000);
  }

  private seriesOf({ method, isApply, info }: Observed): Series {
    const kind = info?.type === "resource" ? this.registry.byResource(info.group, info.version, info.resource) : undefined;
    if (info?.type !== "resource" || kind === undefined) return this.named({ verb: plainMethods.has(method) ? method : "OTHER", group: "", version: "", resource: "", subresource: "", scope: "" });
    const { group, version, resource } = info;
    const subresource = kind.facts.subresources?.some(({ name }) => name === info.subresource) ? info.subresource : "";
    const verb = connecting.has(subresource) ? "CONNECT" : isApply ? "APPLY" : (Object.hasOwn(verbs, info.verb) ? (verbs[info.verb] as string) : "OTHER");
    return this.named({ verb, group, version, resource, subresource, scope: scopeOf(info) });
  }

  private named(labels: Labels): Series {
    const key = `${labels.verb} ${labels.group} ${labels.version} ${labels.resource} ${labels.subresource} ${labels.scope}`;
    let series = this.known.get(key);
    if (series === undefined) this.known.set(key, (series = new Series(labels)));
    return series;
  }
}

function isReading(method: string): boolean {
  return method === "GET" || method === "HEAD";
}

function scopeOf({ name, namespace }: ResourceInfo): string {
  return name !== "" ? "resource" : namespace === "" ? "cluster" : "namespace";
}
