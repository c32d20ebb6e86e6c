import { beforeEach, describe, expect, test } from "vitest";
import { startInProcessServer } from "../../../test/in-process-server.ts";
import type { InProcessServer } from "../../../test/in-process-server.ts";
import { PlayedNodes, controllerContext } from "../../../test/played-nodes.ts";
import { deployments, events, replicaSets } from "../../api/kinds.ts";
import type { Deployment, ReplicaSet } from "../../api/types/apps-v1.ts";
import type { Partially } from "../../base/json.ts";
import { startReplicaSetController } from "../replicaset/controller.ts";
import { TemplateHasher } from "../template-hash.ts";
import { startDeploymentController } from "./controller.ts";

let server: InProcessServer;
let played: PlayedNodes;
const name = { namespace: "default", name: "web" };

function manifest(spec: object = {}, image = "nginx:1.27"): Partially<Deployment> {
  return {
    metadata: { ...name, labels: { app: "web" } },
    spec: {
      replicas: 4,
      selector: { matchLabels: { app: "web" } },
      template: { metadata: { labels: { app: "web" } }, spec: { containers: [{ name: "nginx", image, ports: [{ containerPort: 80 }] }] } },
      ...spec,
    },
  } as Partially<Deployment>;
}

async function setImage(image: string): Promise<void> {
  await server.client.patch(deployments, name, { type: "strategic", body: { spec: { template: { spec: { containers: [{ name: "nginx", image }] } } } } });
}

/** The sets as `name size`, by revision. */
async function sizes(): Promise<string[]> {
  const revision = (set: ReplicaSet): number => Number(set.metadata.annotations?.["deployment.kubernetes.io/revision"] ?? 0);
  const { items } = await server.client.list(replicaSets);
  return [...items].sort((a, b) => revision(a) - revision(b)).map((set) => `${set.metadata.name} ${set.spec.replicas}`);
}

async function told(): Promise<string[]> {
  const { items } = await server.client.list(events);
  return items.filter((event) => event.involvedObject.kind === "Deployment").map((event) => `${event.type} ${event.reason} ${event.message}`);
}

beforeEach(async () => {
  server = await startInProcessServer();
  played = new PlayedNodes(server);
  await played.join("a");
  const context = controllerContext(server);
  startReplicaSetController(context);
  startDeploymentController(context);
});

describe("a Deployment on the real server", () => {
  test("is rolled out under upstream's names, and rests", async () => {
    await server.client.create(deployments, manifest());
    await played.rounds();
    expect(await sizes()).toEqual(["web-cc544bdcc 4"]);
    await setImage("nginx:1.28");
    await played.rounds();
    expect(await sizes()).toEqual(["web-cc544bdcc 0", "web-89c7c5f94 4"]);
    expect((await server.client.get(deployments, name)).status).toMatchObject({ observedGeneration: 2, replicas: 4, updatedReplicas: 4, availableReplicas: 4 });
    expect((await told())[0]).toBe("Normal ScalingReplicaSet Scaled up replica set web-cc544bdcc from 0 to 4");
    const before = server.store.revision;
    await server.advance(50 * 60_000);
    expect(server.store.revision).toBe(before);
  });

  test("a stuck roll-out times out by itself", async () => {
    await server.client.create(deployments, manifest({ replicas: 1, progressDeadlineSeconds: 10 }));
    await played.rounds({ ready: () => false });
    await server.advance(12_000);
    const { conditions } = (await server.client.get(deployments, name)).status;
    expect(conditions?.find(({ type }) => type === "Progressing")).toMatchObject({ status: "False", reason: "ProgressDeadlineExceeded" });
  });

  test("a template whose name another has gets the next name", async () => {
    const template = { metadata: { labels: { app: "other" } }, spec: { containers: [{ name: "c", image: "nginx" }] } };
    await server.client.create(replicaSets, { metadata: { namespace: "default", name: "web-cc544bdcc" }, spec: { replicas: 0, selector: { matchLabels: { app: "other" } }, template } });
    const made = await server.client.create(deployments, manifest());
    await played.rounds();
    expect((await server.client.get(deployments, name)).status.collisionCount).toBe(1);
    expect(await sizes()).toContain(`web-${new TemplateHasher().hash((made as Deployment).spec.template, 1)} 4`);
  });

  test("takes over an orphaned set with its Pods", async () => {
    await server.client.create(deployments, manifest());
    await played.rounds();
    const pods = (await played.pods()).map((pod) => pod.metadata.uid);
    const { uid } = (await server.client.get(deployments, name)).metadata;
    await server.client.delete(deployments, name);
    const set = (await server.client.list(replicaSets)).items[0] as ReplicaSet;
    await server.client.patch(replicaSets, set.metadata, { type: "strategic", body: { metadata: { ownerReferences: [{ $patch: "delete", uid }] } } });
    await server.client.create(deployments, manifest());
    await played.rounds();
    expect(await sizes()).toEqual(["web-cc544bdcc 4"]);
    expect((await played.pods()).map((pod) => pod.metadata.uid)).toEqual(pods);
  });
});
