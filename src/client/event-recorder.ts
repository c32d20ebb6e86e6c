import type { Environment, Instant } from "../base/environment.ts";
import { fnv1a32 } from "../base/hash.ts";
import { Line } from "../base/line.ts";
import { formatMicroTime, formatTime } from "../base/time.ts";
import { isStatus } from "../base/status-error.ts";
import { events } from "../api/kinds.ts";
import type { KubeObject } from "../api/kind-ref.ts";
import type { ObjectReference } from "../api/types/core-v1.ts";
import type { Client } from "./client.ts";

/*
 * Upstream's correlator (client-go `tools/record`, defaults): an equal event is counted up; from the eleventh different message
 * of one reason within ten minutes on, all share one event; one component may write 25 events about one object at once and
 * one more every five minutes.
 */
const similarMax = 10;
const similarMsMax = 10 * 60_000;
const burstMax = 25;
const refillMs = 5 * 60_000;
/** Keys remembered per recorder, as upstream's LRU. */
const memoryMax = 4096;
/**
 * Events waiting to be written; the rest is dropped, as upstream's broadcaster does beyond 1,000. Ours gives way to all other work, and thousands
 * of nodes may register in one instant.
 */
const waitingMax = 10_000;
/** A repeated event of the new form joins a series while the last is not older than this (client-go `tools/events`). */
const seriesMsMax = 6 * 60_000;

interface Known {
  readonly namespace: string;
  name: string;
  count: number;
  last: Instant;
}

interface Similar {
  readonly messages: Set<string>;
  last: Instant;
}

interface Allowance {
  tokens: number;
  at: Instant;
}

/** How an event names what it is about. */
export function referenceTo(object: KubeObject, fieldPath?: string): ObjectReference {
  const { namespace, name, uid, resourceVersion } = object.metadata;
  return {
    kind: object.kind,
    ...(namespace === undefined ? {} : { namespace }),
    name,
    uid,
    apiVersion: object.apiVersion,
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
    ...(fieldPath === undefined ? {} : { fieldPath }),
  };
}

/**
 * Writes events as one component, in the order in which they are recorded, one request at a time and after the work that others wait
 * for. Recording never fails and never waits: an event that cannot be written is dropped with a line in the log.
 */
export class EventRecorder {
  private readonly client: Client;
  private readonly environment: Environment;
  private readonly component: string;
  private readonly host: string | undefined;
  private readonly known = new Map<string, Known>();
  private readonly similar = new Map<string, Similar>();
  private readonly allowances = new Map<string, Allowance>();
  private readonly nameOffset: number;
  private readonly waiting = new Line<() => Promise<void>>();
  /** A write is due or under way: there is one at a time. */
  private isWriting = false;
  private sequence = 0;
  private readonly goOn = (): void => this.writeNext();
  private readonly write = (): void => {
    this.waiting.shift()?.().then(this.goOn, (error: unknown) => {
      this.environment.log.debug(`${this.component}: event not written`, { error: String(error) });
      this.writeNext();
    });
  };

  /** `host` is the node for a kubelet's events. */
  constructor(options: { client: Client; environment: Environment; component: string; host?: string }) {
    this.client = options.client;
    this.environment = options.environment;
    this.component = options.component;
    this.host = options.host;
    this.nameOffset = fnv1a32(`${options.component}/${options.host ?? ""}`) % 1_000_000;
  }

  event(regarding: KubeObject, type: "Normal" | "Warning", reason: string, message: string): void {
    this.eventFor(referenceTo(regarding), type, reason, message);
  }

  /** As `event`, for a reference: one container of a Pod (`fieldPath`), a node by name. */
  eventFor(regarding: ObjectReference, type: "Normal" | "Warning", reason: string, message: string): void {
    const now = this.environment.clock.now();
    const about = `${regarding.kind}/${regarding.namespace ?? ""}/${regarding.name}/${regarding.uid}/${regarding.apiVersion}`;
    const family = `${about}/${regarding.fieldPath ?? ""}/${type}/${reason}`;
    const combined = this.joinsSimilar(family, message, now);
    const key = combined ? family : `${family}/${message}`;
    const text = combined ? `(combined from similar events): ${message}` : message;
    const known = this.known.get(key);
    if (known) known.count++;
    if (!this.allowed(about, now)) return;
    this.enqueue(async () => {
      if (known && (await this.countUp(known, text, now))) return;
      const created: Known = known ?? this.remember(key, { namespace: regarding.namespace ?? "default", name: "", count: 1, last: now });
      created.name = this.nameFor(regarding.name ?? "", now);
      await this.client.create(events, {
        apiVersion: "v1",
        kind: "Event",
        metadata: { name: created.name, namespace: created.namespace },
        involvedObject: regarding,
        reason,
        message: text,
        source: { component: this.component, ...(this.host === undefined ? {} : { host: this.host }) },
        firstTimestamp: formatTime(now),
        lastTimestamp: formatTime(now),
        count: created.count,
        type,
        ...(combined ? {} : { reportingComponent: this.component, ...(this.host === undefined ? {} : { reportingInstance: this.host }) }),
      });
    });
    if (!known) this.remember(key, { namespace: regarding.namespace ?? "default", name: "", count: 1, last: now });
  }

