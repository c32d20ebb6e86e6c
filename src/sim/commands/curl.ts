import type { CommandCall } from "../command.ts";
import { absolute } from "./clock.ts";
import { curlOptions } from "./curl-options.ts";
import type { CurlOptions } from "./curl-options.ts";
import { NameError, NoConnection, TlsError, ask, parseUrl, reasonLine, redirected } from "./http-client.ts";
import type { Answer, Target } from "./http-client.ts";

/** `curl` with the options that tutorials use, in its own words where something fails. */
const version = "curl 8.11.0 (x86_64-alpine-linux-musl) libcurl/8.11.0 OpenSSL/3.3.2 zlib/1.3.1 nghttp2/1.64.0\nRelease-Date: 2024-11-06\nProtocols: file ftp http https\nFeatures: alt-svc AsynchDNS HSTS HTTP2 IPv6 Largefile libz NTLM SSL threadsafe TLS-SRP UnixSockets\n";
const untrusted = "curl failed to verify the legitimacy of the server and therefore could not\nestablish a secure connection to it. To learn more about this situation and\nhow to fix it, please visit the webpage mentioned above.";
/** How long Linux tries to connect where nobody answers, and curl waits for it. */
const giveUpMs = 134_000;
const redirectsMax = 50;

/** One URL's transfer: how it is going, for `-w` and `-v`. */
interface Transfer {
  readonly url: string;
  target: Target;
  answer: Answer | undefined;
  redirects: number;
  error: { readonly code: number; readonly message: string } | undefined;
}

const headerName = (name: string): string => name.replace(/(^|-)[a-z]/g, (char) => char.toUpperCase());
const headerLines = (answer: Answer): string[] => [`HTTP/1.1 ${reasonLine(answer)}`, ...Object.keys(answer.headers).map((name) => `${headerName(name)}: ${answer.headers[name]}`)];
const bytesOf = (text: string): number => new TextEncoder().encode(text).length;

export async function curl(call: CommandCall): Promise<number> {
  const options = curlOptions(call.args);
  if (options.problem !== undefined) {
    call.err(`curl: ${options.problem}\ncurl: try 'curl --help' for more information\n`);
    return 2;
  }
  if (options.version || options.help) {
    call.out(options.version ? version : "Usage: curl [options...] <url>\n -d, --data <data>           HTTP POST data\n -f, --fail                  Fail fast with no output on HTTP errors\n -h, --help <subject>        Get help for commands\n -o, --output <file>         Write to file instead of stdout\n -O, --remote-name           Write output to file named as remote file\n -i, --show-headers          Show response headers in output\n -s, --silent                Silent mode\n -u, --user <user:password>  Server user and password\n -A, --user-agent <name>     Send User-Agent <name> to server\n -v, --verbose               Make the operation more talkative\n -V, --version               Show version number and quit\n");
    return 0;
  }
  if (options.urls.length === 0) {
    call.err("curl: (2) no URL specified\ncurl: try 'curl --help' for more information\n");
    return 2;
  }
  let code = 0;
  for (const [i, url] of options.urls.entries()) code = await transferred(call, options, { url, output: options.outputs[i] });
  return code;
}

async function transferred(call: CommandCall, options: CurlOptions, { url, output }: { url: string; output: CurlOptions["outputs"][number] | undefined }): Promise<number> {
  const target = parseUrl(url);
  const transfer: Transfer = { url, target: target ?? { host: "", port: 0, path: "/", scheme: "http" }, answer: undefined, redirects: 0, error: undefined };
  const to = typeof output === "object" ? transfer.target.path.split("?")[0]?.split("/").pop() : output;
  if (!target) transfer.error = { code: 3, message: "URL rejected: Malformed input to a URL function" };
  else if (typeof output === "object" && !to) transfer.error = { code: 23, message: "Failed to extract a filename from the URL to use for storage" };
  else {
    for (let attempt = 0; ; attempt++) {
      transfer.error = undefined;
      await attempted(call, options, transfer);
      const passes = transfer.error === undefined || ![7, 28].includes((transfer.error as Transfer["error"])?.code ?? 0);
      if (passes || attempt >= options.retries) break;
      call.err(`Warning: Problem: ${transfer.error === undefined ? "" : "timeout"}. Will retry in ${options.retryMs / 1000} second${options.retryMs === 1000 ? "" : "s"}. ${options.retries - attempt} retries left.\n`);
      await call.process.sleep(options.retryMs);
    }
  }
  finish(call, options, transfer, to);
  return transfer.error?.code ?? 0;
}

