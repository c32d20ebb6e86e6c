import type { CommandCall, CommandTable } from "../command.ts";
import type { ConnectFailure, HttpResponse } from "../network.ts";
import { ConnectError } from "../network.ts";
import { addressesOf } from "../resolver.ts";
import { absolute } from "./clock.ts";

/**
 * wget and curl over the simulated network. Nothing here encrypts; but whoever expects TLS must find a listener that speaks it, and the
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

/** Opens a connection and asks once; `isTrusted` says whether the client knows the cluster's authority. Throws NameError, NoConnection or TlsError. */
export async function ask(
  call: Pick<CommandCall, "process">,
  target: Target,
  request: { method: string; headers: { [name: string]: string }; body: string; timeoutMs: number; isTrusted?: () => boolean },
): Promise<HttpResponse & { ip: string }> {
  const { network } = call.process.world;
  const ip = (await addressesOf(call.process, target.host))[0];
  if (ip === undefined) throw new NameError(target.host);
  let connection;
  try {
    connection = network.connect(ip, target.port);
  } catch (error) {
    if (!(error instanceof ConnectError)) throw error;
    if (error.failure === "timeout") await call.process.sleep(request.timeoutMs);
    throw new NoConnection(ip, error.failure);
  }
  const { listener, from } = connection;
  const isTls = target.scheme === "https";
  if (isTls && !listener.isTls) throw new TlsError("wrong version number");
  if (isTls && request.isTrusted && !request.isTrusted()) throw new TlsError("unable to get local issuer certificate");
  if (!isTls && listener.isTls) return { ip, status: 400, reason: "Bad Request", headers: {}, body: "Client sent an HTTP request to an HTTPS server.\n" };
  if (!listener.http) throw new NoConnection(ip, "refused");
  const host = target.port === 80 ? target.host : `${target.host}:${target.port}`;
  const response = await call.process.wait(listener.http({ method: request.method, path: target.path, host, headers: { host, ...request.headers }, body: request.body }, from));
  return { ...response, ip };
}

const reasonLine = (response: HttpResponse): string => `${response.status} ${response.reason}`;

async function wget(call: CommandCall): Promise<number> {
  const { args, err, out, files, cwd } = call;
  let url = "";
  let output: string | undefined;
  let quiet = false;
  let spider = false;
  let timeoutMs = 900_000;
  let body: string | undefined;
  const headers: { [name: string]: string } = { "user-agent": "Wget", connection: "close" };
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] as string;
    const value = (long: string): string => (arg.startsWith(`${long}=`) ? arg.slice(long.length + 1) : (args[++i] ?? ""));
    if (/^-[qcS]*O/.test(arg)) {
      if (arg.includes("q")) quiet = true;
      output = arg.slice(arg.indexOf("O") + 1) || (args[++i] ?? "");
    } else if (arg.startsWith("--output-document")) output = value("--output-document");
    else if (arg === "-q" || arg === "--quiet") quiet = true;
    else if (arg === "--spider") spider = true;
    else if (/^-T\d*$/.test(arg)) timeoutMs = Number(arg.slice(2) || args[++i]) * 1000;
    else if (arg.startsWith("--timeout")) timeoutMs = Number(value("--timeout")) * 1000;
    else if (arg === "-t" || arg === "-U" || arg === "-P") i++;
    else if (arg.startsWith("--header")) addHeader(headers, value("--header"));
    else if (arg.startsWith("--post-data")) body = value("--post-data");
    else if (arg.startsWith("-") && arg !== "-") continue;
    else url = arg;
  }
  const target = parseUrl(url);
  if (!target) {
    err("BusyBox v1.36.1 multi-call binary.\n\nUsage: wget [-cqS] [--spider] [-O FILE] [-o LOGFILE] [--header STR]\n\t[--post-data STR | --post-file FILE] [-Y on/off]\n\t[--no-check-certificate] [-P DIR] [-U AGENT] [-T SEC] URL...\n");
    return 1;
  }
  try {
    if (target.scheme === "https") err("wget: note: TLS certificate validation not implemented\n");
    for (let redirects = 0, to = target; ; redirects++) {
      const response = await ask(call, to, { method: body === undefined ? "GET" : "POST", headers, body: body ?? "", timeoutMs });
      if (!quiet) err(`Connecting to ${to.host}${url.includes(`:${to.port}`) || to.port !== 80 ? `:${to.port}` : ""} (${response.ip}:${to.port})\n`);
      const location = response.headers["location"];
      if (response.status >= 300 && response.status < 400 && location && redirects < 5) {
        to = parseUrl(location.startsWith("/") ? `${to.scheme}://${to.host}:${to.port}${location}` : location) ?? to;
        continue;
      }
      if (response.status >= 400) {
        err(`wget: server returned error: HTTP/1.1 ${reasonLine(response)}\n`);
        return 1;
      }
      if (spider) {
        if (!quiet) err("remote file exists\n");
        return 0;
      }
      const name = output ?? (to.path.split("?")[0]?.split("/").pop() || "index.html");
      if (name === "-") out(response.body);
      else {
        files.writeFile(absolute(name, cwd), new TextEncoder().encode(response.body));
        if (!quiet) {
          const size = String(response.body.length);
          err(`saving to '${name}'\n${name.padEnd(20)} 100% |********************************| ${size.padStart(5)}  0:00:00 ETA\n'${name}' saved\n`);
        }
      }
      return 0;
    }
  } catch (error) {
    if (error instanceof NameError) err(`wget: bad address '${error.message}'\n`);
    else if (error instanceof NoConnection) {
      const { ip } = error;
      if (!quiet) err(`Connecting to ${target.host}${target.port === 80 ? "" : `:${target.port}`} (${ip}:${target.port})\n`);
      err(error.failure === "timeout" ? "wget: download timed out\n" : `wget: can't connect to remote host (${ip}): ${error.failure === "refused" ? "Connection refused" : "Host is unreachable"}\n`);
    } else if (error instanceof TlsError) err(`wget: error getting response: Connection reset by peer\n`);
    else throw error;
    return 1;
  }
}

