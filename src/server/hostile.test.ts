import { describe, expect, test } from "vitest";
import { startInProcessServer } from "../../test/in-process-server.ts";
import type { KubeObject } from "../api/kind-ref.ts";

/** Requests that mean harm: names that every JavaScript object answers to, and small texts that ask for much work. */
const { server } = await startInProcessServer();
const encoder = new TextEncoder();
const decoder = new TextDecoder();
const maps = "/api/v1/namespaces/default/configmaps";

interface Answer {
  readonly status: number;
  readonly object: KubeObject & { readonly message?: string; readonly data?: object; readonly items?: readonly KubeObject[] };
}

async function ask(method: string, target: string, body?: unknown, type = "application/json"): Promise<Answer> {
  const [path = "", query = ""] = target.split("?");
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const response = await server.handle({
    method, path, query, wants: "bytes",
    headers: { "content-type": type, "user-agent": "test" },
    credentials: { type: "certificate", commonName: "admin", organizations: ["system:masters"] },
    ...(body === undefined ? {} : { body: encoder.encode(text) }),
  });
  const said = response.body.type === "bytes" ? response.body.parts.map((part) => decoder.decode(part)).join("") : "";
  return { status: response.status, object: JSON.parse(said) as Answer["object"] };
}

const own = (object: object | undefined): [string, unknown][] => Object.entries(object ?? {});

