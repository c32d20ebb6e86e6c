/**
 * Turns of a runner on Node: each comes after all promise continuations that are due. Most follow each other as ticks within one round of
 * the event loop, since a round (a look at sockets and timers) costs as much as a small step.
 */

/** How long turns follow each other before a round: a request over a new connection takes four looks at its socket, and a look costs some 5 µs. */
const roundMsMax = 1;

export function nodeTurns(): (next: () => void) => void {
  const settled = Promise.resolve();
  let begun = -Infinity;
  // One turn at most is outstanding: what it calls is kept here, so that asking for it makes no function.
  let asked: () => void = () => undefined;
  const tick = (): void => process.nextTick(asked);
  const round = (): void => {
    begun = performance.now();
    asked();
  };
  return (next) => {
    asked = next;
    // A tick that a continuation asks for waits until no continuation is left.
    if (performance.now() - begun < roundMsMax) void settled.then(tick);
    else setImmediate(round);
  };
}
