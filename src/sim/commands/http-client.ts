import type { CommandCall } from "../command.ts";
import type { ConnectFailure, HttpResponse } from "../network.ts";
import { ConnectError } from "../network.ts";
import { addressesOf } from "../resolver.ts";

/**
 * What wget and curl ask of the simulated network. Nothing here encrypts; but whoever expects TLS must find a listener that speaks it, and the
 * other way round.
 */
export interface Target {
  readonly host: string;
  readonly port: number;
  readonly path: string;
  readonly scheme: string;
}

export function parseUrl(text: string): Target | undefined {
  const match = /^(?:(\w+):\/\/)?(\[[^\]]+\]|[^/:?#]+)(?::(\d+))?([/?][^#]*)?/.exec(text);
  if (!match) return undefined;
  const scheme = match[1] ?? "http";
  const path = match[4] ?? "/";
  return { scheme, host: match[2] as string, port: match[3] ? Number(match[3]) : scheme === "https" ? 443 : 80, path: path.startsWith("?") ? `/${path}` : path };
}

export class NameError extends Error {}

/** The name has an address, and nobody there. */
export class NoConnection extends ConnectError {
  readonly ip: string;
  constructor(ip: string, failure: ConnectFailure) {
    super(failure);
    this.ip = ip;
  }
}

/** The two sides do not agree about TLS, or the client does not trust the server. */
export class TlsError extends Error {}

export interface Answer extends HttpResponse {
  readonly ip: string;
  /** The client's own address. */
  readonly from: string;
}

/** The steps of a request, for who tells of them. */
export type Step =
  | { readonly step: "resolved"; readonly ip: string }
  | { readonly step: "refused"; readonly ip: string; readonly from: string; readonly fromPort: number; readonly why: string }
  | { readonly step: "connected"; readonly ip: string }
  | { readonly step: "answered"; readonly answer: Answer };

export interface Asking {
  readonly method: string;
  readonly headers: { readonly [name: string]: string };
  readonly body: string;
  readonly timeoutMs: number;
  /** Whether the client knows the cluster's authority; absent: it does not look. */
  readonly isTrusted?: () => boolean;
  /** The address to go to, whatever the name has. */
  readonly address?: string;
  readonly told?: (step: Step) => void;
}

/** Opens a connection and asks once. Throws NameError, NoConnection or TlsError. */
export async function ask(call: Pick<CommandCall, "process">, target: Target, { method, headers, body, timeoutMs, isTrusted, address, told }: Asking): Promise<Answer> {
  const { network } = call.process.world;
  const ip = address ?? (await addressesOf(call.process, target.host))[0];
  if (ip === undefined) throw new NameError(target.host);
  told?.({ step: "resolved", ip });
  let connection;
  try {
    connection = network.connect(ip, target.port);
  } catch (error) {
    if (!(error instanceof ConnectError)) throw error;
    if (error.failure === "timeout") await call.process.sleep(timeoutMs);
    else told?.({ step: "refused", ip, from: network.ip, fromPort: 32_768 + call.process.pid, why: error.message });
    throw new NoConnection(ip, error.failure);
  }
  const { listener, from } = connection;
  const isTls = target.scheme === "https";
  if (isTls && !listener.isTls) throw new TlsError("wrong version number");
  if (isTls && isTrusted && !isTrusted()) throw new TlsError("unable to get local issuer certificate");
  told?.({ step: "connected", ip });
  const host = target.port === (isTls ? 443 : 80) ? target.host : `${target.host}:${target.port}`;
  const known = { ip, from: network.ip };
  let answer: Answer;
  if (!isTls && listener.isTls) answer = { ...known, status: 400, reason: "Bad Request", headers: {}, body: "Client sent an HTTP request to an HTTPS server.\n" };
  else if (!listener.http) throw new NoConnection(ip, "refused");
  else answer = { ...(await call.process.wait(Promise.resolve(listener.http({ method, path: target.path, host: headers["host"] ?? host, headers: { host, ...headers }, body }, from)))), ...known };
  told?.({ step: "answered", answer });
  return answer;
}

export const reasonLine = (response: HttpResponse): string => `${response.status} ${response.reason}`;

/** Where a response sends the client on to. */
export function redirected(from: Target, location: string): Target {
  return parseUrl(location.startsWith("/") ? `${from.scheme}://${from.host}:${from.port}${location}` : location) ?? from;
}

/** Takes a header line as both spell it in their arguments. */
export function addHeader(headers: { [name: string]: string }, text: string): void {
  const colon = text.indexOf(":");
  if (colon > 0) headers[text.slice(0, colon).trim().toLowerCase()] = text.slice(colon + 1).trim();
}