async function attempted(call: CommandCall, options: CurlOptions, transfer: Transfer): Promise<void> {
  const { authority, maxTimeMs, connectMs } = options;
  if (authority !== undefined && !call.files.exists(absolute(authority, call.cwd))) {
    transfer.error = { code: 77, message: `error setting certificate verify locations:  CAfile: ${authority} CApath: none` };
    return;
  }
  const isTrusted = (): boolean => options.insecure || (authority !== undefined && new TextDecoder().decode(call.files.readFile(absolute(authority, call.cwd))).includes("-----BEGIN CERTIFICATE-----"));
  const timeoutMs = Math.min(connectMs ?? giveUpMs, maxTimeMs ?? giveUpMs);
  const method = options.head ? "HEAD" : (options.method ?? (options.body === undefined ? "GET" : "POST"));
  const asks = (target: Target, how: { method: string; body: string }): Promise<Answer> => {
    const address = options.resolved.get(`${target.host}:${target.port}`) ?? options.resolved.get(`*:${target.port}`);
    return ask(call, target, { ...how, headers: options.headers, timeoutMs, isTrusted, ...(address === undefined ? {} : { address }), ...(options.verbose ? { told: (event) => call.err(verboseText(event, target, options, how)) } : {}) });
  };
  try {
    transfer.answer = await asks(transfer.target, { method, body: options.body ?? "" });
    while (options.follow && transfer.answer.status >= 300 && transfer.answer.status < 400 && transfer.answer.headers["location"] !== undefined) {
      if (++transfer.redirects > redirectsMax) {
        transfer.error = { code: 47, message: `Maximum (${redirectsMax}) redirects followed` };
        return;
      }
      transfer.target = redirected(transfer.target, transfer.answer.headers["location"]);
      transfer.answer = await asks(transfer.target, { method: options.head ? "HEAD" : "GET", body: "" });
    }
    if ((options.fail || options.failWithBody) && transfer.answer.status >= 400) transfer.error = { code: 22, message: `The requested URL returned error: ${transfer.answer.status}` };
  } catch (error) {
    transfer.error = failureOf(error, transfer.target, { isLimited: maxTimeMs !== undefined || connectMs !== undefined, timeoutMs });
  }
}

function failureOf(error: unknown, target: Target, { isLimited, timeoutMs }: { isLimited: boolean; timeoutMs: number }): Transfer["error"] {
  const unconnected = (ms: number): string => `Failed to connect to ${target.host} port ${target.port} after ${ms} ms: Could not connect to server`;
  if (error instanceof NameError) return { code: 6, message: `Could not resolve host: ${error.message}` };
  if (error instanceof TlsError) {
    if (error.message.startsWith("wrong")) return { code: 35, message: `TLS connect error: error:0A00010B:SSL routines::${error.message}` };
    return { code: 60, message: `SSL certificate problem: ${error.message}\nMore details here: https://curl.se/docs/sslcerts.html\n\n${untrusted}` };
  }
  if (!(error instanceof NoConnection)) throw error;
  if (error.failure === "timeout") return { code: 28, message: isLimited ? `Connection timed out after ${timeoutMs} milliseconds` : unconnected(timeoutMs) };
  return { code: 7, message: unconnected(0) };
}

type Told = Parameters<NonNullable<Parameters<typeof ask>[2]["told"]>>[0];

/** What `-v` tells of a step. */
function verboseText(event: Told, { host, port, path, scheme }: Target, options: CurlOptions, { method, body }: { method: string; body: string }): string {
  const lines = (prefix: string, texts: readonly string[]): string => texts.map((text) => `${prefix} ${text}\n`).join("");
  switch (event.step) {
    case "resolved":
      return lines("*", [...(event.ip === host ? [] : [`Host ${host}:${port} was resolved.`, "IPv6: (none)", `IPv4: ${event.ip}`]), `  Trying ${event.ip}:${port}...`]);
    case "refused":
      return lines("*", [`connect to ${event.ip} port ${port} from ${event.from} port ${event.fromPort} failed: ${event.why}`, `Failed to connect to ${host} port ${port} after 0 ms: Could not connect to server`, "closing connection #0"]);
    case "connected": {
      const tls = scheme === "https" ? ["ALPN: curl offers h2,http/1.1", "SSL connection using TLSv1.3 / TLS_AES_128_GCM_SHA256 / x25519 / id-ecPublicKey", "ALPN: server accepted http/1.1"] : [];
      const sent = [`${method} ${path} HTTP/1.1`, `Host: ${options.headers["host"] ?? (port === (scheme === "https" ? 443 : 80) ? host : `${host}:${port}`)}`, ...Object.keys(options.headers).filter((name) => name !== "host").map((name) => `${headerName(name)}: ${options.headers[name]}`), ...(body === "" ? [] : [`Content-Length: ${bytesOf(body)}`]), ""];
      return lines("*", [...tls, `Connected to ${host} (${event.ip}) port ${port}`, "using HTTP/1.x"]) + lines(">", sent) + lines("*", [body === "" ? "Request completely sent off" : `upload completely sent off: ${bytesOf(body)} bytes`]);
    }
    case "answered":
      return lines("<", [...headerLines(event.answer), ""]);
  }
}

