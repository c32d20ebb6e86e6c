import type { Environment, Random } from "../../base/environment.ts";
import { uuid } from "../../base/names.ts";
import { parseTime } from "../../base/time.ts";
import type { KubeObject } from "../../api/kind-ref.ts";
import type { Pod, ServiceAccount } from "../../api/types/core-v1.ts";
import type { Store } from "../../store/contract.ts";
import type { UserInfo } from "../request.ts";
import type { NamedObject, TokenClaims, TokenSigner } from "./token-signer.ts";

/** Tokens of service accounts: given out with what they are bound to, and believed as long as all of that stands as it was. */
export const issuer = "https://kubernetes.default.svc.cluster.local";

/** The claim of a token for these audiences comes true at the API server. */
export const apiAudiences: readonly string[] = [issuer];

/** The lifetime that the injected volume asks for. Upstream lets such tokens live a year, for clients that never read them again. */
const extendedSeconds = 3607;
const yearSeconds = 365 * 24 * 3600;

/** For so long after an object is marked as being deleted its tokens still count: upstream's leeway. */
const leewayMs = 60_000;

/** Signatures that are remembered as good: a checked one costs as much as a whole request. */
const verifiedMax = 5_000;

export interface TokenWish {
  readonly account: ServiceAccount;
  readonly audiences: readonly string[];
  readonly expirationSeconds: number;
  readonly pod?: NamedObject;
  readonly node?: NamedObject;
  readonly secret?: NamedObject;
}

export interface Issued {
  readonly token: string;
  /** When a client should have a new one. */
  readonly expires: number;
}

/** Why a token is not believed. */
export class TokenRefusal extends Error {}

export interface Authenticated {
  readonly user: UserInfo;
  /** Those that were asked for and that the token is for. */
  readonly audiences: readonly string[];
}

export class ServiceAccountTokens {
  readonly signer: TokenSigner;
  private readonly store: Store;
  private readonly environment: Environment;
  private readonly random: Random;
  private readonly verified = new Map<string, { readonly claims: TokenClaims; user: UserInfo | undefined }>();

  constructor(options: { store: Store; environment: Environment; signer: TokenSigner }) {
    this.store = options.store;
    this.environment = options.environment;
    this.signer = options.signer;
    this.random = options.environment.random.fork("service-account-tokens");
  }

  async issue(wish: TokenWish): Promise<Issued> {
    const { account, audiences, expirationSeconds, pod, node, secret } = wish;
    const { namespace = "", name, uid } = account.metadata;
    const now = Math.floor(this.environment.clock.now() / 1000);
    const isExtended = expirationSeconds === extendedSeconds && audiences.every((audience) => apiAudiences.includes(audience));
    const token = await this.signer.sign({
      aud: audiences,
      exp: now + (isExtended ? yearSeconds : expirationSeconds),
      iat: now,
      iss: issuer,
      jti: uuid(this.random),
      "kubernetes.io": {
        namespace,
        ...(node === undefined ? {} : { node }),
        ...(pod === undefined ? {} : { pod }),
        ...(secret === undefined ? {} : { secret }),
        serviceaccount: { name, uid },
        ...(isExtended ? { warnafter: now + expirationSeconds } : {}),
      },
      nbf: now,
      sub: `system:serviceaccount:${namespace}:${name}`,
    });
    return { token, expires: (now + expirationSeconds) * 1000 };
  }

  /** Undefined: not a token of ours. Throws TokenRefusal for one of ours that does not count (any more). */
  authenticate(token: string, audiences: readonly string[] = apiAudiences): Authenticated | undefined {
    let known = this.verified.get(token);
    if (known === undefined) {
      const claims = this.signer.verify(token);
      if (claims === undefined || claims.iss !== issuer || claims["kubernetes.io"] === undefined) return undefined;
      if (this.verified.size >= verifiedMax) this.verified.clear();
      this.verified.set(token, (known = { claims, user: undefined }));
    }
    const { claims } = known;
    const shared = audiences.filter((audience) => claims.aud.includes(audience));
    if (shared.length === 0) throw new TokenRefusal(`token audiences ${goList(claims.aud)} is invalid for the target audiences ${goList(audiences)}`);
    this.checkTime(claims);
    this.checkBindings(claims);
    known.user ??= userOf(claims);
    return { user: known.user, audiences: shared };
  }

  private checkTime({ exp, nbf }: TokenClaims): void {
    const now = this.environment.clock.now() / 1000;
    if (now > exp) throw new TokenRefusal("service account token has expired");
    if (now < nbf) throw new TokenRefusal("service account token is not valid yet");
  }

  private checkBindings({ "kubernetes.io": bound }: TokenClaims): void {
    const { namespace, serviceaccount, pod, secret, node } = bound;
    this.standing<ServiceAccount>(`serviceaccounts/${namespace}/${serviceaccount.name}`, serviceaccount);
    if (secret !== undefined) this.standing(`secrets/${namespace}/${secret.name}`, secret);
    if (pod !== undefined) {
      const { spec } = this.standing<Pod>(`pods/${namespace}/${pod.name}`, pod);
      if (spec.serviceAccountName !== serviceaccount.name) throw invalidated();
    } else if (node !== undefined) this.standing(`nodes/${node.name}`, node);
  }

  /** The object that a token is bound to, which must still be the same. */
  private standing<T extends KubeObject>(key: string, { uid }: NamedObject): T {
    const object = this.store.get(key)?.object;
    if (object === undefined || object.metadata.uid !== uid) throw invalidated();
    const deleted = parseTime(object.metadata.deletionTimestamp ?? "");
    if (deleted !== undefined && deleted < this.environment.clock.now() - leewayMs) throw invalidated();
    return object as T;
  }
}

function invalidated(): TokenRefusal {
  return new TokenRefusal("service account token has been invalidated");
}

/** How Go prints a list of texts with %q. */
function goList(texts: readonly string[]): string {
  return `[${texts.map((text) => JSON.stringify(text)).join(" ")}]`;
}

const extraPrefix = "authentication.kubernetes.io/";

function userOf({ jti, "kubernetes.io": { namespace, serviceaccount, pod, node } }: TokenClaims): UserInfo {
  const extra: { [key: string]: readonly string[] } = { [`${extraPrefix}credential-id`]: [`JTI=${jti}`] };
  const tell = (key: string, value: string | undefined): void => {
    if (value !== undefined && value !== "") extra[`${extraPrefix}${key}`] = [value];
  };
  tell("node-name", node?.name);
  tell("node-uid", node?.uid);
  tell("pod-name", pod?.name);
  tell("pod-uid", pod?.uid);
  return { name: `system:serviceaccount:${namespace}:${serviceaccount.name}`, ...(serviceaccount.uid === undefined ? {} : { uid: serviceaccount.uid }), groups: accountGroups(namespace), extra };
}

function accountGroups(namespace: string): readonly string[] {
  return ["system:serviceaccounts", `system:serviceaccounts:${namespace}`, "system:authenticated"];
}
