import type { HttpRequest, HttpResponse } from "../network.ts";
import type { Process, Program } from "../process.ts";
import { formatTime } from "../../base/time.ts";
import { image } from "./image.ts";

/** The Prometheus node exporter: metrics of the simulated machine on port 9100. A Go program without a handler: TERM ends it with 2. */
interface Metric {
  readonly name: string;
  readonly help: string;
  readonly type: "gauge" | "counter";
  readonly samples: readonly (readonly [labels: string, value: number])[];
}

function metricsOf(process: Process): Metric[] {
  const { machine, hostname } = process.world;
  const now = process.clock.now();
  const up = (now - machine.bootedAt) / 1000;
  const cpus = Array.from({ length: machine.cpus }, (_, index) => index);
  const gauge = (name: string, help: string, value: number, labels = ""): Metric => ({ name, help, type: "gauge", samples: [[labels, value]] });
  return [
    { name: "node_boot_time_seconds", help: "Node boot time, in unixtime.", type: "gauge", samples: [["", Math.floor(machine.bootedAt / 1000)]] },
    { name: "node_cpu_seconds_total", help: "Seconds the CPUs spent in each mode.", type: "counter", samples: cpus.flatMap((cpu) => [[`{cpu="${cpu}",mode="idle"}`, Math.floor(up * 90) / 100] as const, [`{cpu="${cpu}",mode="system"}`, Math.floor(up * 4) / 100] as const, [`{cpu="${cpu}",mode="user"}`, Math.floor(up * 6) / 100] as const]) },
    gauge("node_exporter_build_info", "A metric with a constant '1' value labeled by version, revision, branch, goversion from which node_exporter was built, and the goos and goarch for the build.", 1, '{branch="HEAD",goarch="amd64",goos="linux",goversion="go1.22.5",revision="f1e0e8360aa60b6cb5e5cc1560bed348fc2c1895",tags="unknown",version="1.8.2"}'),
    gauge("node_filesystem_avail_bytes", "Filesystem space available to non-root users in bytes.", 85_899_345_920, '{device="/dev/vda1",fstype="ext4",mountpoint="/"}'),
    gauge("node_filesystem_size_bytes", "Filesystem size in bytes.", 107_374_182_400, '{device="/dev/vda1",fstype="ext4",mountpoint="/"}'),
    gauge("node_load1", "1m load average.", 0.1),
    gauge("node_load15", "15m load average.", 0.05),
    gauge("node_load5", "5m load average.", 0.08),
    gauge("node_memory_MemAvailable_bytes", "Memory information field MemAvailable_bytes.", Math.floor(machine.memoryBytes * 0.88)),
    gauge("node_memory_MemTotal_bytes", "Memory information field MemTotal_bytes.", machine.memoryBytes),
    { name: "node_network_up", help: "Value is 1 if operstate is 'up', 0 otherwise.", type: "gauge", samples: [['{device="eth0"}', 1]] },
    gauge("node_time_seconds", "System time in seconds since epoch (1970).", now / 1000),
    gauge("node_uname_info", "Labeled system information as provided by the uname system call.", 1, `{domainname="(none)",machine="x86_64",nodename="${hostname}",release="6.12.48+deb13-amd64",sysname="Linux",version="#1 SMP PREEMPT_DYNAMIC Debian 6.12.48-1 (2025-09-20)"}`),
    gauge("process_start_time_seconds", "Start time of the process since unix epoch in seconds.", process.startedAt / 1000),
  ];
}

function exposition(process: Process): string {
  let text = "";
  for (const { name, help, type, samples } of metricsOf(process)) {
    text += `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`;
    for (const [labels, value] of samples) text += `${name}${labels} ${value}\n`;
  }
  return text;
}

const exporter: Program = async (process) => {
  const log = (level: string, caller: string, text: string): void => process.write("stderr", `ts=${formatTime(process.clock.now()).replace("Z", ".000Z")} caller=${caller} level=${level} ${text}\n`);
  const address = process.argv.find((arg) => arg.startsWith("--web.listen-address="))?.split("=")[1] ?? ":9100";
  const port = Number(address.split(":").pop());
  log("info", "node_exporter.go:193", 'msg="Starting node_exporter" version="(version=1.8.2, branch=HEAD, revision=f1e0e8360aa60b6cb5e5cc1560bed348fc2c1895)"');
  log("info", "node_exporter.go:111", 'msg="Enabled collectors"');
  const http = async (request: HttpRequest): Promise<HttpResponse> => {
    const path = request.path.split("?")[0];
    const body = path === "/metrics" ? exposition(process) : path === "/" ? '<html lang="en"><head><title>Node Exporter</title></head><body><h1>Node Exporter</h1><a href="/metrics">Metrics</a></body></html>\n' : "404 page not found\n";
    const found = path === "/metrics" || path === "/";
    const type = path === "/metrics" ? "text/plain; version=0.0.4; charset=utf-8" : found ? "text/html; charset=UTF-8" : "text/plain; charset=utf-8";
    return { status: found ? 200 : 404, reason: found ? "OK" : "Not Found", headers: { "content-type": type }, body };
  };
  if (!process.world.network.listen(port, { http, program: "node_exporter" })) {
    log("error", "node_exporter.go:223", `err="listen tcp :${port}: bind: address already in use"`);
    return 1;
  }
  log("info", "tls_config.go:313", `msg="Listening on" address=[::]:${port}`);
  log("info", "tls_config.go:316", `msg="TLS is disabled." http2=false address=[::]:${port}`);
  process.onSignal(() => process.exit(2));
  await process.sleep(Infinity);
  return 0;
};

export const nodeExporter = image({
  repositories: ["quay.io/prometheus/node-exporter", "docker.io/prom/node-exporter"],
  sizeBytes: 11_693_834,
  entrypoint: ["/bin/node_exporter"],
  command: [],
  programs: { node_exporter: exporter },
});
