/** `coracle time`: reads and moves the virtual clock of a running cluster, through its Clock object. */
import { formatDuration } from "../base/duration.ts";
import { limits } from "../base/limits.ts";
import { ApiConnection } from "../node/api-connection.ts";
import type { ApiAnswer } from "../node/api-connection.ts";
import { Failure } from "../node/failure.ts";
import { UsageError } from "./arguments.ts";
import { objectOf, runningCluster } from "./running.ts";
import type { Output } from "./output.ts";

const collection = "/apis/sim.coracle.dev/v1alpha1/clocks";
const clockPath = `${collection}/cluster`;

interface Clock {
  readonly metadata: { readonly resourceVersion: string };
  readonly spec?: { readonly paused?: boolean };
  readonly status?: { readonly now?: string };
}

const clockOf = (answer: ApiAnswer, name: string): Clock => objectOf(answer, name) as Clock;
const instantOf = (clock: Clock): number => Date.parse(clock.status?.now ?? "");
const textOf = (instant: number): string => new Date(instant).toISOString().replace(".000Z", "Z");

/** Prints the cluster's time. */
export async function timeShow(name: string, output: Output): Promise<void> {
  const state = runningCluster(name);
  if (state.clock === "system") return output.line(`${textOf(Math.floor(Date.now() / 1000) * 1000)} (the machine's clock)`);
  const connection = new ApiConnection(state.access);
  try {
    output.line(textOf(instantOf(clockOf(await connection.get(clockPath), name))));
  } finally {
    connection.close();
  }
}

/** Moves a virtual clock on and resolves when it is there, with nothing left to do at that instant. */
export async function timeAdvance(name: string, durationMs: number, output: Output): Promise<void> {
  if (Math.round(durationMs) < 1) throw new UsageError("time advance takes whole milliseconds, at least one");
  const state = runningCluster(name);
  if (state.clock === "system") throw new Failure(`cluster "${name}" follows the machine's clock: only one started with \`coracle up --clock virtual\` can be moved`);
  const connection = new ApiConnection(state.access);
  try {
    const clock = clockOf(await connection.get(clockPath), name);
    assertMovable(clock, name);
    const from = instantOf(clock);
    const to = from + Math.round(durationMs);
    if (to > limits.instantMax) throw new UsageError("time advance takes a duration that ends before the year 10000");
    const moved = clockOf(await connection.patch(`${clockPath}?fieldManager=coracle`, { spec: { at: textOf(to) } }), name);
    await arrival(connection, moved, to, name);
    output.line(`${textOf(from)} → ${textOf(to)} (${formatDuration(to - from)} in ${formatDuration(Math.round(performance.now()))})`);
  } finally {
    connection.close();
  }
}

/** Somebody may pause a clock also while it is on its way. */
function assertMovable(clock: Clock, name: string): void {
  if (clock.spec?.paused) throw new Failure(`the clock of cluster "${name}" is paused: set spec.paused of its Clock to false, then move it`);
}

/** Resolves when the clock has reached `instant`. A watch that ends is begun anew. */
async function arrival(connection: ApiConnection, known: Clock, instant: number, name: string): Promise<void> {
  for (let clock = known; !(instantOf(clock) >= instant); clock = clockOf(await connection.get(clockPath), name)) {
    const query = `watch=true&fieldSelector=metadata.name%3Dcluster&resourceVersion=${clock.metadata.resourceVersion}`;
    for await (const event of connection.watch(`${collection}?${query}`)) {
      if (instantOf(event.object as Clock) >= instant) return;
      assertMovable(event.object as Clock, name);
    }
  }
}
