/**
 * Calls `act` for 0 … count - 1 in batches of 1, 2, 4 … that each run side by side; after a batch with a failure the rest is
 * not tried. So a controller whose creations are all refused (a quota, a webhook) sends a few, not all. Returns the first
 * failure.
 */
export async function slowStart(count: number, act: (index: number) => Promise<void>): Promise<unknown> {
  let done = 0;
  for (let batch = 1; done < count; batch *= 2) {
    const failures: unknown[] = [];
    const end = Math.min(done + batch, count);
    const running: Promise<void>[] = [];
    for (; done < end; done++) running.push(act(done).catch((error: unknown) => void failures.push(error)));
    await Promise.all(running);
    if (failures.length > 0) return failures[0];
  }
  return undefined;
}
