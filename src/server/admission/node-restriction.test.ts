import { expect, test } from "vitest";
import { pods } from "../../api/kinds.ts";
import { startInProcessServer } from "../../../test/in-process-server.ts";

test("a node that deletes a Pod of its own twice hears that it is gone, one of another node stays out of its reach", async () => {
  const { client, as } = await startInProcessServer();
  const create = (name: string, nodeName: string) =>
    client.create(pods, { metadata: { name, namespace: "default" }, spec: { nodeName, containers: [{ name: "c", image: "busybox" }] } });
  await create("mine", "one");
  await create("theirs", "two");
  const node = as({ name: "system:node:one", groups: ["system:nodes", "system:authenticated"] });
  const remove = (name: string) => node.delete(pods, { namespace: "default", name }, { gracePeriodSeconds: 0 });
  await remove("mine");
  await expect(remove("mine")).rejects.toThrow('pods "mine" not found');
  await expect(remove("theirs")).rejects.toThrow('node "one" can only delete pods with spec.nodeName set to itself');
});
