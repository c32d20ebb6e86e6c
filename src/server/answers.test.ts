import { describe, expect, test } from "vitest";
import { startInProcessServer } from "../../test/in-process-server.ts";
import { configMaps, deployments, eventsV1 } from "../api/kinds.ts";

/** The form of answers: indentation, encodings, and the words about what a client made up. */
const { server, client } = await startInProcessServer();
await client.create(configMaps, { metadata: { name: "a", namespace: "default" }, data: { k: "v" } });

const decoder = new TextDecoder();

async function ask(target: string, headers: { [name: string]: string } = {}): Promise<{ text: string; status: number; type: unknown }> {
  const [path = "", query = ""] = target.split("?");
  const { status, headers: got, body } = await server.handle({ method: "GET", path, query, headers, credentials: { type: "certificate", commonName: "admin", organizations: ["system:masters"] }, wants: "bytes" });
  return { status, type: got["content-type"], text: body.type === "bytes" ? body.parts.map((part) => decoder.decode(part)).join("") : body.type };
}

const maps = "/api/v1/namespaces/default/configmaps";

describe("indented JSON", () => {
  test.each(["curl/8.5.0", "Wget/1.21", "Mozilla/5.0 (X11)"])("%s gets it", async (agent) => {
    for (const path of [maps, `${maps}/a`, `${maps}/nope`, "/api/v1/secrets", "/apis", "/apis/apps/v1"]) {
      const { text } = await ask(path, { "user-agent": agent });
      expect(text).toBe(JSON.stringify(JSON.parse(text), null, 2));
    }
  });

  test("programs get one line, unless they ask", async () => {
    const { text } = await ask(`${maps}/a`, { "user-agent": "kubectl/v1.36.3" });
    expect(text).toBe(`${JSON.stringify(JSON.parse(text))}\n`);
    for (const yes of ["1", "t", "T", "true", "TRUE", "True"]) expect((await ask(`${maps}/a?pretty=${yes}`)).text).toContain('\n  "kind"');
    for (const no of ["0", "no", "false", "yes"]) expect((await ask(`${maps}/a?pretty=${no}`, { "user-agent": "curl/8" })).text).not.toContain('\n  "kind"');
  });

  test("the list is the same as without", async () => {
    expect(JSON.parse((await ask(`${maps}?pretty=true`)).text)).toEqual(JSON.parse((await ask(maps)).text));
  });

  test("/version and the index of paths are for people", async () => {
    for (const path of ["/version", "/"]) {
      const { text } = await ask(path, { "user-agent": "kubectl/v1.36.3" });
      expect(text).toBe(JSON.stringify(JSON.parse(text), null, 2));
    }
  });
});

test("errors come in the encoding that was asked for", async () => {
  const { text, type } = await ask(`${maps}/nope`, { accept: "application/yaml" });
  expect(type).toBe("application/yaml");
  expect(text).toContain("reason: NotFound\n");
  expect((await ask(`${maps}/nope`, { accept: "image/png" })).type).toBe("application/json");
});

test("a continue token that is no text is quoted byte by byte", async () => {
  const message = async (token: string): Promise<string> => (JSON.parse((await ask(`${maps}?continue=${token}`)).text) as { message: string }).message;
  expect(await message("z8_P")).toBe("invalid continue token: continue key is not valid: invalid character 'Ï' looking for beginning of value");
  expect(await message("gA")).toBe("invalid continue token: continue key is not valid: invalid character '\\u0080' looking for beginning of value");
  expect(await message("eyJ2Ijox")).toBe("invalid continue token: continue key is not valid: unexpected end of JSON input");
});

test("warnings are told once each, and no more of them than a head can hold", async () => {
  const send = async (fields: string): Promise<readonly string[]> => {
    const body = new TextEncoder().encode(`{"metadata":{"name":"w"},${fields}}`);
    const { status, headers } = await server.handle({ method: "POST", path: maps, query: "dryRun=All", headers: {}, body, credentials: { type: "certificate", commonName: "admin", organizations: ["system:masters"] }, wants: "bytes" });
    expect(status).toBe(201);
    return headers["warning"] as readonly string[];
  };
  expect(await send('"x":1,"y":2')).toEqual(['299 - "unknown field \\"x\\""', '299 - "unknown field \\"y\\""']);
  const many = await send(Array.from({ length: 5000 }, (_, i) => `"field${i}":1`).join(","));
  expect(many.join("").length).toBeLessThan(8192);
  const [long] = await send(`"${"x".repeat(5000)}":1`);
  expect(long).toHaveLength('299 - ""'.length + 256 + 1);
});

