import { expect } from "vitest";
import { numbers, row, rows, runningPods, settledDaemonSet } from "./looking.ts";
import { scenario, table } from "./scenario.ts";

const nodes = ["learning-control-plane", "learning-worker", "learning-worker2"];

scenario("E06", "Placement by label, nodeSelector and affinity", { cluster: "learning", nodes: 3 }, (s) => {
  const nodesOf = async (selection: string, count: number): Promise<string[]> => (await runningPods(s, selection, count)).map((pod) => pod["NODE"] ?? "").toSorted();
  /** Moves time until no Pod is left besides those that are wanted. */
  const podsLeft = (selection: string, count: number): Promise<string> => s.until(`kubectl get pods ${selection}`, (out) => table(out).length === count);

  s.step(1, "a label, again, and another value", async () => {
    expect(await s.ok("kubectl label nodes learning-control-plane disktype=ssd")).toBe("node/learning-control-plane labeled\n");
    expect(await s.ok("kubectl label nodes learning-control-plane disktype=ssd")).toBe("node/learning-control-plane not labeled\n");
    expect(await s.refused("kubectl label nodes learning-control-plane disktype=nvme")).toBe("error: 'disktype' already has a value (ssd), and --overwrite is false\n");
  });

  s.step(2, "a DaemonSet for that label", async () => {
    expect(await s.ok("kubectl apply -f manifests/04-daemonset-node-selector.yaml")).toBe("daemonset.apps/ssd-agent created\n");
    await settledDaemonSet(s, "ssd-agent", 1);
    expect(await row(s, "kubectl get ds ssd-agent")).toMatchObject({ DESIRED: "1", "NODE SELECTOR": "disktype=ssd" });
  });

  s.step(3, "the nodes with the label are the nodes with a Pod", async () => {
    const labelled = (await rows(s, "kubectl get nodes -l disktype=ssd")).map((node) => node["NAME"] ?? "");
    expect(labelled).toEqual(["learning-control-plane"]);
    expect(await nodesOf("-l app=ssd-agent", 1)).toEqual(labelled);
  });

  s.step(4, "the Pods follow the labels", async () => {
    expect(await s.ok("kubectl label nodes learning-worker disktype=ssd")).toBe("node/learning-worker labeled\n");
    await settledDaemonSet(s, "ssd-agent", 2);
    expect(await nodesOf("-l app=ssd-agent", 2)).toEqual(nodes.slice(0, 2));
    expect(await s.ok("kubectl label nodes learning-worker disktype-")).toBe("node/learning-worker unlabeled\n");
    await settledDaemonSet(s, "ssd-agent", 1);
    await podsLeft("-l app=ssd-agent", 1);
    expect(await nodesOf("-l app=ssd-agent", 1)).toEqual(nodes.slice(0, 1));
  });

  s.step(5, "node affinity with two values", async () => {
    await s.ok("kubectl label nodes learning-worker2 disktype=nvme");
    expect(await s.ok("kubectl apply -f manifests/ssd-agent-affinity.yaml")).toBe("daemonset.apps/ssd-agent configured\n");
    expect(await s.ok("kubectl get ds ssd-agent -o jsonpath='{.spec.template.spec.nodeSelector}'")).toBe("");
    await settledDaemonSet(s, "ssd-agent", 2);
    expect(await nodesOf("-l app=ssd-agent", 2)).toEqual(["learning-control-plane", "learning-worker2"]);
  });

  s.step(6, "two labels of which no node has one", async () => {
    expect(await s.ok("kubectl apply -f manifests/two-labels-agent.yaml")).toBe("daemonset.apps/two-labels-agent created\n");
    await s.advance("10s");
    expect(numbers(await row(s, "kubectl get ds two-labels-agent"))).toEqual([0, 0, 0, 0, 0]);
    expect((await s.sh("kubectl get pods -l app=two-labels-agent")).stderr).toBe("No resources found in default namespace.\n");
    await s.ok("kubectl label nodes learning-worker rack=nowhere");
    await s.advance("10s");
    expect(numbers(await row(s, "kubectl get ds two-labels-agent"))).toEqual([0, 0, 0, 0, 0]);
    await s.ok("kubectl label nodes learning-worker disktype=ssd");
    await settledDaemonSet(s, "two-labels-agent", 1);
    expect(await nodesOf("-l app=two-labels-agent", 1)).toEqual(["learning-worker"]);
    await s.ok("kubectl label nodes learning-worker disktype- rack-");
    await podsLeft("-l app=two-labels-agent", 0);
    expect(numbers(await row(s, "kubectl get ds two-labels-agent"))).toEqual([0, 0, 0, 0, 0]);
    await settledDaemonSet(s, "ssd-agent", 2);
  });

  s.step(7, "a GPU agent waits for a GPU", async () => {
    expect(await s.ok("kubectl apply -f manifests/gpu-agent.yaml")).toBe("daemonset.apps/gpu-agent created\n");
    await s.advance("10s");
    expect(numbers(await row(s, "kubectl get ds gpu-agent"))).toEqual([0, 0, 0, 0, 0]);
    await s.ok("kubectl label nodes learning-worker accelerator=nvidia");
    expect(numbers(await settledDaemonSet(s, "gpu-agent", 1))).toEqual([1, 1, 1, 1, 1]);
    expect(await nodesOf("-l app=gpu-agent", 1)).toEqual(["learning-worker"]);
  });

  s.step(8, "neither selector nor affinity: every eligible node", async () => {
    expect(await s.ok("kubectl apply -f manifests/ssd-agent-everywhere.yaml")).toBe("daemonset.apps/ssd-agent configured\n");
    await settledDaemonSet(s, "ssd-agent", 3);
    expect(await nodesOf("-l app=ssd-agent", 3)).toEqual(nodes);
    expect(await row(s, "kubectl get ds ssd-agent")).toMatchObject({ "NODE SELECTOR": "<none>" });
  });
});
