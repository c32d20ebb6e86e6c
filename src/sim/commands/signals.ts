import type { Signal } from "../process.ts";
import { signalNumbers } from "../process.ts";

/** The signal that an argument of kill and its like names: "-9", "KILL", "SIGKILL". */
export function signalByName(text: string): Signal | undefined {
  const name = text.replace(/^-/, "").replace(/^SIG/, "").toUpperCase();
  if (Object.hasOwn(signalNumbers, name)) return name as Signal;
  for (const [signal, number] of Object.entries(signalNumbers)) if (String(number) === name) return signal as Signal;
  return undefined;
}
