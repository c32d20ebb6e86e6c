import type { CommandCall, CommandTable } from "../command.ts";
import { cleanPath } from "../files/file-view.ts";
import { absolute, wordsOf } from "./clock.ts";

/** Commands that change the tree of files, with busybox's words for what is refused. */
interface Asked {
  readonly flags: ReadonlySet<string>;
  readonly names: readonly string[];
  readonly mode: number | undefined;
}

const longFlags: { readonly [name: string]: string } = { "--parents": "p", "--recursive": "r", "--force": "f", "--symbolic": "s", "--verbose": "v" };

function parse(args: readonly string[], valued = ""): Asked {
  const flags = new Set<string>();
  const names: string[] = [];
  let mode: number | undefined;
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] as string;
    if (arg === "--") {
      names.push(...args.slice(i + 1));
      break;
    }
    if (!/^-./.test(arg)) names.push(arg);
    else if (arg.startsWith("--")) flags.add(longFlags[arg] ?? arg);
    else {
      for (const letter of arg.slice(1)) flags.add(letter);
      if (valued !== "" && valued.includes(arg.at(-1) as string)) mode = Number.parseInt(args[++i] ?? "", 8);
    }
  }
  return { flags, names, mode };
}

/** Does something with each name; complains of those with which it cannot be done. */
function each({ args, err }: CommandCall, { command, words, valued }: { command: string; words: string; valued?: string }, act: (name: string, asked: Asked) => void): number {
  const asked = parse(args, valued);
  if (asked.names.length === 0 && !asked.flags.has("f")) {
    err(`BusyBox v1.36.1 multi-call binary.\n\nUsage: ${command} FILE...\n`);
    return 1;
  }
  let status = 0;
  for (const name of asked.names) {
    try {
      act(name, asked);
    } catch (error) {
      err(`${command}: ${words === "" ? "" : `${words} `}'${name}': ${wordsOf(error)}\n`);
      status = 1;
    }
  }
  return status;
}

function copy(call: CommandCall, from: string, to: string, { flags }: Asked): void {
  const { files, err } = call;
  const follow = !flags.has("a") && !flags.has("d") && !flags.has("P");
  const stat = files.stat(from, { follow });
  if (stat.kind === "link") {
    files.remove(to, { force: true });
    files.makeLink(to, files.readLink(from));
  } else if (stat.kind === "file") {
    files.writeFile(to, files.readFile(from), stat.mode);
    if (flags.has("p") || flags.has("a")) files.changeTime(to, stat.mtime);
  } else if (!flags.has("r") && !flags.has("R") && !flags.has("a")) err(`cp: omitting directory '${from}'\n`);
  else {
    if (!files.exists(to)) files.makeFolder(to, { mode: stat.mode });
    for (const name of files.list(from)) copy(call, cleanPath(name, from), cleanPath(name, to), { flags, names: [], mode: undefined });
  }
}

/** cp and mv: the last name is where to; a folder there takes the others in. */
function toTarget(call: CommandCall, command: string, act: (from: string, to: string, asked: Asked) => void): number {
  const { args, err, files, cwd } = call;
  const asked = parse(args);
  const target = asked.names.at(-1);
  if (target === undefined || asked.names.length < 2) {
    err(`BusyBox v1.36.1 multi-call binary.\n\nUsage: ${command} SOURCE DEST\n`);
    return 1;
  }
  const place = cleanPath(target, cwd);
  const into = files.exists(place) && files.stat(place).kind === "folder";
  let status = 0;
  for (const name of asked.names.slice(0, -1)) {
    const from = cleanPath(name, cwd);
    try {
      files.stat(from, { follow: false });
    } catch (error) {
      err(command === "mv" ? `mv: can't rename '${name}': ${wordsOf(error)}\n` : `cp: can't stat '${name}': ${wordsOf(error)}\n`);
      status = 1;
      continue;
    }
    const to = into ? cleanPath(from.split("/").at(-1) as string, place) : place;
    try {
      act(from, to, asked);
    } catch (error) {
      err(command === "mv" ? `mv: can't rename '${name}': ${wordsOf(error)}\n` : `cp: can't create '${target}': ${wordsOf(error)}\n`);
      status = 1;
    }
  }
  return status;
}

