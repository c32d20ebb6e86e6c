import type { CommandCall } from "../command.ts";
import type { HttpResponse } from "../network.ts";
import { absolute } from "./clock.ts";
import { NameError, NoConnection, TlsError, addHeader, ask, parseUrl, reasonLine, redirected } from "./http-client.ts";
import type { Step, Target } from "./http-client.ts";

/** BusyBox's `wget`, in its own words. */
interface WgetOptions {
  url: string;
  output: string | undefined;
  quiet: boolean;
  spider: boolean;
  /** `-S`. */
  showsHeaders: boolean;
  timeoutMs: number;
  body: string | undefined;
  headers: { [name: string]: string };
}

function wgetOptions(args: readonly string[]): WgetOptions {
  const options: WgetOptions = { url: "", output: undefined, quiet: false, spider: false, showsHeaders: false, timeoutMs: 900_000, body: undefined, headers: { "user-agent": "Wget", connection: "close" } };
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] as string;
    if (/^-[qcS]*S[qcS]*(O|$)/.test(arg) || arg === "--server-response") options.showsHeaders = true;
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
    else if (/^-[qcS]+$/.test(arg)) options.quiet ||= arg.includes("q");
    else if (arg.startsWith("-") && arg !== "-") continue;
    else options.url = arg;
  }
  return options;
}

/** How long Linux tries to connect where nobody answers. */
const kernelMs = 130_000;

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
    return failed(call, options, error);
  }
}

async function fetched(call: CommandCall, options: WgetOptions, target: Target): Promise<number> {
  const { err } = call;
  const { url, quiet, spider, showsHeaders, timeoutMs, body, headers } = options;
  // What busybox itself says here, word for word.
  if (target.scheme === "https") err("wget: note: TLS certificate validation not implemented\n");
  const name = options.output ?? (target.path.split("?")[0]?.split("/").pop() || "index.html");
  for (let redirects = 0, to = target; ; redirects++) {
    const { host, port } = to;
    const told = (step: Step): void => (quiet || step.step !== "resolved" ? undefined : err(`Connecting to ${host}${url.includes(`:${port}`) || port !== 80 ? `:${port}` : ""} (${step.ip}:${port})\n`));
    const response = await ask(call, to, { method: body === undefined ? "GET" : "POST", headers, body: body ?? "", timeoutMs: Math.min(timeoutMs, kernelMs), told });
    if (showsHeaders) err([`HTTP/1.1 ${reasonLine(response)}`, ...Object.keys(response.headers).map((key) => `${key.replace(/(^|-)[a-z]/g, (char) => char.toUpperCase())}: ${response.headers[key]}`), ""].map((line) => `  ${line}\n`).join(""));
    const location = response.headers["location"];
    if (response.status >= 300 && response.status < 400 && location && redirects < 5) {
      to = redirected(to, location);
      continue;
    }
    if (response.status >= 400) {
      err(`wget: server returned error: HTTP/1.1 ${reasonLine(response)}\n`);
      return 1;
    }
    if (options.output === undefined && !spider && call.files.exists(absolute(name, call.cwd))) {
      err(`wget: can't open '${name}': File exists\n`);
      return 1;
    }
    if (!spider) keep(call, { name, quiet }, response);
    else if (!quiet) err("remote file exists\n");
    return 0;
  }
}

/** Prints what came or makes it a file. */
function keep({ err, out, files, cwd }: CommandCall, { name, quiet }: { name: string; quiet: boolean }, response: HttpResponse): void {
  const isPrinted = name === "-";
  if (!quiet) err(isPrinted ? "writing to stdout\n" : `saving to '${name}'\n`);
  if (isPrinted) out(response.body);
  else files.writeFile(absolute(name, cwd), new TextEncoder().encode(response.body));
  if (!quiet) err(`${name.padEnd(20)} 100% |********************************| ${String(response.body.length).padStart(5)}  0:00:00 ETA\n${isPrinted ? "written to stdout" : `'${name}' saved`}\n`);
}

function failed({ err }: CommandCall, { timeoutMs }: WgetOptions, error: unknown): number {
  if (error instanceof NameError) err(`wget: bad address '${error.message}'\n`);
  else if (error instanceof NoConnection) {
    const { ip } = error;
    err(error.failure === "timeout" ? (timeoutMs < kernelMs ? "wget: download timed out\n" : `wget: can't connect to remote host (${ip}): Operation timed out\n`) : `wget: can't connect to remote host (${ip}): ${error.failure === "refused" ? "Connection refused" : "Host is unreachable"}\n`);
  } else if (error instanceof TlsError) err(`wget: error getting response: Connection reset by peer\n`);
  else throw error;
  return 1;
}
