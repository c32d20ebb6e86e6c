/**
 * Something that a person did or that the machine refuses, in one line that says what and what to do. The command line prints it and
 * ends; nothing was changed.
 */
export class Failure extends Error {
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = "Failure";
  }
}

/** The code of a system error, such as "ENOENT". */
export function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException | undefined)?.code;
}

const reasons: { readonly [code: string]: string } = {
  EACCES: "permission denied",
  EPERM: "operation not permitted",
  EISDIR: "it is a directory",
  EEXIST: "a file is in its place",
  ENOTDIR: "a part of the path is not a directory",
  EROFS: "the file system is read-only",
  ENOSPC: "no space is left on the device",
  ENOENT: "it does not exist",
  ELOOP: "too many symbolic links",
};

/** A system error in a person's words. */
export function reasonOf(error: unknown): string {
  return reasons[codeOf(error) ?? ""] ?? (error instanceof Error ? error.message : String(error));
}
