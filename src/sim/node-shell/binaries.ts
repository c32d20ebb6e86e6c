import type { CommandTable } from "../command.ts";

/** Programs of a node that tell about themselves, and those that make somebody root. */
export const binaryCommands: CommandTable = {
  async kubelet({ args, out, err }) {
    if (args.includes("--version")) {
      out("Kubernetes v1.36.3\n");
      return 0;
    }
    err("kubelet: it runs already on this node\n");
    return 1;
  },

  async containerd({ args, out, err }) {
    if (args.some((arg) => arg === "--version" || arg === "-v")) {
      out("containerd github.com/containerd/containerd/v2 v2.2.0 1c4457e00facac03ce1d75f7b6777a7a851e5c41\n");
      return 0;
    }
    err("containerd: it runs already on this node\n");
    return 1;
  },

  /** Everybody here is root already. */
  async su({ run }) {
    return run(["bash"]);
  },
  async sudo({ args, run, err }) {
    let at = 0;
    while (args[at]?.startsWith("-")) at += args[at] === "-u" || args[at] === "-g" ? 2 : 1;
    const isShell = args.slice(0, at).some((arg) => ["-i", "-s", "--login", "--shell"].includes(arg));
    if (isShell) return run(["bash", ...(at < args.length ? ["-c", args.slice(at).join(" ")] : [])]);
    if (at < args.length) return run(args.slice(at));
    err("usage: sudo -h | -K | -k | -V\n");
    return 1;
  },
};
