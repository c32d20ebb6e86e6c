import { describe, expect, it } from "vitest";
import { fieldErrorText } from "../../base/field-error.ts";
import type { Draft, JsonObject } from "../../base/json.ts";
import { decode } from "../schema/decode.ts";
import { loadSchema } from "../schema/schema.ts";
import type { CustomResourceDefinition, JSONSchemaProps } from "../types/apiextensions-v1.ts";
import { customResourceDefinition } from "./custom-resource-definition.ts";
import { patternProblem } from "./pattern.ts";

const version = (name: string, schema: JSONSchemaProps, more: object = {}): object => ({ name, served: true, storage: name === "v1", schema: { openAPIV3Schema: schema }, ...more });
const plain: JSONSchemaProps = { type: "object", properties: { spec: { type: "object", properties: { size: { type: "integer" } } } } };

function definition(spec: object, annotations?: object): Draft<CustomResourceDefinition> {
  const body = {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: "widgets.example.com", annotations },
    spec: { group: "example.com", scope: "Namespaced", names: { plural: "widgets", kind: "Widget" }, ...spec },
  } as unknown as JsonObject;
  const type = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinition";
  const draft = decode(loadSchema(), type, JSON.parse(JSON.stringify(body)) as JsonObject, "strict").object as unknown as Draft<CustomResourceDefinition>;
  customResourceDefinition.defaults?.(draft);
  customResourceDefinition.prepareCreate?.(draft);
  return draft;
}

function refusals(spec: object, annotations?: object): string[] {
  return (customResourceDefinition.validate?.(definition(spec, annotations) as CustomResourceDefinition) ?? []).map(fieldErrorText);
}

const schemaPath = "spec.validation.openAPIV3Schema";
const ofSchema = (schema: JSONSchemaProps): string[] => refusals({ versions: [version("v1", schema)] });

describe("definitions of custom kinds", () => {
  it("are good with one version, and with two that differ", () => {
    expect(refusals({ versions: [version("v1", plain)] })).toEqual([]);
    expect(refusals({ versions: [version("v1", plain), version("v2", { ...plain, description: "other" })] })).toEqual([]);
  });

  it("name the version whose schema is wrong, and none where all share it", () => {
    const bad: JSONSchemaProps = { type: "object", properties: { spec: {} } };
    const text = "properties[spec].type: Required value: must not be empty for specified object fields";
    expect(refusals({ versions: [version("v1", bad)] })).toEqual([`${schemaPath}.${text}`]);
    expect(refusals({ versions: [version("v1", plain), version("v2", bad)] })).toEqual([`spec.versions[1].schema.openAPIV3Schema.${text}`]);
  });

  it("ask the project for its own groups", () => {
    const spec = { group: "x.k8s.io", versions: [version("v1", plain)] };
    expect(refusals(spec)).toContain(
      'metadata.annotations[api-approved.kubernetes.io]: Required value: protected groups must have approval annotation "api-approved.kubernetes.io", see https://github.com/kubernetes/enhancements/pull/1111',
    );
    expect(refusals(spec, { "api-approved.kubernetes.io": "unapproved, for a test" }).filter((text) => text.includes("approv"))).toEqual([]);
  });

  it("convert by a webhook that can be called", () => {
    const by = (webhook: object): string[] => refusals({ versions: [version("v1", plain)], conversion: { strategy: "Webhook", webhook } });
    const service = { name: "s", namespace: "n" };
    expect(by({ clientConfig: { service }, conversionReviewVersions: ["v1"] })).toEqual([]);
    expect(by({ conversionReviewVersions: ["v2"] })).toEqual([
      "spec.conversion.webhookClientConfig: Required value: required when strategy is set to Webhook",
      'spec.conversion.conversionReviewVersions: Invalid value: ["v2"]: must include at least one of v1, v1beta1',
    ]);
  });

  it("keep every version that was ever stored", () => {
    const old = { ...definition({ versions: [version("v1", plain)] }), status: { acceptedNames: { plural: "", kind: "" }, storedVersions: ["v0"] } } as CustomResourceDefinition;
    const now = definition({ versions: [version("v1", plain)] });
    customResourceDefinition.prepareUpdate?.(now, old);
    expect(now.status.storedVersions).toEqual(["v0", "v1"]);
    expect(customResourceDefinition.validate?.(now as CustomResourceDefinition).map(({ field }) => field)).toEqual(["status.storedVersions[0]"]);
  });
});

describe("schemas of custom kinds", () => {
  it("say the type of a value outside of what judges it further", () => {
    const within = { properties: { spec: { properties: { size: { type: "integer" }, other: { minimum: 1 } } } } };
    expect(ofSchema({ ...plain, allOf: [within] })).toEqual([
      `${schemaPath}.allOf[0].properties[spec].properties[size].type: Forbidden: must be empty to be structural`,
      `${schemaPath}.properties[spec].properties[other]: Required value: because it is defined in ${schemaPath}.allOf[0].properties[spec].properties[other]`,
    ]);
    const either: JSONSchemaProps = { "x-kubernetes-int-or-string": true, anyOf: [{ type: "integer" }, { type: "string" }] };
    expect(ofSchema({ type: "object", properties: { port: either } })).toEqual([]);
  });

  it("restrict metadata to the name", () => {
    const meta = (properties: JSONSchemaProps["properties"]): string[] => ofSchema({ type: "object", properties: { metadata: { type: "object", ...(properties && { properties }) } } });
    expect(meta({ name: { type: "string", maxLength: 10 } })).toEqual([]);
    expect(meta({ labels: { type: "object" } })).toEqual([
      `${schemaPath}.properties[metadata]: Forbidden: must not specify anything other than name and generateName, but metadata is implicitly specified`,
    ]);
  });

  it("give defaults that are good themselves", () => {
    const size = (more: JSONSchemaProps): string[] => ofSchema({ type: "object", properties: { size: more } }).map((text) => text.replace(`${schemaPath}.properties[size].`, ""));
    expect(size({ type: "string", default: "ab", maxLength: 1 })).toEqual(["default: Too long: may not be more than 1 byte"]);
    expect(size({ type: "string", default: "c", enum: ["a", "b"] })).toEqual(['default: Unsupported value: "c": supported values: "a", "b"']);
    const nested: JSONSchemaProps = { type: "object", required: ["a"], properties: { a: { type: "array", items: { type: "integer" } } } };
    expect(size({ ...nested, default: { b: 1 } })).toEqual(['default: Invalid value: {"b":1}: must not have unknown fields', "default.a: Required value"]);
    expect(size({ ...nested, default: { a: ["x"] } })).toEqual(['default.a[0]: Invalid value: "string": a[0] in body must be of type integer: "string"']);
  });

  it("say plainly what is wrong with an expression", () => {
    const problems = ["^[a-z]+$", "(?i)a|b*", "[^]]x", "\\Q(\\E", "[a-z", "(a", "a)", "*a", "a\\"].map(patternProblem);
    expect(problems.slice(0, 4)).toEqual([undefined, undefined, undefined, undefined]);
    expect(problems.slice(4)).toEqual([
      "missing closing ]: `[a-z`",
      "missing closing ): `(a`",
      "unexpected ): `a)`",
      "missing argument to repetition operator: `*`",
      "trailing backslash at end of expression: ``",
    ]);
  });
});
