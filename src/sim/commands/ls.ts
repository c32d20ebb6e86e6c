import type { CommandCall, SimulatedCommand } from "../command.ts";
import { formatTime } from "../../base/time.ts";
import type { FileStat } from "../files/file-view.ts";
import { absolute, wordsOf } from "./clock.ts";

/** Lists files as busybox does where its output is no terminal: one name a line, or one file a line with all about it. */

interface Listed {
  readonly name: string;
  readonly path: string;
  readonly stat: FileStat;
}

const flagsKnown = /^-[laA1hdRtrSnFp]+$/;
const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"] as const;
const halfYearMs = 182 * 86_400_000;
/** A folder takes one block of the disk. */
const folderBytes = 4096;

const sizeOf = ({ kind, size }: FileStat): number => (kind === "folder" ? folderBytes : size);
const blocksOf = (stat: FileStat): number => (stat.kind === "link" ? 0 : Math.ceil(sizeOf(stat) / folderBytes) * 4);

function modeText({ kind, mode }: FileStat): string {
  const bits = [...(mode & 0o777).toString(2).padStart(9, "0")].map((bit, i) => (bit === "1" ? "rwx"[i % 3] : "-")).join("");
  const last = (mode & 0o1000) !== 0 ? `${bits.slice(0, 8)}${bits[8] === "x" ? "t" : "T"}` : bits;
  return `${kind === "folder" ? "d" : kind === "link" ? "l" : "-"}${kind === "link" ? "rwxrwxrwx" : last}`;
}

function humanSize(bytes: number): string {
  let [size, unit] = [bytes, ""];
  for (const next of ["K", "M", "G", "T"]) if (size >= 1024) [size, unit] = [size / 1024, next];
  return unit === "" ? String(size) : `${size.toFixed(1)}${unit}`;
}

/** The hour for what is younger than half a year, else the year. */
function timeText(mtime: number, now: number): string {
  const [date = "", time = ""] = formatTime(mtime).split("T");
  const [year = "", month = "1", day = "1"] = date.split("-");
  const recent = mtime > now - halfYearMs && mtime <= now + 60_000;
  return `${months[Number(month) - 1]} ${String(Number(day)).padStart(2)} ${recent ? time.slice(0, 5) : year.padStart(5)}`;
}

function lineOf(file: Listed, flags: ReadonlySet<string>, call: CommandCall): string {
  const { stat } = file;
  const mark = (flags.has("F") || flags.has("p")) && stat.kind === "folder" ? "/" : "";
  if (!flags.has("l") && !flags.has("n")) return `${file.name}${mark}\n`;
  const size = flags.has("h") ? humanSize(sizeOf(stat)) : String(sizeOf(stat));
  const named = (id: number | undefined): string => (id === undefined || id === 0 ? (flags.has("n") ? "0" : "root") : String(id)).padEnd(8);
  const target = stat.kind === "link" ? ` -> ${call.files.readLink(file.path)}` : "";
  return `${modeText(stat)} ${String(stat.kind === "folder" ? 2 : 1).padStart(4)} ${named(stat.inode.owner)} ${named(stat.inode.group)} ${size.padStart(9)} ${timeText(stat.mtime, call.process.clock.now())} ${file.name}${mark}${target}\n`;
}

function ordered(files: Listed[], flags: ReadonlySet<string>): Listed[] {
  const byName = files.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const sorted = flags.has("t") ? byName.toSorted((a, b) => b.stat.mtime - a.stat.mtime) : flags.has("S") ? byName.toSorted((a, b) => sizeOf(b.stat) - sizeOf(a.stat)) : byName;
  return flags.has("r") ? sorted.toReversed() : sorted;
}

function listFolder(folder: Listed, flags: ReadonlySet<string>, call: CommandCall): string {
  const names = call.files.list(folder.path).filter((name) => flags.has("a") || flags.has("A") || !name.startsWith("."));
  if (flags.has("a")) names.push(".", "..");
  const inside = ordered(names.map((name) => ({ name, path: absolute(name, folder.path), stat: call.files.stat(absolute(name, folder.path), { follow: false }) })), flags);
  const total = flags.has("l") || flags.has("n") ? `total ${inside.reduce((sum, { stat }) => sum + blocksOf(stat), 0)}\n` : "";
  const lines = inside.map((file) => lineOf(file, flags, call)).join("");
  if (!flags.has("R")) return total + lines;
  const below = inside.filter(({ name, stat }) => stat.kind === "folder" && name !== "." && name !== "..").map((file) => ({ ...file, name: `${folder.name.replace(/\/$/, "")}/${file.name}` }));
  return total + lines + below.map((each) => `\n${each.name}:\n${listFolder(each, flags, call)}`).join("");
}

export const ls: SimulatedCommand = async (call) => {
  const { args, cwd, files, out, err } = call;
  const flags = new Set<string>();
  const names: string[] = [];
  for (const arg of args) {
    if (flagsKnown.test(arg)) for (const flag of arg.slice(1)) flags.add(flag);
    else if (arg.startsWith("--color") || arg === "--") continue;
    else if (arg.startsWith("-") && arg !== "-") {
      err(`ls: unrecognized option: ${arg.replace(/^-+/, "")}\n`);
      return 1;
    } else names.push(arg);
  }
  let status = 0;
  const found: Listed[] = [];
  for (const name of names.length === 0 ? ["."] : names) {
    const path = name === "." ? cwd : absolute(name, cwd);
    try {
      found.push({ name, path, stat: files.stat(path, { follow: !flags.has("l") && !flags.has("d") }) });
    } catch (error) {
      err(`ls: ${name}: ${wordsOf(error)}\n`);
      status = 1;
    }
  }
  const folders = flags.has("d") ? [] : ordered(found.filter(({ stat }) => stat.kind === "folder"), flags);
  const plain = ordered(found.filter((file) => !folders.includes(file)), flags);
  const parts = plain.length > 0 ? [plain.map((file) => lineOf(file, flags, call)).join("")] : [];
  const titled = names.length > 1 || flags.has("R");
  for (const folder of folders) parts.push(`${titled ? `${folder.name}:\n` : ""}${listFolder(folder, flags, call)}`);
  out(parts.join("\n"));
  return status;
};
