import type { CommandTable } from "../command.ts";
import type { MachineState } from "./machine-state.ts";
import { mainPidOf } from "./machine-state.ts";
import type { Units } from "./units.ts";

/** What `ip` and `ss` show of a machine: its own addresses, one end of each Pod's cable, routes to the other machines' Pods, and who listens. */
interface Cable {
  readonly device: string;
  readonly ip: string;
  readonly sandboxId: string;
}

function cables(machine: MachineState): Cable[] {
  return machine.runtime
    .listSandboxes()
    .filter(({ hostNetwork, stopped }) => !hostNetwork && !stopped)
    .map(({ id, ip }) => ({ device: `veth${id.slice(0, 8)}`, ip, sandboxId: id }));
}

/** A hardware address that is a function of the IP address, as Docker makes it. */
function hardwareOf(ip: string): string {
  return ["02", "42", ...ip.split(".").map((part) => Number(part).toString(16).padStart(2, "0"))].join(":");
}

interface Link {
  readonly index: number;
  readonly name: string;
  readonly flags: string;
  readonly mtu: number;
  readonly state: string;
  readonly hardware: string;
  readonly addresses: readonly string[];
}

function links(machine: MachineState): Link[] {
  const up = "BROADCAST,MULTICAST,UP,LOWER_UP";
  const pods = cables(machine).map(({ device, sandboxId }, i) => ({
    index: i + 2,
    name: `${device}@if2`,
    flags: up,
    mtu: 1500,
    state: "UP",
    hardware: `    link/ether ${hardwareOf(`${machine.podPrefix}.1`).slice(0, 12)}${sandboxId.slice(8, 10)}:${sandboxId.slice(10, 12)} brd ff:ff:ff:ff:ff:ff link-netns cni-${sandboxId.slice(0, 8)}-${sandboxId.slice(8, 12)}`,
    addresses: [`inet ${machine.podPrefix}.1/32 scope global ${device}`],
  }));
  return [
    { index: 1, name: "lo", flags: "LOOPBACK,UP,LOWER_UP", mtu: 65_536, state: "UNKNOWN", hardware: "    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00", addresses: ["inet 127.0.0.1/8 scope host lo", "inet6 ::1/128 scope host "] },
    ...pods,
    { index: pods.length + 2, name: "eth0@if8", flags: up, mtu: 1500, state: "UP", hardware: `    link/ether ${hardwareOf(machine.ip)} brd ff:ff:ff:ff:ff:ff link-netnsid 0`, addresses: [`inet ${machine.ip}/16 brd 172.18.255.255 scope global eth0`] },
  ];
}

function linkText({ index, name, flags, mtu, state, hardware, addresses }: Link, withAddresses: boolean): string {
  const discipline = state === "UNKNOWN" ? "noqueue state UNKNOWN group default qlen 1000" : `noqueue state ${state} group default `;
  const lines = [`${index}: ${name}: <${flags}> mtu ${mtu} qdisc ${discipline}`, hardware];
  if (withAddresses) for (const address of addresses) lines.push(`    ${address}`, "       valid_lft forever preferred_lft forever");
  return `${lines.join("\n")}\n`;
}

function briefText({ name, state, addresses }: Link): string {
  return `${name.padEnd(16)} ${state.padEnd(14)} ${addresses.map((address) => `${address.split(" ")[1]} `).join("")}\n`;
}

function routes(machine: MachineState): string[] {
  const others = machine.cluster.nodes().filter(({ name }) => name !== machine.name);
  const lines = [
    ...others.map(({ ip, podPrefix }) => ({ range: `${podPrefix}.0`, line: `${podPrefix}.0/24 via ${ip} dev eth0 ` })),
    ...cables(machine).map(({ ip, device }) => ({ range: ip, line: `${ip} dev ${device} scope host ` })),
  ];
  const numeric = (text: string): number => text.split(".").reduce((value, part) => value * 256 + Number(part), 0);
  lines.sort((a, b) => numeric(a.range) - numeric(b.range));
  return ["default via 172.18.0.1 dev eth0 ", ...lines.map(({ line }) => line), `172.18.0.0/16 dev eth0 proto kernel scope link src ${machine.ip} `];
}

