import { expect, test } from "vitest";
import type { Draft, JsonValue } from "../../base/json.ts";
import type { KubeObject } from "../kind-ref.ts";
import { decode } from "./decode.ts";
import { amongEmpties, withEmpties } from "./empties.ts";
import { loadSchema } from "./schema.ts";

const schema = loadSchema();
const read = (value: JsonValue) => decode(schema, "io.k8s.api.core.v1.Pod", value, "strict");
const pod = (nodeSelector: { [key: string]: string }): JsonValue => ({ kind: "Pod", apiVersion: "v1", metadata: { name: "p" }, spec: { containers: [{ name: "c", image: "i", args: [] }], nodeSelector } });

test("what is given empty is left out and noted; most objects have nothing of the kind", () => {
  const { object, empties } = read(pod({}));
  expect(JSON.stringify(object)).not.toMatch(/nodeSelector|args/);
  expect(empties.map(({ path, was }) => [path.join("."), was])).toEqual([["spec.containers.0.args", "list"], ["spec.nodeSelector", "map"]]);
  expect(decode(schema, "io.k8s.api.core.v1.ConfigMap", { data: { a: "b" } }, "strict").empties).toEqual([]);
});

test("defaults see it, and it goes again unless they filled it", () => {
  const { object, empties } = read(pod({}));
  const draft = object as Draft<KubeObject> & { spec: { nodeSelector?: { [key: string]: string }; containers: { args?: string[] }[] } };
  const before = JSON.stringify(draft);
  amongEmpties(draft, empties, () => expect(draft.spec).toMatchObject({ nodeSelector: {}, containers: [{ args: [] }] }));
  expect(JSON.stringify(draft)).toBe(before);
  amongEmpties(draft, empties, () => void draft.spec.containers[0]?.args?.push("x"));
  expect(draft.spec.containers[0]?.args).toEqual(["x"]);
});

test("validation sees a copy that has it; of an update only where something was before", () => {
  const { object, empties } = read(pod({}));
  const seen = withEmpties(object as KubeObject, empties) as unknown as { spec: object };
  expect(seen.spec).toMatchObject({ nodeSelector: {}, containers: [{ args: [] }] });
  expect(JSON.stringify(object)).not.toContain("nodeSelector");
  const old = read(pod({ disk: "ssd" })).object as KubeObject;
  const changed = withEmpties(object as KubeObject, empties, old) as unknown as { spec: { containers: object[] } };
  expect(changed.spec).toMatchObject({ nodeSelector: {} });
  expect(changed.spec.containers[0]).not.toHaveProperty("args");
});
