import type { SimulatedImage } from "../images/image.ts";
import { FileView } from "./file-view.ts";
import type { FolderInode, Inode } from "./inode.ts";
import { kernelSettings } from "./kernel.ts";
import { emptyBytes, fileInode, folderInode, generatedFile, treeOf } from "./inode.ts";

/**
 * The files that every simulated image with a userland has, and those of a machine. Trees are built once and shared.
 */

/** Tools of the parser's library that images have; those of ours come on top. */
export const borrowedCommands = [
  "awk", "base64", "basename", "clear", "comm", "cut", "diff", "dirname", "du", "expr", "file", "fold", "gunzip", "gzip", "join",
  "md5sum", "nl", "od", "readlink", "rev", "sed", "seq", "sha1sum", "sha256sum", "sort", "split", "strings", "tac",
  "tree", "uniq", "wc", "which", "zcat", "jq",
] as const;

const debianRelease =
  'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nNAME="Debian GNU/Linux"\nVERSION_ID="12"\nVERSION="12 (bookworm)"\nVERSION_CODENAME=bookworm\nID=debian\nHOME_URL="https://www.debian.org/"\nSUPPORT_URL="https://www.debian.org/support"\nBUG_REPORT_URL="https://bugs.debian.org/"\n';
const passwd = "root:x:0:0:root:/root:/bin/sh\nbin:x:1:1:bin:/bin:/sbin/nologin\ndaemon:x:2:2:daemon:/sbin:/sbin/nologin\nwww-data:x:33:33:www-data:/var/www:/sbin/nologin\nnobody:x:65534:65534:nobody:/:/sbin/nologin\n";
const group = "root:x:0:\nbin:x:1:\ndaemon:x:2:\nwheel:x:10:\nwww-data:x:33:\nnobody:x:65534:\n";

function processFiles(): { [path: string]: Inode | string } {
  return {
    "/proc/loadavg": generatedFile((now) => `0.10 0.08 0.05 1/128 ${100 + (Math.floor(now / 1000) % 900)}\n`),
    "/proc/uptime": generatedFile((now) => `${(Math.floor(now / 10) % 1e8) / 100} 0.00\n`),
    ...Object.fromEntries(Object.entries(kernelSettings).map(([name, value]) => [`/proc/sys/${name.replaceAll(".", "/")}`, `${value}\n`])),
    "/proc/version": generatedFile(() => "Linux version 6.12.48+deb13-amd64 (debian-kernel@lists.debian.org) #1 SMP PREEMPT_DYNAMIC Debian 6.12.48-1 (2025-09-20)\n"),
    "/proc/meminfo": generatedFile(() => "MemTotal:        8388608 kB\nMemFree:         5242880 kB\nMemAvailable:    7340032 kB\nBuffers:          131072 kB\nCached:          1572864 kB\nSwapTotal:             0 kB\nSwapFree:              0 kB\n"),
    "/proc/cpuinfo": generatedFile(() => [0, 1, 2, 3].map((cpu) => `processor\t: ${cpu}\nvendor_id\t: GenuineIntel\nmodel name\t: Coracle Virtual CPU\ncpu MHz\t\t: 2000.000\ncache size\t: 16384 KB\n\n`).join("")),
    "/proc/stat": generatedFile((now) => `cpu  ${Math.floor(now / 1000) % 1e7} 0 0 0 0 0 0 0 0 0\n`),
    "/proc/mounts": generatedFile(() => "overlay / overlay rw,relatime 0 0\nproc /proc proc rw,nosuid,nodev,noexec,relatime 0 0\n"),
    "/proc/net/dev": generatedFile(() => "Inter-|   Receive                                                |  Transmit\n face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed\n    lo:       0       0    0    0    0     0          0         0        0       0    0    0    0     0       0          0\n  eth0:       0       0    0    0    0     0          0         0        0       0    0    0    0     0       0          0\n"),
    "/sys/class/net/": "",
    "/sys/fs/cgroup/": "",
  };
}

/** What lies under all images. */
export function commonBase(commands: readonly string[]): FolderInode {
  const files: { [path: string]: Inode | string } = {
    "/dev/null": { kind: "file", content: emptyBytes, mode: 0o666, mtime: 0, device: "null" },
    "/dev/zero": { kind: "file", content: emptyBytes, mode: 0o666, mtime: 0, device: "zero" },
    "/dev/random": { kind: "file", content: emptyBytes, mode: 0o666, mtime: 0, device: "random" },
    "/dev/urandom": { kind: "file", content: emptyBytes, mode: 0o666, mtime: 0, device: "random" },
    "/dev/stdout": "-> /proc/self/fd/1",
    "/dev/stderr": "-> /proc/self/fd/2",
    "/dev/shm/": "",
    "/etc/passwd": passwd,
    "/etc/group": group,
    "/home/": "", "/root/": "", "/tmp/": "", "/usr/bin/": "", "/usr/local/bin/": "", "/usr/sbin/": "", "/sbin/": "", "/lib/": "", "/opt/": "", "/srv/": "", "/run/": "", "/mnt/": "",
    "/var/log/": "", "/var/run/": "", "/var/lib/": "", "/var/tmp/": "", "/var/cache/": "",
    ...processFiles(),
  };
  const binary = fileInode("\x7fELF", 0, 0o755);
  for (const name of [...borrowedCommands, ...commands, "sh", "ash", "bash"]) files[`/bin/${name}`] = binary;
  const tree = treeOf(files);
  for (const path of ["/tmp", "/var/tmp", "/dev/shm"]) new FileView({ root: tree, now: () => 0 }).changeMode(path, 0o1777);
  return tree;
}

