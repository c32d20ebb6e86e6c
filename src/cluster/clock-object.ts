import type { Environment } from "../base/environment.ts";
import type { HostClock, VirtualClock } from "../base/clock.ts";
import { formatMicroTime, formatTime, parseTime } from "../base/time.ts";
import { limits } from "../base/limits.ts";
import { isStatus } from "../base/status-error.ts";
import { clocks } from "../api/sim/facts.ts";
import type { Clock } from "../api/sim/types.ts";
import type { Client } from "../client/client.ts";
import type { Controller } from "../client/controller-context.ts";
import type { Informers } from "../client/informer.ts";
import { Reconciler } from "../client/reconciler.ts";

/** The one object of its kind. */
export const clockName = "cluster";

/** Host time between two moves while `spec.speed` drives the clock: smooth for a watcher, cheap when idle. */
const stepMs = 100;
/** A write per second of the host tells where the clock is while `spec.speed` drives it. */
const stepsPerReport = 10;

/** Instants in the Clock object keep milliseconds where there are any. */
export function clockTime(instant: number): string {
  return instant % 1000 === 0 ? formatTime(instant) : `${formatMicroTime(instant).slice(0, -4)}Z`;
}

export interface ClockObjectOptions {
  readonly clock: VirtualClock;
  readonly environment: Environment;
  readonly client: Client;
  readonly informers: Informers;
  /** The host's own time, which `spec.speed` follows. */
  readonly hostClock: HostClock;
}

export interface ClockObject extends Controller {
  /** Writes where time is, for who moved it otherwise; nothing when that stands there already. */
  report(): Promise<void>;
}

/**
 * Lets the Clock object move the virtual clock: `spec.at` goes there and stops, `spec.speed` follows the host's time, `spec.paused`
 * holds. `status.now` is written when a move has ended, whoever asked for it, with nothing left to do at that instant, and once a second
 * of the host on the way when it is speed that moves it. The object comes back when it is deleted: without it nobody could move time.
 */
export async function startClockObject(options: ClockObjectOptions): Promise<ClockObject> {
  const { clock, client, environment } = options;
  await makeClock(client);
  let cancelAlarm: (() => void) | undefined;
  let stopped = false;
  let current: Clock | undefined;
  let steps = 0;

  const reconciler = new Reconciler({
    name: "clock",
    environment,
    reconcile: async () => {
      if (!current) return await makeClock(client);
      const target = current.spec.paused || current.spec.at === undefined ? undefined : parseTime(current.spec.at);
      // The move waits until the runner is idle, so this step must not wait for the move.
      if (target !== undefined && target > clock.now()) void move(target);
      else if (speed() === 0) await report();
      schedule();
    },
  });

  async function move(target: number): Promise<void> {
    await clock.advanceTo(target);
    if (!stopped) environment.runner.post(report);
  }

  async function report(): Promise<void> {
    if (!current || current.status.now === clockTime(clock.now())) return;
    try {
      await client.patch(clocks, { name: clockName }, { type: "merge", body: { status: { now: clockTime(clock.now()) } } }, { subresource: "status" });
    } catch (error) {
      // Somebody has deleted it: it comes back, and tells then.
      if (!isStatus(error, "NotFound")) throw error;
    }
  }

  /** With a speed and no target the clock follows the host. 0 stands still. */
  function speed(): number {
    return stopped || !current || current.spec.paused || current.spec.at !== undefined ? 0 : (current.spec.speed ?? 0);
  }

  function schedule(): void {
    if (cancelAlarm || speed() === 0) return;
    cancelAlarm = options.hostClock.alarm(stepMs, () => {
      cancelAlarm = undefined;
      if (speed() > 0) void step();
    });
  }

  async function step(): Promise<void> {
    await clock.advanceTo(Math.min(clock.now() + Math.round(stepMs * speed()), limits.instantMax));
    if (!stopped && ++steps % stepsPerReport === 0) environment.runner.post(report);
    schedule();
  }

  const stopWatching = options.informers.of(clocks).onChange((object) => {
    if (object && object.metadata.name !== clockName) return;
    current = object;
    reconciler.add(clockName);
  });
  return {
    report,
    stop() {
      stopped = true;
      cancelAlarm?.();
      stopWatching();
      reconciler.stop();
    },
  };
}

/** The object, unless it is there. */
async function makeClock(client: Client): Promise<void> {
  try {
    await client.create(clocks, { apiVersion: clocks.apiVersion, kind: clocks.kind, metadata: { name: clockName }, spec: {} });
  } catch (error) {
    if (!isStatus(error, "AlreadyExists")) throw error;
  }
}
