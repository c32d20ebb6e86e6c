/**
 * What a cluster needs of Node: turns of the event loop, the machine's time, a log. This is the only place where the core's time and
 * tasks touch the machine.
 */
import type { Log } from "../base/environment.ts";
import type { ClusterHost } from "../cluster/options.ts";
import { createTokenSigner } from "./token-signer.ts";
import { nodeTurns } from "./turns.ts";

export interface NodeHostOptions {
  readonly log: Log;
  /** Called with a broken invariant of a component, after it is logged. Default: it is thrown, so that a process or a test ends with it. */
  readonly onDefect?: (error: unknown) => void;
}

export function nodeHost(options: NodeHostOptions): ClusterHost {
  const { log } = options;
  const onDefect =
    options.onDefect ??
    ((error: unknown) => {
      setImmediate(() => {
        throw error;
      });
    });
  return {
    runner: {
      turn: nodeTurns(),
      fail(error) {
        log.error("a component met a defect", { error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
        onDefect(error);
      },
    },
    clock: {
      now: () => Date.now(),
      alarm(delayMs, wake) {
        const timer = setTimeout(wake, delayMs);
        return () => clearTimeout(timer);
      },
    },
    log,
    tokenSigner: createTokenSigner(),
  };
}
