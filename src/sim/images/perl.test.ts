import { expect, test } from "vitest";
import { jobs, pods } from "../../api/kinds.ts";
import { createCluster } from "../../node/create-cluster.ts";

/** The Job that Kubernetes' documentation begins with, and what else its image understands. */
test("the Job pi prints two thousand digits and is complete", async () => {
  await using cluster = await createCluster({ nodes: 1 });
  await cluster.apply(`
apiVersion: batch/v1
kind: Job
metadata: { name: pi }
spec:
  backoffLimit: 4
  template:
    spec:
      restartPolicy: Never
      containers: [{ name: pi, image: "perl:5.34.0", command: ["perl", "-Mbignum=bpi", "-wle", "print bpi(2000)"] }]
`);
  await cluster.runUntil(async () => (await cluster.client.get(jobs, { namespace: "default", name: "pi" })).status?.succeeded === 1, { within: "60s" });
  const [pod] = (await cluster.client.list(pods, { namespace: "default", labelSelector: "job-name=pi" })).items;
  const text = await cluster.logs(pod?.metadata.name ?? "");
  expect(text).toMatch(/^3\.14159265358979323846264338327950288419716939937510\d{1949}\n$/);
});

test("one-liners print, sleep, exit and say what they do not know", async () => {
  await using cluster = await createCluster({ nodes: 1 });
  const ran = async (name: string, ...args: string[]): Promise<{ phase: string | undefined; text: string; code: number | undefined }> => {
    await cluster.apply(JSON.stringify({ apiVersion: "v1", kind: "Pod", metadata: { name }, spec: { restartPolicy: "Never", containers: [{ name: "c", image: "perl", command: ["perl", ...args] }] } }));
    const get = () => cluster.client.get(pods, { namespace: "default", name });
    await cluster.runUntil(async () => ["Succeeded", "Failed"].includes((await get()).status.phase ?? ""), { within: "60s" });
    const { status } = await get();
    return { phase: status.phase, text: await cluster.logs(name), code: status.containerStatuses?.[0]?.state.terminated?.exitCode };
  };
  expect(await ran("texts", "-e", 'print "a\\n"; print(\'b\'); sleep 2; exit 3')).toEqual({ phase: "Failed", text: "a\nb", code: 3 });
  expect(await ran("digits", "-Mbignum=bpi", "-le", "print bpi(6)")).toEqual({ phase: "Succeeded", text: "3.14159\n", code: 0 });
  expect(await ran("unknown", "-e", "my $x = 1")).toMatchObject({ phase: "Failed", code: 255, text: expect.stringContaining("not: my $x = 1\n") as string });
});
