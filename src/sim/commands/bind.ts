import type { DnsAnswer, DnsRecord } from "../../dns/answer.ts";
import { candidateNames } from "../../dns/search.ts";
import type { CommandCall, CommandTable } from "../command.ts";
import { addressesOf, askServer, resolverConfig } from "../resolver.ts";
import { formatDate } from "./clock.ts";

/**
 * nslookup, dig and host as BIND's tools print them: in images for people who look for faults (netshoot, dnsutils, agnhost).
 * Unlike busybox's, this nslookup and host go along the search path for any name with fewer dots than `ndots`; dig does so with
 * `+search` only.
 */
const version = "9.20.15";
/** How long a question waits, and how often it is asked. */
const timeoutMs = 5000;
const attempts = 3;
const portOfNames = 53;

interface Asked {
  readonly server: string;
  /** Names in the order in which they are tried. */
  readonly names: readonly string[];
  readonly type: string;
}

interface Told {
  readonly name: string;
  readonly type: string;
  readonly answer: DnsAnswer;
}

/** The answer of the first name that exists, else of the last one; undefined after a long silence of the server. */
async function tell({ process }: CommandCall, { server, names, type }: Asked): Promise<Told | undefined> {
  let told: Told | undefined;
  for (const name of names) {
    const answer = askServer(process.world.network, server, { name, type });
    if (typeof answer !== "object") {
      for (let i = 0; i < attempts; i++) await process.sleep(answer === "refused" ? 0 : timeoutMs);
      return undefined;
    }
    told = { name, type, answer };
    if (answer.status === "NOERROR") break;
  }
  return told;
}

const reverseName = (address: string): string => `${address.split(".").reverse().join(".")}.in-addr.arpa`;
const isAddress = (text: string): boolean => /^\d+\.\d+\.\d+\.\d+$/.test(text);

/** The server that is asked: the one given, else the first of resolv.conf. */
async function serverOf({ process }: CommandCall, given: string | undefined): Promise<string | undefined> {
  return given === undefined ? (resolverConfig(process).nameservers[0] ?? "127.0.0.1") : (await addressesOf(process, given))[0];
}

const unreachable = (server: string): string => `;; communications error to ${server}#${portOfNames}: timed out\n`.repeat(attempts);

async function nslookup(call: CommandCall): Promise<number> {
  const words = call.args.filter((arg) => !arg.startsWith("-"));
  const [type] = call.args.flatMap((arg) => /^-(?:query|q|type|ty)=(.+)$/.exec(arg)?.[1]?.toUpperCase() ?? []);
  const [name = ".", given] = words;
  const server = await serverOf(call, given);
  if (server === undefined) {
    call.out(`nslookup: couldn't get address for '${given}': not found\n`);
    return 1;
  }
  const isReverse = type === undefined && isAddress(name);
  const names = isReverse ? [reverseName(name)] : candidateNames(name, resolverConfig(call.process));
  const told: Told[] = [];
  for (const each of isReverse ? ["PTR"] : type === undefined ? ["A", "AAAA"] : [type]) {
    const one = await tell(call, { server, names: told[0] === undefined ? names : [told[0].name], type: each });
    if (one === undefined) {
      call.out(`${unreachable(server)};; no servers could be reached\n\n`);
      return 1;
    }
    told.push(one);
    if (one.answer.status !== "NOERROR") break;
  }
  if (!isReverse) call.out(`Server:\t\t${given ?? server}\nAddress:\t${server}#${portOfNames}\n\n`);
  const [first] = told as [Told];
  if (first.answer.status !== "NOERROR") {
    call.out(`** server can't find ${first.name}: ${first.answer.status}\n\n`);
    return 1;
  }
  const records = told.flatMap(({ answer }, i) => (i === 0 ? answer.answer : answer.answer.filter(({ type: kind }) => kind !== "CNAME")));
  if (records.length === 0) call.out(`*** Can't find ${first.name}: No answer\n`);
  else call.out(`${first.answer.isAuthoritative || isReverse ? "" : "Non-authoritative answer:\n"}${records.map(nslookupLine).join("")}`);
  call.out("\n");
  return 0;
}

const bare = (name: string): string => name.replace(/\.$/, "");
const nslookupWords: { readonly [type: string]: string } = { CNAME: "canonical name", PTR: "name", NS: "nameserver", SRV: "service", TXT: "text", SOA: "origin" };

function nslookupLine({ name, type, data }: DnsRecord): string {
  return type === "A" || type === "AAAA" ? `Name:\t${bare(name)}\nAddress: ${data}\n` : `${bare(name)}\t${nslookupWords[type]} = ${data}\n`;
}

interface DigCall {
  readonly server: string | undefined;
  readonly name: string;
  readonly type: string;
  readonly isShort: boolean;
  readonly isSearched: boolean;
  /** `+noall +answer`. */
  readonly isAnswerOnly: boolean;
}

const digTypes = new Set(["A", "AAAA", "ANY", "CNAME", "MX", "NS", "PTR", "SOA", "SRV", "TXT"]);

function digCall(args: readonly string[]): DigCall {
  let server: string | undefined;
  let name: string | undefined;
  let type: string | undefined;
  const options = new Set<string>();
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] as string;
    if (arg.startsWith("@")) server = arg.slice(1);
    else if (arg.startsWith("+")) options.add(arg.slice(1));
    else if (arg === "-x") [name, type] = [reverseName(args[++i] ?? ""), "PTR"];
    else if (arg === "-t") type = args[++i]?.toUpperCase();
    else if (arg === "-q") name = args[++i];
    else if (!arg.startsWith("-") && digTypes.has(arg.toUpperCase())) type = arg.toUpperCase();
    else if (!arg.startsWith("-")) name = arg;
  }
  return { server, name: name ?? ".", type: type ?? (name === undefined ? "NS" : "A"), isShort: options.has("short"), isSearched: options.has("search"), isAnswerOnly: options.has("noall") && options.has("answer") };
}

