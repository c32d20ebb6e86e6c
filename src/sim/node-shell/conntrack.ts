import type { CommandTable } from "../command.ts";
import { rememberedMs } from "../services/connections.ts";
import type { RememberedConnection } from "../services/connections.ts";
import type { MachineState } from "./machine-state.ts";

/** conntrack: the newest connections that the machine's kernel remembers. Connections here are over as soon as they are answered. */
const version = "conntrack v1.4.7 (conntrack-tools)";
const numbers = { TCP: 6, UDP: 17, SCTP: 132 } as const;

function line({ packet, endpoint, seenAs, sourcePort, at }: RememberedConnection, now: number): string {
  const { protocol, sourceIp, ip, port } = packet;
  const seconds = Math.ceil((rememberedMs[protocol] - (now - at)) / 1000);
  const state = protocol === "TCP" ? " TIME_WAIT" : "";
  const to = endpoint ?? { ip, port };
  const assured = protocol === "TCP" ? " [ASSURED]" : "";
  return `${protocol.toLowerCase().padEnd(8)} ${numbers[protocol]} ${seconds}${state} src=${sourceIp} dst=${ip} sport=${sourcePort} dport=${port} src=${to.ip} dst=${seenAs} sport=${to.port} dport=${sourcePort}${assured} mark=0 use=1\n`;
}

/** What an option narrows the entries to; the option's value comes behind it. */
const filters: { readonly [option: string]: (of: RememberedConnection, value: string) => boolean } = {
  "-p": ({ packet }, value) => packet.protocol.toLowerCase() === value || String(numbers[packet.protocol]) === value,
  "-s": ({ packet }, value) => packet.sourceIp === value,
  "-d": ({ packet }, value) => packet.ip === value,
  "-r": ({ packet, endpoint }, value) => (endpoint?.ip ?? packet.ip) === value,
  "-q": ({ seenAs }, value) => seenAs === value,
  "--dport": ({ packet }, value) => String(packet.port) === value,
  "--sport": ({ sourcePort }, value) => String(sourcePort) === value,
  "--state": ({ packet }, value) => packet.protocol === "TCP" && value === "TIME_WAIT",
};
const longNames: { readonly [option: string]: string } = { "--proto": "-p", "--src": "-s", "--orig-src": "-s", "--dst": "-d", "--orig-dst": "-d", "--reply-src": "-r", "--reply-dst": "-q", "--orig-port-dst": "--dport", "--orig-port-src": "--sport" };

export function conntrackCommands({ proxy }: MachineState): CommandTable {
  return {
    async conntrack({ args, out, err, process }) {
      const command = args.find((arg) => /^(-[LCDFSV]|--(dump|count|delete|flush|stats|version))$/.test(arg))?.replace(/^--(.).*/, (_whole, letter: string) => `-${(letter === "d" ? (args.includes("--dump") ? "L" : "D") : letter).toUpperCase()}`);
      const now = process.clock.now();
      const wanted = args.flatMap((arg, i) => {
        const [name = "", value = args[i + 1] ?? ""] = arg.split("=");
        const filter = filters[longNames[name] ?? name];
        return filter ? [(of: RememberedConnection) => filter(of, value)] : [];
      });
      const all = proxy.connections.remembered(now);
      const found = all.filter((of) => wanted.every((filter) => filter(of)));
      if (command === "-L" || command === "-D") {
        out(found.map((of) => line(of, now)).join(""));
        if (command === "-D") proxy.connections.drop(new Set(found));
        err(`${version}: ${found.length} flow entries have been ${command === "-L" ? "shown" : "deleted"}.\n`);
        return command === "-D" && found.length === 0 ? 1 : 0;
      }
      if (command === "-C") out(`${all.length}\n`);
      else if (command === "-F") {
        proxy.connections.drop(new Set(all));
        err(`${version}: connection tracking table has been emptied.\n`);
      } else if (command === "-V") out(`${version}\n`);
      else {
        err(`${version}: ${command === "-S" ? "statistics of single processors are not simulated" : "You need to supply parameters!"}\nTry \`conntrack -h' or 'conntrack --help' for more information.\n`);
        return 2;
      }
      return 0;
    },
  };
}
