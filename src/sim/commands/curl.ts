import type { CommandCall } from "../command.ts";
import { absolute } from "./clock.ts";
import { NameError, NoConnection, TlsError, addHeader, ask, parseUrl, reasonLine, redirected } from "./http-client.ts";

/** `curl` with the options that tutorials use, in its own words where something fails. */
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

export async function curl(call: CommandCall): Promise<number> {
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
      to = redirected(to, location);
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
