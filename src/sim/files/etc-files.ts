import { resolvConfText } from "../../dns/search.ts";
import type { SandboxConfig } from "../../kubelet/runtime.ts";
import type { Inode } from "./inode.ts";
import { generatedFile } from "./inode.ts";
import { machineResolvConf } from "./userland.ts";

const localhost = ["127.0.0.1\tlocalhost", "::1\tlocalhost ip6-localhost ip6-loopback"];

/** The /etc/hosts of a machine. */
export function machineHosts(hostname: string, ip: string): string {
  const lines = [...localhost, "fe00::\tip6-localnet", "ff00::\tip6-mcastprefix", "ff02::1\tip6-allnodes", "ff02::2\tip6-allrouters", `${ip}\t${hostname}`];
  return `${lines.join("\n")}\n`;
}

/** What a kubelet writes for a Pod with a network of its own; the addresses of its groups are as odd as upstream's. */
function podHosts(hostname: string, fullName: string | undefined, ip: string): string {
  const lines = [...localhost, "fe00::0\tip6-localnet", "fe00::0\tip6-mcastprefix", "fe00::1\tip6-allnodes", "fe00::2\tip6-allrouters", fullName === undefined ? `${ip}\t${hostname}` : `${ip}\t${fullName}\t${hostname}`];
  return `${lines.join("\n")}\n`;
}

/** What a kubelet and its runtime put into /etc of each container of a sandbox. */
export function etcFilesOf(config: SandboxConfig, hostname: string, ip: string): readonly (readonly [name: string, file: Inode])[] {
  const { dns, hostAliases, fullName, hostNetwork } = config;
  const hosts = (): string => {
    const lines = hostNetwork ? ["# Kubernetes-managed hosts file (host network).", machineHosts(hostname, ip).trimEnd()] : ["# Kubernetes-managed hosts file.", podHosts(hostname, fullName, ip).trimEnd()];
    if (hostAliases && hostAliases.length > 0) lines.push("", "# Entries added by HostAliases.", ...hostAliases.map((alias) => `${alias.ip}\t${alias.names.join("\t")}`));
    return `${lines.join("\n")}\n`;
  };
  const resolve = (): string => (dns ? resolvConfText(dns) : machineResolvConf);
  return [["hosts", generatedFile(hosts, 0o644)], ["hostname", generatedFile(() => `${hostname}\n`, 0o644)], ["resolv.conf", generatedFile(resolve, 0o644)]];
}
