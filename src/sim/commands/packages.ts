import type { CommandCall, CommandTable } from "../command.ts";
import { ByteReader } from "../shell/streams.ts";

/**
 * apk and apt-get: as if the mirrors could be reached, they bring commands that the image lacks and that can be simulated. Each command is
 * put into /usr/bin, where it is found from then on; it goes with the container, as all that is installed into one does.
 */
interface Package {
  readonly version: string;
  /** What it brings. */
  readonly commands: readonly string[];
  readonly kilobytes: number;
  /** Packages that come along, for the look of it. */
  readonly needs?: readonly (readonly [name: string, version: string])[];
}

type Packages = { readonly [name: string]: Package };

const apkPackages: Packages = {
  bash: { version: "5.2.37-r0", commands: ["bash"], kilobytes: 1300, needs: [["ncurses-terminfo-base", "6.5_p20250503-r0"], ["libncursesw", "6.5_p20250503-r0"], ["readline", "8.2.13-r1"]] },
  "bind-tools": { version: "9.20.15-r0", commands: ["dig", "host", "nslookup"], kilobytes: 4400, needs: [["fstrm", "0.6.1-r4"], ["libcrypto3", "3.5.4-r0"], ["libuv", "1.51.0-r0"], ["bind-libs", "9.20.15-r0"]] },
  curl: { version: "8.14.1-r2", commands: ["curl"], kilobytes: 5200, needs: [["brotli-libs", "1.1.0-r2"], ["c-ares", "1.34.5-r0"], ["libunistring", "1.3-r0"], ["libidn2", "2.3.7-r0"], ["nghttp2-libs", "1.65.0-r0"], ["libpsl", "0.21.5-r3"], ["zstd-libs", "1.5.7-r0"], ["libcurl", "8.14.1-r2"]] },
  file: { version: "5.46-r2", commands: ["file"], kilobytes: 10_000, needs: [["libmagic", "5.46-r2"]] },
  jq: { version: "1.8.1-r0", commands: ["jq"], kilobytes: 900, needs: [["oniguruma", "6.9.10-r0"]] },
  iproute2: { version: "6.15.0-r0", commands: ["ip", "ss"], kilobytes: 1800 },
  iputils: { version: "20240905-r0", commands: ["ping"], kilobytes: 300 },
  procps: { version: "4.0.4-r3", commands: ["ps", "top", "free", "pgrep", "pkill", "uptime", "watch"], kilobytes: 900 },
  "busybox-extras": { version: "1.37.0-r18", commands: ["telnet"], kilobytes: 200 },
  wget: { version: "1.25.0-r1", commands: ["wget"], kilobytes: 900 },
  xxd: { version: "9.1.1566-r0", commands: ["xxd"], kilobytes: 100 },
};

const aptPackages: Packages = {
  "bind9-dnsutils": { version: "1:9.20.15-1", commands: ["dig", "host", "nslookup"], kilobytes: 800, needs: [["bind9-libs", "1:9.20.15-1"], ["bind9-host", "1:9.20.15-1"]] },
  curl: { version: "8.14.1-2", commands: ["curl"], kilobytes: 270, needs: [["libnghttp2-14", "1.64.0-1.1"], ["libpsl5t64", "0.21.2-1.1+b1"], ["libcurl4t64", "8.14.1-2"]] },
  dnsutils: { version: "1:9.20.15-1", commands: ["dig", "host", "nslookup"], kilobytes: 11, needs: [["bind9-dnsutils", "1:9.20.15-1"]] },
  file: { version: "1:5.46-5", commands: ["file"], kilobytes: 44 },
  iproute2: { version: "6.15.0-1", commands: ["ip", "ss"], kilobytes: 1100 },
  "iputils-ping": { version: "3:20240905-3", commands: ["ping"], kilobytes: 50 },
  "inetutils-ping": { version: "2:2.6-3", commands: ["ping"], kilobytes: 90 },
  jq: { version: "1.7.1-6", commands: ["jq"], kilobytes: 78, needs: [["libonig5", "6.9.9-1+b1"], ["libjq1", "1.7.1-6"]] },
  less: { version: "668-1", commands: ["less"], kilobytes: 160 },
  "net-tools": { version: "2.10-1.3", commands: ["ifconfig", "netstat", "route", "arp"], kilobytes: 250 },
  netcat: { version: "1.228-1", commands: ["nc"], kilobytes: 40 },
  "netcat-openbsd": { version: "1.229-1", commands: ["nc"], kilobytes: 41 },
  procps: { version: "2:4.0.4-9", commands: ["ps", "top", "free", "pgrep", "pkill", "uptime", "watch", "sysctl"], kilobytes: 880, needs: [["libproc2-0", "2:4.0.4-9"]] },
  psmisc: { version: "23.7-2", commands: ["killall"], kilobytes: 260 },
  telnet: { version: "0.17+2.6-3", commands: ["telnet"], kilobytes: 40 },
  traceroute: { version: "1:2.1.6-1", commands: ["traceroute"], kilobytes: 50 },
  tree: { version: "2.2.1-1", commands: ["tree"], kilobytes: 60 },
  wget: { version: "1.25.0-2", commands: ["wget"], kilobytes: 980 },
  xxd: { version: "2:9.1.1230-2", commands: ["xxd"], kilobytes: 100 },
  "ca-certificates": { version: "20250419", commands: [], kilobytes: 160 },
};

