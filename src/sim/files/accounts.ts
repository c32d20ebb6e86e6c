import { FileView } from "./file-view.ts";
import type { FolderInode } from "./inode.ts";

/** Users and groups as `/etc/passwd` and `/etc/group` of some files have them. */
function linesOf(files: FileView, path: string): string[][] {
  if (!files.exists(path)) return [];
  return new TextDecoder().decode(files.readFile(path)).split("\n").map((line) => line.split(":"));
}

/** The name of a user or of a group; undefined: it has none. */
export function nameOf(files: FileView, kind: "user" | "group", id: number): string | undefined {
  return linesOf(files, kind === "user" ? "/etc/passwd" : "/etc/group").find((fields) => fields[2] === String(id))?.[0];
}

/** Who the processes of a container are. */
export interface ContainerUser {
  readonly uid: number;
  readonly gid: number;
  /** In their order, the primary one among them. */
  readonly supplementalGroups: readonly number[];
}

/** The users as whom an image has run so far. Containers of one image that ask for the same share what they are. */
export class ImageUsers {
  private readonly root: FolderInode;
  private readonly known = new Map<string, ContainerUser>();

  constructor(root: FolderInode) {
    this.root = root;
  }

  /** A user with the groups that it is given, and, unless these are to be all, with those of the image that list it among their members. */
  of({ user: uid = 0, groups = [0], hasOwnGroupsOnly = false }: { user?: number; groups?: readonly number[]; hasOwnGroupsOnly?: boolean }): ContainerUser {
    const key = `${uid} ${groups.join()} ${hasOwnGroupsOnly}`;
    let found = this.known.get(key);
    if (!found) {
      const all = new Set([...groups, ...(hasOwnGroupsOnly ? [] : this.listing(uid))]);
      this.known.set(key, (found = { uid, gid: groups[0] ?? 0, supplementalGroups: [...all].sort((a, b) => a - b) }));
    }
    return found;
  }

  private listing(uid: number): number[] {
    const files = new FileView({ root: this.root, now: () => 0 });
    const name = nameOf(files, "user", uid);
    if (name === undefined) return [];
    return linesOf(files, "/etc/group").filter((fields) => fields[0] !== name && fields[3]?.split(",").includes(name)).map((fields) => Number(fields[2]));
  }
}
