import { limits } from "../../base/limits.ts";
import type { Process } from "../process.ts";
import { ShellError } from "./variables.ts";

/** What keeps scripts that multiply from taking the whole host: no more processes than a container may have, and not too many at once. */

/** Throws where the container has as many processes as it may. */
export function mayFork({ world }: Process): void {
  if (world.processes.size >= limits.processesMax) throw new ForkError();
}

/** The shell ends by it, after a while. */
export class ForkError extends ShellError {
  constructor() {
    super("can't fork: Resource temporarily unavailable");
  }
}

/** As long as bash tries again: 1, 2, 4 and 8 s. Meanwhile the shell keeps its place, so that others cannot take it at once. */
export const forkRetryMs = 15_000;

/** Nobody waits for what runs in the background, so it could begin the next without end: one of so many rests before it begins. */
export const straysPerRest = 256;
export const strayRestMs = 500;
