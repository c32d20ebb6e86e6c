/**
 * What a connection and its headers say of the caller. A client certificate is looked at once per connection, a bearer token at each
 * request. The server decides what they are worth.
 */
import type { TLSSocket } from "node:tls";
import type { Credentials } from "../server/request.ts";

const none: Credentials = { type: "none" };
/** No token is empty: the server refuses it, as upstream refuses a client certificate that its authority has not signed. */
const refused: Credentials = { type: "token", token: "" };

const listOf = (value: string | readonly string[] | undefined): readonly string[] => (value === undefined ? [] : typeof value === "string" ? [value] : value);

/** The credentials of a connection, from its client certificate. */
export function credentialsOfConnection(socket: TLSSocket): Credentials {
  const certificate = socket.getPeerCertificate();
  const subject = certificate?.subject as { CN?: string | string[]; O?: string | string[] } | undefined;
  if (subject === undefined || Object.keys(certificate).length === 0) return none;
  if (!socket.authorized) return refused;
  const fingerprint = certificate.fingerprint256.replaceAll(":", "").toLowerCase();
  return { type: "certificate", commonName: listOf(subject.CN).at(-1) ?? "", organizations: listOf(subject.O), fingerprint };
}

/** A verified certificate decides; without one a bearer token does. */
export function credentialsOfRequest(connection: Credentials, authorization: string | undefined): Credentials {
  if (authorization === undefined || connection.type === "certificate") return connection;
  const match = /^bearer +(\S+) *$/i.exec(authorization);
  return match?.[1] === undefined ? connection : { type: "token", token: match[1] };
}
