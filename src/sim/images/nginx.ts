import type { HttpRequest, HttpResponse } from "../network.ts";
import type { Process, Program, Signal } from "../process.ts";
import { formatDate } from "../commands/clock.ts";
import { alpineWithCurl, debianWithCurl, isAlpineTag } from "./distributions.ts";
import { image, standardPath, versioned } from "./image.ts";

/** nginx: serves files on port 80, writes an access log and an error log, reloads at HUP, leaves at TERM and QUIT with 0. */
const version = "1.29.4";
/** What the scripts of the entrypoint have used up. */
const firstWorker = 29;

const welcome = `<!DOCTYPE html>
<html>
<head>
<title>Welcome to nginx!</title>
<style>
html { color-scheme: light dark; }
body { width: 35em; margin: 0 auto;
font-family: Tahoma, Verdana, Arial, sans-serif; }
</style>
</head>
<body>
<h1>Welcome to nginx!</h1>
<p>If you see this page, the nginx web server is successfully installed and
working. Further configuration is required.</p>

<p>For online documentation and support please refer to
<a href="http://nginx.org/">nginx.org</a>.<br/>
Commercial support is available at
<a href="http://nginx.com/">nginx.com</a>.</p>

<p><em>Thank you for using nginx.</em></p>
</body>
</html>
`;

const types: { readonly [extension: string]: string } = { html: "text/html", txt: "text/plain", css: "text/css", js: "application/javascript", json: "application/json" };

function errorPage(status: number, reason: string): string {
  return `<html>\r\n<head><title>${status} ${reason}</title></head>\r\n<body>\r\n<center><h1>${status} ${reason}</h1></center>\r\n<hr><center>nginx/${version}</center>\r\n</body>\r\n</html>\r\n`;
}

/** `failed` hears of a file that is not there. */
function respond(process: Process, request: HttpRequest, failed: (text: string) => void): HttpResponse {
  const { files } = process.world;
  const headers = (type: string, body: string): { [name: string]: string } => ({
    server: `nginx/${version}`,
    date: formatDate(process.clock.now(), "%a, %d %b %Y %H:%M:%S GMT"),
    "content-type": type,
    "content-length": String(new TextEncoder().encode(body).length),
    connection: "keep-alive",
  });
  const failure = (status: number, reason: string): HttpResponse => {
    const body = errorPage(status, reason);
    return { status, reason, headers: headers("text/html", body), body };
  };
  if (request.method !== "GET" && request.method !== "HEAD") return failure(405, "Not Allowed");
  let path = `/usr/share/nginx/html${(request.path.split("?")[0] as string).replace(/\/\.\.(?=\/|$)/g, "")}`;
  if (files.exists(path) && files.stat(path).kind === "folder") {
    path = `${path.replace(/\/$/, "")}/index.html`;
    if (!files.exists(path)) {
      failed(`directory index of "${path.replace(/index\.html$/, "")}" is forbidden`);
      return failure(403, "Forbidden");
    }
  }
  if (!files.exists(path)) {
    failed(`open() "${path}" failed (2: No such file or directory)`);
    return failure(404, "Not Found");
  }
  const body = new TextDecoder().decode(files.readFile(path));
  const type = types[path.split(".").pop() as string] ?? "application/octet-stream";
  return { status: 200, reason: "OK", headers: headers(type, body), body: request.method === "HEAD" ? "" : body };
}

/** Lines of the error log: the master's, or a worker's. */
const logged = (process: Process, level: "notice" | "error" | "emerg", pid: number, text: string): void => process.write("stderr", `${formatDate(process.clock.now(), "%Y/%m/%d %H:%M:%S")} [${level}] ${pid}#${pid}: ${text}\n`);

const signalOf: { readonly [word: string]: Signal } = { reload: "HUP", quit: "QUIT", stop: "TERM", reopen: "USR1" };

/** `nginx -s WORD`: a signal to the master that runs. */
function signalMaster(process: Process, word: string): number {
  const signal = signalOf[word];
  if (signal === undefined) {
    process.write("stderr", `nginx: invalid option: "-s ${word}"\n`);
    return 1;
  }
  const master = [...process.world.processes.values()].find((each) => each !== process && each.argv[0] === "nginx");
  logged(process, "notice", process.pid, "signal process started");
  if (!master) {
    logged(process, "error", process.pid, 'open() "/run/nginx.pid" failed (2: No such file or directory)');
    return 1;
  }
  master.signal(signal);
  return 0;
}

