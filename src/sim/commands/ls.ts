import type { CommandCall, SimulatedCommand } from "../command.ts";
import { formatTime } from "../../base/time.ts";
import type { FileStat } from "../files/file-view.ts";
import { absolute, wordsOf } from "./clock.ts";
import { isGnu } from "../files/is-gnu.ts";

/** Lists files: one name a line, in columns for a person at a terminal, or one file a line with all about it, set as busybox does or as GNU's ls. */

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

const terminalWidth = 80;

/** Names down the columns, as many as fit. */
function inColumns(names: readonly string[]): string {
  const width = Math.max(...names.map(({ length }) => length)) + 2;
  const rows = Math.ceil(names.length / Math.max(1, Math.floor(terminalWidth / width)));
  return Array.from({ length: rows }, (_, row) => `${names.filter((_name, i) => i % rows === row).map((name) => name.padEnd(width)).join("").trimEnd()}\n`).join("");
}

/** All lines of what is listed together. */
function linesOf(files: readonly Listed[], flags: ReadonlySet<string>, call: CommandCall): string {
  if (flags.has("l") || flags.has("n")) return lined(files.map((file) => cellsOf(file, flags, call)), call);
  const names = files.map(({ name, stat }) => `${name}${(flags.has("F") || flags.has("p")) && stat.kind === "folder" ? "/" : ""}`);
  return call.process.showsToTerminal && !flags.has("1") && names.length > 0 ? inColumns(names) : names.map((name) => `${name}\n`).join("");
}

/** Mode, links, owner, group, size, time and name. */
type Cells = readonly [mode: string, links: string, owner: string, group: string, size: string, time: string, name: string];

/** busybox's columns have their widths, GNU's those that they need. */
function lined(rows: readonly Cells[], { files }: CommandCall): string {
  const gnu = isGnu(files);
  const width = (column: number, busybox: number): number => (gnu ? Math.max(...rows.map((row) => (row[column] as string).length)) : busybox);
  const widths = [0, width(1, 4), width(2, 8), width(3, 8), width(4, 9)] as const;
  return rows.map(([mode, links, owner, group, size, time, name]) => `${mode} ${links.padStart(widths[1])} ${owner.padEnd(widths[2])} ${group.padEnd(widths[3])} ${size.padStart(widths[4])} ${time} ${name}\n`).join("");
}

function cellsOf(file: Listed, flags: ReadonlySet<string>, call: CommandCall): Cells {
  const { stat } = file;
  const mark = (flags.has("F") || flags.has("p")) && stat.kind === "folder" ? "/" : "";
  const size = flags.has("h") ? humanSize(sizeOf(stat)) : String(sizeOf(stat));
  const named = (id: number | undefined): string => (id === undefined || id === 0 ? (flags.has("n") ? "0" : "root") : String(id));
  const target = stat.kind === "link" ? ` -> ${call.files.readLink(file.path)}` : "";
  return [modeText(stat), String(stat.kind === "folder" ? 2 : 1), named(stat.inode.owner), named(stat.inode.group), size, timeText(stat.mtime, call.process.clock.now()), `${file.name}${mark}${target}`];
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
  const lines = linesOf(inside, flags, call);
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
  const parts = plain.length > 0 ? [linesOf(plain, flags, call)] : [];
  const titled = names.length > 1 || flags.has("R");
  for (const folder of folders) parts.push(`${titled ? `${folder.name}:\n` : ""}${listFolder(folder, flags, call)}`);
  out(parts.join("\n"));
  return status;
};
