import { describe, expect, test } from "vitest";
import type { NodeSelectorRequirement, NodeSelectorTerm, PodSpec } from "../api/types/core-v1.ts";
import { namedNodes, nodeMatches } from "./node-affinity.ts";

const node = (labels: { [key: string]: string }) => ({ metadata: { name: "worker", uid: "u", resourceVersion: "1", creationTimestamp: "2026-01-01T00:00:00Z", labels } });
const requiring = (...nodeSelectorTerms: NodeSelectorTerm[]): PodSpec => ({ containers: [], affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } } } }) as unknown as PodSpec;
const when = (...matchExpressions: NodeSelectorRequirement[]): NodeSelectorTerm => ({ matchExpressions });
const ssd: NodeSelectorRequirement = { key: "disktype", operator: "In", values: ["ssd"] };
const nvme: NodeSelectorRequirement = { key: "disktype", operator: "In", values: ["nvme"] };
const fast: NodeSelectorRequirement = { key: "cores", operator: "Gt", values: ["4"] };

describe("required node affinity", () => {
  test.each<[string, NodeSelectorRequirement, { [key: string]: string }, boolean]>([
    ["In", { key: "disktype", operator: "In", values: ["ssd", "nvme"] }, { disktype: "nvme" }, true],
    ["In, another value", { key: "disktype", operator: "In", values: ["ssd", "nvme"] }, { disktype: "hdd" }, false],
    ["In, no label", { key: "disktype", operator: "In", values: ["ssd"] }, {}, false],
    ["NotIn", { key: "disktype", operator: "NotIn", values: ["hdd"] }, { disktype: "ssd" }, true],
    ["NotIn, that value", { key: "disktype", operator: "NotIn", values: ["hdd"] }, { disktype: "hdd" }, false],
    ["NotIn, no label", { key: "disktype", operator: "NotIn", values: ["hdd"] }, {}, true],
    ["Exists", { key: "gpu", operator: "Exists" }, { gpu: "" }, true],
    ["Exists, no label", { key: "gpu", operator: "Exists" }, {}, false],
    ["DoesNotExist", { key: "gpu", operator: "DoesNotExist" }, {}, true],
    ["DoesNotExist, a label", { key: "gpu", operator: "DoesNotExist" }, { gpu: "no" }, false],
    ["Gt", { key: "cores", operator: "Gt", values: ["4"] }, { cores: "16" }, true],
    ["Gt, as much", { key: "cores", operator: "Gt", values: ["4"] }, { cores: "4" }, false],
    ["Gt, no number", { key: "cores", operator: "Gt", values: ["4"] }, { cores: "many" }, false],
    ["Lt", { key: "cores", operator: "Lt", values: ["16"] }, { cores: "4" }, true],
    ["Lt, no label", { key: "cores", operator: "Lt", values: ["16"] }, {}, false],
  ])("%s", (_, requirement, labels, holds) => {
    expect(nodeMatches(requiring(when(requirement)), node(labels))).toBe(holds);
  });

  test("one term is enough, and of a term every expression must hold", () => {
    expect(nodeMatches(requiring(when(ssd), when(nvme)), node({ disktype: "nvme" }))).toBe(true);
    expect(nodeMatches(requiring(when(ssd, fast)), node({ disktype: "ssd", cores: "2" }))).toBe(false);
    expect(nodeMatches(requiring(when(ssd, fast), when(nvme)), node({ disktype: "nvme" }))).toBe(true);
    expect(nodeMatches(requiring({}), node({ disktype: "ssd" }))).toBe(false);
  });

  test("the node selector must hold too, with all its pairs", () => {
    const spec = { ...requiring(when(ssd)), nodeSelector: { rack: "1", row: "2" } };
    expect(nodeMatches(spec, node({ disktype: "ssd", rack: "1", row: "2" }))).toBe(true);
    expect(nodeMatches(spec, node({ disktype: "ssd", rack: "1" }))).toBe(false);
    expect(nodeMatches(spec, node({ disktype: "hdd", rack: "1", row: "2" }))).toBe(false);
  });

  test("names the only nodes there can be, when every term names some", () => {
    const named = (...values: string[]): NodeSelectorTerm => ({ matchFields: [{ key: "metadata.name", operator: "In", values }] });
    expect(namedNodes(requiring(named("a"), named("b", "c")))).toEqual(new Set(["a", "b", "c"]));
    expect(namedNodes(requiring(named("a"), when(ssd)))).toBeUndefined();
    expect(nodeMatches(requiring(named("worker")), node({}))).toBe(true);
    expect(nodeMatches(requiring(named("other")), node({}))).toBe(false);
  });
});
