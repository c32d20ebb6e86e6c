import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { PodTemplateSpec } from "../api/types/core-v1.ts";
import { TemplateHasher } from "./template-hash.ts";

/**
 * Templates with the hash that Kubernetes 1.36.3 gave them: first those of recorded ControllerRevisions and ReplicaSets, then
 * templates that set every field, every form of quantity, and collision counts, hashed with the packages of that release.
 */
interface Line {
  readonly hash: string;
  readonly template: PodTemplateSpec;
  readonly collisionCount?: number;
}

const lines = readFileSync(new URL("golden/template-hashes.jsonl", import.meta.url), "utf8")
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line) as Line);

test("templates have upstream's hashes", () => {
  const hasher = new TemplateHasher();
  for (const { hash, template, collisionCount } of lines) {
    expect(hasher.hash(template, collisionCount), hasher.print(template)).toBe(hash);
  }
  expect(lines.length).toBeGreaterThan(100);
});

test("what is empty hashes like what is missing", () => {
  const hasher = new TemplateHasher();
  const template = { metadata: {}, spec: { containers: [{ name: "a", resources: {} }] } } as unknown as PodTemplateSpec;
  const wordy = {
    metadata: { labels: {}, creationTimestamp: null },
    spec: { containers: [{ name: "a", command: [], resources: { limits: {} } }], nodeSelector: {}, tolerations: [] },
  } as unknown as PodTemplateSpec;
  expect(hasher.hash(wordy)).toBe(hasher.hash(template));
});