const binary = new TextEncoder().encode("\x7fELF");
const installed = ({ files }: CommandCall, path: string, name: string): boolean => files.exists(`${path}/${name}`);

/** Marks a package and puts its commands where they are found. */
function unpack({ files }: CommandCall, path: string, name: string, { commands }: Package): void {
  if (!files.exists(path)) files.makeFolder(path, { parents: true });
  files.writeFile(`${path}/${name}`, new Uint8Array(0));
  for (const command of commands) files.writeFile(`/usr/bin/${command}`, binary, 0o755);
}

function removePackage({ files }: CommandCall, path: string, name: string, { commands }: Package): void {
  for (const each of [`${path}/${name}`, ...commands.map((command) => `/usr/bin/${command}`)]) files.remove(each, { force: true });
}

const isRoot = ({ process }: CommandCall): boolean => process.world.user === 0;
const apkState = "/lib/apk/db/installed.d";
const apkIndex = "/var/cache/apk/APKINDEX.tar.gz";

/** As the container's own list names them, without what is blank or a remark. */
function repositoriesOf({ files }: CommandCall): readonly string[] {
  const path = "/etc/apk/repositories";
  const lines = files.exists(path) ? new TextDecoder().decode(files.readFile(path)).split("\n") : [];
  return lines.map((line) => line.trim()).filter((line) => line !== "" && !line.startsWith("#"));
}

