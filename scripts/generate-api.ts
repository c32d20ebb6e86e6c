/**
 * Writes src/api/types/*.ts and src/api/data/*.ts from data/kubernetes-1.36/*.json: TypeScript types of every struct, and the
 * schema and the list of kinds as strings that are parsed once. Run `node scripts/generate-api.ts`; the same input gives the
 * same bytes, and a test fails when the output is not up to date.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

interface Field {
  name?: string;
  inline?: boolean;
  type: string;
  as?: string;
  required?: boolean;
  omitempty?: boolean;
  omitzero?: boolean;
  pointer?: boolean;
}
interface Facts {
  names: Record<string, { is: string; enum?: string[] }>;
  types: Record<string, { fields: Field[] }>;
}
interface KindFact {
  group: string;
  version: string;
  kind: string;
  plural: string;
  namespaced: boolean;
  type: string;
  served: string;
}

const root = join(import.meta.dirname, "..");
/** Where the tree begins that is written to: the clone, or a folder to compare with it. */
const tree = process.argv[2] ?? root;
const facts = JSON.parse(readFileSync(join(root, "data/kubernetes-1.36/types.json"), "utf8")) as Facts;
const kindsText = readFileSync(join(root, "data/kubernetes-1.36/kinds.json"), "utf8");
const kinds = (JSON.parse(kindsText) as { kinds: KindFact[] }).kinds;
const topLevel = new Set(kinds.map((kind) => kind.type));

/** io.k8s.api.core.v1.Pod -> { module: "core-v1", name: "Pod" } */
function place(type: string): { module: string; name: string } {
  const parts = type.split(".");
  const name = parts.at(-1) as string;
  const version = parts.at(-2) as string;
  const group = parts.at(-3) as string;
  return { module: `${group}-${version}`, name };
}

const specials: Record<string, string> = {
  string: "string",
  boolean: "boolean",
  int32: "number",
  int64: "number",
  double: "number",
  bytes: "string",
  any: "JsonValue",
  quantity: "string",
  time: "string",
  microtime: "string",
  duration: "string",
  intOrString: "number | string",
  fieldsV1: "JsonObject",
  rawExtension: "JsonValue",
  unknown: "JsonObject",
  json: "JsonValue",
};

const modules = new Map<string, { imports: Map<string, Set<string>>; body: string[]; json: Set<string> }>();
function moduleOf(name: string) {
  let found = modules.get(name);
  if (!found) modules.set(name, (found = { imports: new Map(), body: [], json: new Set() }));
  return found;
}

function expression(type: string, from: string, as?: string): string {
  const module = moduleOf(from);
  if (type.startsWith("[]")) {
    const item = expression(type.slice(2), from, as);
    return item.includes("|") ? `readonly (${item})[]` : `readonly ${item}[]`;
  }
  if (type.startsWith("{}")) return `{ readonly [key: string]: ${expression(type.slice(2), from, as)} }`;
  if (type === "string" && as && facts.names[as]?.enum?.length) return facts.names[as].enum.map((v) => JSON.stringify(v)).join(" | ");
  const reference = (full: string): string => {
    const target = place(full);
    if (target.module === from) return target.name;
    let names = module.imports.get(target.module);
    if (!names) module.imports.set(target.module, (names = new Set()));
    names.add(target.name);
    return target.name;
  };
  const schema = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps";
  if (type === "schemaOrBool") return `${reference(schema)} | boolean`;
  if (type === "schemaOrArray") return `${reference(schema)} | readonly ${reference(schema)}[]`;
  if (type === "schemaOrStringArray") return `${reference(schema)} | readonly string[]`;
  const special = specials[type];
  if (special) {
    for (const word of ["JsonValue", "JsonObject"]) if (special === word) module.json.add(word);
    return special;
  }
  return reference(type);
}


function collectFields(type: string): Field[] {
  return (facts.types[type]?.fields ?? []).flatMap((field) => (field.inline ? collectFields(field.type) : [field]));
}

for (const type of Object.keys(facts.types).sort()) {
  const { module, name } = place(type);
  const out = moduleOf(module);
  const isTop = topLevel.has(type);
  const lines = [`export interface ${name} {`];
  for (const field of collectFields(type)) {
    const isStruct = facts.types[field.type] !== undefined;
    const scalarAlways = name === "ObjectMeta" && ["name", "uid", "resourceVersion", "creationTimestamp"].includes(field.name ?? "");
    const always =
      scalarAlways || (isTop && ["apiVersion", "kind", "metadata"].includes(field.name ?? "")) ||
      (isStruct ? !field.pointer && !field.omitzero : field.required === true && !field.pointer);
    const key = /^[A-Za-z_$][\w$]*$/.test(field.name ?? "") ? field.name : JSON.stringify(field.name);
    lines.push(`  readonly ${key}${always ? "" : "?"}: ${expression(field.type, module, field.as)};`);
  }
  lines.push("}", "");
  out.body.push(...lines);
}

