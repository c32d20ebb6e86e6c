import { addHeader } from "./http-client.ts";

/** What the arguments of curl ask for. */
export interface CurlOptions {
  silent: boolean;
  showError: boolean;
  include: boolean;
  head: boolean;
  fail: boolean;
  failWithBody: boolean;
  follow: boolean;
  verbose: boolean;
  insecure: boolean;
  toQuery: boolean;
  version: boolean;
  help: boolean;
  /** By URL, in their order: a path, "-", or the name that the URL ends with. */
  outputs: (string | { readonly remoteName: true })[];
  writeOut: string;
  method: string | undefined;
  body: string | undefined;
  maxTimeMs: number | undefined;
  connectMs: number | undefined;
  headers: { [name: string]: string };
  authority: string | undefined;
  retries: number;
  retryMs: number;
  /** "host:port" to the address that it is sent to. */
  resolved: Map<string, string>;
  urls: string[];
  problem: string | undefined;
}

type Flag = (options: CurlOptions) => void;
type Valued = (options: CurlOptions, value: string) => void;

const addBody = (options: CurlOptions, value: string): void => {
  options.body = options.body === undefined ? value : `${options.body}&${value}`;
  options.headers["content-type"] ??= "application/x-www-form-urlencoded";
};

const encodedPair = (text: string): string => {
  const equals = text.indexOf("=");
  return equals < 0 ? encodeURIComponent(text) : `${text.slice(0, equals + 1)}${encodeURIComponent(text.slice(equals + 1))}`;
};

/** Options without a value, by their long names. */
const flags: { readonly [name: string]: Flag } = {
  silent: (o) => (o.silent = true), "show-error": (o) => (o.showError = true), include: (o) => (o.include = true), "show-headers": (o) => (o.include = true), head: (o) => (o.head = true), fail: (o) => (o.fail = true),
  "fail-with-body": (o) => (o.failWithBody = true), location: (o) => (o.follow = true), verbose: (o) => (o.verbose = true), insecure: (o) => (o.insecure = true), get: (o) => (o.toQuery = true), version: (o) => (o.version = true), help: (o) => (o.help = true),
  "remote-name": (o) => void o.outputs.push({ remoteName: true }),
  // What makes no difference to a simulated connection.
  compressed: () => undefined, ipv4: () => undefined, globoff: () => undefined, "no-progress-meter": (o) => (o.silent = o.showError = true), "http1.1": () => undefined, http2: () => undefined, "no-keepalive": () => undefined, "tcp-nodelay": () => undefined, "no-buffer": () => undefined, "retry-connrefused": () => undefined, "retry-all-errors": () => undefined, "progress-bar": () => undefined, parallel: () => undefined, "tlsv1.2": () => undefined, "ssl-no-revoke": () => undefined, "create-dirs": () => undefined,
};

/** Options with a value. */
const valued: { readonly [name: string]: Valued } = {
  "max-time": (o, value) => (o.maxTimeMs = Number(value) * 1000), "connect-timeout": (o, value) => (o.connectMs = Number(value) * 1000), output: (o, value) => void o.outputs.push(value), "write-out": (o, value) => (o.writeOut = value),
  request: (o, value) => (o.method = value), header: (o, value) => addHeader(o.headers, value), data: addBody, "data-raw": addBody, "data-binary": addBody, "data-ascii": addBody, "data-urlencode": (o, value) => addBody(o, encodedPair(value)),
  json: (o, value) => {
    o.headers["content-type"] = o.headers["accept"] = "application/json";
    o.body = value;
  },
  cacert: (o, value) => (o.authority = value), "user-agent": (o, value) => (o.headers["user-agent"] = value), referer: (o, value) => (o.headers["referer"] = value), cookie: (o, value) => (o.headers["cookie"] = value),
  user: (o, value) => (o.headers["authorization"] = `Basic ${btoa(value)}`), "oauth2-bearer": (o, value) => (o.headers["authorization"] = `Bearer ${value}`), url: (o, value) => void o.urls.push(value),
  retry: (o, value) => (o.retries = Number(value)), "retry-delay": (o, value) => (o.retryMs = Number(value) * 1000),
  resolve: (o, value) => {
    const [host = "", port = "", address = ""] = value.replace(/^[+]/, "").split(":");
    o.resolved.set(`${host}:${port}`, address.replace(/^\[|\]$/g, ""));
  },
  "connect-to": (o, value) => {
    const [host = "", port = "", address = ""] = value.split(":");
    o.resolved.set(`${host}:${port}`, address);
  },
  // Nothing to choose between here.
  interface: () => undefined, "retry-max-time": () => undefined, proxy: () => undefined, noproxy: () => undefined, "cookie-jar": () => undefined, cert: () => undefined, key: () => undefined, "limit-rate": () => undefined, "max-redirs": () => undefined, "keepalive-time": () => undefined,
};

const letters: { readonly [letter: string]: string } = {
  s: "silent", S: "show-error", i: "include", I: "head", f: "fail", L: "location", v: "verbose", k: "insecure", G: "get", V: "version", h: "help", O: "remote-name", "4": "ipv4", g: "globoff", N: "no-buffer", "#": "progress-bar", Z: "parallel", "0": "http1.1",
  m: "max-time", o: "output", w: "write-out", X: "request", H: "header", d: "data", A: "user-agent", e: "referer", b: "cookie", u: "user", x: "proxy", c: "cookie-jar", E: "cert",
};

export function curlOptions(args: readonly string[]): CurlOptions {
  const options: CurlOptions = {
    silent: false, showError: false, include: false, head: false, fail: false, failWithBody: false, follow: false, verbose: false, insecure: false, toQuery: false, version: false, help: false, outputs: [], writeOut: "",
    method: undefined, body: undefined, maxTimeMs: undefined, connectMs: undefined, headers: { "user-agent": "curl/8.11.0", accept: "*/*" }, authority: undefined, retries: 0, retryMs: 1000, resolved: new Map(), urls: [], problem: undefined,
  };
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] as string;
    const next = (): string => {
      if (i + 1 >= args.length) options.problem = `option ${arg}: requires parameter`;
      return args[++i] ?? "";
    };
    if (!arg.startsWith("-") || arg === "-") options.urls.push(arg);
    else if (arg.startsWith("--")) {
      const name = arg.slice(2);
      if (flags[name]) flags[name](options);
      else if (valued[name]) valued[name](options, next());
      else if (!name.startsWith("no-")) options.problem = `option ${arg}: is unknown`;
    } else {
      for (let at = 1; at < arg.length; at++) {
        const name = letters[arg[at] as string] ?? "";
        if (flags[name]) flags[name](options);
        else if (valued[name]) {
          valued[name](options, arg.slice(at + 1) || next());
          break;
        } else options.problem = `option ${arg}: is unknown`;
      }
    }
  }
  if (options.toQuery && options.body !== undefined) {
    options.urls = options.urls.map((url) => `${url}${url.includes("?") ? "&" : "?"}${options.body}`);
    options.body = undefined;
  }
  return options;
}
