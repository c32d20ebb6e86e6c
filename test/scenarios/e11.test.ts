import { expect } from "vitest";
import { numbers, row, rows, runningPods, settledDaemonSet } from "./looking.ts";
import { scenario, table } from "./scenario.ts";

const agents = "-l app=node-agent";

scenario("E11", "Deleting, pausing and cleaning up DaemonSets", { cluster: "learning", nodes: 3 }, (s) => {
  const noPods = (selection: string): Promise<string> => s.until(`kubectl get pods ${selection}`, (out) => out === "");
  const nothing = { exit: 0, stdout: "", stderr: "No resources found in default namespace.\n" };

  s.step(1, "paused by a selector that no node has", async () => {
    await s.ok("kubectl label nodes learning-control-plane disktype=ssd");
    await s.ok("kubectl apply -f manifests/01-basic-daemonset.yaml -f manifests/04-daemonset-node-selector.yaml -f manifests/07-daemonset-ondelete.yaml");
    await settledDaemonSet(s, "node-agent", 3);
    const patch = (nodeSelector: string): Promise<string> => s.ok(`kubectl patch ds node-agent -p '{"spec":{"template":{"spec":{"nodeSelector":${nodeSelector}}}}}'`);
    expect(await patch('{"paused":"true"}')).toBe("daemonset.apps/node-agent patched\n");
    await noPods(agents);
    expect(numbers(await row(s, "kubectl get ds node-agent"))).toEqual([0, 0, 0, 0, 0]);
    expect(await patch("null")).toBe("daemonset.apps/node-agent patched\n");
    expect(numbers(await settledDaemonSet(s, "node-agent", 3))).toEqual([3, 3, 3, 3, 3]);
  });

  s.step(2, "deleted, with its Pods", async () => {
    expect(await s.ok("kubectl delete daemonset node-agent")).toBe('daemonset.apps "node-agent" deleted from default namespace\n');
    const ending = (await s.sh(`kubectl get pods ${agents}`)).stdout;
    for (const pod of table(ending)) expect(pod["STATUS"]).toBe("Terminating");
    await s.advance("10s");
    expect(await s.sh(`kubectl get pods ${agents}`)).toEqual(nothing);
  });

  s.step(3, "made anew", async () => {
    expect(await s.ok("kubectl apply -f manifests/01-basic-daemonset.yaml")).toBe("daemonset.apps/node-agent created\n");
    await settledDaemonSet(s, "node-agent", 3);
    expect(await s.ok("kubectl get ds node-agent -o jsonpath='{.metadata.generation}'")).toBe("1");
  });

  s.step(4, "orphans are adopted", async () => {
    const before = (await runningPods(s, agents, 3)).map((pod) => pod["NAME"]);
    const owners = `kubectl get pods ${agents} -o jsonpath='{.items[*].metadata.ownerReferences[0].name}'`;
    await s.ok("kubectl delete daemonset node-agent --cascade=orphan");
    await s.advance("10s");
    expect((await runningPods(s, agents, 3)).map((pod) => pod["NAME"])).toEqual(before);
    expect(await s.ok(owners)).toBe("");
    await s.ok("kubectl apply -f manifests/01-basic-daemonset.yaml");
    await settledDaemonSet(s, "node-agent", 3);
    expect((await runningPods(s, agents, 3)).map((pod) => pod["NAME"])).toEqual(before);
    expect(await s.ok(owners)).toBe("node-agent node-agent node-agent");
  });

  s.step(5, "all of the namespace, and no other", async () => {
    const system = await s.ok("kubectl get ds -n kube-system -o name");
    const lines = (await s.ok("kubectl delete daemonset --all")).trimEnd().split("\n");
    expect(lines).toEqual(["manual-update-agent", "node-agent", "ssd-agent"].map((name) => `daemonset.apps "${name}" deleted from default namespace`));
    expect(await s.ok("kubectl get ds -n kube-system -o name")).toBe(system);
    expect((await rows(s, "kubectl get ds -n kube-system")).every((ds) => ds["READY"] === ds["DESIRED"])).toBe(true);
    expect(await s.sh("kubectl delete daemonset --all")).toMatchObject({ exit: 0, stdout: "No resources found\n" });
  });

  s.step(6, "a label taken away, twice", async () => {
    expect(await s.ok("kubectl label nodes learning-control-plane disktype-")).toBe("node/learning-control-plane unlabeled\n");
    const { exit, stdout, stderr } = await s.sh("kubectl label nodes learning-control-plane disktype-");
    expect(exit).toBe(0);
    expect(stdout + stderr).toContain('label "disktype" not found.\n');
    expect(stdout).toContain("node/learning-control-plane not labeled\n");
  });

  s.step(7, "nothing is left", async () => {
    await noPods("");
    expect(await s.sh("kubectl get daemonsets")).toEqual(nothing);
    expect(await s.sh("kubectl get pods")).toEqual(nothing);
  });
});
