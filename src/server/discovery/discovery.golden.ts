import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { startInProcessServer } from "../../../test/in-process-server.ts";

/** Discovery, root paths and table columns as a real kube-apiserver 1.36.3 answers; what only this server has is taken out. */
function golden(name: string): { [path: string]: unknown } {
  return JSON.parse(readFileSync(join(import.meta.dirname, "../../../test/golden", name), "utf8")) as { [path: string]: unknown };
}

const { server } = await startInProcessServer();

async function ask(path: string, accept = "application/json"): Promise<{ headers: { readonly [name: string]: unknown }; text: string; status: number }> {
  const [plain = "", query = ""] = path.split("?");
  const response = await server.handle({
    method: "GET",
    path: plain,
    query,
    headers: { accept },
    credentials: { type: "certificate", commonName: "admin", organizations: ["system:masters"] },
    wants: "bytes",
  });
  const text = response.body.type === "bytes" ? response.body.parts.map((part) => new TextDecoder().decode(part)).join("") : "";
  return { headers: response.headers, text, status: response.status };
}

const ownGroup = "sim.coracle.dev";

/** Without the group of the simulation. */
function withoutOwn(value: unknown): unknown {
  if (typeof value === "string") return value;
  if (typeof value !== "object" || value === null) return value;
  if (!Array.isArray(value)) return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, withoutOwn(member)]));
  return value
    .filter((item: unknown) => {
      if (typeof item === "string") return !item.includes(ownGroup);
      const { name, metadata } = (item ?? {}) as { name?: string; metadata?: { name?: string } };
      return name !== ownGroup && metadata?.name !== ownGroup;
    })
    .map(withoutOwn);
}

describe("discovery", () => {
  const aggregated = golden("discovery-aggregated.json");
  test.each(Object.keys(aggregated))("%s aggregated", async (path) => {
    const { text, headers } = await ask(path, "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json");
    expect(headers["content-type"]).toBe("application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList");
    expect(withoutOwn(JSON.parse(text))).toEqual(aggregated[path]);
  });

  test("an unchanged aggregated document is not sent again", async () => {
    const accept = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
    const { headers } = await ask("/apis", accept);
    const again = await server.handle({
      method: "GET",
      path: "/apis",
      query: "",
      headers: { accept, "if-none-match": headers["etag"] as string },
      credentials: { type: "certificate", commonName: "admin", organizations: ["system:masters"] },
      wants: "bytes",
    });
    expect(again.status).toBe(304);
    expect(again.body.type).toBe("none");
  });

  const legacy = golden("discovery-legacy.json");
  test.each(Object.keys(legacy))("%s", async (path) => {
    const got = withoutOwn(JSON.parse((await ask(path)).text)) as { serverAddressByClientCIDRs?: unknown };
    // The address is the recording machine's.
    const wanted = legacy[path] as { serverAddressByClientCIDRs?: unknown };
    expect({ ...got, serverAddressByClientCIDRs: undefined }).toEqual({ ...wanted, serverAddressByClientCIDRs: undefined });
  });
});

describe("root paths", () => {
  const root = golden("root-paths.json");
  test.each(Object.keys(root).filter((path) => path !== "/openapi/v3"))("%s", async (path) => {
    const { text } = await ask(path);
    if (typeof root[path] === "string") expect(text).toBe(root[path]);
    else expect(withoutOwn(JSON.parse(text))).toEqual(root[path]);
  });

  test("/openapi/v3 lists the same documents", async () => {
    const { paths } = JSON.parse((await ask("/openapi/v3")).text) as { paths: { [path: string]: unknown } };
    expect(Object.keys(paths).filter((path) => !path.includes(ownGroup)).toSorted()).toEqual((root["/openapi/v3"] as string[]).toSorted());
  });
});
