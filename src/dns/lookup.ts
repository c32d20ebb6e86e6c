import type { DnsAnswer, DnsRecord, Question } from "./answer.ts";
import type { ResolverConfig } from "./search.ts";
import { candidateNames } from "./search.ts";

/**
 * A host's look-up of a name: candidate after candidate along the search path, until one has an address. What `getaddrinfo` and
 * the tools above it build on.
 */

export interface LookUp {
  /** OK: `addresses` are there. NODATA: the name exists without an address. NXDOMAIN: no candidate exists. SERVFAIL: nobody could say. */
  readonly status: "OK" | "NODATA" | "NXDOMAIN" | "SERVFAIL";
  /** The candidate that had them, aliases followed; else the name asked for. */
  readonly canonicalName: string;
  readonly addresses: readonly string[];
  /** The candidates that were asked, in order. */
  readonly asked: readonly string[];
}

/** `ask` is one question to the nameserver. */
export function lookUp(name: string, options: { ask: (question: Question) => DnsAnswer; config: ResolverConfig; type?: "A" | "AAAA" }): LookUp {
  const { ask, config, type = "A" } = options;
  const asked: string[] = [];
  let isKnown = false;
  let hasFailed = config.nameservers.length === 0;
  for (const candidate of hasFailed ? [] : candidateNames(name, config)) {
    asked.push(candidate);
    const answer = ask({ name: candidate, type });
    const addresses = answer.answer.filter((record) => record.type === type).map(({ data }) => data);
    if (addresses.length > 0) return { status: "OK", canonicalName: lastName(candidate, answer.answer), addresses, asked };
    if (answer.status === "NOERROR") isKnown = true;
    if (answer.status === "SERVFAIL") hasFailed = true;
  }
  return { status: isKnown ? "NODATA" : hasFailed ? "SERVFAIL" : "NXDOMAIN", canonicalName: name, addresses: [], asked };
}

function lastName(candidate: string, records: readonly DnsRecord[]): string {
  const alias = records.findLast(({ type }) => type === "CNAME");
  return alias === undefined ? candidate : alias.data.replace(/\.$/, "");
}
