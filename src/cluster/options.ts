import type { Log } from "../base/environment.ts";
import type { HostClock } from "../base/clock.ts";
import type { Host } from "../base/runner.ts";
import type { CertificateSigner } from "../controllers/certificate-signing/plan.ts";
import type { TokenSigner } from "../server/tokens/token-signer.ts";
import type { ImageOptions } from "../sim/images/registry.ts";

export type { ImageOptions } from "../sim/images/registry.ts";

/** What a cluster can be asked to be. All have defaults that suit a test. */
export interface ClusterOptions {
  /** Default `local`. Nodes are called after it. */
  readonly name?: string;
  /** How many simulated machines; the first is the control plane. Default 3, at most `nodesMax`. */
  readonly nodes?: number;
  /** Default "virtual": time stands still until it is told to move. */
  readonly clock?: "virtual" | "system";
  /** All chance comes from it. Default 1. */
  readonly seed?: number;
  /** Where a virtual clock begins: RFC 3339 or milliseconds since the epoch. Default 2026-01-01T00:00:00Z. */
  readonly now?: string | number;
  /** What the simulated registry knows beside its catalogue. */
  readonly images?: ImageOptions;
  /** Whether metrics.k8s.io is served, as with metrics-server: `kubectl top`. Default true. */
  readonly metrics?: boolean;
}

/** What only the host can give; adapters of src/node and src/browser fill it in. */
export interface ClusterHost {
  readonly runner: Host;
  /** For `clock: "system"`. */
  readonly clock: HostClock;
  readonly log: Log;
  /** PEM of the certificate authority that kube-root-ca.crt publishes. Absent: the fixed test certificate. */
  readonly caPem?: string;
  /** Signs the tokens of service accounts. Absent: a fixed test key, for clusters without a port. */
  readonly tokenSigner?: TokenSigner;
  /** Signs approved requests for certificates with the key of that authority. Absent: they stay approved and unsigned. */
  readonly certificateSigner?: CertificateSigner;
}

export const defaults = {
  name: "local",
  nodes: 3,
  seed: 1,
  now: "2026-01-01T00:00:00Z",
  metrics: true,
} as const;

/** A mistake in what a caller asked of a cluster; the message says which option and what would be right. */
export class OptionError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "OptionError";
  }
}
