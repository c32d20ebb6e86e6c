/** Where a person's own files are. */
import { userInfo } from "node:os";
import { isAbsolute } from "node:path";
import { Failure } from "./failure.ts";

/** HOME, or where there is none what the machine knows of the user; a Failure when it knows nothing, as in some containers. */
export function homeFolder(env: NodeJS.ProcessEnv = process.env): string {
  const home = env["HOME"] ?? "";
  if (isAbsolute(home)) return home;
  try {
    return userInfo().homedir;
  } catch (error) {
    throw new Failure("there is no home folder: set HOME", { cause: error });
  }
}