/** The tree of one image. */
export function imageRoot(image: SimulatedImage, base: FolderInode): FolderInode {
  // What is made of no distribution in particular says that it is the one that most images are made of.
  const own: { [path: string]: Inode | string } = { ...(image.userland && !image.lacks ? { "/etc/os-release": debianRelease } : {}), ...image.files };
  const common = image.userland ? base.own.get("bin") : undefined;
  for (const name of Object.keys({ ...image.programs, ...image.commands })) {
    // What it lacks comes with a package, and another make of a common command lies where that lies.
    if (image.lacks?.has(name) || (!Object.hasOwn(image.programs, name) && common?.kind === "folder" && common.own.has(name))) continue;
    const path = [...image.entrypoint, ...image.command].find((word) => word.startsWith("/") && word.endsWith(`/${name}`)) ?? `/usr/local/bin/${name}`;
    own[path] = fileInode("\x7fELF", 0, 0o755);
  }
  const tree = treeOf(own);
  if (!image.userland) return tree;
  const root = laidOver(tree, base);
  const bin = base.own.get("bin");
  if (image.lacks && bin?.kind === "folder") root.own.set("bin", { ...folderInode({ base: bin, mode: bin.mode }), own: root.own.get("bin") === undefined ? new Map() : (root.own.get("bin") as FolderInode).own, hidden: new Set(image.lacks) });
  return root;
}

function laidOver(tree: FolderInode, base: FolderInode | undefined): FolderInode {
  const folder = folderInode({ base, ...(base === undefined ? {} : { mode: base.mode }) });
  for (const [name, inode] of tree.own) {
    const below = base?.own.get(name);
    folder.own.set(name, inode.kind === "folder" ? laidOver(inode, below?.kind === "folder" ? below : undefined) : inode);
  }
  return folder;
}

/** How machines themselves resolve names: by the name server of their network. */
export const machineResolvConf = "nameserver 172.18.0.1\noptions edns0 trust-ad ndots:0\n";

/** Tools that only machines have. */
const machineTools = ["iptables", "iptables-save", "iptables-restore", "nft", "kube-proxy", "crictl", "systemctl", "journalctl", "kubelet", "containerd", "sudo", "su", "ip", "ss"];

const kubeletConfig = `apiVersion: kubelet.config.k8s.io/v1beta1
authentication:
  anonymous:
    enabled: false
  webhook:
    enabled: true
  x509:
    clientCAFile: /etc/kubernetes/pki/ca.crt
authorization:
  mode: Webhook
cgroupDriver: systemd
clusterDNS:
- 10.96.0.10
clusterDomain: cluster.local
containerRuntimeEndpoint: unix:///run/containerd/containerd.sock
kind: KubeletConfiguration
rotateCertificates: true
staticPodPath: /etc/kubernetes/manifests
`;

const kubeletKubeconfig = `apiVersion: v1
clusters:
- cluster:
    certificate-authority: /etc/kubernetes/pki/ca.crt
    server: https://172.18.0.2:6443
  name: default-cluster
contexts:
- context:
    cluster: default-cluster
    namespace: default
    user: default-auth
  name: default-context
current-context: default-context
kind: Config
users:
- name: default-auth
  user:
    client-certificate: /var/lib/kubelet/pki/kubelet-client-current.pem
    client-key: /var/lib/kubelet/pki/kubelet-client-current.pem
`;

const cniConfig = `{
  "cniVersion": "1.0.0",
  "name": "coracle-net",
  "plugins": [{ "type": "coracle-net", "mtu": 1500 }, { "type": "portmap", "capabilities": { "portMappings": true } }]
}
`;

/** What a machine's own disk begins with; `commands` are those of its shell. */
export function machineBase(commands: readonly string[]): FolderInode {
  const binary = fileInode("\x7fELF", 0, 0o755);
  return treeOf({
    ...Object.fromEntries([...borrowedCommands, ...commands, ...machineTools, "sh", "bash"].map((name) => [`/bin/${name}`, binary])),
    "/etc/kubernetes/kubelet.conf": kubeletKubeconfig, "/etc/kubernetes/pki/": "", "/var/lib/kubelet/config.yaml": kubeletConfig, "/etc/cni/net.d/10-coracle.conflist": cniConfig,
    "/dev/null": { kind: "file", content: emptyBytes, mode: 0o666, mtime: 0, device: "null" },
    "/usr/bin/": "", "/home/": "", "/root/": "", "/tmp/": "", "/opt/": "", "/srv/": "", "/run/": "", "/mnt/": "", "/boot/": "",
    "/etc/os-release": debianRelease, "/etc/debian_version": "12.12\n",
    "/etc/passwd": passwd, "/etc/group": group, "/etc/resolv.conf": machineResolvConf, "/etc/kubernetes/manifests/": "",
    "/var/log/syslog": "", "/var/log/dpkg.log": "", "/var/log/journal/": "", "/var/lib/kubelet/pods/": "", "/var/lib/containerd/": "", "/var/lib/docker/containers/": "", "/var/run/": "",
    "/lib/modules/": "",
    ...processFiles(),
  });
}
