import { cleanPath } from "../files/file-view.ts";
import { builtins } from "./builtins.ts";
import { promptOf } from "./flavours.ts";
import type { Interpreter } from "./interpreter.ts";
import { LineEditor } from "./line-editor.ts";
import type { Shells } from "./shells.ts";
import type { ByteReader } from "./streams.ts";
import type { ScriptNode } from "./syntax.ts";
import { SyntaxProblem } from "./syntax.ts";
import { Terminal } from "./terminal.ts";
import { Leave, ShellError } from "./variables.ts";

/** What a shell remembers of what was typed. */
const historyMax = 500;

/** The next whole command of standard input; undefined at its end. What stands behind it is left for the commands. */
export async function nextCommand(reader: ByteReader, shells: Shells, { more, read }: { more?: () => void; read?: (line: string) => void } = {}): Promise<ScriptNode | undefined> {
  let text = "";
  for (;;) {
    const line = await reader.line();
    if (line === undefined && text === "") return undefined;
    if (line !== undefined) read?.(line.replace(/\n$/, ""));
    text += line ?? "";
    try {
      return shells.parse(text);
    } catch (error) {
      if (!(error instanceof SyntaxProblem) || !error.incomplete || line === undefined) throw error;
      more?.();
    }
  }
}

/** A person at a terminal: a prompt, one command after the other; mistakes end the command alone, Ctrl-D and `exit` the shell. */
export async function converse(shell: Interpreter, shells: Shells): Promise<number> {
  const { process, variables, history } = shell;
  const reader = shell.descriptors.get(0)?.reader as ByteReader;
  const terminal = process.input instanceof Terminal ? process.input : undefined;
  const ask = (prompt: string): void => {
    process.write("stdout", prompt);
    if (terminal) terminal.editor = new LineEditor({ prompt: () => prompt, history, complete: (before) => completions(shell, before) });
  };
  const begin = (): void => {
    for (const line of shell.jobs.listed({ onlyEnded: true })) process.write("stderr", `${line}\n`);
    ask(promptText(shell));
  };
  const remember = (line: string): void => {
    shell.line++;
    if (line.trim() === "" || line === history.at(-1)) return;
    history.push(line);
    if (history.length > historyMax) history.shift();
  };
  const before = terminal?.foreground;
  if (terminal) {
    terminal.foreground = () => shell.programs.foreground;
    terminal.onInterrupt = begin;
  }
  try {
    for (;;) {
      begin();
      try {
        const tree = await process.wait(nextCommand(reader, shells, { more: () => ask("> "), read: remember }));
        if (!tree && shell.flavour === "bash") process.write("stderr", "exit\n");
        if (!tree) return variables.status;
        variables.status = await shell.statements(tree.statements);
      } catch (error) {
        if (error instanceof Leave && error.kind !== "exit") continue;
        if (!(error instanceof ShellError) && !(error instanceof SyntaxProblem)) throw error;
        shell.complain(error.message);
        variables.status = 2;
      }
    }
  } finally {
    if (terminal) {
      terminal.foreground = before;
      terminal.editor = undefined;
    }
  }
}

function promptText({ process, variables, flavour }: Interpreter): string {
  const { user, hostname } = process.world;
  const home = variables.get("HOME") ?? "";
  const { cwd } = variables;
  const folder = home.length > 1 && (cwd === home || cwd.startsWith(`${home}/`)) ? `~${cwd.slice(home.length)}` : cwd;
  const parts: { readonly [letter: string]: string } = { w: folder, W: folder === "/" ? "/" : (folder.split("/").pop() as string), h: hostname.split(".")[0] as string, H: hostname, u: user === 0 ? "root" : "I have no name!", $: user === 0 ? "#" : "$", n: "\n", s: flavour === "bash" ? "bash" : "sh", e: "\x1b", "[": "", "]": "", "\\": "\\" };
  return (variables.get("PS1") ?? promptOf[flavour]).replace(/\\(.)/g, (whole, letter: string) => parts[letter] ?? whole);
}

/** What the word before the cursor may become: a command where one is expected, else a file. */
function completions(shell: Interpreter, before: string): readonly string[] {
  const word = /[^\s;|&<>]*$/.exec(before)?.[0] ?? "";
  const { files } = shell.process.world;
  const isCommand = /(?:^|[;|&]|\b(?:do|then|else|sudo))\s*$/.test(before.slice(0, before.length - word.length)) && !word.includes("/");
  if (isCommand) {
    const names = new Set([...Object.keys(builtins), ...shell.functions.keys()]);
    for (const folder of (shell.variables.get("PATH") ?? "").split(":")) if (files.exists(folder) && files.stat(folder).kind === "folder") for (const name of files.list(folder)) names.add(name);
    return [...names].filter((name) => word !== "" && name.startsWith(word)).sort();
  }
  const slash = word.lastIndexOf("/") + 1;
  const [folder, start] = [word.slice(0, slash), word.slice(slash)];
  const path = cleanPath(folder === "" ? "." : folder, shell.variables.cwd);
  if (!files.exists(path) || files.stat(path).kind !== "folder") return [];
  const names = files.list(path).filter((name) => name.startsWith(start) && (start.startsWith(".") || !name.startsWith(".")));
  return names.map((name) => `${folder}${name}${files.exists(`${path}/${name}`) && files.stat(`${path}/${name}`).kind === "folder" ? "/" : ""}`);
}
