import type { DnsAnswer, Question } from "../../dns/answer.ts";
import { serverFailure } from "../../dns/answer.ts";
import { lookUp } from "../../dns/lookup.ts";
import type { CommandCall, CommandTable, SimulatedCommand } from "../command.ts";
import type { NetworkInterface } from "../network.ts";
import type { Process } from "../process.ts";
import { addressesOf, askServer, resolverConfig } from "../resolver.ts";

/** ping as busybox prints it, and as iputils does, which the machines have, netshoot, and a Debian that somebody has put it into. */
interface Asked {
  readonly count: number;
  readonly waitMs: number;
  readonly bytes: number;
  readonly isQuiet: boolean;
  readonly isNumeric: boolean;
  readonly host: string;
}

/** What came back: each answer's time in microseconds. */
interface Tally {
  sent: number;
  readonly times: number[];
  /** From the first packet to the last. */
  lastedMs: number;
}

interface Form {
  readonly unknown: (host: string) => { readonly text: string; readonly code: number };
  readonly head: (host: string, ip: string, bytes: number) => string;
  readonly answer: (from: string, sequence: number, rest: string, bytes: number) => string;
  readonly summary: (host: string, tally: Tally) => string;
  /** Whether it tells names: the whole name of what it was asked for, and that of who answers. */
  readonly tellsNames: boolean;
}

const inMs = (microseconds: number): string => (microseconds / 1000).toFixed(3);
const lostOf = ({ sent, times }: Tally): number => (sent === 0 ? 0 : Math.round(((sent - times.length) / sent) * 100));
const meanOf = (times: readonly number[]): number => times.reduce((sum, time) => sum + time, 0) / times.length;

const busybox: Form = {
  unknown: (host) => ({ text: `ping: bad address '${host}'\n`, code: 1 }),
  head: (host, ip, bytes) => `PING ${host} (${ip}): ${bytes} data bytes\n`,
  answer: (from, sequence, rest, bytes) => `${bytes + 8} bytes from ${from}: seq=${sequence} ${rest}\n`,
  summary: (host, tally) =>
    `\n--- ${host} ping statistics ---\n${tally.sent} packets transmitted, ${tally.times.length} packets received, ${lostOf(tally)}% packet loss\n${
      tally.times.length > 0 ? `round-trip min/avg/max = ${inMs(Math.min(...tally.times))}/${inMs(meanOf(tally.times))}/${inMs(Math.max(...tally.times))} ms\n` : ""
    }`,
  tellsNames: false,
};

/** iputils over the libc that words its errors. */
const iputils = (notKnown: string): Form => ({
  unknown: (host) => ({ text: `ping: ${host}: ${notKnown}\n`, code: 2 }),
  head: (host, ip, bytes) => `PING ${host} (${ip}) ${bytes}(${bytes + 28}) bytes of data.\n`,
  answer: (from, sequence, rest, bytes) => `${bytes + 8} bytes from ${from}: icmp_seq=${sequence + 1} ${rest}\n`,
  summary: (host, tally) => {
    const mean = meanOf(tally.times);
    const deviation = Math.sqrt(Math.max(0, meanOf(tally.times.map((time) => time * time)) - mean * mean));
    const times = [Math.min(...tally.times), mean, Math.max(...tally.times), deviation].map(inMs).join("/");
    return `\n--- ${host} ping statistics ---\n${tally.sent} packets transmitted, ${tally.times.length} received, ${lostOf(tally)}% packet loss, time ${Math.round(tally.lastedMs)}ms\n${tally.times.length > 0 ? `rtt min/avg/max/mdev = ${times} ms` : ""}\n`;
  },
  tellsNames: true,
});

function parse(args: readonly string[]): Asked {
  const values = new Map<string, string>();
  const flags = new Set<string>();
  let host = "";
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] as string;
    const [, letter = "", value = ""] = /^-([cisWwIt])(.*)$/.exec(arg) ?? [];
    if (letter !== "") values.set(letter, value || (args[++i] ?? ""));
    else if (arg.startsWith("-")) for (const flag of arg.slice(1)) flags.add(flag);
    else host = arg;
  }
  const number = (letter: string, otherwise: number): number => (values.has(letter) ? Number(values.get(letter)) : otherwise);
  return { count: number("c", Infinity), waitMs: number("i", 1) * 1000, bytes: number("s", 56), isQuiet: flags.has("q"), isNumeric: flags.has("n"), host };
}

