import type { CommandTable } from "../command.ts";
import type { NetworkInterface } from "../network.ts";
import { ConnectError } from "../network.ts";
import { addressesOf } from "../resolver.ts";
import { nslookup } from "./nslookup.ts";

/** What is left of 64 when an answer arrives: each node between two Pods takes one, and a Pod's node is its gateway. */
function ttlFrom(network: NetworkInterface, ip: string): number {
  if (ip === network.ip || ip.startsWith("127.")) return 64;
  const ranges = network.net.nodes();
  const isPod = (address: string): boolean => ranges.some(({ podPrefix }) => address.startsWith(`${podPrefix}.`) && !address.endsWith(".1"));
  const nodeOf = (address: string): string | undefined => ranges.find((each) => each.ip === address || address.startsWith(`${each.podPrefix}.`))?.ip;
  const [here, there] = [nodeOf(network.ip), nodeOf(ip)];
  if (here === there) return isPod(network.ip) && isPod(ip) ? 63 : 64;
  return 64 - [network.ip, ip].filter(isPod).length;
}

/** Names, reachability and ports. */
export const netCommands: CommandTable = {
  nslookup,

  async ping(call) {
    const { args, out, err, process } = call;
    let count = Infinity;
    let waitMs = 1000;
    let host = "";
    for (let i = 0; i < args.length; i++) {
      const arg = args[i] as string;
      if (/^-c\d*$/.test(arg)) count = Number(arg.slice(2) || args[++i]);
      else if (/^-i[\d.]*$/.test(arg)) waitMs = Number(arg.slice(2) || args[++i]) * 1000;
      else if (/^-[wWsIt]$/.test(arg)) i++;
      else if (!arg.startsWith("-")) host = arg;
    }
    const { network } = process.world;
    const ip = (await addressesOf(process, host))[0];
    if (ip === undefined) {
      err(`ping: bad address '${host}'\n`);
      return 1;
    }
    out(`PING ${host} (${ip}): 56 data bytes\n`);
    const ttl = ttlFrom(network, ip);
    let received = 0;
    let sent = 0;
    const times: number[] = [];
    const inMs = (microseconds: number): string => (microseconds / 1000).toFixed(3);
    const summary = (): void => {
      const lost = sent === 0 ? 0 : Math.round(((sent - received) / sent) * 100);
      out(`\n--- ${host} ping statistics ---\n${sent} packets transmitted, ${received} packets received, ${lost}% packet loss\n`);
      const [least, mean, most] = [Math.min(...times), times.reduce((sum, time) => sum + time, 0) / times.length, Math.max(...times)];
      if (received > 0) out(`round-trip min/avg/max = ${inMs(least)}/${inMs(mean)}/${inMs(most)} ms\n`);
    };
    process.onSignal((signal) => {
      if (signal !== "INT") return process.exit(143);
      summary();
      process.exit(received > 0 ? 0 : 1);
    });
    while (sent < count) {
      if (network.reaches(ip)) {
        const time = 60 + process.world.random.below(50);
        times.push(time);
        out(`64 bytes from ${ip}: seq=${sent} ttl=${ttl} time=${inMs(time)} ms\n`);
        received++;
      }
      sent++;
      if (sent < count) await process.sleep(waitMs);
    }
    if (received < sent) await process.sleep(10_000);
    summary();
    return received > 0 ? 0 : 1;
  },

  async nc(call) {
    const { args, err, process } = call;
    const words = args.filter((arg) => !arg.startsWith("-"));
    const [host, port] = words.slice(-2);
    if (host === undefined || port === undefined) return 1;
    const { network } = process.world;
    const ip = (await addressesOf(process, host))[0];
    if (ip === undefined) {
      err(`nc: bad address '${host}'\n`);
      return 1;
    }
    try {
      network.connect(ip, Number(port));
      if (args.some((arg) => /^-\w*v/.test(arg))) err(`${host} (${ip}:${port}) open\n`);
      return 0;
    } catch (error) {
      if (!(error instanceof ConnectError)) throw error;
      if (error.failure === "timeout") await process.sleep(130_000);
      err(`nc: ${host} (${ip}:${port}): ${error.message}\n`);
      return 1;
    }
  },

  /** In a Pod: its own end of the cable. A machine has an `ip` of its own. */
  async ip({ args, out, err, process }) {
    const { ip, isHost } = process.world.network;
    const gateway = `${ip.slice(0, ip.lastIndexOf("."))}.1`;
    const [object = ""] = args.filter((arg) => !arg.startsWith("-"));
    const hardware = ip.split(".").map((part) => Number(part).toString(16).padStart(2, "0")).join(":");
    const lines = [
      "1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN qlen 1000",
      "    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00",
      "    inet 127.0.0.1/8 scope host lo",
      "       valid_lft forever preferred_lft forever",
      "2: eth0@if8: <BROADCAST,MULTICAST,UP,LOWER_UP,M-DOWN> mtu 1500 qdisc noqueue state UP ",
      `    link/ether 02:42:${hardware} brd ff:ff:ff:ff:ff:ff`,
      `    inet ${ip}/${isHost ? "16 brd 172.18.255.255" : `24 brd ${ip.slice(0, ip.lastIndexOf("."))}.255`} scope global eth0`,
      "       valid_lft forever preferred_lft forever",
    ];
    if (object !== "" && "address".startsWith(object)) out(`${lines.join("\n")}\n`);
    else if (object !== "" && "link".startsWith(object)) out(`${lines.filter((line) => !/^ +(inet|valid)/.test(line)).join("\n")}\n`);
    else if (object !== "" && "route".startsWith(object)) out(isHost ? `default via 172.18.0.1 dev eth0 \n172.18.0.0/16 dev eth0 scope link  src ${ip} \n` : `default via ${gateway} dev eth0 \n${gateway} dev eth0 scope link  src ${ip} \n`);
    else {
      err("BusyBox v1.36.1 multi-call binary.\n\nUsage: ip [OPTIONS] address|route|link|neigh|rule [ARGS]\n");
      return 1;
    }
    return 0;
  },

  async netstat({ process, out }) {
    out("Active Internet connections (only servers)\nProto Recv-Q Send-Q Local Address           Foreign Address         State       \n");
    for (const { port } of process.world.network.net.listenersOf(process.world.network.ip)) out(`tcp        0      0 0.0.0.0:${String(port).padEnd(16)}0.0.0.0:*               LISTEN      \n`);
    return 0;
  },
};