function addHeader(headers: { [name: string]: string }, text: string): void {
  const colon = text.indexOf(":");
  if (colon > 0) headers[text.slice(0, colon).trim().toLowerCase()] = text.slice(colon + 1).trim();
}

interface CurlOptions {
  silent: boolean;
  showError: boolean;
  include: boolean;
  head: boolean;
  fail: boolean;
  follow: boolean;
  output: string | undefined;
  writeOut: string;
  method: string | undefined;
  body: string | undefined;
  timeoutMs: number;
  headers: { [name: string]: string };
  insecure: boolean;
  authority: string | undefined;
  url: string;
}

function curlOptions(args: readonly string[]): CurlOptions {
  const options: CurlOptions = {
    silent: false, showError: false, include: false, head: false, fail: false, follow: false, output: undefined, writeOut: "", method: undefined,
    body: undefined, timeoutMs: 130_000, headers: { "user-agent": "curl/8.11.0", accept: "*/*" }, insecure: false, authority: undefined, url: "",
  };
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] as string;
    const next = (): string => args[++i] ?? "";
    if (arg === "--max-time" || arg === "-m" || arg === "--connect-timeout") options.timeoutMs = Number(next()) * 1000;
    else if (arg === "-o" || arg === "--output") options.output = next();
    else if (arg === "-w" || arg === "--write-out") options.writeOut = next();
    else if (arg === "-X" || arg === "--request") options.method = next();
    else if (arg === "-H" || arg === "--header") addHeader(options.headers, next());
    else if (arg === "-d" || arg === "--data") options.body = next();
    else if (arg === "--cacert") options.authority = next();
    else if (arg === "--insecure") options.insecure = true;
    else if (arg === "--retry" || arg === "--retry-delay" || arg === "-u" || arg === "-A") next();
    else if (arg === "--silent") options.silent = true;
    else if (arg === "--show-error") options.showError = true;
    else if (arg === "--include") options.include = true;
    else if (arg === "--head") options.head = true;
    else if (arg === "--fail") options.fail = true;
    else if (arg === "--location") options.follow = true;
    else if (/^-[a-zA-Z]+$/.test(arg)) {
      for (const letter of arg.slice(1)) {
        if (letter === "s") options.silent = true;
        else if (letter === "S") options.showError = true;
        else if (letter === "i") options.include = true;
        else if (letter === "I") options.head = true;
        else if (letter === "f") options.fail = true;
        else if (letter === "k") options.insecure = true;
        else if (letter === "X") options.method = next();
        else if (letter === "H") addHeader(options.headers, next());
        else if (letter === "d") options.body = next();
        else if (letter === "L") options.follow = true;
        else if (letter === "o") options.output = next();
        else if (letter === "w") options.writeOut = next();
        else if (letter === "m") options.timeoutMs = Number(next()) * 1000;
      }
    } else if (!arg.startsWith("-")) options.url = arg;
  }
  return options;
}

