import { resolvConfText } from "../../dns/search.ts";
import type { SandboxConfig } from "../../kubelet/runtime.ts";
import type { Inode } from "./inode.ts";
import { generatedFile } from "./inode.ts";
import { machineResolvConf } from "./userland.ts";

/** What a kubelet and its runtime put into /etc of each container of a sandbox. */
export function etcFilesOf(config: SandboxConfig, hostname: string, ip: string): readonly (readonly [name: string, file: Inode])[] {
  const { dns, hostAliases, fullName } = config;
  const hosts = (): string => {
    const lines = ["# Kubernetes-managed hosts file.", "127.0.0.1\tlocalhost", "::1\tlocalhost ip6-localhost ip6-loopback", "fe00::\tip6-localnet", "fe00::\tip6-mcastprefix", "fe00::1\tip6-allnodes", "fe00::2\tip6-allrouters"];
    lines.push(fullName === undefined ? `${ip}\t${hostname}` : `${ip}\t${fullName}\t${hostname}`);
    if (hostAliases && hostAliases.length > 0) lines.push("", "# Entries added by HostAliases.", ...hostAliases.map((alias) => `${alias.ip}\t${alias.names.join("\t")}`));
    return `${lines.join("\n")}\n`;
  };
  const resolve = (): string => (dns ? resolvConfText(dns) : machineResolvConf);
  return [["hosts", generatedFile(hosts, 0o644)], ["hostname", generatedFile(() => `${hostname}\n`, 0o644)], ["resolv.conf", generatedFile(resolve, 0o644)]];
}