async function dig(call: CommandCall): Promise<number> {
  const { args, out, process } = call;
  const asked = digCall(args);
  const server = await serverOf(call, asked.server);
  if (server === undefined) {
    out(`dig: couldn't get address for '${asked.server}': not found\n`);
    return 10;
  }
  const heading = `\n; <<>> DiG ${version} <<>> ${args.join(" ")}\n${asked.server === undefined ? "" : "; (1 server found)\n"};; global options: +cmd\n`;
  const names = asked.isSearched ? candidateNames(asked.name, resolverConfig(process)) : [bare(asked.name)];
  const told = await tell(call, { server, names, type: asked.type });
  if (told === undefined) {
    out(`${unreachable(server)}${asked.isShort ? "" : heading};; no servers could be reached\n`);
    return 9;
  }
  if (asked.isShort) out(told.answer.answer.map(({ data }) => `${data}\n`).join(""));
  else if (asked.isAnswerOnly) out(told.answer.answer.map(zoneLine).join(""));
  else out(heading + message(call, told, server));
  return 0;
}

/** A line of a section, with dig's tab stops. */
function zoneLine({ name, ttl, type, data }: DnsRecord): string {
  return `${name}${name.length < 24 ? "\t".repeat(Math.ceil((24 - name.length) / 8)) : " "}${ttl}\tIN\t${type}\t${data}\n`;
}

function message({ process }: CommandCall, { name, type, answer }: Told, server: string): string {
  const { status, isAuthoritative, additional, authority } = answer;
  const section = (title: string, records: readonly DnsRecord[]): string => (records.length === 0 ? "" : `;; ${title} SECTION:\n${records.map(zoneLine).join("")}\n`);
  const records = [...answer.answer, ...authority, ...additional];
  // A message is its header, the question and what is known of each record; names inside are not pressed together.
  const size = 12 + name.length + 6 + 23 + records.reduce((sum, record) => sum + record.name.length + record.data.length + 12, 0);
  return (
    `;; Got answer:\n;; ->>HEADER<<- opcode: QUERY, status: ${status}, id: ${process.world.random.below(65_536)}\n` +
    `;; flags: qr ${isAuthoritative ? "aa " : ""}rd${isAuthoritative ? "" : " ra"}; QUERY: 1, ANSWER: ${answer.answer.length}, AUTHORITY: ${authority.length}, ADDITIONAL: ${additional.length + 1}\n` +
    `${isAuthoritative ? ";; WARNING: recursion requested but not available\n" : ""}\n` +
    `;; OPT PSEUDOSECTION:\n; EDNS: version: 0, flags:; udp: 1232\n;; QUESTION SECTION:\n;${`${bare(name)}.`}\t\tIN\t${type}\n\n` +
    section("ANSWER", answer.answer) +
    section("AUTHORITY", authority) +
    section("ADDITIONAL", additional) +
    `;; Query time: 0 msec\n;; SERVER: ${server}#${portOfNames}(${server}) (UDP)\n;; WHEN: ${formatDate(process.clock.now(), "%a %b %d %H:%M:%S")} UTC ${formatDate(process.clock.now(), "%Y")}\n;; MSG SIZE  rcvd: ${size}\n\n`
  );
}

const hostWords: { readonly [type: string]: string } = { A: "has address", AAAA: "has IPv6 address", CNAME: "is an alias for", PTR: "domain name pointer", SRV: "has SRV record", TXT: "descriptive text", NS: "name server", SOA: "has SOA record" };

async function host(call: CommandCall): Promise<number> {
  const at = call.args.indexOf("-t");
  const type = at < 0 ? undefined : call.args[at + 1]?.toUpperCase();
  const [name = "", given] = call.args.filter((arg, i) => !arg.startsWith("-") && (at < 0 || i !== at + 1));
  const server = await serverOf(call, given);
  if (name === "" || server === undefined) {
    call.err(name === "" ? "Usage: host [-aCdilrTvVw] [-c class] [-N ndots] [-t type] [-W time]\n            [-R number] [-m flag] [-p port] hostname [server]\n" : `host: couldn't get address for '${given}': not found\n`);
    return 1;
  }
  const isReverse = isAddress(name);
  const names = isReverse ? [reverseName(name)] : candidateNames(name, resolverConfig(call.process));
  const told = await tell(call, { server, names, type: isReverse ? "PTR" : (type ?? "A") });
  if (told === undefined) {
    call.out(`${unreachable(server)};; no servers could be reached\n`);
    return 1;
  }
  const { answer } = told;
  if (answer.status !== "NOERROR") {
    call.out(`Host ${isReverse ? `${reverseName(name)}.` : name} not found: ${answer.status === "NXDOMAIN" ? "3(NXDOMAIN)" : "2(SERVFAIL)"}\n`);
    return 1;
  }
  if (answer.answer.length === 0 && type !== undefined) call.out(`${told.name} has no ${type} record\n`);
  call.out(answer.answer.map(({ name: owner, type: kind, data }) => `${bare(owner)} ${hostWords[kind]} ${data}\n`).join(""));
  return 0;
}

export const bindCommands: CommandTable = { nslookup, dig, host };
