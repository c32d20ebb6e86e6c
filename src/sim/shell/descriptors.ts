import type { Process } from "../process.ts";
import { ByteReader } from "./streams.ts";
import type { Descriptor, Descriptors } from "./streams.ts";

/** How the descriptors of a script and the streams of processes lead into each other. */

/** What a process writes goes to the descriptors that its shell gave it; they may be those of the process itself, which takes on another program. */
export function outputTo(descriptors: Descriptors, self?: Process): Process["output"] {
  const before = self?.output;
  const write = (descriptor: Descriptor | undefined, bytes: Uint8Array): boolean => {
    if (!descriptor?.own) return descriptor?.write?.(bytes) ?? true;
    const { process, stream } = descriptor.own;
    return (process === self && before ? before : process.output)(stream, bytes);
  };
  return (stream, bytes) => write(descriptors.get(stream === "stdout" ? 1 : 2), bytes);
}

/** Whether what a command writes there is shown to a person at once. */
export const isShown = (descriptors: Descriptors): boolean => descriptors.get(1)?.own?.process.showsToTerminal ?? false;

/** A process's own stream as a descriptor of the script that it runs. */
export function ownDescriptor(process: Process, stream: "stdout" | "stderr"): Descriptor {
  return {
    own: { process, stream },
    write: (bytes) => {
      process.write(stream, bytes);
      return process.alive;
    },
    ready: () => process.ready(),
  };
}

/** The descriptors that a shell begins with. */
export function ownDescriptors(process: Process): Descriptors {
  return new Map<number, Descriptor>([[0, { reader: ByteReader.over(process.input) }], [1, ownDescriptor(process, "stdout")], [2, ownDescriptor(process, "stderr")]]);
}
