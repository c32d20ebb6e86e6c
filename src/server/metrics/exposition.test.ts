import { expect, test } from "vitest";
import { startInProcessServer } from "../../../test/in-process-server.ts";
import { componentStatuses, configMaps } from "../../api/kinds.ts";

/** What the server says of itself, from the outside. */
const { server, client, advance, store } = await startInProcessServer();

async function ask(target: string, method = "GET"): Promise<{ status: number; text: string; type: unknown }> {
  const [path = "", query = ""] = target.split("?");
  const { status, headers, body } = await server.handle({ method, path, query, headers: {}, credentials: { type: "certificate", commonName: "admin", organizations: ["system:masters"] }, wants: "bytes" });
  return { status, type: headers["content-type"], text: body.type === "bytes" ? body.parts.map((part) => new TextDecoder().decode(part)).join("") : "" };
}

test("requests are counted by what they ask for and how they end; made-up names are no labels", async () => {
  for (let i = 0; i < 3; i++) await client.create(configMaps, { metadata: { name: `m${i}`, namespace: "default" } });
  await ask("/api/v1/namespaces/default/configmaps/m0");
  await ask("/api/v1/namespaces/default/configmaps/nope");
  await ask("/api/v1/namespaces/default/madeup/x/y");
  await ask("/apis/madeup/v1/things");
  await ask("/api/v1/namespaces/default/configmaps/m0/madeup");
  await advance(1000);
  const { text, type } = await ask("/metrics");
  expect(type).toBe("text/plain; version=0.0.4; charset=utf-8; escaping=underscores");
  const labels = 'component="apiserver",dry_run="",verb="GET",group="",version="v1",resource="configmaps",subresource="",scope="resource"';
  expect(text).toContain(`apiserver_request_total{code="200",${labels}} 1\n`);
  expect(text).toContain(`apiserver_request_total{code="404",${labels}} 2\n`);
  expect(text).toMatch(/apiserver_request_total\{code="201",.*verb="POST".*resource="configmaps".*scope="(namespace|resource)"\} 3\n/);
  expect(text).toContain(`apiserver_request_duration_seconds_bucket{${labels},le="0.005"} 3\n`);
  expect(text).toContain(`apiserver_request_duration_seconds_count{${labels}} 3\n`);
  expect(text).toContain('apiserver_resource_objects{group="",resource="configmaps"} ');
  expect(text).toContain(`apiserver_storage_objects{resource="configmaps"} ${store.count("configmaps/")}\n`);
  expect(text).toContain('apiserver_current_inflight_requests{request_kind="readOnly"} 1\n');
  expect(text).toContain("process_start_time_seconds 1767225600\n");
  expect(text).not.toContain("madeup");
  for (const line of text.trimEnd().split("\n")) expect(line).toMatch(/^(# (HELP|TYPE) \w+ .+|\w+(\{(\w+="[^"]*",?)*\})? -?[0-9.e+-]+)$/);
});

test("health checks are told as numbers, too; nothing else stands below", async () => {
  expect((await ask("/metrics/slis")).text).toContain('kubernetes_healthcheck{name="ping",type="livez"} 1\n');
  expect((await ask("/metrics/nope")).status).toBe(404);
});

test("the parts of the control plane are well", async () => {
  const { items } = await client.list(componentStatuses);
  expect(items.map(({ metadata, conditions }) => [metadata.name, conditions?.[0]?.message])).toEqual([["controller-manager", "ok"], ["etcd-0", "ok"], ["scheduler", "ok"]]);
  expect((await client.get(componentStatuses, { name: "scheduler" })).conditions).toEqual([{ type: "Healthy", status: "True", message: "ok" }]);
  expect((await ask("/api/v1/componentstatuses/nope")).status).toBe(404);
  expect((await ask("/api/v1/componentstatuses?watch=1")).status).toBe(405);
});
