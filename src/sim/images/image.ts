import type { CommandTable } from "../command.ts";
import type { Program } from "../process.ts";
import type { Distribution } from "./distributions.ts";
import type { FolderInode } from "../files/inode.ts";

/** An image of the simulated registry: what its configuration says and the typed programs that stand for its binaries. */
export interface SimulatedImage {
  /** Repositories that hold it, normalized: `docker.io/library/busybox`. */
  readonly repositories: readonly string[];
  /** Whether a tag exists; absent: every tag of ordinary form does (see registry.ts). */
  readonly hasTag?: (tag: string) => boolean;
  readonly sizeBytes: number;
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  readonly env: { readonly [name: string]: string };
  readonly workingDir: string;
  /** Whether it has a shell and the usual commands. */
  readonly userland: boolean;
  /** Its own binaries by name, without folder. */
  readonly programs: { readonly [name: string]: Program };
  /** Commands that it has beside those of the userland, or in another make. */
  readonly commands?: CommandTable;
  /** What its userland is made of, by tag; absent: all that is simulated. */
  readonly distribution?: (tag: string) => Distribution;
  /** Commands of the userland that it comes without; set by the registry. */
  readonly lacks?: ReadonlySet<string>;
  /** Files beside those of the userland, by path. */
  readonly files?: { readonly [path: string]: string };
  /** Set by the registry: the finished tree, shared by all containers. */
  readonly root?: FolderInode;
}

export const standardPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

type ImageOptions = Partial<SimulatedImage> & { readonly repositories: readonly string[]; readonly sizeBytes: number };

/** An image with a userland, no entrypoint and `sh` as command, unless said otherwise. */
export function image(options: ImageOptions): SimulatedImage {
  return { entrypoint: [], command: ["sh"], env: { PATH: standardPath }, workingDir: "/", userland: true, programs: {}, ...options };
}

/** Accepts tags that begin with one of the given major.minor versions' majors up to a minor, and named tags. */
export function versioned(major: number, minorMax: number): (tag: string) => boolean {
  return (tag) => {
    const match = /^v?(\d+)(?:\.(\d+))?/.exec(tag);
    if (!match) return isNamedTag(tag);
    return Number(match[1]) === major && Number(match[2] ?? 0) <= minorMax;
  };
}

const namedTag = /(^|[-.])(latest|stable|mainline|edge|lts|current|alpine|slim|bookworm|bullseye|trixie|buster|jammy|noble|focal|debian|ubuntu|musl|glibc|uclibc|perl|fpm|apache|cli|management|otel|rc|beta|main|master|nightly|unstable|rolling)/;

/** Names that tags of official images carry. */
export function isNamedTag(tag: string): boolean {
  return namedTag.test(tag);
}

/** A process that stays up until TERM, which it heeds. */
export function stayUp(options: { lines: (argv: readonly string[]) => readonly string[]; onTerm?: { line?: string; code: number }; ports?: readonly number[] }): Program {
  return async (process) => {
    for (const line of options.lines(process.argv)) process.write("stdout", `${line}\n`);
    for (const port of options.ports ?? []) process.world.network.listen(port, { program: (process.argv[0] ?? "").split("/").pop() as string });
    process.onSignal(() => {
      if (options.onTerm?.line !== undefined) process.write("stdout", `${options.onTerm.line}\n`);
      process.exit(options.onTerm?.code ?? 0);
    });
    await process.sleep(Infinity);
    return 0;
  };
}
