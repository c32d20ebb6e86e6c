import type { CommandTable } from "../command.ts";
import { absolute } from "./clock.ts";

/**
 * Another root for a program. Two roots hold something to run: a container's own, and its machine's where that is mounted, as in the Pods of
 * `kubectl debug node/NAME`: beyond it are the machine's tools, with the machine's own eyes.
 */
export const rootCommands: CommandTable = {
  async chroot({ args, cwd, env, err, files, process, run }) {
    const [root, ...words] = args;
    if (root === undefined) {
      err("BusyBox v1.36.1 multi-call binary.\n\nUsage: chroot NEWROOT [PROG ARGS]\n\nRun PROG with root directory set to NEWROOT\n");
      return 1;
    }
    const { world } = process;
    const refuse = (why: string): number => {
      err(`chroot: can't change root directory to '${root}': ${why}\n`);
      return 1;
    };
    const path = absolute(root, cwd);
    if (!files.exists(path)) return refuse("No such file or directory");
    const { inode } = files.stat(path);
    if (inode.kind !== "folder") return refuse("Not a directory");
    if (world.user !== 0) return refuse("Operation not permitted");
    const argv = words.length > 0 ? words : [env.get("SHELL") ?? "/bin/sh", "-i"];
    if (inode === files.stat("/").inode) return run(argv);
    const code = world.machine.rootIs(inode) ? await world.machine.enter(process, argv) : undefined;
    if (code !== undefined) return code;
    err(`chroot: can't execute '${argv[0]}': No such file or directory\n`);
    return 127;
  },
};
