import type { CommandCall, CommandTable } from "../command.ts";
import type { Transport } from "../network.ts";
import { routeCommands } from "./routes.ts";

/** Who listens in a container's network: netstat as busybox has it, ss as iproute2. */
interface Socket {
  readonly transport: Transport;
  readonly port: number;
  /** Of a process that it sees; 0: of another container of the Pod. */
  readonly pid: number;
  readonly program: string;
}

function socketsOf({ process }: CommandCall, transports: readonly Transport[]): Socket[] {
  const { network, processes } = process.world;
  return transports.flatMap((transport) =>
    network.net.listenersOf(network.ip, transport).map(({ port, program = "" }) => {
      const owner = [...processes.values()].find(({ argv }) => (argv[0] ?? "").split("/").pop() === program);
      return { transport, port, pid: owner?.pid ?? 0, program };
    }),
  );
}

function transportsIn(args: readonly string[]): Transport[] {
  const flags = args.filter((arg) => arg.startsWith("-")).join("");
  const both = !flags.includes("t") && !flags.includes("u");
  return [...(both || flags.includes("t") ? ["TCP" as const] : []), ...(both || flags.includes("u") ? ["UDP" as const] : [])];
}

export const socketCommands: CommandTable = {
  async netstat(call) {
    const flags = call.args.filter((arg) => arg.startsWith("-")).join("");
    if (flags.includes("r")) return (routeCommands["route"] as (typeof routeCommands)[string])(call);
    const named = flags.includes("p");
    const title = flags.includes("l") ? "only servers" : flags.includes("a") ? "servers and established" : "w/o servers";
    call.out(`Active Internet connections (${title})\nProto Recv-Q Send-Q Local Address           Foreign Address         State       ${named ? "PID/Program name    " : ""}\n`);
    // Connections here are over before anybody can look.
    if (!/[la]/.test(flags)) return 0;
    for (const { transport, port, pid, program } of socketsOf(call, transportsIn(call.args))) {
      call.out(`${transport.toLowerCase()}        0      0 ${`0.0.0.0:${port}`.padEnd(23)} ${"0.0.0.0:*".padEnd(23)} ${(transport === "TCP" ? "LISTEN" : "").padEnd(11)} ${named ? (pid === 0 ? "-" : `${pid}/${program}`) : ""}\n`);
    }
    return 0;
  },

  async ss(call) {
    const flags = call.args.filter((arg) => arg.startsWith("-")).join("");
    const transports = transportsIn(call.args);
    const two = transports.length > 1;
    call.out(`${two ? "Netid " : ""}State  Recv-Q Send-Q Local Address:Port Peer Address:PortProcess\n`);
    if (!/[la]/.test(flags)) return 0;
    for (const { transport, port, pid, program } of socketsOf(call, transports)) {
      const owner = flags.includes("p") && pid > 0 ? `users:(("${program}",pid=${pid},fd=6))` : "";
      call.out(`${two ? transport.toLowerCase().padEnd(6) : ""}${(transport === "TCP" ? "LISTEN" : "UNCONN").padEnd(6)} 0      ${(transport === "TCP" ? "511" : "0").padEnd(6)} ${`0.0.0.0:${port}`.padStart(18)} ${"0.0.0.0:*".padStart(17)} ${owner}\n`);
    }
    return 0;
  },
};