async function apk(call: CommandCall): Promise<number> {
  const { args, out, err, process } = call;
  const [command = "", ...names] = args.filter((arg) => !arg.startsWith("-"));
  const isQuiet = args.includes("-q") || args.includes("--quiet");
  const say = (text: string): void => (isQuiet ? undefined : out(text));
  const fetchAll = async (): Promise<void> => {
    for (const mirror of repositoriesOf(call)) say(`fetch ${mirror}/x86_64/APKINDEX.tar.gz\n`);
    await process.sleep(300);
    if (args.includes("--no-cache")) return;
    if (!call.files.exists("/var/cache/apk")) call.files.makeFolder("/var/cache/apk", { parents: true });
    call.files.writeFile(apkIndex, new Uint8Array(0));
  };
  const total = (): string => `${Math.round(8 + Object.entries(apkPackages).reduce((sum, [name, { kilobytes }]) => sum + (installed(call, apkState, name) ? kilobytes / 1024 : 0), 0))} MiB in ${16 + Object.entries(apkPackages).reduce((sum, [name, { needs = [] }]) => sum + (installed(call, apkState, name) ? 1 + needs.length : 0), 0)} packages`;
  if (args.includes("--version") || args.includes("-V")) {
    out("apk-tools 2.14.9, compiled for x86_64.\n");
    return 0;
  }
  if (["add", "del", "update", "upgrade"].includes(command) && !isRoot(call)) {
    err("ERROR: Unable to lock database: Permission denied\nERROR: Failed to open apk database: Permission denied\n");
    return 99;
  }
  switch (command) {
    case "update":
      await fetchAll();
      for (const mirror of repositoriesOf(call)) say(`v3.22.2-100-g8ba0c1bb3b0 [${mirror}]\n`);
      say(`OK: 26333 distinct packages available\n`);
      return 0;
    case "upgrade":
      await fetchAll();
      say(`OK: ${total()}\n`);
      return 0;
    case "add": {
      if (args.includes("--no-cache") || !call.files.exists(apkIndex)) await fetchAll();
      const unknown = names.filter((name) => !Object.hasOwn(apkPackages, name));
      if (unknown.length > 0) {
        err(`ERROR: unable to select packages:\n${unknown.map((name) => `  ${name} (no such package):\n    required by: world[${name}]\n`).join("")}apk: what can be simulated here: ${Object.keys(apkPackages).join(", ")}\n`);
        return unknown.length;
      }
      const wanted = names.filter((name) => !installed(call, apkState, name));
      const steps = wanted.flatMap((name) => [...((apkPackages[name] as Package).needs ?? []), [name, (apkPackages[name] as Package).version] as const]);
      await process.sleep(steps.length * 60);
      steps.forEach(([name, version], i) => say(`(${i + 1}/${steps.length}) Installing ${name} (${version})\n`));
      for (const name of wanted) unpack(call, apkState, name, apkPackages[name] as Package);
      if (steps.length > 0) say("Executing busybox-1.37.0-r18.trigger\n");
      say(`OK: ${total()}\n`);
      return 0;
    }
    case "del": {
      const there = names.filter((name) => installed(call, apkState, name));
      there.forEach((name, i) => {
        say(`(${i + 1}/${there.length}) Purging ${name} (${apkPackages[name]?.version})\n`);
        removePackage(call, apkState, name, apkPackages[name] as Package);
      });
      say(`OK: ${total()}\n`);
      return 0;
    }
    case "info":
      out(["alpine-baselayout", "apk-tools", "busybox", "musl", "zlib", ...Object.keys(apkPackages).filter((name) => installed(call, apkState, name))].map((name) => `${name}\n`).join(""));
      return 0;
    case "search":
      out(Object.keys(apkPackages).filter((name) => names.every((part) => name.includes(part))).map((name) => `${name}-${apkPackages[name]?.version}\n`).join(""));
      return 0;
    default:
      err("apk-tools 2.14.9, compiled for x86_64.\n\nusage: apk [<OPTIONS>...] COMMAND [<ARGUMENTS>...]\n\nPackage installation and removal:\n  add        Add packages to WORLD and commit changes\n  del        Remove packages from WORLD and commit changes\n\nSystem maintenance:\n  update     Update repository indexes\n");
      return 1;
  }
}

const aptState = "/var/lib/dpkg/info";
/** Nothing is fetched from anywhere, and the name says so. */
const aptArchive = "http://archive.invalid/debian";
const aptLists = "/var/lib/apt/lists/archive.invalid_debian_dists_trixie_main";

async function confirmed({ args, process, out }: CommandCall): Promise<boolean> {
  if (args.some((arg) => /^(-\w*y|--yes|--assume-yes)/.test(arg))) return true;
  out("Do you want to continue? [Y/n] ");
  const line = process.input ? await process.wait(ByteReader.over(process.input).line()) : undefined;
  return line !== undefined && /^(y|yes|)\n?$/i.test(line);
}

