import { expect } from "vitest";
import { numbers, row, rows, runningPods, settledDaemonSet } from "./looking.ts";
import type { Row } from "./looking.ts";
import { scenario, table } from "./scenario.ts";

const workers = ["learning-worker", "learning-worker2", "learning-worker3"];
const fluentd = "fluentd -n kube-system";
const pods = "-n kube-system -l name=fluentd";

scenario("E05", "Nodes join, leave and fail", { cluster: "learning", nodes: 4 }, (s) => {
  const byNode = (found: readonly Row[]): string[] => found.map((pod) => pod["NODE"] ?? "").toSorted();
  let fourth = "";

  s.step(1, "a node joins and gets its Pod", async () => {
    await s.ok("kubectl apply -f manifests/daemonset.yaml -f manifests/web-one-per-node.yaml");
    await settledDaemonSet(s, fluentd, 3);
    expect(byNode(await runningPods(s, "-l app=web", 3))).toEqual(workers);
    const watch = await s.background("exec kubectl get ds fluentd -n kube-system -w");
    await s.seen(watch, (out) => table(out).length > 0);
    fourth = await s.cluster.nodes.add();
    expect(fourth).toBe("learning-worker4");
    await s.advance("10s");
    const text = await s.seen(watch, (out) => table(out).at(-1)?.["READY"] === "4");
    await watch.stop();
    expect(numbers(table(text).at(-1) ?? {})).toEqual([4, 4, 4, 4, 4]);
    expect(byNode(await runningPods(s, pods, 4))).toEqual([...workers, fourth]);
  });

  s.step(2, "a node leaves, and its Pod with it", async () => {
    expect(await s.ok(`kubectl delete node ${fourth}`)).toBe(`node "${fourth}" deleted\n`);
    // Upstream's numbers follow only when the garbage collector has taken the Pod.
    await s.advance("10s");
    expect(numbers(await row(s, `kubectl get ds ${fluentd}`))).toEqual([3, 3, 3, 3, 3]);
    await s.advance("80s");
    expect(byNode(await rows(s, `kubectl get pods ${pods} -o wide`))).toEqual(workers);
    expect(numbers(await settledDaemonSet(s, fluentd, 3))).toEqual([3, 3, 3, 3, 3]);
    expect((await rows(s, "kubectl get nodes")).map((node) => node["NAME"])).not.toContain(fourth);
  });

  s.step(3, "a node falls silent", async () => {
    const node = workers[2] ?? "";
    const own = (await runningPods(s, pods, 3)).find((pod) => pod["NODE"] === node);
    const web = (await runningPods(s, "-l app=web", 3)).find((pod) => pod["NODE"] === node);
    await s.cluster.nodes.stop(node);
    await s.advance("40s");
    expect(await row(s, `kubectl get nodes ${node}`)).toMatchObject({ STATUS: "Ready" });
    await s.advance("20s");
    expect(await row(s, `kubectl get nodes ${node}`)).toMatchObject({ STATUS: "NotReady" });
    const taints = await s.ok(`kubectl get node ${node} -o jsonpath='{range .spec.taints[*]}{.key}:{.effect} {end}'`);
    expect(taints.trim().split(" ").toSorted()).toEqual(["node.kubernetes.io/unreachable:NoExecute", "node.kubernetes.io/unreachable:NoSchedule"]);
    expect(await row(s, `kubectl get ds ${fluentd}`)).toMatchObject({ DESIRED: "2", CURRENT: "2", READY: "2" });
    expect(await s.ok(`kubectl describe ds ${fluentd}`)).toContain("Number of Nodes Misscheduled: 1\n");

    await s.advance("4m30s");
    expect(await row(s, `kubectl get pod ${web?.["NAME"]}`)).toMatchObject({ STATUS: "Running" });
    await s.advance("60s");
    expect(await row(s, `kubectl get pod ${web?.["NAME"]}`)).toMatchObject({ STATUS: "Terminating" });
    const webs = await rows(s, "kubectl get pods -l app=web -o wide");
    expect(webs.filter((pod) => pod["NAME"] !== web?.["NAME"] && pod["STATUS"] === "Running" && pod["NODE"] !== node)).toHaveLength(3);
    expect(await row(s, `kubectl get pod ${own?.["NAME"]} -n kube-system -o wide`)).toMatchObject({ NODE: node, STATUS: "Running" });
    expect(byNode(await rows(s, `kubectl get pods ${pods} -o wide`))).toEqual(workers);
  });

  s.step(4, "it comes back, and its Pod is the same", async () => {
    const node = workers[2] ?? "";
    const [own] = await rows(s, `kubectl get pods ${pods} -o wide --field-selector spec.nodeName=${node}`);
    await s.cluster.nodes.start(node);
    await settledDaemonSet(s, fluentd, 3);
    expect(await row(s, `kubectl get nodes ${node}`)).toMatchObject({ STATUS: "Ready" });
    expect(await s.ok(`kubectl get node ${node} -o jsonpath='{.spec.taints}'`)).toBe("");
    const after = await runningPods(s, pods, 3);
    expect(after.find((pod) => pod["NODE"] === node)?.["NAME"]).toBe(own?.["NAME"]);
  });
});

scenario("E05a", "A node joins and leaves a single-node cluster", { cluster: "learning", nodes: 1 }, (s) => {
  const count = "echo \"Nodes: $(kubectl get nodes --no-headers | wc -l), Pods: $(kubectl get pods -l app=node-agent --no-headers | wc -l)\"";

  s.step(5, "one, two, one", async () => {
    await s.ok("kubectl apply -f manifests/01-basic-daemonset.yaml");
    await settledDaemonSet(s, "node-agent", 1);
    expect(await s.ok(count)).toBe("Nodes: 1, Pods: 1\n");
    const second = await s.cluster.nodes.add();
    await settledDaemonSet(s, "node-agent", 2);
    expect(await s.ok(count)).toBe("Nodes: 2, Pods: 2\n");
    await s.ok(`kubectl delete node ${second}`);
    await s.advance("90s");
    await settledDaemonSet(s, "node-agent", 1);
    expect(await s.ok(count)).toBe("Nodes: 1, Pods: 1\n");
  });
});
