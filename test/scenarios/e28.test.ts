import { expect } from "vitest";
import { numbers, row, rows, runningPods, settledDaemonSet } from "./looking.ts";
import { scenario, table } from "./scenario.ts";

scenario("E28", "Troubleshooting DaemonSets", { cluster: "learning", nodes: 3 }, (s) => {
  s.step(1, "no Pods: every node is tainted", async () => {
    await s.ok("kubectl taint nodes --all team=x:NoSchedule");
    await s.ok("kubectl apply -f manifests/ds-demo.yaml");
    await s.advance("10s");
    expect(numbers(await row(s, "kubectl get ds ds-demo"))).toEqual([0, 0, 0, 0, 0]);
    const nodes = await s.ok("kubectl describe nodes");
    expect(nodes.match(/^(Taints:)? +team=x:NoSchedule$/gm)).toHaveLength(3);
    expect(await s.ok("kubectl describe daemonset ds-demo")).toContain("Desired Number of Nodes Scheduled: 0\n");
    expect((await s.sh("kubectl get pods")).stderr).toBe("No resources found in default namespace.\n");
    expect(await s.ok("kubectl apply -f manifests/ds-demo-tolerates-team.yaml")).toBe("daemonset.apps/ds-demo configured\n");
    await settledDaemonSet(s, "ds-demo", 2);
    await s.ok("kubectl taint nodes --all team-");
    await s.ok("kubectl delete ds ds-demo");
  });

  s.step(2, "Pods Pending: more than any node has, a label that none has, a port that is taken", async () => {
    await s.ok("kubectl apply -f manifests/ds-1000-cpus.yaml");
    await s.advance("5s");
    const pods = await rows(s, "kubectl get pods -l app=ds-1000-cpus");
    expect(pods.map((pod) => pod["STATUS"])).toEqual(["Pending", "Pending"]);
    expect(await s.ok(`kubectl describe pod ${pods[0]?.["NAME"]}`)).toMatch(/Warning {2}FailedScheduling +\S+ +default-scheduler +0\/3 nodes are available: .*1 Insufficient cpu/);
    const nodes = await rows(s, "kubectl get nodes --show-labels");
    for (const node of nodes) expect(node["LABELS"]).toContain(`kubernetes.io/hostname=${node["NAME"]}`);
    await s.ok("kubectl delete ds ds-1000-cpus");

    await s.ok("kubectl apply -f manifests/ds-selector-without-node.yaml");
    await s.advance("5s");
    expect(numbers(await row(s, "kubectl get ds ds-selector-without-node"))).toEqual([0, 0, 0, 0, 0]);
    expect((await s.sh("kubectl get pods -l app=ds-selector-without-node")).stdout).toBe("");

    await s.ok("kubectl apply -f manifests/ds-host-port.yaml");
    await s.advance("10s");
    const both = await rows(s, "kubectl get pods -l 'app in (host-port-one,host-port-two)'");
    expect(both.map((pod) => pod["STATUS"]).toSorted()).toEqual(["Pending", "Pending", "Running", "Running"]);
    const pending = both.find((pod) => pod["STATUS"] === "Pending");
    expect(await s.ok(`kubectl describe pod ${pending?.["NAME"]}`)).toContain("didn't have free ports for the requested pod ports");
    await s.ok("kubectl delete ds host-port-one host-port-two ds-selector-without-node");
  });

  s.step(3, "an update does not roll out", async () => {
    await s.ok("kubectl apply -f manifests/07-daemonset-ondelete.yaml -f manifests/01-basic-daemonset.yaml");
    await settledDaemonSet(s, "node-agent", 3);
    expect(await s.ok("kubectl get daemonset manual-update-agent -o yaml | grep -A 5 updateStrategy")).toMatch(/^ {2}updateStrategy:\n {4}type: OnDelete\n/m);
    await s.ok("kubectl apply -f manifests/node-agent-never-ready.yaml");
    await s.advance("2m");
    const { exit, stderr } = await s.sh("kubectl rollout status ds/node-agent --timeout=10s", { still: true });
    expect([exit, stderr]).toEqual([1, "error: timed out waiting for the condition\n"]);
    expect(await row(s, "kubectl get ds node-agent")).toMatchObject({ "UP-TO-DATE": "1", READY: "2" });
    await s.ok("kubectl delete ds node-agent manual-update-agent");
  });

  s.step(4, "a Pod on a node where it should not be", async () => {
    await s.ok("kubectl apply -f manifests/ds-demo.yaml");
    await settledDaemonSet(s, "ds-demo", 2);
    const [pod] = await rows(s, "kubectl get pods -l app=ds-demo -o wide");
    await s.ok(`kubectl taint nodes ${pod?.["NODE"]} team=x:NoSchedule`);
    await s.ok(`kubectl annotate pod ${pod?.["NAME"]} looked=at`);
    await s.until("kubectl get ds ds-demo", (out) => table(out)[0]?.["DESIRED"] === "1");
    expect(await s.ok("kubectl describe daemonset ds-demo")).toContain("Number of Nodes Misscheduled: 1\n");
    expect(await row(s, `kubectl get pod ${pod?.["NAME"]}`)).toMatchObject({ STATUS: "Running" });
    await s.ok(`kubectl taint nodes ${pod?.["NODE"]} team=x:NoExecute`);
    await s.until("kubectl get pods -l app=ds-demo -o name", (out) => !out.includes(pod?.["NAME"] ?? "-"), { step: "5s" });
    expect(await runningPods(s, "-l app=ds-demo", 1)).toHaveLength(1);
    await s.ok(`kubectl taint nodes ${pod?.["NODE"]} team-`);
    await settledDaemonSet(s, "ds-demo", 2);
  });

  s.step(5, "a DaemonSet that does not go", async () => {
    const remove = (name: string) => s.sh(`kubectl delete daemonset ${name} --grace-period=0 --force --wait=false`);
    const warning = "Warning: Immediate deletion does not wait for confirmation that the running resource has been terminated. The resource may continue to run on the cluster indefinitely.\n";
    await s.ok("kubectl apply -f manifests/ds-finalizer.yaml");
    await settledDaemonSet(s, "ds-finalizer", 2);
    expect(await remove("ds-finalizer")).toEqual({ exit: 0, stdout: 'daemonset.apps "ds-finalizer" force deleted from default namespace\n', stderr: warning });
    await s.advance("60s");
    expect(await s.ok("kubectl get ds ds-finalizer -o jsonpath='{.metadata.deletionTimestamp}'")).toMatch(/^2026-01-01T/);
    expect(await s.ok(`kubectl patch daemonset ds-finalizer --type=merge -p '{"metadata":{"finalizers":null}}'`)).toBe("daemonset.apps/ds-finalizer patched\n");
    expect(await s.refused("kubectl get ds ds-finalizer")).toBe('Error from server (NotFound): daemonsets.apps "ds-finalizer" not found\n');

    await s.ok("kubectl apply -f manifests/01-basic-daemonset.yaml");
    await settledDaemonSet(s, "node-agent", 3);
    expect(await remove("node-agent")).toMatchObject({ exit: 0, stdout: 'daemonset.apps "node-agent" force deleted from default namespace\n' });
    expect(await s.refused("kubectl get ds node-agent")).toBe('Error from server (NotFound): daemonsets.apps "node-agent" not found\n');
  });

  s.step(6, "Pods that do not belong to it", async () => {
    expect(await s.refused("kubectl apply -f manifests/ds-demo-other-selector.yaml")).toMatch(/^The DaemonSet "ds-demo" is invalid: [\s\S]*spec\.selector: Invalid value: .*: field is immutable\n$/);
  });
});
