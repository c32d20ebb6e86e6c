import type { CommandTable } from "../command.ts";
import { busyboxNetcat } from "./nc.ts";
import { nslookup } from "./nslookup.ts";
import { busyboxPing } from "./ping.ts";

/** Names, reachability and ports. */
export const netCommands: CommandTable = {
  nslookup,

  ping: busyboxPing,

  nc: busyboxNetcat,

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
};
