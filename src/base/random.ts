import type { Random } from "./environment.ts";

/** FNV-1a, 32 bits, over UTF-16 units: the hash under Kubernetes' own name hashes too (over bytes there). */
function hashLabel(label: string, start: number): number {
  let hash = start;
  for (let i = 0; i < label.length; i++) hash = Math.imul(hash ^ label.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

/** One step of splitmix32: spreads a seed over the state (https://prng.di.unimi.it, splitmix). */
function spread(seed: number): number {
  let z = (seed + 0x9e3779b9) | 0;
  z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
  z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
  return (z ^ (z >>> 16)) >>> 0;
}

/** xoshiro128**, by Blackman and Vigna: 128 bits of state, 32 bits out, period 2^128 - 1. */
export class SeededRandom implements Random {
  private a: number;
  private b: number;
  private c: number;
  private d: number;
  private readonly seed: number;

  constructor(seed: number) {
    this.seed = seed >>> 0;
    this.a = spread(this.seed);
    this.b = spread(this.a);
    this.c = spread(this.b);
    this.d = spread(this.c) | 1;
  }

  uint32(): number {
    const times5 = Math.imul(this.b, 5);
    const out = Math.imul((times5 << 7) | (times5 >>> 25), 9) >>> 0;
    const t = this.b << 9;
    this.c ^= this.a;
    this.d ^= this.b;
    this.b ^= this.c;
    this.a ^= this.d;
    this.c ^= t;
    this.d = (this.d << 11) | (this.d >>> 21);
    return out;
  }

  below(limit: number): number {
    return Math.floor(this.fraction() * limit);
  }

  fraction(): number {
    return ((this.uint32() >>> 5) * 67108864 + (this.uint32() >>> 6)) / 9007199254740992;
  }

  fork(label: string): Random {
    return new SeededRandom(hashLabel(label, (this.seed ^ 0x811c9dc5) >>> 0));
  }
}
