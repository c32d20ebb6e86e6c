import type { DnsAnswer, DnsRecord } from "../../dns/answer.ts";
import type { CommandCall } from "../command.ts";
import { addressesOf, askServer, resolverConfig } from "../resolver.ts";

/**
 * nslookup as busybox has it: it asks name servers itself, all questions at once, each answer printed on its own. A name with a dot
 * does not go along the search path; one without is asked for in every domain of it.
 */
const failures: { readonly [status: string]: string } = { NXDOMAIN: "NXDOMAIN", SERVFAIL: "SERVFAIL" };

/** How long it waits for a server: the default of `-timeout`. */
const timeoutMs = 5000;
const types = ["A", "AAAA", "CNAME", "MX", "NS", "PTR", "SOA", "SRV", "TXT", "ANY"];

const usage = "BusyBox v1.36.1 multi-call binary.\n\nUsage: nslookup [-type=QUERY_TYPE] [-debug] HOST [DNS_SERVER]\n\nQuery DNS about HOST\n\nQUERY_TYPE: soa,ns,a,aaaa,cname,mx,txt,ptr,srv,any\n";

interface Asked {
  readonly name: string;
  readonly type: string;
}

export async function nslookup(call: CommandCall): Promise<number> {
  const { args, out, err, process } = call;
  const wanted: string[] = [];
  const words: string[] = [];
  for (const arg of args) {
    const type = /^-(?:query)?type=(.*)$/.exec(arg)?.[1] ?? /^-t=(.*)$/.exec(arg)?.[1];
    if (type !== undefined) {
      if (!types.includes(type.toUpperCase())) {
        err(`nslookup: invalid query type "${type}"\n`);
        return 1;
      }
      wanted.push(type.toUpperCase());
    } else if (!arg.startsWith("-")) words.push(arg);
  }
  const [name, given] = words;
  if (name === undefined || words.length > 2) {
    err(usage);
    return 1;
  }
  const { nameservers, searches } = resolverConfig(process);
  const server = given === undefined ? (nameservers[0] ?? "127.0.0.1") : (await addressesOf(process, given))[0];
  if (server === undefined) {
    err(`nslookup: bad address '${given}'\n`);
    return 1;
  }
  const questions = questionsFor(name, wanted, given === undefined ? searches : []);
  const answers = questions.map((question) => ({ question, answer: askServer(process.world.network, server, question) }));
  if (!answers.some(({ answer }) => typeof answer === "object")) {
    if (answers.some(({ answer }) => answer === "refused")) err("nslookup: read: Connection refused\n");
    await process.sleep(timeoutMs);
    err(";; connection timed out; no servers could be reached\n\n");
    return 1;
  }
  out(`Server:\t\t${given ?? server}\nAddress:\t${server}:53\n\n`);
  let status = 0;
  for (const { question, answer } of answers) {
    if (typeof answer !== "object") continue;
    if (answer.status !== "NOERROR") status = 1;
    out(`${answerText(question, answer)}\n`);
  }
  return status;
}

function questionsFor(name: string, wanted: readonly string[], searches: readonly string[]): Asked[] {
  if (wanted.length === 0 && /^\d+\.\d+\.\d+\.\d+$/.test(name)) return [{ name: `${name.split(".").reverse().join(".")}.in-addr.arpa`, type: "PTR" }];
  const isSearched = !name.includes(".") && searches.length > 0;
  const asked = wanted.length > 0 ? wanted : ["A", "AAAA"];
  return asked.flatMap((type) => (isSearched && type !== "PTR" ? searches.map((domain) => ({ name: `${name}.${domain}`, type })) : [{ name, type }]));
}

function answerText({ name }: Asked, { status, isAuthoritative, answer }: DnsAnswer): string {
  if (status !== "NOERROR") return `** server can't find ${name}: ${failures[status] ?? status}\n`;
  const origin = isAuthoritative || answer.length === 0 ? "" : "Non-authoritative answer:\n";
  return origin + answer.map(recordLine).join("");
}

function recordLine({ name, type, data }: DnsRecord): string {
  const bare = (text: string): string => text.replace(/\.$/, "");
  const owner = bare(name);
  switch (type) {
    case "A":
    case "AAAA":
      return `Name:\t${owner}\nAddress: ${data}\n`;
    case "CNAME":
      return `${owner}\tcanonical name = ${bare(data)}\n`;
    case "PTR":
      return `${owner}\tname = ${bare(data)}\n`;
    case "NS":
      return `${owner}\tnameserver = ${bare(data)}\n`;
    case "SRV":
      return `${owner}\tservice = ${bare(data)}\n`;
    case "TXT":
      return `${owner}\ttext = ${data}\n`;
    case "SOA": {
      const [origin = "", mail = "", serial = "", refresh = "", retry = "", expire = "", minimum = ""] = data.split(" ");
      return `${owner}\n\torigin = ${bare(origin)}\n\tmail addr = ${bare(mail)}\n\tserial = ${serial}\n\trefresh = ${refresh}\n\tretry = ${retry}\n\texpire = ${expire}\n\tminimum = ${minimum}\n`;
    }
  }
}
