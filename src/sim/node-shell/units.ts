import type { MachineState } from "./machine-state.ts";
import { containerdPid, kubeletPid } from "./machine-state.ts";

/** A service of the machine as systemd knows it. */
export interface Unit {
  readonly name: string;
  readonly description: string;
  readonly path: string;
  readonly dropIn: string | undefined;
  readonly docs: string;
  readonly pid: number;
  readonly command: string;
  readonly tasks: number;
  readonly memory: string;
  /** When it was started; undefined: it is down. */
  readonly since: number | undefined;
}

const kubeletCommand =
  "/usr/bin/kubelet --bootstrap-kubeconfig=/etc/kubernetes/bootstrap-kubelet.conf --kubeconfig=/etc/kubernetes/kubelet.conf --config=/var/lib/kubelet/config.yaml";

/** Its two services. */
export function unitsOf(machine: MachineState): readonly Unit[] {
  const kubelet: Unit = {
    name: "kubelet",
    description: "kubelet: The Kubernetes Node Agent",
    path: "/etc/systemd/system/kubelet.service",
    dropIn: "10-kubeadm.conf",
    docs: "http://kubernetes.io/docs/",
    pid: kubeletPid,
    command: `${kubeletCommand} --node-ip=${machine.ip} --hostname-override=${machine.name}`,
    tasks: 16,
    memory: "46.2M",
    since: machine.kubeletSince(),
  };
  const containerd: Unit = {
    name: "containerd",
    description: "containerd container runtime",
    path: "/etc/systemd/system/containerd.service",
    dropIn: undefined,
    docs: "https://containerd.io",
    pid: containerdPid,
    command: "/usr/local/bin/containerd",
    tasks: 24 + 10 * machine.runtime.listSandboxes().length,
    memory: "61.8M",
    since: machine.host.bootedAt,
  };
  return [kubelet, containerd];
}