/** Writes what has come, says what went wrong, and what `-w` asks for. */
function finish(call: CommandCall, options: CurlOptions, transfer: Transfer, output: string | undefined): void {
  const { answer, error } = transfer;
  const isKept = answer !== undefined && (error === undefined || options.failWithBody);
  const body = answer === undefined || options.head ? "" : answer.body;
  if (!options.silent && !options.verbose && !(call.process.showsToTerminal && (output === undefined || output === "-")) && (isKept || error)) call.err(meter(isKept ? bytesOf(body) : undefined));
  if (isKept) {
    const text = `${options.include || options.head ? `${headerLines(answer).join("\r\n")}\r\n\r\n` : ""}${body}`;
    if (output === undefined || output === "-") call.out(text);
    else call.files.writeFile(absolute(output, call.cwd), new TextEncoder().encode(text));
  }
  if (options.verbose && answer) call.err(`* Connection #0 to host ${transfer.target.host} left intact\n`);
  if (options.writeOut !== "") call.out(written(options.writeOut, transfer, { body, output }));
  if (error && (!options.silent || options.showError)) call.err(`curl: (${error.code}) ${error.message}\n`);
}

const meterHead = "  % Total    % Received % Xferd  Average Speed   Time    Time     Time  Current\n                                 Dload  Upload   Total   Spent    Left  Speed\n\r  0     0    0     0    0     0      0      0 --:--:-- --:--:-- --:--:--     0";

/** The progress meter, which shows where the output goes elsewhere than to a person. Without bytes it stays where it began, and what went wrong stands right behind it. */
function meter(bytes: number | undefined): string {
  if (bytes === undefined) return meterHead;
  const [size, speed] = [String(bytes).padStart(5), bytes < 1024 ? `${bytes}k` : `${Math.round(bytes / 1024)}M`];
  return `${meterHead}\r100 ${size}  100 ${size}    0     0 ${speed.padStart(6)}      0 --:--:-- --:--:-- --:--:-- ${speed.padStart(5)}\n`;
}

function written(format: string, { url, target, answer, redirects, error }: Transfer, { body, output }: { body: string; output: string | undefined }): string {
  const seconds = answer ? "0.001000" : "0.000000";
  const values: { readonly [name: string]: string } = {
    http_code: String(answer?.status ?? 0).padStart(3, "0"), response_code: String(answer?.status ?? 0).padStart(3, "0"), http_version: answer ? "1.1" : "0", content_type: answer?.headers["content-type"] ?? "", size_download: String(bytesOf(body)), size_header: String(answer ? headerLines(answer).join("\r\n").length + 4 : 0), size_upload: "0", size_request: "75",
    speed_download: String(bytesOf(body) * 1000), speed_upload: "0", time_namelookup: "0.000500", time_connect: answer ? "0.000700" : "0.000000", time_appconnect: "0.000000", time_pretransfer: answer ? "0.000750" : "0.000000", time_redirect: "0.000000", time_starttransfer: answer ? "0.000950" : "0.000000", time_total: seconds,
    remote_ip: answer?.ip ?? "", remote_port: answer ? String(target.port) : "-1", local_ip: answer?.from ?? "", num_connects: answer ? String(1 + redirects) : "0", num_redirects: String(redirects), redirect_url: answer && answer.status >= 300 && answer.status < 400 ? (answer.headers["location"] ?? "") : "",
    url: url, url_effective: `${url.includes("://") ? "" : "http://"}${url}${/^(?:\w+:\/\/)?[^/]+$/.test(url) ? "/" : ""}`, scheme: target.scheme, method: "GET", exitcode: String(error?.code ?? 0), errormsg: error?.message ?? "", filename_effective: output ?? "", ssl_verify_result: "0",
  };
  return format.replace(/%\{([\w.]+)\}|%%|\\([nrt])/g, (whole, name: string | undefined, escape: string | undefined) => (name !== undefined ? (values[name] ?? "") : escape !== undefined ? ({ n: "\n", r: "\r", t: "\t" }[escape] as string) : whole === "%%" ? "%" : whole));
}