const typesFolder = join(tree, "src/api/types");
rmSync(typesFolder, { recursive: true, force: true });
mkdirSync(typesFolder, { recursive: true });
const banner = (what: string) => `// Generated by scripts/generate-api.ts from data/kubernetes-1.36. ${what} Do not edit.\n`;
for (const [name, module] of [...modules].sort()) {
  const imports: string[] = [];
  if (module.json.size > 0) imports.push(`import type { ${[...module.json].sort().join(", ")} } from "../../base/json.ts";`);
  for (const [target, names] of [...module.imports].sort()) {
    imports.push(`import type { ${[...names].sort().join(", ")} } from "./${target}.ts";`);
  }
  writeFileSync(join(typesFolder, `${name}.ts`), banner("Types of one group version.") + [...imports, "", ...module.body].join("\n").trimEnd() + "\n");
}

const dataFolder = join(tree, "src/api/data");
mkdirSync(dataFolder, { recursive: true });
const asString = (text: string) => JSON.stringify(JSON.stringify(JSON.parse(text)));
writeFileSync(
  join(dataFolder, "schema-text.ts"),
  banner("The schema: a line for the names that stand for other types, then one for each type, its name before its JSON.") +
    `export const schemaText: string = ${JSON.stringify([JSON.stringify(facts.names), ...Object.entries(stripped()).map(([name, type]) => `${name} ${JSON.stringify(type)}`)].join("\n"))};\n`,
);
writeFileSync(join(dataFolder, "kinds-text.ts"), banner("Groups and kinds, as JSON text.") + `export const kindsText: string = ${asString(kindsText)};\n`);

/** The schema without what only the extractor's checks read (protobuf names; wire types follow from the types). */
function stripped(): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  for (const [name, type] of Object.entries(facts.types)) {
    const { proto: _proto, fields, ...rest } = type as unknown as { proto?: string; fields: Record<string, unknown>[] };
    out[name] = {
      ...rest,
      fields: fields.map(({ wire: _wire, pbName: _pbName, gate: _gate, ...field }) => field),
    };
  }
  return out;
}

const used = new Set<string>();
const refs: string[] = [];
const refImports = new Map<string, Set<string>>();
for (const kind of kinds.filter((k) => k.served === "default")) {
  const plural = pluralCamel(kind.kind, kind.plural);
  let name = plural;
  if (used.has(name)) name = `${plural}${kind.version.toUpperCase()}`;
  used.add(name);
  const target = place(kind.type);
  let set = refImports.get(target.module);
  if (!set) refImports.set(target.module, (set = new Set()));
  const clash = ["Event", "HorizontalPodAutoscaler"].includes(kind.kind) && name !== plural;
  const local = clash ? `${kind.kind}_${target.module.replace(/\W/g, "_")}` : kind.kind;
  set.add(clash ? `${kind.kind} as ${local}` : kind.kind);
  const apiVersion = kind.group ? `${kind.group}/${kind.version}` : kind.version;
  refs.push(
    `export const ${name}: KindRef<${local}> = ${JSON.stringify({ group: kind.group, version: kind.version, apiVersion, kind: kind.kind, plural: kind.plural, namespaced: kind.namespaced })};`,
  );
}
function pluralCamel(kind: string, plural: string): string {
  let same = 0;
  while (same < kind.length && kind[same]?.toLowerCase() === plural[same]) same++;
  const text = kind.slice(0, same) + plural.slice(same);
  return text.replace(/^[A-Z]+(?=[A-Z][a-z])|^[A-Z]+$|^[A-Z]/, (head) => head.toLowerCase());
}
writeFileSync(
  join(tree, "src/api/kinds.ts"),
  banner("A typed reference to every kind that is served by default, named by its plural.") +
    [
      `import type { KindRef } from "./kind-ref.ts";`,
      ...[...refImports].sort().map(([module, names]) => `import type { ${[...names].sort().join(", ")} } from "./types/${module}.ts";`),
      "",
      ...refs,
      "",
    ].join("\n"),
);
