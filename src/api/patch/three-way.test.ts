import fc from "fast-check";
import { expect, test } from "vitest";
import type { JsonObject } from "../../base/json.ts";
import { loadSchema } from "../schema/schema.ts";
import { applyMergePatch } from "./merge-patch.ts";
import { applyStrategicMergePatch } from "./strategic-merge.ts";
import { threeWayJson, threeWayStrategic } from "./three-way.ts";

const schema = loadSchema();
const deployment = "io.k8s.api.apps.v1.Deployment";

function withContainers(containers: readonly JsonObject[], rest: JsonObject = {}): JsonObject {
  return { spec: { template: { spec: { containers, ...rest } } } };
}

test("what was applied before and is no longer goes, what others set stays", () => {
  const original = withContainers([{ name: "a", image: "1" }, { name: "b", image: "1" }], { nodeSelector: { x: "1" } });
  const modified = withContainers([{ name: "a", image: "2" }]);
  const current = withContainers([{ name: "a", image: "1", imagePullPolicy: "Always" }, { name: "b", image: "1" }, { name: "sidecar", image: "s" }], { nodeSelector: { x: "1" } });
  const patch = threeWayStrategic(schema, deployment, { original, modified, current });
  expect(patch).toEqual({
    spec: {
      template: {
        spec: {
          containers: [{ name: "a", image: "2" }, { $patch: "delete", name: "b" }],
          "$setElementOrder/containers": [{ name: "a" }],
          nodeSelector: null,
        },
      },
    },
  });
  expect(applyStrategicMergePatch(schema, deployment, current, patch)).toEqual(
    withContainers([{ name: "a", image: "2", imagePullPolicy: "Always" }, { name: "sidecar", image: "s" }]),
  );
});

test("a strategy that becomes Recreate names the keys that stay", () => {
  const original = { spec: { strategy: { type: "RollingUpdate" } } };
  const current = { spec: { strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 1 } } } };
  const patch = threeWayStrategic(schema, deployment, { original, modified: { spec: { strategy: { type: "Recreate" } } }, current });
  expect(patch).toEqual({ spec: { strategy: { $retainKeys: ["type"], type: "Recreate" } } });
});

test("nothing to do is an empty patch", () => {
  const object = withContainers([{ name: "a", image: "1" }]);
  expect(threeWayStrategic(schema, deployment, { original: object, modified: object, current: object })).toEqual({});
  expect(threeWayJson({ original: object, modified: object, current: object })).toEqual({});
});

const scalar = fc.oneof(fc.string(), fc.integer(), fc.boolean());
const tree = fc.letrec<{ node: JsonObject }>((tie) => ({
  node: fc.dictionary(fc.constantFrom("a", "b", "c"), fc.oneof({ depthSize: "small" }, scalar, fc.array(scalar), tie("node"))) as fc.Arbitrary<JsonObject>,
})).node;

test("where nobody else wrote, applying the JSON patch gives what was asked for", () => {
  fc.assert(
    fc.property(tree, tree, (original, modified) => {
      expect(applyMergePatch(original, threeWayJson({ original, modified, current: original }))).toEqual(modified);
    }),
  );
});

const names = fc.uniqueArray(fc.constantFrom("a", "b", "c", "d"));
const pod = fc.record({
  containers: names.chain((list) => fc.tuple(...list.map((name) => fc.record({ name: fc.constant(name), image: fc.constantFrom("1", "2") })))),
  nodeSelector: fc.dictionary(fc.constantFrom("x", "y"), fc.constantFrom("1", "2")),
});
const template = pod.map((spec) => ({ spec: { template: { spec } }, metadata: { finalizers: spec.containers.map((container) => `f/${container.name}`) } }) as unknown as JsonObject);

test("where nobody else wrote, applying the strategic patch gives what was asked for, in its order", () => {
  fc.assert(
    fc.property(template, template, (original, modified) => {
      const patch = threeWayStrategic(schema, deployment, { original, modified, current: original });
      expect(sortless(applyStrategicMergePatch(schema, deployment, original, patch))).toEqual(sortless(modified));
    }),
  );
});

/** An empty list and none are the same after decoding. */
function sortless(value: unknown): unknown {
  if (Array.isArray(value)) return value.length === 0 ? undefined : value.map(sortless);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, sortless(member)]));
}

test("merge patch: creating from nothing and applying gives the object", () => {
  fc.assert(fc.property(tree, tree, (before, after) => {
    const patch = threeWayJson({ original: before, modified: after, current: before });
    expect(applyMergePatch(applyMergePatch(before, patch), patch)).toEqual(after);
  }));
});
