import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { apiModel } from "../../src/api/openapi/api-model.ts";
import { documentV2 } from "../../src/api/openapi/v2.ts";
import { KindRegistry } from "../../src/api/registry.ts";
import { loadSchema } from "../../src/api/schema/schema.ts";
import { simTypes } from "../../src/api/sim/facts.ts";

/** The description of the API against the real server's: same paths, operations, parameters and definitions. Texts are our own. */
type Part = { readonly [key: string]: unknown };
interface Recorded {
  readonly info: Part;
  readonly security: readonly Part[];
  readonly paths: { readonly [path: string]: Part };
  readonly parameters: { readonly [name: string]: Part };
  readonly definitionNames: readonly string[];
}

const read = (name: string): Buffer => readFileSync(new URL(name, import.meta.url));
const recorded = JSON.parse(gunzipSync(read("openapi-v2-without-descriptions.json.gz")).toString("utf8")) as Recorded;
const recordedDocuments = (JSON.parse(read("root-paths.json").toString("utf8")) as { "/openapi/v3": string[] })["/openapi/v3"];
const texts = { ofType: () => undefined, ofField: () => undefined };
const model = apiModel({ registry: KindRegistry.default(), schema: loadSchema(simTypes), texts, gitVersion: "v1.36.3" });
const made = JSON.parse(JSON.stringify(documentV2(model), (key, value: unknown) => (key === "description" && typeof value === "string" ? undefined : value))) as {
  info: Part;
  security: readonly Part[];
  paths: { [path: string]: Part };
  parameters: { [name: string]: Part };
  definitions: { [name: string]: Part };
};

/** The group that only Coracle serves. */
const isOwn = (name: string): boolean => /sim\.coracle\.dev|dev\.coracle\.sim/.test(name);
const namesOf = (part: object): string[] => Object.keys(part).filter((name) => !isOwn(name)).toSorted();

describe("OpenAPI v2 against the recording", () => {
  test("the same paths, parameters and definitions", () => {
    expect({ info: made.info, security: made.security }).toEqual({ info: recorded.info, security: recorded.security });
    expect(namesOf(made.paths)).toEqual(namesOf(recorded.paths));
    expect(made.parameters).toEqual(recorded.parameters);
    expect(namesOf(made.definitions)).toEqual(recorded.definitionNames.toSorted());
  });

  test.each(Object.entries(recorded.paths))("%s", (path, item) => {
    expect(made.paths[path]).toEqual(item);
  });

  test("every reference leads somewhere", () => {
    const text = JSON.stringify(made);
    for (const [, name] of text.matchAll(/"#\/definitions\/([^"]+)"/g)) expect(made.definitions).toHaveProperty([name as string]);
  });
});

test("OpenAPI v3 has the same documents", () => {
  expect(model.documents.filter((name) => !isOwn(name))).toEqual(recordedDocuments);
});
