import { civilFromInstant } from "../base/time.ts";
import { fnv1a32 } from "../base/hash.ts";
import type { FolderEntry, NodeFiles } from "./runtime.ts";

/**
 * Writes the whole content of a volume at once, as upstream's atomic writer lays it out: the files lie in a folder named after the time,
 * `..data` points to it, and every name that the container sees is a link through `..data`. A reader sees either the old content or the
 * new, never a mixture; what is no longer part of the content goes. Content that is there already is not written again. Files belong to `group` where the Pod has an fsGroup.
 */
export interface VolumeFile {
  readonly path: string;
  readonly content: Uint8Array;
  readonly mode: number;
}

const dataLink = "..data";
/** Files of a Pod with an fsGroup can be read by it. */
const groupReadBits = 0o440;

export async function writeAtomically({ files, folder, content, now, group }: { files: NodeFiles; folder: string; content: readonly VolumeFile[]; now: number; group: number | undefined }): Promise<void> {
  await files.mkdir(folder);
  const before = await files.readLink(`${folder}/${dataLink}`);
  if (before !== undefined && (await holds(files, `${folder}/${before}`, content))) return;
  const stamp = stampOf(folder, now);
  const modeOf = (mode: number): number => (group === undefined ? mode : mode | groupReadBits);
  const [deep, flat] = [content.filter(({ path }) => path.includes("/")), content.filter(({ path }) => !path.includes("/"))];
  await files.fill(`${folder}/${stamp}`, flat.map(({ path, content: bytes, mode }) => ({ name: path, content: bytes, mode: modeOf(mode), group })));
  for (const { path, content: bytes, mode } of deep) await files.writeFile(`${folder}/${stamp}/${path}`, bytes, modeOf(mode), group);
  const there = await files.list(folder);
  const links: FolderEntry[] = [{ name: dataLink, target: stamp }];
  const names = new Set(content.map(({ path }) => path.split("/")[0] as string));
  for (const name of names) if (!there.includes(name) || (await files.readLink(`${folder}/${name}`)) === undefined) links.push({ name, target: `${dataLink}/${name}` });
  await files.fill(folder, links);
  for (const name of there) if (!name.startsWith("..") && !names.has(name)) await files.remove(`${folder}/${name}`);
  if (before !== undefined) await files.remove(`${folder}/${before}`);
}

async function holds(files: NodeFiles, folder: string, content: readonly VolumeFile[]): Promise<boolean> {
  const there = await pathsIn(files, folder);
  if (there.length !== new Set(content.map(({ path }) => path)).size) return false;
  for (const { path, content: wanted } of content) {
    const bytes = await files.readFile(`${folder}/${path}`);
    if (!bytes || bytes.length !== wanted.length || !bytes.every((byte, i) => byte === wanted[i])) return false;
  }
  return true;
}

async function pathsIn(files: NodeFiles, folder: string, below = ""): Promise<string[]> {
  const paths: string[] = [];
  for (const name of await files.list(`${folder}/${below}`)) {
    const path = below === "" ? name : `${below}/${name}`;
    if ((await files.exists(`${folder}/${path}`)) === "directory") paths.push(...(await pathsIn(files, folder, path)));
    else paths.push(path);
  }
  return paths;
}

/** `..2026_01_01_02_03_04.1234567890`: upstream ends it in chance, here in a function of place and time. */
function stampOf(folder: string, now: number): string {
  const { year, month, day, hour, minute, second } = civilFromInstant(now);
  const two = (value: number): string => String(value).padStart(2, "0");
  return `..${year}_${[month, day, hour, minute, second].map(two).join("_")}.${String(fnv1a32(`${folder}/${now}`)).padStart(10, "0")}`;
}
