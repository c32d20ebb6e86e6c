import { describe, expect, test } from "vitest";
import { fieldsOf } from "../../api/protobuf/wire.ts";
import { startInProcessServer } from "../../../test/in-process-server.ts";
import type { ApiResponse } from "../request.ts";

const credentials = { type: "certificate", commonName: "admin", organizations: ["system:masters"] } as const;
const protobuf = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf";

async function start() {
  const { server } = await startInProcessServer();
  const ask = async (path: string, headers: { [name: string]: string } = {}, method = "GET"): Promise<ApiResponse> => {
    const [plain = "", query = ""] = path.split("?");
    return server.handle({ method, path: plain, query, headers, body: { type: "none" }, wants: "bytes", credentials } as never);
  };
  return { ask, json: async (path: string) => JSON.parse(new TextDecoder().decode(bytesOf(await ask(path)))) as Document };
}

interface Document {
  readonly paths: { readonly [path: string]: { readonly serverRelativeURL: string } };
  readonly components: { readonly schemas: { readonly [name: string]: { readonly [key: string]: unknown; readonly properties: { readonly [name: string]: unknown } } } };
}

function bytesOf({ body }: ApiResponse): Uint8Array {
  if (body.type !== "bytes") throw new Error(`an answer of type ${body.type}`);
  return body.parts[0] as Uint8Array;
}

describe("OpenAPI v3", () => {
  test("each document of the index is there under its hash, to be kept for good", async () => {
    const { ask, json } = await start();
    const { paths } = await json("/openapi/v3");
    for (const [name, { serverRelativeURL }] of Object.entries(paths)) {
      const answer = await ask(serverRelativeURL);
      const hash = serverRelativeURL.slice(serverRelativeURL.indexOf("=") + 1);
      expect({ name, status: answer.status }).toEqual({ name, status: 200 });
      expect(answer.headers).toMatchObject({ etag: `"${hash}"`, "cache-control": "public, immutable, max-age=31536000", "content-type": "application/json" });
    }
  });

  test("an outdated hash leads to the present one; without a hash nothing is kept for good", async () => {
    const { ask, json } = await start();
    const { serverRelativeURL } = (await json("/openapi/v3")).paths["apis/apps/v1"] as { serverRelativeURL: string };
    expect(await ask("/openapi/v3/apis/apps/v1?hash=OLD")).toMatchObject({ status: 301, headers: { location: serverRelativeURL } });
    expect((await ask("/openapi/v3/apis/apps/v1")).headers["cache-control"]).toBe("no-cache, private");
  });

  test("who has it already is told so", async () => {
    const { ask } = await start();
    for (const path of ["/openapi/v3", "/openapi/v3/api/v1", "/openapi/v2"]) {
      const etag = (await ask(path)).headers["etag"] as string;
      expect(await ask(path, { "if-none-match": etag })).toMatchObject({ status: 304, body: { type: "none" } });
    }
  });

  test("two servers tell the same", async () => {
    const [one, other] = [await start(), await start()];
    expect(await one.json("/openapi/v3")).toEqual(await other.json("/openapi/v3"));
  });

  test("fields carry what clients merge and check by", async () => {
    const { json } = await start();
    const { schemas } = (await json("/openapi/v3/api/v1")).components;
    expect(schemas["io.k8s.api.core.v1.Pod"]).toMatchObject({ "x-kubernetes-group-version-kind": [{ group: "", kind: "Pod", version: "v1" }] });
    expect(schemas["io.k8s.api.core.v1.PodSpec"]?.properties["containers"]).toMatchObject({
      type: "array",
      items: { allOf: [{ $ref: "#/components/schemas/io.k8s.api.core.v1.Container" }] },
      "x-kubernetes-list-map-keys": ["name"],
      "x-kubernetes-list-type": "map",
      "x-kubernetes-patch-merge-key": "name",
      "x-kubernetes-patch-strategy": "merge",
    });
    expect(schemas["io.k8s.api.core.v1.PodSpec"]?.["required"]).toEqual(["containers"]);
    expect(schemas["io.k8s.api.core.v1.ContainerPort"]?.properties["protocol"]).toMatchObject({ default: "TCP", enum: ["SCTP", "TCP", "UDP"] });
    expect(schemas["io.k8s.api.core.v1.SeccompProfile"]?.["x-kubernetes-unions"]).toEqual([
      { discriminator: "type", "fields-to-discriminateBy": { localhostProfile: "LocalhostProfile" } },
    ]);
    expect(schemas["io.k8s.apimachinery.pkg.util.intstr.IntOrString"]).toMatchObject({ format: "int-or-string", oneOf: [{ type: "integer" }, { type: "string" }] });
  });

  test("what is not there is 404, what cannot be said is 406, and nothing can be written", async () => {
    const { ask } = await start();
    expect((await ask("/openapi/v3/apis/nothing/v1")).status).toBe(404);
    expect((await ask("/openapi/v4")).status).toBe(404);
    expect((await ask("/openapi/v3", { accept: "text/html" })).status).toBe(406);
    expect((await ask("/openapi/v3/api/v1", { accept: protobuf })).status).toBe(406);
    expect((await ask("/openapi/v2", {}, "POST")).status).toBe(405);
  });
});

describe("OpenAPI v2", () => {
  test("comes in protobuf to those who ask for it first", async () => {
    const { ask } = await start();
    const answer = await ask("/openapi/v2", { accept: protobuf });
    expect(answer.headers["content-type"]).toBe("application/com.github.proto-openapi.spec.v2.v1.0+protobuf");
    const fields = [...fieldsOf(bytesOf(answer))];
    expect(fields.map(({ number }) => number)).toEqual([1, 2, 8, 9, 10, 12, 13]);
    expect((await ask("/openapi/v2", { accept: `application/json, ${protobuf}` })).headers["content-type"]).toBe("application/json");
    expect((await ask("/openapi/v2", { accept: "application/xml" })).status).toBe(406);
  });
});