const server: Program = async (process) => {
  const { network } = process.world;
  const word = process.argv[process.argv.indexOf("-s") + 1];
  if (process.argv.includes("-s") && word !== undefined) return signalMaster(process, word);
  if (process.argv.includes("-v")) {
    process.write("stderr", `nginx version: nginx/${version}\n`);
    return 0;
  }
  if (process.argv.includes("-t")) {
    process.write("stderr", "nginx: the configuration file /etc/nginx/nginx.conf syntax is ok\nnginx: configuration file /etc/nginx/nginx.conf test is successful\n");
    return 0;
  }
  let workers: readonly number[] = [];
  let served = 0;
  const http = async (request: HttpRequest, from: string): Promise<HttpResponse> => {
    const { method, path, headers } = request;
    const worker = workers[served++ % workers.length] as number;
    const failed = (text: string): void => logged(process, "error", worker, `*${served} ${text}, client: ${from}, server: localhost, request: "${method} ${path} HTTP/1.1", host: "${request.host}"`);
    const response = respond(process, request, failed);
    const when = formatDate(process.clock.now(), "%d/%b/%Y:%H:%M:%S %z");
    const [referrer, agent, forwarded] = ["referer", "user-agent", "x-forwarded-for"].map((name) => headers[name] ?? "-");
    process.write("stdout", `${from} - - [${when}] "${method} ${path} HTTP/1.1" ${response.status} ${response.body.length} "${referrer}" "${agent}" "${forwarded}"\n`);
    return response;
  };
  if (!network.listen(80, { http, program: "nginx" })) {
    process.write("stderr", "nginx: [emerg] bind() to 0.0.0.0:80 failed (98: Address already in use)\n");
    return 1;
  }
  const notice = (text: string, pid = process.pid): void => logged(process, "notice", pid, text);
  const startWorkers = (): void => {
    notice("start worker processes");
    const first = (workers.at(-1) ?? firstWorker - 1) + 1;
    workers = Array.from({ length: Math.max(1, Math.round(process.world.machine.cpus)) }, (_, i) => first + i);
    for (const worker of workers) notice(`start worker process ${worker}`);
  };
  const endWorkers = (ending: readonly number[], isGraceful: boolean): void => {
    for (const worker of ending) {
      if (isGraceful) notice("gracefully shutting down", worker);
      notice("exiting", worker);
      notice("exit", worker);
      notice(`signal 17 (SIGCHLD) received from ${worker}`);
      notice(`worker process ${worker} exited with code 0`);
    }
  };
  notice('using the "epoll" event method');
  notice(`nginx/${version}`);
  notice("built by gcc 14.2.0 (Debian 14.2.0-19)");
  notice("OS: Linux 6.12.48+deb13-amd64");
  notice("getrlimit(RLIMIT_NOFILE): 1048576:1048576");
  startWorkers();
  process.onSignal((signal) => {
    if (signal === "HUP" || signal === "USR1") {
      notice(`signal ${signal === "HUP" ? "1 (SIGHUP) received, reconfiguring" : "10 (SIGUSR1) received, reopening logs"}`);
      notice(signal === "HUP" ? "reconfiguring" : "reopening logs");
      if (signal === "USR1") return;
      notice('using the "epoll" event method');
      const old = workers;
      startWorkers();
      return endWorkers(old, true);
    }
    const isGraceful = signal === "QUIT";
    notice(`signal ${signal === "TERM" ? "15 (SIGTERM)" : isGraceful ? "3 (SIGQUIT)" : "2 (SIGINT)"} received, ${isGraceful ? "shutting down" : "exiting"}`);
    endWorkers(workers, isGraceful);
    notice("exit");
    network.unlisten(80);
    process.exit(0);
  });
  await process.sleep(Infinity);
  return 0;
};

/** The image's entrypoint: some lines of its own, then the command. */
const entrypoint: Program = async (process) => {
  const script = "/docker-entrypoint.sh";
  const lines = [
    `${script}: /docker-entrypoint.d/ is not empty, will attempt to perform configuration`,
    `${script}: Looking for shell scripts in /docker-entrypoint.d/`,
    `${script}: Launching /docker-entrypoint.d/10-listen-on-ipv6-by-default.sh`,
    "10-listen-on-ipv6-by-default.sh: info: Getting the checksum of /etc/nginx/conf.d/default.conf",
    "10-listen-on-ipv6-by-default.sh: info: Enabled listen on IPv6 in /etc/nginx/conf.d/default.conf",
    `${script}: Launching /docker-entrypoint.d/20-envsubst-on-templates.sh`,
    `${script}: Launching /docker-entrypoint.d/30-tune-worker-processes.sh`,
    `${script}: Configuration complete; ready for start up`,
  ];
  const [, name] = process.argv;
  if (name === "nginx" || name === "nginx-debug") for (const line of lines) process.write("stdout", `${line}\n`);
  return process.world.execute(process, process.argv.slice(1));
};

export const nginx = image({
  repositories: ["docker.io/library/nginx", "docker.io/nginxinc/nginx-unprivileged", "public.ecr.aws/nginx/nginx"],
  hasTag: versioned(1, 31),
  sizeBytes: 72_319_283,
  distribution: (tag) => (isAlpineTag(tag) ? alpineWithCurl : debianWithCurl),
  entrypoint: ["/docker-entrypoint.sh"],
  command: ["nginx", "-g", "daemon off;"],
  env: { PATH: standardPath, NGINX_VERSION: version, NJS_VERSION: "0.9.4", PKG_RELEASE: "1~trixie" },
  programs: { "docker-entrypoint.sh": entrypoint, nginx: server },
  files: {
    "/usr/share/nginx/html/index.html": welcome,
    "/usr/share/nginx/html/50x.html": errorPage(500, "Internal Server Error"),
    "/etc/nginx/nginx.conf": "user  nginx;\nworker_processes  auto;\n\nevents {\n    worker_connections  1024;\n}\n\nhttp {\n    include       /etc/nginx/mime.types;\n    include /etc/nginx/conf.d/*.conf;\n}\n",
    "/etc/nginx/conf.d/default.conf": "server {\n    listen       80;\n    listen  [::]:80;\n    server_name  localhost;\n\n    location / {\n        root   /usr/share/nginx/html;\n        index  index.html index.htm;\n    }\n}\n",
  },
});