  /**
   * An event of the newer form (events.k8s.io): the scheduler's. A repetition becomes a series; one about another revision of the
   * object is no repetition.
   */
  actionEvent(regarding: KubeObject, type: "Normal" | "Warning", reason: string, action: string, message: string, instance: string): void {
    const now = this.environment.clock.now();
    const reference = referenceTo(regarding);
    const key = `${reference.uid}/${reference.name}/${reference.resourceVersion ?? ""}/${type}/${reason}/${action}/${message}`;
    const known = this.known.get(key);
    const joins = known !== undefined && now - known.last <= seriesMsMax;
    if (joins) {
      known.count++;
      known.last = now;
      this.enqueue(async () => {
        await this.client.patch(events, known, { type: "merge", body: { series: { count: known.count, lastObservedTime: formatMicroTime(now) } } });
      });
      return;
    }
    const fresh = this.remember(key, { namespace: reference.namespace ?? "default", name: this.nameFor(reference.name ?? "", now), count: 1, last: now });
    this.enqueue(async () => {
      await this.client.create(events, {
        apiVersion: "v1",
        kind: "Event",
        metadata: { name: fresh.name, namespace: fresh.namespace },
        involvedObject: reference,
        reason,
        message,
        source: {},
        type,
        eventTime: formatMicroTime(now),
        action,
        reportingComponent: this.component,
        reportingInstance: instance,
      });
    });
  }

  private enqueue(write: () => Promise<void>): void {
    if (this.waiting.size >= waitingMax) return;
    this.waiting.push(write);
    if (!this.isWriting) this.writeNext();
  }

  /** Writes the next one when nothing more urgent is left to do. */
  private writeNext(): void {
    this.isWriting = this.waiting.size > 0;
    if (this.isWriting) this.environment.runner.postLate(this.write);
  }

  /** Raises the count of an event that exists. False when it is gone, so that it is created anew. */
  private async countUp(known: Known, message: string, now: Instant): Promise<boolean> {
    if (known.name === "") return false;
    try {
      await this.client.patch(events, known, { type: "strategic", body: { count: known.count, lastTimestamp: formatTime(now), message } });
      return true;
    } catch (error) {
      if (!isStatus(error, "NotFound")) throw error;
      known.count = 1;
      return false;
    }
  }

  private remember(key: string, known: Known): Known {
    const there = this.known.get(key);
    if (there && there.name === "" && known.name === "") return there;
    forgetOldest(this.known);
    this.known.set(key, known);
    return known;
  }

  private joinsSimilar(family: string, message: string, now: Instant): boolean {
    let similar = this.similar.get(family);
    if (!similar || now - similar.last > similarMsMax) {
      forgetOldest(this.similar);
      this.similar.set(family, (similar = { messages: new Set(), last: now }));
    }
    similar.last = now;
    similar.messages.add(message);
    if (similar.messages.size < similarMax) return false;
    // One message leaves, so that the set keeps its size and the next different one is still one too many.
    for (const first of similar.messages) {
      similar.messages.delete(first);
      break;
    }
    return true;
  }

  private allowed(about: string, now: Instant): boolean {
    let allowance = this.allowances.get(about);
    if (!allowance) {
      forgetOldest(this.allowances);
      this.allowances.set(about, (allowance = { tokens: burstMax, at: now }));
    }
    allowance.tokens = Math.min(burstMax, allowance.tokens + (now - allowance.at) / refillMs);
    allowance.at = now;
    if (allowance.tokens < 1) return false;
    allowance.tokens--;
    return true;
  }

  /** `<object>.<nanoseconds in hexadecimal>`, as upstream; the part below a millisecond is a sequence, so names never repeat. */
  private nameFor(object: string, now: Instant): string {
    const below = (this.nameOffset + this.sequence++) % 1_000_000;
    return `${object}.${(BigInt(now) * 1_000_000n + BigInt(below)).toString(16)}`;
  }
}

function forgetOldest(map: Map<string, unknown>): void {
  if (map.size < memoryMax) return;
  for (const key of map.keys()) {
    map.delete(key);
    return;
  }
}