describe("names that every object answers to", () => {
  test("are keys like any other in what is stored, patched and applied", async () => {
    const created = await ask("POST", maps, '{"metadata":{"name":"keys"},"data":{"zz":"0","__proto__":"1","constructor":"2"}}');
    expect(created.status, created.object.message).toBe(201);
    expect(own(created.object.data)).toEqual([["__proto__", "1"], ["constructor", "2"], ["zz", "0"]]);
    const merged = await ask("PATCH", `${maps}/keys`, '{"data":{"__proto__":"3","toString":"4"}}', "application/merge-patch+json");
    expect(own(merged.object.data)).toEqual([["__proto__", "3"], ["constructor", "2"], ["toString", "4"], ["zz", "0"]]);
    const strategic = await ask("PATCH", `${maps}/keys`, '{"data":{"__proto__":"5","toString":null}}', "application/strategic-merge-patch+json");
    expect(own(strategic.object.data)).toEqual([["__proto__", "5"], ["constructor", "2"], ["zz", "0"]]);
    const operations = await ask("PATCH", `${maps}/keys`, '[{"op":"replace","path":"/data/__proto__","value":"6"},{"op":"add","path":"/data/valueOf","value":"7"}]', "application/json-patch+json");
    expect(own(operations.object.data)).toEqual([["__proto__", "6"], ["constructor", "2"], ["valueOf", "7"], ["zz", "0"]]);
    const applied = await ask("PATCH", `${maps}/applied?fieldManager=m`, '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"applied"},"data":{"__proto__":"8","constructor":"9"}}', "application/apply-patch+yaml");
    expect(own(applied.object.data)).toEqual([["__proto__", "8"], ["constructor", "9"]]);
    const again = await ask("PATCH", `${maps}/applied?fieldManager=m`, '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"applied"},"data":{"constructor":"9"}}', "application/apply-patch+yaml");
    expect(own(again.object.data)).toEqual([["constructor", "9"]]);
    expect((await ask("GET", `${maps}/keys`)).object.data).toEqual(operations.object.data);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  test("are no places of an object that patches could reach", async () => {
    for (const path of ["/__proto__/polluted", "/constructor/prototype/polluted", "/data/constructor/polluted", "/metadata/__proto__/polluted"]) {
      const { status } = await ask("PATCH", `${maps}/keys`, [{ op: "add", path, value: "1" }], "application/json-patch+json");
      expect(status, path).toBeGreaterThanOrEqual(400);
    }
    expect((await ask("PATCH", `${maps}/keys`, [{ op: "remove", path: "/data/hasOwnProperty" }], "application/json-patch+json")).status).toBe(422);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  test("are unknown fields, methods, options and resources", async () => {
    expect((await ask("GET", `${maps}?fieldSelector=__proto__%3Dx`)).status).toBe(400);
    expect((await ask("GET", "/api/v1/pods?fieldSelector=constructor%3Dx")).object.message).toBe("field label not supported: constructor");
    expect((await ask("POST", `${maps}?fieldValidation=constructor`, { metadata: { name: "x" } })).status).toBe(422);
    expect((await ask("constructor", maps)).status).toBe(405);
    expect((await ask("toString", `${maps}/keys/status`)).status).toBe(404);
    expect((await ask("GET", "/apis/apps/v1/constructor")).status).toBe(404);
  });

  test("select only what carries them as labels", async () => {
    await ask("POST", maps, { metadata: { name: "labelled", labels: { constructor: "x", mark: "y" } } });
    const names = async (selector: string): Promise<unknown[]> => ((await ask("GET", `${maps}?labelSelector=${encodeURIComponent(selector)}`)).object.items ?? []).map(({ metadata }) => metadata.name);
    expect(await names("constructor")).toEqual(["labelled"]);
    expect(await names("!constructor")).toEqual(["applied", "keys"]);
    expect(await names("toString")).toEqual([]);
    expect(await names("valueOf notin (a),mark=y")).toEqual(["labelled"]);
  });
});

test("numbers beyond Go's are refused, not rounded", async () => {
  const digits = "9".repeat(20);
  const out = `strconv.ParseInt: parsing "${digits}": value out of range`;
  expect((await ask("GET", `${maps}?limit=${digits}`)).object.message).toBe(out);
  expect((await ask("DELETE", `${maps}/keys?gracePeriodSeconds=-${digits}`)).object.message).toBe(out.replace(digits, `-${digits}`));
  expect((await ask("GET", `${maps}?limit=9223372036854775807`)).status).toBe(200);
});

describe("long lists cost no more than their length", () => {
  const owners = Array.from({ length: 6_000 }, (_, i) => ({ apiVersion: "v1", kind: "Pod", name: "a", uid: `u${i}` }));
  test("owners, as they are created, updated and patched", async () => {
    expect((await ask("POST", maps, { metadata: { name: "owned", ownerReferences: owners } })).status).toBe(201);
    expect((await ask("PUT", `${maps}/owned`, { metadata: { name: "owned", ownerReferences: owners.toReversed() } })).status).toBe(200);
    expect((await ask("PATCH", `${maps}/owned`, { metadata: { ownerReferences: owners.map((owner) => ({ ...owner, name: "b" })) } }, "application/strategic-merge-patch+json")).status).toBe(200);
  }, 5_000);

  test("patches that ask for many small things", async () => {
    const unknown = Array.from({ length: 100_000 }, () => ({ a: 1 }));
    expect((await ask("PATCH", `${maps}/owned`, unknown, "application/json-patch+json")).status).toBe(413);
    const deleted = owners.map(({ uid }) => ({ $patch: "delete", uid }));
    const emptied = await ask("PATCH", `${maps}/owned`, { metadata: { ownerReferences: deleted } }, "application/strategic-merge-patch+json");
    expect(emptied.object.metadata.ownerReferences).toBeUndefined();
    expect((await ask("PATCH", `${maps}/owned`, [], "constructor")).status).toBe(415);
  }, 5_000);

  test("finalizers of what is being deleted", async () => {
    const finalizers = Array.from({ length: 8_000 }, (_, i) => `example.com/f${i}`);
    expect((await ask("POST", maps, { metadata: { name: "held", finalizers } })).status).toBe(201);
    expect((await ask("DELETE", `${maps}/held`)).status).toBe(200);
    expect((await ask("PUT", `${maps}/held`, { metadata: { name: "held", finalizers: finalizers.slice(1) } })).status).toBe(200);
  }, 5_000);
});

test("a body of more values than anybody writes is refused before they become objects", async () => {
  const empty = Array.from({ length: 60_000 }, () => "{}").join(",");
  const answer = await ask("POST", "/api/v1/namespaces/default/pods", `{"metadata":{"name":"p"},"spec":{"containers":[${empty}]}}`);
  expect([answer.status, answer.object.message]).toEqual([413, "Request entity too large: limit is 100000 values"]);
  const yaml = await ask("PATCH", `${maps}/x?fieldManager=m`, `a:\n${"- b\n".repeat(120_000)}`, "application/apply-patch+yaml");
  expect(yaml.status).toBe(413);
  // A long text is one value.
  expect((await ask("POST", `${maps}?dryRun=All`, { metadata: { name: "text" }, data: { a: "{,".repeat(400_000) } })).status).toBe(201);
});

test("a Pod that claims an address of the machine itself is no way into the control plane", async () => {
  const pods = "/api/v1/namespaces/default/pods";
  expect((await ask("POST", pods, { metadata: { name: "claims" }, spec: { containers: [{ name: "c", image: "busybox" }] } })).status).toBe(201);
  for (const ip of ["127.0.0.1", "169.254.169.254", "224.0.0.1", "::1", "fe80::1"]) {
    const claimed = await ask("PATCH", `${pods}/claims/status`, { status: { podIP: ip, podIPs: [{ ip }] } }, "application/merge-patch+json");
    expect(claimed.object.message ?? "").toBe("");
    const answer = await ask("GET", `${pods}/claims/proxy/`);
    expect([answer.status, answer.object.message], ip).toEqual([400, "address not allowed"]);
  }
});
