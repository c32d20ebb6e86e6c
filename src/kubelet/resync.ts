import { fnv1a32 } from "../base/hash.ts";

/**
 * When a kubelet looks at a Pod again by itself: after a failure in ten seconds, otherwise every minute, each time up to half as much later, so
 * that the Pods of a node do not all come at once (upstream: `backOffPeriod`, `syncFrequency`, jitter factor 0.5).
 */
export const failureMs = 10_000;
export const regularMs = 60_000;

/** `ms` up to one and a half times `ms`: chance that depends on the key alone, so that the same history repeats. */
export function jittered(ms: number, key: string): number {
  return Math.round(ms * (1 + (fnv1a32(key) / 2 ** 32) * 0.5));
}

/** The first regular look at this Pod after `now`; looks follow each other since `startedAt`. */
export function nextRegular(options: { uid: string; startedAt: number; now: number }): number {
  const period = jittered(regularMs, options.uid);
  return options.startedAt + (Math.floor((options.now - options.startedAt) / period) + 1) * period;
}
