import type { Environment, Instant, Timer } from "../base/environment.ts";
import { parseTime } from "../base/time.ts";
import { serviceAccounts } from "../api/kinds.ts";
import type { KindRef, KubeObject } from "../api/kind-ref.ts";
import type { TokenRequest } from "../api/types/authentication-v1.ts";
import type { Pod } from "../api/types/core-v1.ts";
import type { Client } from "../client/client.ts";
import { MissingError } from "./objects.ts";

/** The tokens in a node's Pods: asked for once per Pod, audience and lifetime, and again when four fifths of the lifetime are over. */
const renewedAtFraction = 0.8;
/** Upstream renews every token once a day. */
const heldMsMax = 24 * 3600 * 1000;
/** The lifetime in the volume that every Pod gets: such a token counts for a year, whatever it asks for, and once a day is soon enough. */
const lastingSeconds = 3607;
/** When a renewal has failed, the next try. */
const retryMs = 60_000;

interface Held {
  readonly token: string;
  readonly renewAt: Instant;
}

interface PodEntry {
  readonly held: Map<string, Held>;
  timer: Timer | undefined;
}

export interface PodTokensOptions {
  readonly environment: Environment;
  /** Under the node's own identity. */
  readonly client: Client;
  /** A token of this Pod is due: its volumes want to be written again. */
  readonly due: (podUid: string) => void;
}

export class PodTokens {
  private readonly options: PodTokensOptions;
  private readonly pods = new Map<string, PodEntry>();

  constructor(options: PodTokensOptions) {
    this.options = options;
  }

  /** Rejects with MissingError when there is none to be had. */
  async token(pod: Pod, audience: string | undefined, expirationSeconds: number): Promise<string> {
    const { uid } = pod.metadata;
    const key = `${audience ?? ""} ${expirationSeconds}`;
    const now = this.options.environment.clock.now();
    const known = this.pods.get(uid)?.held.get(key);
    if (known !== undefined && now < known.renewAt) return known.token;
    let answer: TokenRequest;
    try {
      answer = await this.request(pod, audience, expirationSeconds);
    } catch (error) {
      if (known !== undefined) {
        this.keep(uid, key, { token: known.token, renewAt: now + retryMs });
        return known.token;
      }
      throw new MissingError(`failed to fetch token: ${error instanceof Error ? error.message : String(error)}`);
    }
    const { token = "", expirationTimestamp = "" } = answer.status;
    const lifetimeMs = (parseTime(expirationTimestamp) ?? now) - now;
    const lasting = expirationSeconds === lastingSeconds && (audience ?? "") === "";
    this.keep(uid, key, { token, renewAt: now + Math.min(lasting ? heldMsMax : Math.floor(lifetimeMs * renewedAtFraction), heldMsMax) });
    return token;
  }

  /** The Pod has left the node. */
  forget(podUid: string): void {
    this.pods.get(podUid)?.timer?.cancel();
    this.pods.delete(podUid);
  }

  stop(): void {
    for (const uid of [...this.pods.keys()]) this.forget(uid);
  }

  private async request(pod: Pod, audience: string | undefined, expirationSeconds: number): Promise<TokenRequest> {
    const { name, namespace, uid } = pod.metadata;
    const account = pod.spec.serviceAccountName ?? "default";
    const body = {
      apiVersion: "authentication.k8s.io/v1",
      kind: "TokenRequest",
      metadata: { name: account, namespace },
      spec: {
        audiences: (audience ?? "") === "" ? [] : [audience],
        expirationSeconds,
        boundObjectRef: { apiVersion: "v1", kind: "Pod", name, uid },
      },
    };
    const kind = serviceAccounts as KindRef<KubeObject>;
    return (await this.options.client.create(kind, body as object, { subresource: "token" })) as unknown as TokenRequest;
  }

  private keep(uid: string, key: string, held: Held): void {
    let entry = this.pods.get(uid);
    if (entry === undefined) this.pods.set(uid, (entry = { held: new Map(), timer: undefined }));
    entry.held.set(key, held);
    entry.timer?.cancel();
    const next = Math.min(...[...entry.held.values()].map(({ renewAt }) => renewAt));
    entry.timer = this.options.environment.clock.at(next, () => this.options.due(uid));
  }
}
