/** How long a command waits for what others do, on the machine's clock. */
import { Failure } from "../node/failure.ts";

/** Node's timers cannot be set for longer: above it they would ring at once. */
const timerMsMax = 2 ** 31 - 1;

/** What `work` resolves with; a Failure made of `late` when it takes longer than `ms`. */
export async function inTime<T>(work: Promise<T>, ms: number, late: () => string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Failure(late())), Math.min(ms, timerMsMax));
  });
  try {
    return await Promise.race([work, over]);
  } finally {
    clearTimeout(timer);
  }
}