/** What is left of 64 when an answer arrives: each node between two Pods takes one, and a Pod's node is its gateway. */
function ttlFrom(network: NetworkInterface, ip: string): number {
  if (ip === network.ip || ip.startsWith("127.")) return 64;
  const ranges = network.net.nodes();
  const isPod = (address: string): boolean => ranges.some(({ podPrefix }) => address.startsWith(`${podPrefix}.`) && !address.endsWith(".1"));
  const nodeOf = (address: string): string | undefined => ranges.find((each) => each.ip === address || address.startsWith(`${each.podPrefix}.`))?.ip;
  const [here, there] = [nodeOf(network.ip), nodeOf(ip)];
  if (here === there) return isPod(network.ip) && isPod(ip) ? 63 : 64;
  return 64 - [network.ip, ip].filter(isPod).length;
}

function ask(process: Process, question: Question): DnsAnswer {
  for (const server of resolverConfig(process).nameservers) {
    const answer = askServer(process.world.network, server, question);
    if (typeof answer === "object") return answer;
  }
  return serverFailure;
}

/** The name of the search path that has the address. */
const wholeName = (process: Process, host: string): string => lookUp(host, { ask: (question) => ask(process, question), config: resolverConfig(process) }).canonicalName.replace(/\.$/, "");

/** The name that an address leads back to. */
function nameOf(process: Process, ip: string): string | undefined {
  const { answer } = ask(process, { name: `${ip.split(".").toReversed().join(".")}.in-addr.arpa.`, type: "PTR" });
  return answer.find(({ type }) => type === "PTR")?.data.replace(/\.$/, "");
}

const ping = (form: Form): SimulatedCommand => async ({ args, out, err, process }: CommandCall) => {
  const { count, waitMs, bytes, isQuiet, isNumeric, host: given } = parse(args);
  const { network } = process.world;
  const ip = (await addressesOf(process, given))[0];
  if (ip === undefined) {
    const { text, code } = form.unknown(given);
    err(text);
    return code;
  }
  const isNamed = form.tellsNames && given !== ip;
  const host = isNamed ? wholeName(process, given) : given;
  const answering = isNamed && !isNumeric ? nameOf(process, ip) : undefined;
  out(form.head(host, ip, bytes));
  const ttl = ttlFrom(network, ip);
  // The first address of a range of Pods is that of their node.
  const gatewayOf = network.net.nodes().find(({ podPrefix }) => ip === `${podPrefix}.1`)?.ip;
  const begun = process.clock.now();
  const tally: Tally = { sent: 0, times: [], lastedMs: 0 };
  process.onSignal((signal) => {
    if (signal !== "INT") return process.exit(143);
    out(form.summary(host, tally));
    process.exit(tally.times.length > 0 ? 0 : 1);
  });
  while (tally.sent < count) {
    tally.lastedMs = process.clock.now() - begun;
    if (network.reaches(gatewayOf ?? ip)) {
      const time = 60 + process.world.random.below(50);
      if (!isQuiet) out(form.answer(answering === undefined ? ip : `${answering} (${ip})`, tally.sent, `ttl=${ttl} time=${inMs(time)} ms`, bytes));
      tally.times.push(time);
    }
    tally.sent++;
    if (tally.sent < count) await process.sleep(waitMs);
  }
  if (tally.times.length < tally.sent) await process.sleep(10_000);
  out(form.summary(host, tally));
  return tally.times.length > 0 ? 0 : 1;
};

export const busyboxPing = ping(busybox);
/** On musl, as Alpine's. */
export const muslPing: CommandTable = { ping: ping(iputils("Name does not resolve")) };
/** On glibc, as Debian's and the machines'. */
export const glibcPing: CommandTable = { ping: ping(iputils("Name or service not known")) };
