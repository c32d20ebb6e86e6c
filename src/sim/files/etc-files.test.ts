import { expect, it } from "vitest";
import { etcFilesOf } from "./etc-files.ts";
import { FileView } from "./file-view.ts";
import { folderInode } from "./inode.ts";

const pod = { podUid: "u", namespace: "default", name: "web", hostname: "web", hostNetwork: false, labels: {} };

function hostsOf(config: Parameters<typeof etcFilesOf>[0], hostname: string, ip: string): string {
  const view = new FileView({ root: folderInode({}), now: () => 0 });
  for (const [name, file] of etcFilesOf(config, hostname, ip)) view.attach(`/${name}`, file);
  return new TextDecoder().decode(view.readFile("/hosts"));
}

it("writes the hosts of a Pod as a kubelet does", () => {
  const groups = "::1\tlocalhost ip6-localhost ip6-loopback\nfe00::0\tip6-localnet\nfe00::0\tip6-mcastprefix\nfe00::1\tip6-allnodes\nfe00::2\tip6-allrouters\n";
  expect(hostsOf(pod, "web", "10.244.1.2")).toBe(`# Kubernetes-managed hosts file.\n127.0.0.1\tlocalhost\n${groups}10.244.1.2\tweb\n`);
  const named = { ...pod, fullName: "web.sub.default.svc.cluster.local", hostAliases: [{ ip: "10.1.2.3", names: ["foo", "bar"] }] };
  expect(hostsOf(named, "web", "10.244.1.2")).toBe(`# Kubernetes-managed hosts file.\n127.0.0.1\tlocalhost\n${groups}10.244.1.2\tweb.sub.default.svc.cluster.local\tweb\n\n# Entries added by HostAliases.\n10.1.2.3\tfoo\tbar\n`);
});

it("repeats the machine's own hosts where a Pod shares its network", () => {
  const machine = "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\nfe00::\tip6-localnet\nff00::\tip6-mcastprefix\nff02::1\tip6-allnodes\nff02::2\tip6-allrouters\n172.18.0.3\tlocal-worker\n";
  expect(hostsOf({ ...pod, hostNetwork: true }, "local-worker", "172.18.0.3")).toBe(`# Kubernetes-managed hosts file (host network).\n${machine}`);
});
