/** The settings of the simulated kernel that people look up, with sysctl or under /proc/sys. The host's name is its own everywhere. */
export const kernelSettings: { readonly [name: string]: string } = {
  "fs.file-max": "9223372036854775807", "kernel.hostname": "", "kernel.pid_max": "4194304", "net.core.somaxconn": "4096", "net.ipv4.conf.all.forwarding": "1", "net.ipv4.ip_forward": "1",
  "net.ipv4.ip_local_port_range": "32768\t60999", "net.ipv4.ip_unprivileged_port_start": "0", "net.ipv4.tcp_syncookies": "1", "net.bridge.bridge-nf-call-iptables": "1", "net.netfilter.nf_conntrack_max": "131072", "vm.max_map_count": "1048576", "vm.overcommit_memory": "1", "vm.swappiness": "60",
};
