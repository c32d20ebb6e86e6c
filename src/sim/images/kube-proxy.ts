import { parseYamlDocuments } from "../../api/yaml.ts";
import type { SimulatedCommand } from "../command.ts";
import { formatDate } from "../commands/clock.ts";
import type { Process, Program } from "../process.ts";
import { iptablesCommands } from "../node-shell/iptables.ts";
import { image } from "./image.ts";

/**
 * kube-proxy: while it runs, its node's service rules follow the cluster's. It reads its mode from its configuration file, as
 * upstream's does; iptables is the one that the simulated kernel knows. It leaves at TERM and leaves the rules behind.
 */
const modes = ["iptables", "ipvs", "nftables"];

interface Configuration {
  readonly mode?: unknown;
}

/** Undefined: there is no such file. Throws for one that says nothing readable. */
function configuration(process: Process): Configuration | undefined {
  const argument = process.argv.find((word) => word.startsWith("--config="));
  const path = argument?.slice("--config=".length);
  if (path === undefined || !process.world.files.exists(path)) return undefined;
  const [document] = parseYamlDocuments(new TextDecoder().decode(process.world.files.readFile(path)));
  return typeof document === "object" && document !== null ? (document as Configuration) : undefined;
}

const versionLine = "Kubernetes v1.36.3\n";

const kubeProxy: Program = async (process) => {
  const { machine } = process.world;
  if (process.argv.includes("--version")) {
    process.write("stdout", versionLine);
    return 0;
  }
  const say = (level: "I" | "W" | "E", place: string, message: string): void => {
    const at = process.clock.now();
    process.write("stderr", `${level}${formatDate(at, "%m%d %H:%M:%S")}.${String(at % 1000).padStart(3, "0")}000       1 ${place}] ${message}\n`);
  };
  if (process.argv.includes("--cleanup")) {
    machine.proxy.flush();
    return 0;
  }
  const mode = configuration(process)?.mode ?? "";
  if (typeof mode !== "string" || (mode !== "" && !modes.includes(mode))) {
    say("E", "server.go:106", `"Error running ProxyServer" err="KubeProxyConfiguration.Mode: Invalid value: ${JSON.stringify(mode).replaceAll('"', '\\"')}: must be iptables, ipvs, nftables or blank (blank means the best-available proxy [currently iptables])"`);
    return 1;
  }
  if (mode === "ipvs") say("W", "server_linux.go:144", '"The ipvs proxier is now deprecated and may be removed in a future release. Please use \'nftables\' instead."');
  if (mode === "ipvs" || mode === "nftables") {
    say("E", "server.go:106", `"Error running ProxyServer" err="mode ${mode} is not supported by the simulated kernel of this node: use iptables"`);
    return 1;
  }
  say("I", "server_linux.go:63", '"Using iptables proxy"');
  say("I", "server.go:715", `"Successfully retrieved node IP(s)" IPs=["${process.world.network.ip}"]`);
  say("I", "server_linux.go:132", '"Using iptables Proxier"');
  say("I", "server.go:527", '"Version info" version="v1.36.3"');
  say("I", "config.go:200", '"Starting service config controller"');
  say("I", "config.go:106", '"Starting endpoint slice config controller"');
  say("I", "config.go:403", '"Starting serviceCIDR config controller"');
  say("I", "config.go:309", '"Starting node config controller"');
  say("I", "shared_informer.go:349", '"Waiting for caches to sync" controller="service config"');
  say("I", "shared_informer.go:356", '"Caches are synced" controller="service config"');
  say("I", "shared_informer.go:356", '"Caches are synced" controller="endpoint slice config"');
  say("I", "shared_informer.go:356", '"Caches are synced" controller="node config"');
  process.world.onEnd(machine.proxy.follow());
  process.world.network.listen(10256, { program: "kube-proxy", http: () => ({ status: 200, reason: "OK", headers: { "content-type": "application/json" }, body: "{}" }) });
  process.onSignal(() => process.exit(2));
  await process.sleep(Infinity);
  return 0;
};

/** The same binary on a machine, for the chores of those who look after it; its work is the Pods'. */
export const kubeProxyOfNode: SimulatedCommand = async ({ args, out, err, process }) => {
  if (args.includes("--version")) out(versionLine);
  else if (args.includes("--cleanup")) process.world.machine.proxy.flush();
  else {
    err("kube-proxy: on this simulated node it runs in the Pods of the DaemonSet kube-proxy; here it knows --cleanup and --version\n");
    return 1;
  }
  return 0;
};

export const kubeProxyImage = image({
  repositories: ["registry.k8s.io/kube-proxy"],
  sizeBytes: 31_457_280,
  entrypoint: [],
  command: [],
  programs: { "kube-proxy": kubeProxy },
  commands: iptablesCommands,
});