const untrusted = "curl failed to verify the legitimacy of the server and therefore could not\nestablish a secure connection to it. To learn more about this situation and\nhow to fix it, please visit the webpage mentioned above.";

async function curl(call: CommandCall): Promise<number> {
  const { out, err } = call;
  const options = curlOptions(call.args);
  const complain = (code: number, message: string): number => {
    if (!options.silent || options.showError) err(`curl: (${code}) ${message}\n`);
    return code;
  };
  let to = parseUrl(options.url);
  if (!to) return complain(2, "no URL specified");
  const { authority } = options;
  const isTrusted = (): boolean => options.insecure || (authority !== undefined && new TextDecoder().decode(call.files.readFile(absolute(authority, call.cwd))).includes("-----BEGIN CERTIFICATE-----"));
  if (authority !== undefined && !call.files.exists(absolute(authority, call.cwd))) return complain(77, `error setting certificate verify locations:  CAfile: ${authority} CApath: none`);
  try {
    let response = await ask(call, to, { method: options.head ? "HEAD" : (options.method ?? (options.body === undefined ? "GET" : "POST")), headers: options.headers, body: options.body ?? "", timeoutMs: options.timeoutMs, isTrusted });
    for (let redirects = 0; options.follow && response.status >= 300 && response.status < 400 && redirects < 20; redirects++) {
      const location = response.headers["location"];
      if (!location) break;
      to = parseUrl(location.startsWith("/") ? `${to.scheme}://${to.host}:${to.port}${location}` : location) ?? to;
      response = await ask(call, to, { method: "GET", headers: options.headers, body: "", timeoutMs: options.timeoutMs, isTrusted });
    }
    if (options.fail && response.status >= 400) return complain(22, `The requested URL returned error: ${response.status}`);
    let text = "";
    if (options.include || options.head) {
      text += `HTTP/1.1 ${reasonLine(response)}\r\n`;
      for (const name of Object.keys(response.headers)) text += `${name.replace(/(^|-)[a-z]/g, (c) => c.toUpperCase())}: ${response.headers[name]}\r\n`;
      text += "\r\n";
    }
    if (!options.head) text += response.body;
    if (options.output === undefined || options.output === "-") out(text);
    else call.files.writeFile(absolute(options.output, call.cwd), new TextEncoder().encode(text));
    if (options.writeOut) {
      const values: { [name: string]: string } = { http_code: String(response.status), response_code: String(response.status), remote_ip: response.ip, size_download: String(response.body.length), time_total: "0.001" };
      out(options.writeOut.replace(/%\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole).replace(/\\n/g, "\n"));
    }
    return 0;
  } catch (error) {
    if (error instanceof NameError) return complain(6, `Could not resolve host: ${error.message}`);
    if (error instanceof TlsError) {
      return error.message.startsWith("wrong") ? complain(35, `TLS connect error: error:0A00010B:SSL routines::${error.message}`) : complain(60, `SSL certificate problem: ${error.message}\nMore details here: https://curl.se/docs/sslcerts.html\n\n${untrusted}`);
    }
    if (!(error instanceof NoConnection)) throw error;
    if (error.failure === "timeout") return complain(28, `Connection timed out after ${options.timeoutMs} milliseconds`);
    return complain(7, `Failed to connect to ${to.host} port ${to.port} after 0 ms: Could not connect to server`);
  }
}

export const webCommands: CommandTable = { wget, curl };
