import type { CommandCall } from "../command.ts";
import type { HttpResponse } from "../network.ts";
import { absolute } from "./clock.ts";
import { NameError, NoConnection, TlsError, addHeader, ask, parseUrl, reasonLine, redirected } from "./http-client.ts";
import type { Target } from "./http-client.ts";

/** BusyBox's `wget`, in its own words. */
interface WgetOptions {
  url: string;
  output: string | undefined;
  quiet: boolean;
  spider: boolean;
  timeoutMs: number;
  body: string | undefined;
  headers: { [name: string]: string };
}

function wgetOptions(args: readonly string[]): WgetOptions {
  const options: WgetOptions = { url: "", output: undefined, quiet: false, spider: false, timeoutMs: 900_000, body: undefined, headers: { "user-agent": "Wget", connection: "close" } };
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] as string;
    const value = (long: string): string => (arg.startsWith(`${long}=`) ? arg.slice(long.length + 1) : (args[++i] ?? ""));
    if (/^-[qcS]*O/.test(arg)) {
      if (arg.includes("q")) options.quiet = true;
      options.output = arg.slice(arg.indexOf("O") + 1) || (args[++i] ?? "");
    } else if (arg.startsWith("--output-document")) options.output = value("--output-document");
    else if (arg === "-q" || arg === "--quiet") options.quiet = true;
    else if (arg === "--spider") options.spider = true;
    else if (/^-T\d*$/.test(arg)) options.timeoutMs = Number(arg.slice(2) || args[++i]) * 1000;
    else if (arg.startsWith("--timeout")) options.timeoutMs = Number(value("--timeout")) * 1000;
    else if (arg === "-t" || arg === "-U" || arg === "-P") i++;
    else if (arg.startsWith("--header")) addHeader(options.headers, value("--header"));
    else if (arg.startsWith("--post-data")) options.body = value("--post-data");
    else if (arg.startsWith("-") && arg !== "-") continue;
    else options.url = arg;
  }
  return options;
}

export async function wget(call: CommandCall): Promise<number> {
  const options = wgetOptions(call.args);
  const target = parseUrl(options.url);
  if (!target) {
    call.err("BusyBox v1.36.1 multi-call binary.\n\nUsage: wget [-cqS] [--spider] [-O FILE] [-o LOGFILE] [--header STR]\n\t[--post-data STR | --post-file FILE] [-Y on/off]\n\t[--no-check-certificate] [-P DIR] [-U AGENT] [-T SEC] URL...\n");
    return 1;
  }
  try {
    return await fetched(call, options, target);
  } catch (error) {
    return failed(call, options, target, error);
  }
}

async function fetched(call: CommandCall, options: WgetOptions, target: Target): Promise<number> {
  const { err } = call;
  const { url, quiet, spider, timeoutMs, body, headers } = options;
  // What busybox itself says here, word for word.
  if (target.scheme === "https") err("wget: note: TLS certificate validation not implemented\n");
  for (let redirects = 0, to = target; ; redirects++) {
    const response = await ask(call, to, { method: body === undefined ? "GET" : "POST", headers, body: body ?? "", timeoutMs });
    if (!quiet) err(`Connecting to ${to.host}${url.includes(`:${to.port}`) || to.port !== 80 ? `:${to.port}` : ""} (${response.ip}:${to.port})\n`);
    const location = response.headers["location"];
    if (response.status >= 300 && response.status < 400 && location && redirects < 5) {
      to = redirected(to, location);
      continue;
    }
    if (response.status >= 400) {
      err(`wget: server returned error: HTTP/1.1 ${reasonLine(response)}\n`);
      return 1;
    }
    if (!spider) keep(call, options, to, response);
    else if (!quiet) err("remote file exists\n");
    return 0;
  }
}

/** Prints what came or makes it a file. */
function keep({ err, out, files, cwd }: CommandCall, { output, quiet }: WgetOptions, from: Target, response: HttpResponse): void {
  const name = output ?? (from.path.split("?")[0]?.split("/").pop() || "index.html");
  if (name === "-") return out(response.body);
  files.writeFile(absolute(name, cwd), new TextEncoder().encode(response.body));
  if (quiet) return;
  const size = String(response.body.length);
  err(`saving to '${name}'\n${name.padEnd(20)} 100% |********************************| ${size.padStart(5)}  0:00:00 ETA\n'${name}' saved\n`);
}

function failed({ err }: CommandCall, { quiet }: WgetOptions, target: Target, error: unknown): number {
  if (error instanceof NameError) err(`wget: bad address '${error.message}'\n`);
  else if (error instanceof NoConnection) {
    const { ip } = error;
    if (!quiet) err(`Connecting to ${target.host}${target.port === 80 ? "" : `:${target.port}`} (${ip}:${target.port})\n`);
    err(error.failure === "timeout" ? "wget: download timed out\n" : `wget: can't connect to remote host (${ip}): ${error.failure === "refused" ? "Connection refused" : "Host is unreachable"}\n`);
  } else if (error instanceof TlsError) err(`wget: error getting response: Connection reset by peer\n`);
  else throw error;
  return 1;
}