test("keys that stand twice in YAML are told, or refused, of a create and of an apply", async () => {
  const send = async (method: string, target: string, type: string, text: string) => {
    const [path = "", query = ""] = target.split("?");
    const { status, headers, body } = await server.handle({ method, path, query, headers: { "content-type": type }, body: new TextEncoder().encode(text), credentials: { type: "certificate", commonName: "admin", organizations: ["system:masters"] }, wants: "bytes" });
    const answer = JSON.parse(body.type === "bytes" ? decoder.decode(body.parts[0]) : "{}") as { message?: string };
    return { status, message: answer.message, warnings: headers["warning"] };
  };
  const text = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: twice}\ndata:\n  a: "1"\n  a: "2"\n';
  const yaml = "application/yaml";
  expect(await send("POST", `${maps}?dryRun=All`, yaml, text)).toMatchObject({ status: 201, warnings: ['299 - "line 6: key \\"a\\" already set in map"'] });
  expect((await send("POST", `${maps}?fieldValidation=Strict`, yaml, text)).message).toContain('strict decoding error: yaml: unmarshal errors:\n  line 6: key "a" already set in map');
  const apply = "application/apply-patch+yaml";
  expect(await send("PATCH", `${maps}/twice?fieldManager=m&dryRun=All`, apply, text)).toMatchObject({ status: 201, warnings: ['299 - "line 6: key \\"a\\" already set in map"'] });
  expect((await send("PATCH", `${maps}/twice?fieldManager=m&fieldValidation=Strict`, apply, text)).message).toBe('error strict decoding YAML: error converting YAML to JSON: yaml: unmarshal errors:\n  line 6: key "a" already set in map');
  expect(await send("PATCH", `${maps}/twice?fieldManager=m&dryRun=All&fieldValidation=Ignore`, apply, text)).toMatchObject({ status: 201, warnings: undefined });
});

test("a scale has columns of its own", async () => {
  const labels = { app: "x" };
  await client.create(deployments, { metadata: { name: "d", namespace: "default" }, spec: { replicas: 2, selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers: [{ name: "c", image: "busybox" }] } } } });
  const { text } = await ask("/apis/apps/v1/namespaces/default/deployments/d/scale", { accept: "application/json;as=Table;v=v1;g=meta.k8s.io" });
  const table = JSON.parse(text) as { columnDefinitions: { name: string }[]; rows: { cells: unknown[] }[] };
  expect(table.columnDefinitions.map(({ name }) => name)).toEqual(["Name", "Desired", "Available", "Age"]);
  expect(table.rows[0]?.cells).toEqual(["d", 2, 0, "0s"]);
});

test("what is only asked and answered has no columns: a Table of it is not acceptable", async () => {
  const table = "application/json;as=Table;v=v1;g=meta.k8s.io";
  const review = async (accept: string): Promise<number> => {
    const body = new TextEncoder().encode(JSON.stringify({ apiVersion: "authorization.k8s.io/v1", kind: "SelfSubjectAccessReview", spec: { resourceAttributes: { verb: "get" } } }));
    const path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
    return (await server.handle({ method: "POST", path, query: "", headers: { accept, "content-type": "application/json" }, credentials: { type: "certificate", commonName: "admin", organizations: ["system:masters"] }, wants: "bytes", body })).status;
  };
  expect(await review(table)).toBe(406);
  expect(await review(`${table},application/json`)).toBe(201);
});

test("both forms of Events are selected by who reports them, each by its own name for it", async () => {
  const regarding = { namespace: "default", kind: "Pod", name: "p" };
  await client.create(eventsV1, { metadata: { name: "e", namespace: "default" }, regarding, eventTime: "2026-01-01T00:00:00.000000Z", action: "Do", reason: "Did", type: "Normal", reportingController: "example.com/me", reportingInstance: "one" });
  const found = async (path: string): Promise<number> => (JSON.parse((await ask(`${path}%3Dexample.com%2Fme`)).text) as { items: unknown[] }).items.length;
  expect(await found("/apis/events.k8s.io/v1/events?fieldSelector=reportingController")).toBe(1);
  expect(await found("/api/v1/events?fieldSelector=reportingComponent")).toBe(1);
  expect(await found("/apis/events.k8s.io/v1/events?fieldSelector=regarding.name%3Dp,reportingController")).toBe(1);
  expect((await ask("/apis/events.k8s.io/v1/events?fieldSelector=reportingComponent%3Dx")).status).toBe(400);
});
