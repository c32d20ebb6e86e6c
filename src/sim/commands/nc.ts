import { portNames } from "../../base/port-names.ts";
import type { CommandCall, SimulatedCommand } from "../command.ts";
import { serveConnection } from "../http-bytes.ts";
import type { Connection } from "../network.ts";
import { ConnectError } from "../network.ts";
import { addressesOf } from "../resolver.ts";
import type { PortClient } from "../../server/request.ts";

/** netcat: looks whether a port is open, sends what it reads to it and prints what comes back, or waits for somebody to do so. */
interface Wording {
  readonly isOpen: (host: string, ip: string, port: number) => string;
  readonly isShut: (host: string, ip: string, port: number, why: string) => string;
  readonly isLate: (ip: string, port: number) => string;
  readonly hasNoAddress: (host: string, port: number) => string;
}

const wordings: { readonly [make: string]: Wording } = {
  busybox: {
    isOpen: (host, ip, port) => `${host} (${ip}:${port}) open\n`,
    isShut: (host, ip, port, why) => `nc: ${host} (${ip}:${port}): ${why}\n`,
    isLate: () => "nc: timed out\n",
    hasNoAddress: (host) => `nc: bad address '${host}'\n`,
  },
  openbsd: {
    isOpen: (host, ip, port) => `Connection to ${host}${host === ip ? "" : ` (${ip})`} ${port} port [tcp/${portNames[port] ?? "*"}] succeeded!\n`,
    isShut: (host, ip, port, why) => `nc: connect to ${host}${host === ip ? "" : ` (${ip})`} port ${port} (tcp) failed: ${why}\n`,
    isLate: (ip, port) => `nc: connect to ${ip} port ${port} (tcp) timed out: Operation in progress\n`,
    hasNoAddress: (host, port) => `nc: getaddrinfo for host "${host}" port ${port}: Name does not resolve\n`,
  },
};

/** How long Linux tries to connect where nobody answers. */
const giveUpMs = 130_000;
/** How long a web server keeps a connection on which nothing more is asked. */
const keptMs = 75_000;

interface Asked {
  readonly flags: string;
  readonly waitMs: number | undefined;
  readonly localPort: number | undefined;
  readonly words: readonly string[];
}

function askedOf(args: readonly string[]): Asked {
  let [flags, waitMs, localPort]: [string, number | undefined, number | undefined] = ["", undefined, undefined];
  const words: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] as string;
    if (!arg.startsWith("-") || arg === "-") {
      words.push(arg);
      continue;
    }
    for (let at = 1; at < arg.length; at++) {
      const letter = arg[at] as string;
      flags += letter;
      if (!"wpiseqX".includes(letter)) continue;
      const value = arg.slice(at + 1) || (args[++i] ?? "");
      if (letter === "w") waitMs = Number(value) * 1000;
      if (letter === "p") localPort = Number(value);
      break;
    }
  }
  return { flags, waitMs, localPort, words };
}

/** Passes bytes both ways until one side has nothing more to say. */
async function talk({ process, out }: CommandCall, connection: Connection): Promise<void> {
  const { listener, port, from } = connection;
  const { input } = process;
  await process.wait(
    new Promise<void>((resolve) => {
      const client: PortClient = { write: (bytes) => out(bytes), end: resolve };
      const far = serveConnection({ listener, port, from, client });
      const feed = async (): Promise<void> => {
        for (let chunk = await input?.read(); chunk; chunk = await input?.read()) far.write(chunk);
        far.end();
        if (!listener.http && !listener.bytes) resolve();
        else await process.sleep(keptMs).then(resolve);
      };
      void feed();
    }),
  );
}

/** Takes connections at a port: prints what comes, and sends what it reads. Ends with the first, unless it is to keep on. */
async function listen({ process, out, err }: CommandCall, port: number, isKept: boolean): Promise<number> {
  const { network } = process.world;
  const ended = new Promise<void>((resolve) => {
    const isFree = network.listen(port, {
      program: "nc",
      bytes: (client) => {
        const say = async (): Promise<void> => {
          for (let chunk = await process.input?.read(); chunk; chunk = await process.input?.read()) client.write(chunk);
        };
        void say();
        const over = (): void => {
          client.end();
          if (!isKept) resolve();
        };
        return { write: (bytes) => out(bytes), end: over, close: over };
      },
    });
    if (isFree) return;
    err("nc: bind: Address already in use\n");
    process.exit(1);
  });
  await process.wait(ended);
  network.unlisten(port);
  return 0;
}

const netcat = (wording: Wording): SimulatedCommand => async (call) => {
  const { err, process } = call;
  const { flags, waitMs, localPort, words } = askedOf(call.args);
  if (flags.includes("l")) return listen(call, localPort ?? Number(words.at(-1) ?? 0), flags.includes("k"));
  const [host, portText] = words.slice(-2);
  if (host === undefined || portText === undefined) {
    err("BusyBox v1.36.1 multi-call binary.\n\nUsage: nc [OPTIONS] HOST PORT  - connect\nnc [OPTIONS] -l -p PORT [HOST] [PORT]  - listen\n");
    return 1;
  }
  const [first = 0, last = first] = portText.split("-").map(Number);
  const { network } = process.world;
  const ip = (await addressesOf(process, host))[0];
  if (ip === undefined) {
    err(wording.hasNoAddress(host, first));
    return 1;
  }
  let status = 1;
  for (let port = first; port <= last; port++) {
    try {
      const connection = network.connect(ip, port);
      if (flags.includes("v")) err(wording.isOpen(host, ip, port));
      status = 0;
      if (!flags.includes("z")) await talk(call, connection);
    } catch (error) {
      if (!(error instanceof ConnectError)) throw error;
      if (error.failure === "timeout") await process.sleep(Math.min(waitMs ?? giveUpMs, giveUpMs));
      if (error.failure === "timeout" && waitMs !== undefined && waitMs < giveUpMs) err(wording.isLate(ip, port));
      else if (flags.includes("v") || !flags.includes("z") || wording === wordings["busybox"]) err(wording.isShut(host, ip, port, error.message));
    }
  }
  return status;
};

export const busyboxNetcat: SimulatedCommand = netcat(wordings["busybox"] as Wording);
/** In Debian's packages, and in images for those who look for faults. */
export const openNetcat: SimulatedCommand = netcat(wordings["openbsd"] as Wording);
