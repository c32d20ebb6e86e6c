import type { FileView } from "./file-view.ts";

/** Whether the tools of these files are those of GNU, as on Debian, and not busybox's. */
export const isGnu = (files: FileView): boolean => files.exists("/etc/debian_version");