async function aptInstall(call: CommandCall, names: readonly string[]): Promise<number> {
  const { out, err, process, files } = call;
  out("Reading package lists... Done\nBuilding dependency tree... Done\nReading state information... Done\n");
  const hasLists = files.exists(aptLists);
  const unknown = names.filter((name) => !hasLists || !Object.hasOwn(aptPackages, name));
  if (unknown.length > 0) {
    for (const name of unknown) err(`E: Unable to locate package ${name}\n`);
    if (hasLists) err(`apt-get: what can be simulated here: ${Object.keys(aptPackages).join(", ")}\n`);
    return 100;
  }
  const wanted = names.filter((name) => !installed(call, aptState, `${name}.list`));
  for (const name of names) if (!wanted.includes(name)) out(`${name} is already the newest version (${aptPackages[name]?.version}).\n`);
  const steps = wanted.flatMap((name) => [...((aptPackages[name] as Package).needs ?? []), [name, (aptPackages[name] as Package).version] as const]);
  const extras = steps.map(([name]) => name).filter((name) => !wanted.includes(name)).sort();
  if (extras.length > 0) out(`The following additional packages will be installed:\n  ${extras.join(" ")}\n`);
  if (steps.length > 0) out(`The following NEW packages will be installed:\n  ${steps.map(([name]) => name).sort().join(" ")}\n`);
  out(`0 upgraded, ${steps.length} newly installed, 0 to remove and 0 not upgraded.\n`);
  if (steps.length === 0) return 0;
  const size = wanted.reduce((sum, name) => sum + (aptPackages[name] as Package).kilobytes, 0);
  out(`Need to get ${size} kB of archives.\nAfter this operation, ${size * 3} kB of additional disk space will be used.\n`);
  if (extras.length > 0 && !(await confirmed(call))) {
    out("Abort.\n");
    return 1;
  }
  await process.sleep(500);
  steps.forEach(([name, version], i) => out(`Get:${i + 1} ${aptArchive} trixie/main amd64 ${name} amd64 ${version}\n`));
  out(`Fetched ${size} kB in 0s (${size * 2} kB/s)\n`);
  for (const [name, version] of steps) out(`Selecting previously unselected package ${name}.\nPreparing to unpack .../${name}_${version.replace(/^\d+:/, "")}_amd64.deb ...\nUnpacking ${name} (${version}) ...\n`);
  for (const [name, version] of steps) out(`Setting up ${name} (${version}) ...\n`);
  for (const name of wanted) unpack(call, aptState, `${name}.list`, aptPackages[name] as Package);
  return 0;
}

async function apt(call: CommandCall): Promise<number> {
  const { args, out, err, process, files } = call;
  const [command = "", ...names] = args.filter((arg, i) => !arg.startsWith("-") && args[i - 1] !== "-o");
  if (args.includes("--version") || args.includes("-v")) {
    out("apt 3.0.3 (amd64)\n");
    return 0;
  }
  if (["install", "remove", "purge", "update", "upgrade"].includes(command) && !isRoot(call)) {
    err(`E: Could not open lock file /var/lib/${command === "update" ? "apt/lists/lock" : "dpkg/lock-frontend"} - open (13: Permission denied)\n`);
    return 100;
  }
  switch (command) {
    case "update":
      await process.sleep(800);
      if (!files.exists("/var/lib/apt/lists")) files.makeFolder("/var/lib/apt/lists", { parents: true });
      files.writeFile(aptLists, new Uint8Array(0));
      out(`Get:1 ${aptArchive} trixie InRelease [140 kB]\nGet:2 ${aptArchive} trixie-updates InRelease [47.3 kB]\nGet:3 ${aptArchive}-security trixie-security InRelease [43.4 kB]\nGet:4 ${aptArchive} trixie/main amd64 Packages [9670 kB]\nFetched 9901 kB in 1s (12.4 MB/s)\nReading package lists... Done\n`);
      return 0;
    case "install":
      return aptInstall(call, names);
    case "remove":
    case "purge":
      out("Reading package lists... Done\nBuilding dependency tree... Done\nReading state information... Done\n");
      for (const name of names.filter((each) => installed(call, aptState, `${each}.list`))) {
        out(`Removing ${name} (${aptPackages[name]?.version}) ...\n`);
        removePackage(call, aptState, `${name}.list`, aptPackages[name] as Package);
      }
      return 0;
    case "upgrade":
    case "clean":
    case "autoremove":
    case "autoclean":
      if (command === "upgrade") out("Reading package lists... Done\nBuilding dependency tree... Done\nReading state information... Done\nCalculating upgrade... Done\n0 upgraded, 0 newly installed, 0 to remove and 0 not upgraded.\n");
      return 0;
    default:
      err(`E: Invalid operation ${command}\n`);
      return 100;
  }
}

export const apkCommands: CommandTable = { apk };
export const aptCommands: CommandTable = { apt, "apt-get": apt };
