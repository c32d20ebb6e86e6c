import { FileError, cleanPath } from "../files/file-view.ts";
import type { FileStat, FileView } from "../files/file-view.ts";
import { matches } from "./pattern.ts";
import type { Shell } from "./shell.ts";
import type { ConditionNode } from "./syntax.ts";
import { ShellError } from "./variables.ts";

/** What `test`, `[ … ]` and `[[ … ]]` find out about texts, numbers and files. */
interface Surroundings {
  readonly files: FileView;
  readonly cwd: string;
  readonly tty: boolean;
}

function statOf(path: string, { files, cwd }: Surroundings, follow = true): FileStat | undefined {
  try {
    return path === "" ? undefined : files.stat(cleanPath(path, cwd), { follow });
  } catch (error) {
    if (error instanceof FileError) return undefined;
    throw error;
  }
}

const unaries: { readonly [operator: string]: (operand: string, at: Surroundings) => boolean } = {
  "-z": (text) => text === "", "-n": (text) => text !== "",
  "-e": (path, at) => statOf(path, at) !== undefined, "-a": (path, at) => statOf(path, at) !== undefined,
  "-f": (path, at) => statOf(path, at)?.kind === "file", "-d": (path, at) => statOf(path, at)?.kind === "folder",
  "-L": (path, at) => statOf(path, at, false)?.kind === "link", "-h": (path, at) => statOf(path, at, false)?.kind === "link",
  "-r": (path, at) => statOf(path, at) !== undefined, "-w": (path, at) => ((statOf(path, at)?.mode ?? 0) & 0o222) !== 0, "-x": (path, at) => ((statOf(path, at)?.mode ?? 0) & 0o111) !== 0,
  "-s": (path, at) => (statOf(path, at)?.size ?? 0) > 0, "-t": (_fd, { tty }) => tty,
  "-b": () => false, "-c": (path) => path.startsWith("/dev/"), "-p": () => false, "-S": () => false, "-g": () => false, "-u": () => false, "-k": () => false,
  "-O": (path, at) => statOf(path, at) !== undefined, "-G": (path, at) => statOf(path, at) !== undefined,
};

function numberOf(text: string): number {
  if (!/^\s*[-+]?\d+\s*$/.test(text)) throw new ShellError(`${text}: bad number`, 2);
  return Number(text);
}

const compareNumbers: { readonly [operator: string]: (a: number, b: number) => boolean } = {
  "-eq": (a, b) => a === b, "-ne": (a, b) => a !== b, "-lt": (a, b) => a < b, "-le": (a, b) => a <= b, "-gt": (a, b) => a > b, "-ge": (a, b) => a >= b,
};

const binaries: { readonly [operator: string]: (a: string, b: string, at: Surroundings) => boolean } = {
  "=": (a, b) => a === b, "==": (a, b) => a === b, "!=": (a, b) => a !== b, "<": (a, b) => a < b, ">": (a, b) => a > b,
  ...Object.fromEntries(Object.entries(compareNumbers).map(([name, compare]) => [name, (a: string, b: string): boolean => compare(numberOf(a), numberOf(b))])),
  "-nt": (a, b, at) => (statOf(a, at)?.mtime ?? -1) > (statOf(b, at)?.mtime ?? -1), "-ot": (a, b, at) => (statOf(a, at)?.mtime ?? Infinity) < (statOf(b, at)?.mtime ?? Infinity),
  "-ef": (a, b, at) => statOf(a, at) !== undefined && statOf(a, at)?.inode === statOf(b, at)?.inode,
};

/** `test` with its words. Throws ShellError with what is wrong about them. */
export function test(words: readonly string[], at: Surroundings): boolean {
  let next = 0;
  const either = (): boolean => {
    let value = both();
    while (words[next] === "-o") {
      next++;
      value = both() || value;
    }
    return value;
  };
  const both = (): boolean => {
    let value = one();
    while (words[next] === "-a") {
      next++;
      value = one() && value;
    }
    return value;
  };
  const one = (): boolean => {
    const word = words[next++];
    if (word === undefined) throw new ShellError("argument expected", 2);
    const [operator, right] = [words[next], words[next + 1]];
    if (operator !== undefined && right !== undefined && Object.hasOwn(binaries, operator)) {
      next += 2;
      return (binaries[operator] as (typeof binaries)[string])(word, right, at);
    }
    if (word === "!" && next < words.length) return !one();
    if (word === "(" && next < words.length) {
      const value = either();
      if (words[next++] !== ")") throw new ShellError("closing paren expected", 2);
      return value;
    }
    if (Object.hasOwn(unaries, word) && next < words.length) return (unaries[word] as (typeof unaries)[string])(words[next++] as string, at);
    return word !== "";
  };
  if (words.length === 0) return false;
  const value = either();
  if (next < words.length) throw new ShellError(`${words[next]}: unknown operand`, 2);
  return value;
}

/** `[[ … ]]`. */
export async function condition(node: ConditionNode, shell: Shell): Promise<boolean> {
  const { expander, process, variables } = shell;
  const at: Surroundings = { files: process.world.files, cwd: variables.cwd, tty: process.tty };
  switch (node.type) {
    case "CondWord":
      return (await expander.word(node.word)) !== "";
    case "CondNot":
      return !(await condition(node.operand, shell));
    case "CondAnd":
      return (await condition(node.left, shell)) && (await condition(node.right, shell));
    case "CondOr":
      return (await condition(node.left, shell)) || (await condition(node.right, shell));
    case "CondGroup":
      return condition(node.expression, shell);
    case "CondUnary": {
      const operand = await expander.word(node.operand);
      if (node.operator === "-v") return variables.get(operand) !== undefined;
      return unaries[node.operator]?.(operand, at) ?? false;
    }
    case "CondBinary": {
      const left = await expander.word(node.left);
      if (node.operator === "=~") {
        const found = new RegExp(await expander.expressionSource(node.right)).exec(left);
        if (found) variables.setList("BASH_REMATCH", [...found].map((part) => part ?? ""));
        return found !== null;
      }
      if (["=", "==", "!="].includes(node.operator)) return matches(await expander.pattern(node.right), left) === (node.operator !== "!=");
      if (Object.hasOwn(compareNumbers, node.operator)) {
        const value = async (text: string): Promise<number> => (/^\s*-?\d+\s*$/.test(text) ? Number(text) : expander.arithmetic(expander.expression(text)));
        return (compareNumbers[node.operator] as (a: number, b: number) => boolean)(await value(left), await value(await expander.word(node.right)));
      }
      return binaries[node.operator]?.(left, await expander.word(node.right), at) ?? false;
    }
  }
}
