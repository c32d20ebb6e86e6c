import { appendFileSync } from "node:fs";
import process from "node:process";
import type { Ended } from "../kubectl/paced.ts";

/**
 * What a person would see of a scenario, line by line, for `npm run tutorial`. With CORACLE_NARRATION set to the path of a file, a run appends
 * one JSON line per event; without it nothing is told. The reader shows them at its own pace, so telling never slows a test down.
 */
export type Narrated =
  | { readonly type: "scenario"; readonly id: string; readonly title: string }
  | { readonly type: "step"; readonly number: number; readonly title: string }
  | ({ readonly type: "command" } & NarratedCommand)
  /** A command that goes on beside the others, and its end. */
  | { readonly type: "started"; readonly command: string }
  | { readonly type: "stopped"; readonly stdout: string; readonly stderr: string };

export interface NarratedCommand extends Ended {
  readonly command: string;
  readonly stdin?: string | undefined;
  /** When it began and when it ended, in the cluster's time. */
  readonly from: number;
  readonly to: number;
}

export function narrate(event: Narrated): void {
  const path = process.env["CORACLE_NARRATION"];
  if (path !== undefined) appendFileSync(path, `${JSON.stringify(event)}\n`);
}

export function narrateCommand(command: NarratedCommand): void {
  narrate({ type: "command", ...command });
}
