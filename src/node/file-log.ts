/**
 * A log of JSON lines in a file: time, level, message, fields. Each line is written at once, so that the last one before a crash is
 * there; one that the machine refuses to write is lost. `debug` is dropped. After `fileBytesMax` the file is begun anew, with the old one beside it as `<path>.1`.
 */
import { closeSync, fstatSync, openSync, renameSync, writeSync } from "node:fs";
import type { Log } from "../base/environment.ts";

/** Two files of 16 MiB hold some 200,000 lines: days of an ordinary cluster. */
const fileBytesMax = 16 * 1024 * 1024;

export interface FileLog extends Log {
  /** Whether anything was written since it was opened, and whether any of it was an error. */
  readonly hasLines: boolean;
  readonly hasErrors: boolean;
  close(): void;
}

/** Opens `path` for appending; throws Node's error when that is impossible. */
export function openFileLog(path: string, bytesMax: number = fileBytesMax): FileLog {
  let file: number | undefined = openSync(path, "a", 0o600);
  let length = fstatSync(file).size;
  let [hasLines, hasErrors] = [false, false];
  const write = (level: string, message: string, fields: Record<string, unknown> | undefined) => {
    if (file === undefined) return;
    const line = Buffer.from(`${JSON.stringify({ time: new Date().toISOString(), level, message, ...fields })}\n`);
    hasLines = true;
    if (level === "error") hasErrors = true;
    try {
      if (length + line.length > bytesMax) {
        closeSync(file);
        file = undefined;
        renameSync(path, `${path}.1`);
        file = openSync(path, "a", 0o600);
        length = 0;
      }
      length += writeSync(file, line);
    } catch {
      // A full disk costs lines, and must not cost the cluster.
    }
  };
  return {
    get hasLines() {
      return hasLines;
    },
    get hasErrors() {
      return hasErrors;
    },
    debug() {},
    info: (message, fields) => write("info", message, fields),
    warn: (message, fields) => write("warn", message, fields),
    error: (message, fields) => write("error", message, fields),
    close() {
      if (file !== undefined) closeSync(file);
      file = undefined;
    },
  };
}

/** Keeps nothing. */
export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} };
