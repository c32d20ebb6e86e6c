import { isGnu } from "../files/is-gnu.ts";
import type { Process } from "../process.ts";

/** The shells that stand behind `sh`: one interpreter plays them all, each in its own words. */
export type Flavour = "ash" | "bash" | "dash";

/** By its own name, or by the distribution: Debian's `sh` is dash, busybox's is ash. */
export function flavourOf({ argv, world }: Process): Flavour {
  const name = (argv[0] ?? "").split("/").pop();
  if (name === "bash") return "bash";
  return name === "dash" || (name === "sh" && isGnu(world.files)) ? "dash" : "ash";
}

/** Messages as ash words them, and what the others make of them. */
const wordings: readonly { readonly ash: RegExp; readonly bash: string; readonly dash: string }[] = [
  { ash: /^can't open (.+): no such file$/, bash: "$1: No such file or directory", dash: "cannot open $1: No such file" },
  { ash: /^can't create (.+): nonexistent directory$/, bash: "$1: No such file or directory", dash: "cannot create $1: Directory nonexistent" },
  { ash: /^can't (?:open|create) (.+): Permission denied$/, bash: "$1: Permission denied", dash: "cannot create $1: Permission denied" },
  { ash: /^cd: can't cd to (.+?): (.+)$/, bash: "cd: $1: $2", dash: "cd: can't cd to $1" },
  { ash: /^can't fork: (.+)$/, bash: "fork: $1", dash: "Cannot fork" },
  { ash: /^(.+): not found$/, bash: "$1: command not found", dash: "$1: not found" },
  { ash: /^(.+): parameter not set$/, bash: "$1: unbound variable", dash: "$1: parameter not set" },
];

/** A complaint of a shell, with who says it. */
export function complaintOf(message: string, { flavour, line }: { flavour: Flavour; /** Absent: a person typed it at a prompt. */ line?: number | undefined }): string {
  if (flavour === "ash") return `sh: ${message}\n`;
  const wording = wordings.find(({ ash }) => ash.test(message));
  const text = wording ? message.replace(wording.ash, wording[flavour]) : message;
  // A path that is not there is no command that is missing.
  const told = flavour === "bash" ? text.replace(/^(.*\/.*): command not found$/, "$1: No such file or directory") : text;
  if (flavour === "dash") return `sh: ${line ?? 1}: ${told}\n`;
  return `bash: ${line === undefined ? "" : `line ${line}: `}${told}\n`;
}

/** PS1 where nobody has set it. */
export const promptOf: { readonly [flavour in Flavour]: string } = { ash: "\\w \\$ ", bash: "\\u@\\h:\\w\\$ ", dash: "\\$ " };
