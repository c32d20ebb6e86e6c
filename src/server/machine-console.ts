import type { ExecOptions } from "./node-agent.ts";
import type { Channels } from "./request.ts";

/**
 * The way into a simulated machine itself, beside its kubelet: what `docker exec` is to a kind node. It works while the machine has
 * power, whether or not its network does.
 */
export interface MachineConsole {
  /** Runs a command on the machine, or a shell if none is named, and closes the channels after the Status on channel 3. */
  exec(options: ExecOptions, channels: Channels): Promise<void>;
}

/** Finds the console of a machine; undefined when there is no such machine, or it is off. */
export type MachineConsoles = (machine: string) => MachineConsole | undefined;