/** A mode as chmod takes it: octal, or `u+x,go-w`. */
function changedMode(text: string, before: number, isFolder: boolean): number | undefined {
  if (/^[0-7]+$/.test(text)) return Number.parseInt(text, 8);
  let mode = before;
  for (const clause of text.split(",")) {
    const match = /^([ugoa]*)([-+=])([rwxXst]*)$/.exec(clause);
    if (!match) return undefined;
    const [, who = "", sign, rights = ""] = match;
    let bits = 0;
    for (const right of rights) bits |= right === "r" ? 4 : right === "w" ? 2 : right === "x" || (right === "X" && (isFolder || (before & 0o111) !== 0)) ? 1 : 0;
    for (const [letter, shift] of [["u", 6], ["g", 3], ["o", 0]] as const) {
      if (who !== "" && !who.includes("a") && !who.includes(letter)) continue;
      if (sign === "=") mode &= ~(7 << shift);
      mode = sign === "-" ? mode & ~(bits << shift) : mode | (bits << shift);
    }
  }
  return mode;
}

function changeModes(call: CommandCall): number {
  const { args, err, files, cwd } = call;
  const [text = "", ...names] = args.filter((arg) => !/^-[Rvcf]+$/.test(arg));
  const recursive = args.some((arg) => /^-\w*R/.test(arg));
  let status = 0;
  const change = (name: string): void => {
    const path = absolute(name, cwd);
    try {
      const stat = files.stat(path);
      const mode = changedMode(text, stat.mode, stat.kind === "folder");
      if (mode === undefined) throw new Error(`invalid mode '${text}'`);
      files.changeMode(path, mode);
      if (recursive && stat.kind === "folder") for (const child of files.list(path)) change(`${path}/${child}`);
    } catch (error) {
      err(`chmod: ${name}: ${wordsOf(error)}\n`);
      status = 1;
    }
  };
  names.forEach(change);
  return status;
}

export const treeCommands: CommandTable = {
  async mkdir(call) {
    return each(call, { command: "mkdir", words: "can't create directory", valued: "m" }, (name, { flags, mode }) => call.files.makeFolder(cleanPath(name, call.cwd), { parents: flags.has("p"), ...(mode === undefined ? {} : { mode }) }));
  },
  async rmdir(call) {
    return each(call, { command: "rmdir", words: "" }, (name) => call.files.remove(cleanPath(name, call.cwd)));
  },
  async rm(call) {
    return each(call, { command: "rm", words: "can't remove" }, (name, { flags }) => {
      const { files, cwd } = call;
      const path = cleanPath(name, cwd);
      const recursive = flags.has("r") || flags.has("R");
      if (!recursive && files.exists(path) && files.stat(path, { follow: false }).kind === "folder") throw new Error("Is a directory");
      files.remove(path, { recursive, force: flags.has("f") });
    });
  },
  async cp(call) {
    return toTarget(call, "cp", (from, to, asked) => copy(call, from, to, asked));
  },
  async mv(call) {
    return toTarget(call, "mv", (from, to) => call.files.move(from, to));
  },
  async ln({ args, err, files, cwd }) {
    const { flags, names } = parse(args);
    const [target = "", place = target.split("/").at(-1) ?? ""] = names;
    const at = cleanPath(place, cwd);
    const path = files.exists(at) && files.stat(at).kind === "folder" && !flags.has("n") ? cleanPath(target.split("/").at(-1) as string, at) : at;
    try {
      if (flags.has("f")) files.remove(path, { force: true });
      if (flags.has("s")) files.makeLink(path, target);
      else files.attach(path, files.stat(cleanPath(target, cwd)).inode);
      return 0;
    } catch (error) {
      err(`ln: ${place}: ${wordsOf(error)}\n`);
      return 1;
    }
  },
  async chmod(call) {
    return changeModes(call);
  },
  async chown() {
    // All files are root's.
    return 0;
  },
};
