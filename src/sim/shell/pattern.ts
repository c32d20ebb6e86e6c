import type { FileView } from "../files/file-view.ts";
import { cleanPath } from "../files/file-view.ts";

/** Patterns of the shell as text: `*`, `?` and `[…]` are active, behind a backslash they stand for themselves. */
export function quotedForPattern(text: string): string {
  return text.replace(/[*?[\]\\!-]/g, "\\$&");
}

export function isPattern(pattern: string): boolean {
  return /(^|[^\\])(\\\\)*[*?[]/.test(pattern);
}

/** The text that a pattern without active signs stands for. */
function plainOf(pattern: string): string {
  return pattern.replace(/\\(.)/gs, "$1");
}

/** The source of a regular expression; `lazy` for the shortest match. */
export function patternSource(pattern: string, options: { lazy?: boolean; path?: boolean } = {}): string {
  const any = options.path ? "[^/]" : "[^]";
  let out = "";
  for (let i = 0; i < pattern.length; i++) {
    const char = pattern[i] as string;
    if (char === "\\" && i + 1 < pattern.length) out += escaped(pattern[++i] as string);
    else if (char === "*") out += `${any}*${options.lazy ? "?" : ""}`;
    else if (char === "?") out += any;
    else if (char === "[") {
      const set = bracket(pattern, i);
      out += set?.source ?? "\\[";
      i = set?.end ?? i;
    } else out += escaped(char);
  }
  return out;
}

export function matches(pattern: string, text: string): boolean {
  return new RegExp(`^${patternSource(pattern)}$`).test(text);
}

const escaped = (char: string): string => char.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");
const classes: { readonly [name: string]: string } = { alnum: "A-Za-z0-9", alpha: "A-Za-z", digit: "0-9", lower: "a-z", upper: "A-Z", space: "\\s", blank: " \\t", punct: "!-\\/:-@\\[-`{-~", xdigit: "0-9A-Fa-f" };

function bracket(pattern: string, start: number): { source: string; end: number } | undefined {
  let at = start + 1;
  let inside = "";
  const negated = pattern[at] === "!" || pattern[at] === "^";
  if (negated) at++;
  for (const first = at; at < pattern.length; at++) {
    const char = pattern[at] as string;
    if (char === "]" && at > first) return { source: `[${negated ? "^" : ""}${inside}]`, end: at };
    const named = /^\[:(\w+):\]/.exec(pattern.slice(at));
    if (named) {
      inside += classes[named[1] as string] ?? "";
      at += named[0].length - 1;
    } else if (char === "\\" && at + 1 < pattern.length) inside += `\\${pattern[++at]}`;
    else inside += char === "-" ? "-" : char.replace(/[\]\\^[]/g, "\\$&");
  }
  return undefined;
}

/** The paths that a pattern names, sorted; none: nothing matches. */
export function glob(pattern: string, cwd: string, files: FileView): string[] {
  const parts = pattern.split("/");
  const rooted = parts[0] === "";
  let found = [rooted ? "" : "."];
  parts.forEach((part, index) => {
    if (part === "" && index === 0) return;
    const last = index === parts.length - 1;
    const next: string[] = [];
    for (const base of found) {
      const under = (name: string): string => (base === "." && !rooted && index === 0 ? name : `${base}/${name}`);
      const folder = cleanPath(base === "" ? "/" : base, cwd);
      if (part === "") next.push(`${base}/`);
      else if (!isPattern(part)) {
        const path = under(plainOf(part));
        if (exists(files, cleanPath(path, cwd))) next.push(path);
      } else if (isFolder(files, folder)) {
        const shape = new RegExp(`^${patternSource(part, { path: true })}$`);
        for (const name of files.list(folder)) if ((!name.startsWith(".") || part.startsWith(".")) && shape.test(name) && (last || isFolder(files, cleanPath(under(name), cwd)))) next.push(under(name));
      }
    }
    found = next;
  });
  return found.sort();
}

function exists(files: FileView, path: string): boolean {
  try {
    files.stat(path, { follow: false });
    return true;
  } catch {
    return false;
  }
}

function isFolder(files: FileView, path: string): boolean {
  return files.exists(path) && files.stat(path).kind === "folder";
}
