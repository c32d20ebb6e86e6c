import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { KindRegistry } from "../registry.ts";
import { specialTypeNames } from "../openapi/special-types.ts";
import { loadSchema } from "../schema/schema.ts";
import type { TypeNode } from "../schema/schema.ts";
import { simTypes } from "../sim/facts.ts";
import { texts } from "./texts.ts";

/** Kinds that tutorials meet, and those that stand behind them: everything that can be said about them is said. */
const kindsTold = [
  "Pod", "PodTemplate", "DaemonSet", "Job", "CronJob", "Namespace", "Node", "Service", "ConfigMap", "Secret", "ServiceAccount", "PriorityClass", "Event",
  "Lease", "ControllerRevision", "Deployment", "ReplicaSet", "StatefulSet", "ReplicationController", "PodDisruptionBudget", "ResourceQuota", "LimitRange",
  "Endpoints", "EndpointSlice", "PersistentVolume", "PersistentVolumeClaim", "StorageClass", "Ingress", "IngressClass", "NetworkPolicy",
  "HorizontalPodAutoscaler", "Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding", "RuntimeClass", "Clock", "Machine", "NodeMetrics", "PodMetrics",
];
const textLengthMax = 400;

const schema = loadSchema(simTypes);
const registry = KindRegistry.default({ addons: ["metrics.k8s.io"] });

/** Struct types that the kinds reach, and the special ones. */
function reached(): { structs: string[]; specials: string[] } {
  const structs = new Set<string>();
  const specials = new Set<string>();
  const look = (node: TypeNode): void => {
    const special = specialTypeNames[node.kind];
    if (special !== undefined) specials.add(special);
    if (node.item !== undefined) look(node.item);
    if (node.structName !== undefined) visit(node.structName);
  };
  const visit = (name: string): void => {
    if (structs.has(name)) return;
    structs.add(name);
    for (const field of schema.struct(name).fields) look(field.node);
  };
  for (const { facts } of registry.all()) {
    if (!kindsTold.includes(facts.kind)) continue;
    visit(facts.type);
    if (facts.listType !== undefined) visit(facts.listType);
  }
  return { structs: [...structs], specials: [...specials] };
}

const { structs, specials } = reached();

test("every type and every field of these kinds has a text", () => {
  const missing = [...structs, ...specials].filter((name) => texts.ofType(name) === undefined);
  for (const name of structs) {
    for (const field of schema.struct(name).fields) if (texts.ofField(name, field.name) === undefined) missing.push(`${name}.${field.name}`);
  }
  expect(missing).toEqual([]);
  expect(structs.flatMap((name) => schema.struct(name).fields).length).toBeGreaterThan(1000);
});

test("no text is empty, longer than a screen bears, or without an end", () => {
  const wrong: string[] = [];
  for (const name of schema.typeNames()) {
    const told = [texts.ofType(name), ...schema.struct(name).fields.map((field) => texts.ofField(name, field.name))];
    for (const text of told) if (text !== undefined && (text.trim() !== text || text === "" || text.length > textLengthMax || !/[.…]$/.test(text))) wrong.push(`${name}: ${text}`);
  }
  expect(wrong).toEqual([]);
});

test("no text tells of a type or field that does not exist", () => {
  const special = new Set(Object.values(specialTypeNames));
  const wrong: string[] = [];
  for (const [name, fields] of Object.entries(texts.table)) {
    if (!schema.has(name) && !special.has(name)) wrong.push(name);
    else if (schema.has(name)) for (const field of Object.keys(fields)) if (field !== "" && !schema.struct(name).byName.has(field)) wrong.push(`${name}.${field}`);
  }
  expect(wrong).toEqual([]);
});

test("a process loads texts and builders of documents when they are asked for, not when it starts", () => {
  const source = new URL("../../", import.meta.url);
  const files = readdirSync(source, { recursive: true, encoding: "utf8" }).filter((name) => /^(?!api\/(descriptions|openapi)\/).*(?<!\.(test|golden))\.ts$/.test(name));
  const loading = files.flatMap((name) => {
    const lines = readFileSync(new URL(name, source), "utf8").split("\n");
    return lines.filter((line) => /["'][^"']*\/api\/(descriptions|openapi)\//.test(line)).map((line) => `${name}: ${line.trim()}`);
  });
  expect(loading.filter((line) => !line.includes(": import type "))).toEqual([
    'server/openapi/open-api.ts: const { apiModel, documentV2, documentV3, swaggerProtobuf, texts } = await import("../../api/openapi/documents.ts");',
  ]);
});
