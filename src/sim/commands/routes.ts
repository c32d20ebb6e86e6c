import type { CommandCall, CommandTable } from "../command.ts";
import { ConnectError } from "../network.ts";
import { addressesOf } from "../resolver.ts";

/** What busybox's tools show of a Pod's end of the network, and the way from there to others. */
const prefixOf = (ip: string): string => ip.slice(0, ip.lastIndexOf("."));
const hardwareOf = (ip: string): string => ip.split(".").map((part) => Number(part).toString(16).padStart(2, "0").toUpperCase()).join(":");
const gatewayOf = ({ process }: CommandCall): string => (process.world.network.isHost ? "172.18.0.1" : `${prefixOf(process.world.network.ip)}.1`);

async function ifconfig(call: CommandCall): Promise<number> {
  const { ip, isHost } = call.process.world.network;
  const [wanted] = call.args.filter((arg) => !arg.startsWith("-"));
  const block = (name: string, lines: readonly string[]): string => `${name.padEnd(10)}${lines.join("\n          ")}\n\n`;
  const counters = ["RX packets:0 errors:0 dropped:0 overruns:0 frame:0", "TX packets:0 errors:0 dropped:0 overruns:0 carrier:0"];
  const texts: { readonly [name: string]: string } = {
    eth0: block("eth0", [`Link encap:Ethernet  HWaddr 02:42:${hardwareOf(ip)}  `, `inet addr:${ip}  Bcast:${isHost ? "172.18.255.255" : `${prefixOf(ip)}.255`}  Mask:${isHost ? "255.255.0.0" : "255.255.255.0"}`, "UP BROADCAST RUNNING MULTICAST  MTU:1500  Metric:1", ...counters, "collisions:0 txqueuelen:0 ", "RX bytes:0 (0.0 B)  TX bytes:0 (0.0 B)"]),
    lo: block("lo", ["Link encap:Local Loopback  ", "inet addr:127.0.0.1  Mask:255.0.0.0", "UP LOOPBACK RUNNING  MTU:65536  Metric:1", ...counters, "collisions:0 txqueuelen:1000 ", "RX bytes:0 (0.0 B)  TX bytes:0 (0.0 B)"]),
  };
  if (wanted !== undefined && texts[wanted] === undefined) {
    call.err(`ifconfig: ${wanted}: error fetching interface information: Device not found\n`);
    return 1;
  }
  call.out(wanted === undefined ? Object.values(texts).join("") : (texts[wanted] as string));
  return 0;
}

/** In a Pod: its own end of the cable. A machine has an `ip` of its own. */
async function showIp(call: CommandCall): Promise<number> {
  const { args, out, err } = call;
  const { ip, isHost } = call.process.world.network;
  const gateway = gatewayOf(call);
  const [object = ""] = args.filter((arg) => !arg.startsWith("-"));
  const hardware = hardwareOf(ip).toLowerCase();
  const lines = [
    "1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN qlen 1000",
    "    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00",
    "    inet 127.0.0.1/8 scope host lo",
    "       valid_lft forever preferred_lft forever",
    "2: eth0@if8: <BROADCAST,MULTICAST,UP,LOWER_UP,M-DOWN> mtu 1500 qdisc noqueue state UP ",
    `    link/ether 02:42:${hardware} brd ff:ff:ff:ff:ff:ff`,
    `    inet ${ip}/${isHost ? "16 brd 172.18.255.255" : `24 brd ${prefixOf(ip)}.255`} scope global eth0`,
    "       valid_lft forever preferred_lft forever",
  ];
  if (object !== "" && "address".startsWith(object)) out(`${lines.join("\n")}\n`);
  else if (object !== "" && "link".startsWith(object)) out(`${lines.filter((line) => !/^ +(inet|valid)/.test(line)).join("\n")}\n`);
  else if (object !== "" && "route".startsWith(object)) out(isHost ? `default via ${gateway} dev eth0 \n172.18.0.0/16 dev eth0 scope link  src ${ip} \n` : `default via ${gateway} dev eth0 \n${gateway} dev eth0 scope link  src ${ip} \n`);
  else {
    err("BusyBox v1.36.1 multi-call binary.\n\nUsage: ip [OPTIONS] address|route|link|neigh|rule [ARGS]\n");
    return 1;
  }
  return 0;
}

