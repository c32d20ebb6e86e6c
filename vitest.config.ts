import { defineConfig } from "vitest/config";
import type { TestSpecification } from "vitest/node";
import { BaseSequencer } from "vitest/node";

/** Files that run programs beside the tests take longest. They begin first, so that none of them is waited for alone at the end. */
const longFirst = [/\/test\/transcripts\//, /\/src\/cli\//, /\/test\/(guides|kubectl|scenarios)\//, /\/scripts\//];

/** How soon a file begins: the place of the first pattern that it meets. */
function turnOf({ moduleId }: TestSpecification): number {
  const place = longFirst.findIndex((pattern) => pattern.test(moduleId));
  return place < 0 ? longFirst.length : place;
}

class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return (await super.sort(files)).sort((a, b) => turnOf(a) - turnOf(b));
  }
}

export default defineConfig({
  test: {
    include: ["src/**/*.{test,contract,golden,sim}.ts", "test/**/*.{test,golden,sim}.ts", "scripts/**/*.test.ts"],
    testTimeout: 30_000,
    // What is waited for comes in milliseconds, and on a busy machine late: the default of a second is too short.
    expect: { poll: { timeout: 20_000 } },
    pool: "threads",
    // Test files share the modules of their worker: no module holds state that changes, and loading them anew for each file is half of the work.
    isolate: false,
    // One per core; the default leaves one core to a main thread that only reports.
    maxWorkers: "100%",
    sequence: { sequencer: LongFirst },
  },
});
