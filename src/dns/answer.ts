/** The vocabulary of names: what is asked and what is answered, as a DNS message says it, without its bytes. */

export interface Question {
  /** With or without the final dot; any case. */
  readonly name: string;
  readonly type: string;
}

export interface DnsRecord {
  /** Fully qualified, with the final dot; as the question spelt it. */
  readonly name: string;
  readonly ttl: number;
  readonly type: "A" | "AAAA" | "SRV" | "PTR" | "CNAME" | "NS" | "SOA" | "TXT";
  /** As dig prints it: "0 100 80 web.default.svc.cluster.local." */
  readonly data: string;
}

export interface DnsAnswer {
  /** NOERROR without an answer: the name exists, with records of other types or none (NODATA). */
  readonly status: "NOERROR" | "NXDOMAIN" | "SERVFAIL";
  readonly isAuthoritative: boolean;
  readonly answer: readonly DnsRecord[];
  readonly authority: readonly DnsRecord[];
  readonly additional: readonly DnsRecord[];
}

/** A record on one line, as dig prints it with single blanks. */
export function recordText({ name, ttl, type, data }: DnsRecord): string {
  return `${name} ${ttl} IN ${type} ${data}`;
}

/** The answer of a server that has nobody to ask. */
export const serverFailure: DnsAnswer = { status: "SERVFAIL", isAuthoritative: false, answer: [], authority: [], additional: [] };
