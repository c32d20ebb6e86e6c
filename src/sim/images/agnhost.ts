import { bindCommands } from "../commands/bind.ts";
import { formatDate } from "../commands/clock.ts";
import type { HttpRequest, HttpResponse } from "../network.ts";
import type { Process, Program } from "../process.ts";
import { image, stayUp } from "./image.ts";

/**
 * agnhost, the image of Kubernetes' own examples and tests, as far as they lead a learner to it: `netexec` answers HTTP with the
 * time, the host's name or what it is told, `serve-hostname` with the host's name, `pause` waits. It has BIND's tools as well.
 */
const version = "2.53";

const flag = (process: Process, name: string, byDefault: number): number => {
  const at = process.argv.findIndex((word) => word === `--${name}` || word.startsWith(`--${name}=`));
  const value = at < 0 ? undefined : (process.argv[at] as string).includes("=") ? process.argv[at]?.split("=")[1] : process.argv[at + 1];
  return Number(value ?? byDefault);
};

const plain = (body: string, status = 200, reason = "OK"): HttpResponse => ({ status, reason, headers: { "content-type": "text/plain; charset=utf-8", "content-length": String(new TextEncoder().encode(body).length) }, body });

function log(process: Process, message: string): void {
  const at = process.clock.now();
  process.write("stderr", `I${formatDate(at, "%m%d %H:%M:%S")}.${String(at % 1000).padStart(3, "0")}000       1 log.go:245] ${message}\n`);
}

/** One page of netexec; undefined: it has none of that name. */
function page(process: Process, request: HttpRequest, from: string): HttpResponse | undefined {
  const url = new URL(request.path, "http://netexec");
  switch (url.pathname) {
    case "/":
      return plain(`NOW: ${formatDate(process.clock.now(), "%Y-%m-%d %H:%M:%S")}.${String(process.clock.now() % 1000).padStart(3, "0")} +0000 UTC`);
    case "/hostname":
    case "/hostName":
      return plain(process.world.hostname);
    case "/clientip":
      return plain(from);
    case "/echo":
      return plain(url.searchParams.get("msg") ?? "");
    case "/healthz":
      return plain("");
    default:
      return undefined;
  }
}

/** What netexec says of a request in its log. */
function told({ method, path }: HttpRequest): string {
  const { pathname, searchParams: query } = new URL(path, "http://netexec");
  return pathname === "/echo" ? `GET /echo?msg=${query.get("msg") ?? ""}&code=${query.get("code") ?? ""}` : `${method} ${pathname}`;
}

/** Listens until TERM. */
async function serve(process: Process, port: number, answer: (request: HttpRequest, from: string) => HttpResponse): Promise<number> {
  if (!process.world.network.listen(port, { program: "agnhost", http: async (request, from) => answer(request, from) })) {
    process.write("stderr", `listen tcp :${port}: bind: address already in use\n`);
    return 1;
  }
  process.onSignal(() => process.exit(0));
  await process.sleep(Infinity);
  return 0;
}

const commands: { readonly [name: string]: Program } = {
  netexec(process) {
    const port = flag(process, "http-port", 8080);
    log(process, `Started HTTP server on port ${port}`);
    return serve(process, port, (request, from) => {
      log(process, told(request));
      return page(process, request, from) ?? plain("404 page not found\n", 404, "Not Found");
    });
  },
  "serve-hostname"(process) {
    const port = flag(process, "port", 9376);
    log(process, `Serving on port ${port}.`);
    return serve(process, port, () => plain(process.world.hostname));
  },
  pause: stayUp({ lines: () => ["Paused"], onTerm: { line: "Terminating", code: 0 } }),
};

const agnhost: Program = (process) => {
  const [name = "--help"] = process.argv.slice(1);
  const known = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (known !== undefined) return known(process);
  const isVersion = name === "--version";
  process.write(isVersion ? "stdout" : "stderr", isVersion ? `agnhost version ${version}\n` : `agnhost: this simulated image knows ${Object.keys(commands).join(", ")}; not ${name}\n`);
  return Promise.resolve(isVersion ? 0 : 1);
};

export const agnhostImage = image({
  repositories: ["registry.k8s.io/e2e-test-images/agnhost"],
  sizeBytes: 53_477_376,
  entrypoint: ["/agnhost"],
  command: ["pause"],
  programs: { agnhost },
  commands: bindCommands,
});
