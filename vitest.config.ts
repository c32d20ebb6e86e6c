import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["src/**/*.{test,contract,golden,sim}.ts", "test/**/*.{test,golden,sim}.ts", "scripts/**/*.test.ts"],
    testTimeout: 30_000,
    pool: "threads",
    // One per core; the default leaves one core to a main thread that only reports.
    maxWorkers: "100%",
  },
});
