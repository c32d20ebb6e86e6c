import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { apiVersionOf } from "./kind-facts.ts";
import { KindRegistry } from "./registry.ts";
import { defaultTable } from "./table.ts";

/** The columns of every listable kind, as a real server defines them. */
const recorded = JSON.parse(readFileSync(new URL("../../test/golden/tables.json", import.meta.url), "utf8")) as {
  readonly [path: string]: readonly { readonly name: string; readonly type: string; readonly format: string; readonly priority: number }[];
};

const byPath = new Map(
  KindRegistry.default()
    .all()
    .map((kind) => [`${kind.facts.group === "" ? "/api" : "/apis"}/${apiVersionOf(kind.facts)}/${kind.facts.plural}`, kind]),
);

describe("columns", () => {
  it.each(Object.keys(recorded))("of %s", (path) => {
    const kind = byPath.get(path);
    expect(kind).toBeDefined();
    const columns = (kind?.declaration?.table ?? defaultTable).columns;
    expect(columns.map(({ name, type, format, priority }) => ({ name, type, format, priority }))).toEqual(recorded[path]);
  });
});
