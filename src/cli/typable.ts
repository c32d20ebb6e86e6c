/** Commands and paths as a person can type them where they are: what is shown must work when it is pasted. */
import { accessSync, constants, existsSync } from "node:fs";
import { delimiter, isAbsolute, join, relative } from "node:path";

const root = join(import.meta.dirname, "..", "..");

/** Whether a shell finds it. npm and npx add folders of their own, which the person's shell does not have. */
function isInPath(program: string): boolean {
  return (process.env["PATH"] ?? "").split(delimiter).some((folder) => {
    if (folder.endsWith(join("node_modules", ".bin"))) return false;
    try {
      accessSync(join(folder, program), constants.X_OK);
      return folder !== "";
    } catch {
      return false;
    }
  });
}

/** A file of the clone, from where the person is. */
function inClone(...parts: readonly string[]): string {
  const path = join(root, ...parts);
  const near = relative(process.cwd(), path);
  return quoted(near.startsWith("..") ? path : near);
}

/** One word of a shell's line. */
export function quoted(text: string): string {
  return /^[\w@%+=:,./~-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** This command line: from a clone, or from the package. */
export function coracle(): string {
  if (isInPath("coracle")) return "coracle";
  return existsSync(join(root, "bin", "coracle")) ? inClone("bin", "coracle") : "npx coracle";
}

/** The kubectl that a person can type: their own, the one that the tests brought, or the script of the clone that brings it. */
export function kubectl(): string {
  if (isInPath("kubectl")) return "kubectl";
  if (existsSync(join(root, ".cache", "bin", "kubectl"))) return inClone(".cache", "bin", "kubectl");
  return existsSync(join(root, "scripts", "fetch-kubectl.ts")) ? "npm run --silent kubectl --" : "kubectl";
}

/** A line of text whose commands in backquotes can be typed. */
export function typable(text: string): string {
  return text.replaceAll("`coracle ", `\`${coracle()} `);
}

/** A path for the eye: the home folder is `~`. */
export function shortPath(path: string): string {
  const home = process.env["HOME"] ?? "";
  return isAbsolute(home) && home !== "/" && path.startsWith(`${home}/`) ? `~${path.slice(home.length)}` : path;
}
