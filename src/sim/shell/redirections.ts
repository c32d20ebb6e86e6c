import { wordsOf } from "../commands/clock.ts";
import { FileError } from "../files/file-view.ts";
import type { FileView } from "../files/file-view.ts";
import type { Process } from "../process.ts";
import type { Expander } from "./expand.ts";
import { pathOf } from "./expand.ts";
import { ByteReader } from "./streams.ts";
import type { Descriptor, Descriptors } from "./streams.ts";
import type { RedirectionNode } from "./syntax.ts";
import { ShellError } from "./variables.ts";

/** What `<`, `>`, `<<`, `2>&1` and their kin make of a command's descriptors. Throws ShellError in ash's words. */
export interface RedirectionMeans {
  readonly process: Process;
  readonly expander: Expander;
}

const nothingRead: Descriptor = { write: () => true };

export async function redirected(before: Descriptors, redirections: readonly RedirectionNode[], means: RedirectionMeans): Promise<Descriptors> {
  if (redirections.length === 0) return before;
  const after = new Map(before);
  for (const redirection of redirections) await redirect(after, redirection, means);
  return after;
}

async function redirect(fds: Map<number, Descriptor>, { fd, operator, target }: RedirectionNode, means: RedirectionMeans): Promise<void> {
  const { expander } = means;
  if (target.type === "HereDoc") {
    const written = await expander.word(target.content);
    const text = target.stripTabs ? written.replace(/^\t+/gm, "") : written;
    fds.set(fd ?? 0, { reader: new ByteReader(undefined, text) });
    return;
  }
  const name = await expander.word(target);
  switch (operator) {
    case "<<<":
      fds.set(fd ?? 0, { reader: new ByteReader(undefined, `${name}\n`) });
      return;
    case "<":
      fds.set(fd ?? 0, opened(name, fds, means));
      return;
    case ">&":
    case "<&":
      return duplicate(fds, fd ?? (operator === ">&" ? 1 : 0), name, operator, means);
    case "&>":
    case "&>>": {
      const both = created(name, operator === "&>>", fds, means);
      fds.set(1, both);
      fds.set(2, both);
      return;
    }
    case "<>":
      fds.set(fd ?? 0, { ...created(name, true, fds, means), ...opened(name, fds, means) });
      return;
    default:
      fds.set(fd ?? 1, created(name, operator === ">>", fds, means));
  }
}

function duplicate(fds: Map<number, Descriptor>, fd: number, name: string, operator: string, means: RedirectionMeans): void {
  if (name === "-") {
    fds.delete(fd);
    return;
  }
  if (!/^\d+$/.test(name)) {
    if (operator !== ">&") throw new ShellError(`${name}: bad fd number`, 1);
    const both = created(name, false, fds, means);
    fds.set(1, both);
    fds.set(2, both);
    return;
  }
  const other = fds.get(Number(name));
  if (!other) throw new ShellError(`${name}: Bad file descriptor`, 1);
  fds.set(fd, other);
}

/** The descriptor that a name under /dev or /proc stands for. */
function named(name: string, fds: Descriptors, { process }: RedirectionMeans): Descriptor | undefined {
  const own = /^(?:\/dev\/(?:fd\/(\d+)|(stdin)|(stdout)|(stderr))|\/proc\/self\/fd\/(\d+))$/.exec(name);
  if (own) return fds.get(own[2] ? 0 : own[3] ? 1 : own[4] ? 2 : Number(own[1] ?? own[5]));
  const other = /^\/proc\/(\d+)\/fd\/([12])$/.exec(name);
  const target = other && process.world.processes.get(Number(other[1]));
  if (other && target) {
    return {
      write: (bytes) => {
        target.write(other[2] === "1" ? "stdout" : "stderr", bytes);
        return true;
      },
    };
  }
  return name === "/dev/null" ? { reader: new ByteReader(undefined), ...nothingRead } : name === "/dev/tty" ? fds.get(1) : undefined;
}

function opened(name: string, fds: Descriptors, means: RedirectionMeans): Descriptor {
  const special = named(name, fds, means);
  if (special) return special.reader ? special : { reader: new ByteReader(undefined) };
  try {
    return { reader: new ByteReader(undefined, means.process.world.files.readFile(pathOf(name, means.expander.variables))) };
  } catch (error) {
    throw new ShellError(`can't open ${name}: ${wordsOf(error).replace("No such file or directory", "no such file")}`, 1);
  }
}

function created(name: string, append: boolean, fds: Descriptors, means: RedirectionMeans): Descriptor {
  const special = named(name, fds, means);
  if (special) return special;
  const { files } = means.process.world;
  const path = pathOf(name, means.expander.variables);
  try {
    if (append) files.appendFile(path, new Uint8Array(0));
    else files.writeFile(path, new Uint8Array(0));
  } catch (error) {
    throw new ShellError(`can't create ${name}: ${wordsOf(error).replace("No such file or directory", "nonexistent directory")}`, 1);
  }
  return { write: (bytes) => appended(files, path, bytes) };
}

/** A file that was removed meanwhile takes what is written to it with it. */
function appended(files: FileView, path: string, bytes: Uint8Array): boolean {
  try {
    if (files.exists(path)) files.appendFile(path, bytes);
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
  }
  return true;
}