/** The way that a packet for an address would take. */
function routeTo(machine: MachineState, ip: string): string {
  const cable = cables(machine).find((each) => each.ip === ip);
  const other = machine.cluster.nodes().find(({ podPrefix, name }) => name !== machine.name && ip.startsWith(`${podPrefix}.`));
  if (ip === machine.ip || ip.startsWith("127.")) return `local ${ip} dev lo src ${ip} uid 0 \n    cache <local> \n`;
  if (cable) return `${ip} dev ${cable.device} src ${machine.podPrefix}.1 uid 0 \n    cache \n`;
  const by = other ? ` via ${other.ip}` : ip.startsWith("172.18.") ? "" : " via 172.18.0.1";
  return `${ip}${by} dev eth0 src ${machine.ip} uid 0 \n    cache \n`;
}

interface Socket {
  readonly local: string;
  readonly program: string;
  readonly pid: number;
}

function sockets(machine: MachineState, { kubeletPid }: Units): Socket[] {
  const own: Socket[] = machine.kubeletSince() === undefined ? [] : [{ local: "127.0.0.1:10248", program: "kubelet", pid: kubeletPid }, { local: "*:10250", program: "kubelet", pid: kubeletPid }];
  const pods = machine.runtime.listContainers().filter((container) => container.info.state === "running");
  for (const { port, program = "" } of machine.cluster.listenersOf(machine.ip)) {
    const container = pods.find((each) => each.network.isHost && [...each.processes.values()].some(({ argv }) => (argv[0] ?? "").endsWith(program)));
    own.push({ local: `*:${port}`, program: program || "unknown", pid: container ? mainPidOf(container.id) : 0 });
  }
  return own;
}

export function addressCommands(machine: MachineState, units: Units): CommandTable {
  return {
    async ip({ args, out, err }) {
      const words = args.filter((arg) => !arg.startsWith("-"));
      const isBrief = args.some((arg) => arg === "-br" || arg === "-brief");
      const [object = "", , ...rest] = words;
      const device = rest.at(-1) ?? (words[1] !== undefined && !"show list".includes(words[1]) ? words[1] : undefined);
      const shown = links(machine).filter(({ name }) => device === undefined || device === "dev" || name.split("@")[0] === device);
      if ("address".startsWith(object) && object !== "") {
        if (shown.length === 0) {
          err(`Device "${device}" does not exist.\n`);
          return 1;
        }
        out(shown.map((link) => (isBrief ? briefText(link) : linkText(link, true))).join(""));
      } else if ("link".startsWith(object) && object !== "") out(shown.map((link) => linkText(link, false)).join(""));
      else if ("route".startsWith(object) && object !== "" && words[1] === "get") out(routeTo(machine, words[2] ?? ""));
      else if ("rule".startsWith(object) && object.length > 1) out("0:\tfrom all lookup local\n32766:\tfrom all lookup main\n32767:\tfrom all lookup default\n");
      else if (object === "netns") out(cables(machine).map(({ sandboxId }, i) => `cni-${sandboxId.slice(0, 8)}-${sandboxId.slice(8, 12)} (id: ${i + 1})\n`).join(""));
      else if ("route".startsWith(object) && object !== "") out(`${routes(machine).join("\n")}\n`);
      else if ("neighbour".startsWith(object) && object !== "") out(machine.cluster.nodes().filter(({ name }) => name !== machine.name).map(({ ip }) => `${ip} dev eth0 lladdr ${hardwareOf(ip)} REACHABLE \n`).join(""));
      else {
        err(object === "" ? "Usage: ip [ OPTIONS ] OBJECT { COMMAND | help }\n" : `Object "${object}" is unknown, try "ip help".\n`);
        return object === "" ? 255 : 1;
      }
      return 0;
    },

    async ss({ args, out }) {
      const withProcess = args.some((arg) => /^-\w*p/.test(arg));
      out(`State    Recv-Q   Send-Q     Local Address:Port      Peer Address:Port   Process${" ".repeat(withProcess ? 38 : 0)}\n`);
      for (const { local, program, pid } of sockets(machine, units)) {
        const colon = local.lastIndexOf(":");
        const peer = local.startsWith("*") ? "*" : "0.0.0.0";
        const process = withProcess ? `       users:(("${program}",pid=${pid},fd=3))` : "";
        out(`LISTEN   0        4096   ${local.slice(0, colon).padStart(17)}:${local.slice(colon + 1).padEnd(5)} ${peer.padStart(17)}:*    ${process}\n`);
      }
      return 0;
    },
  };
}
