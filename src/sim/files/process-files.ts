import type { Process } from "../process.ts";
import type { FolderInode, Inode } from "./inode.ts";
import { folderInode, generatedFile } from "./inode.ts";

/** What /proc shows of processes: a folder for each that lives, over what the image has there. */
export function processFolder(base: FolderInode | undefined, processes: () => Iterable<Process>): FolderInode {
  // Nothing is ever made there, so all containers share the image's entries.
  return { kind: "folder", own: base?.own ?? new Map(), base: undefined, live: () => new Map([...processes()].map((process) => [String(process.pid), filesOf(process)])), hidden: undefined, mode: 0o555, mtime: 0 };
}

const nul = "\0";

function filesOf(process: Process): Inode {
  const folder = folderInode({ mode: 0o555 });
  const { argv, env, pid } = process;
  const name = (argv[0] ?? "").split("/").pop() ?? "";
  const texts: { readonly [name: string]: () => string } = {
    cmdline: () => argv.map((word) => word + nul).join(""),
    comm: () => `${name.slice(0, 15)}\n`,
    environ: () => [...env].map(([key, value]) => `${key}=${value}${nul}`).join(""),
    status: () => `Name:\t${name.slice(0, 15)}\nState:\tS (sleeping)\nTgid:\t${pid}\nPid:\t${pid}\nUid:\t${Array(4).fill(process.world.user).join("\t")}\nGid:\t${Array(4).fill(process.world.groups[0] ?? 0).join("\t")}\n`,
  };
  for (const key of Object.keys(texts)) folder.own.set(key, generatedFile(texts[key] as () => string));
  return folder;
}