async function route(call: CommandCall): Promise<number> {
  const { ip, isHost } = call.process.world.network;
  const isNumeric = call.args.some((arg) => /^-\w*n/.test(arg));
  const gateway = gatewayOf(call);
  const row = (to: string, by: string, mask: string, flags: string): string => `${to.padEnd(15)} ${by.padEnd(15)} ${mask.padEnd(15)} ${flags.padEnd(5)} 0      0        0 eth0\n`;
  call.out("Kernel IP routing table\nDestination     Gateway         Genmask         Flags Metric Ref    Use Iface\n");
  call.out(row(isNumeric ? "0.0.0.0" : "default", gateway, "0.0.0.0", "UG"));
  call.out(isHost ? row("172.18.0.0", isNumeric ? "0.0.0.0" : "*", "255.255.0.0", "U") : row(`${prefixOf(ip)}.0`, gateway, "255.255.255.0", "UG") + row(gateway, isNumeric ? "0.0.0.0" : "*", "255.255.255.255", "UH"));
  return 0;
}

/** Hops: a Pod's own node, the node of the other, and the other itself. Nobody beyond the cluster answers. */
async function traceroute(call: CommandCall): Promise<number> {
  const { args, out, err, process } = call;
  const [host = ""] = args.filter((arg, i) => !arg.startsWith("-") && !/^-[mqwifpst]$/.test(args[i - 1] ?? ""));
  const most = Number(args[args.indexOf("-m") + 1]) || 30;
  const ip = (await addressesOf(process, host))[0];
  if (host === "" || ip === undefined) {
    err(host === "" ? "BusyBox v1.36.1 multi-call binary.\n\nUsage: traceroute [-46FIlnrv] [-f 1ST_TTL] [-m MAXTTL] [-q PROBES] [-p PORT]\n\t[-t TOS] [-w WAIT_SEC] [-s SRC_IP] [-i IFACE]\n\t[-z PAUSE_MSEC] HOST [BYTES]\n" : `traceroute: bad address '${host}'\n`);
    return 1;
  }
  out(`traceroute to ${host} (${ip}), ${most} hops max, 46 byte packets\n`);
  const { network } = process.world;
  const isNumeric = args.some((arg) => /^-\w*n/.test(arg));
  const time = (): string => `${((20 + process.world.random.below(60)) / 1000).toFixed(3)} ms`;
  const nodeOf = (address: string): string | undefined => network.net.nodes().find(({ ip: own, podPrefix }) => own === address || podPrefix === prefixOf(address))?.ip;
  const reached = network.reaches(ip);
  const [here, there] = [nodeOf(network.ip), nodeOf(ip)];
  const hops = [...(network.isHost || ip === network.ip ? [] : [here === ip ? ip : gatewayOf(call)]), ...(reached && there !== undefined && there !== here && there !== ip ? [there] : []), ...(reached ? [ip] : [])];
  const way = [...new Set(hops)];
  way.forEach((hop, i) => out(`${String(i + 1).padStart(2)}  ${isNumeric ? hop : `${hop === ip ? host : hop} (${hop})`}  ${time()}  ${time()}  ${time()}\n`));
  if (reached) return 0;
  for (let hop = way.length + 1; hop <= most; hop++) {
    await process.sleep(15_000);
    out(`${String(hop).padStart(2)}  *  *  *\n`);
  }
  return 0;
}

/** Whom the Pod has spoken to lately: here always its gateway. */
async function arp(call: CommandCall): Promise<number> {
  const gateway = gatewayOf(call);
  call.out(`? (${gateway}) at 02:42:${hardwareOf(gateway).toLowerCase()} [ether]  on eth0\n`);
  return 0;
}

async function telnet({ args, out, err, process }: CommandCall): Promise<number> {
  const [host, port = "23"] = args.filter((arg) => !arg.startsWith("-"));
  if (host === undefined) {
    err("BusyBox v1.36.1 multi-call binary.\n\nUsage: telnet [-a] [-l USER] HOST [PORT]\n");
    return 1;
  }
  const ip = (await addressesOf(process, host))[0];
  if (ip === undefined) {
    err(`telnet: bad address '${host}'\n`);
    return 1;
  }
  try {
    process.world.network.connect(ip, Number(port));
  } catch (error) {
    if (!(error instanceof ConnectError)) throw error;
    if (error.failure === "timeout") await process.sleep(130_000);
    err(`telnet: can't connect to remote host (${ip}): ${error.message}\n`);
    return 1;
  }
  out(`Connected to ${host}\n\nEntering character mode\nEscape character is '^]'.\n\n`);
  for (let chunk = await process.wait(process.input?.read() ?? Promise.resolve(undefined)); chunk; chunk = await process.wait(process.input?.read() ?? Promise.resolve(undefined)));
  err("Connection closed by foreign host\n");
  return 1;
}

export const routeCommands: CommandTable = { ifconfig, ip: showIp, route, traceroute, arp, telnet };
