import { expect } from "vitest";
import { numbers, row, rows, runningPods, settledDaemonSet } from "./looking.ts";
import { scenario } from "./scenario.ts";

const controlPlane = "cka-qacluster-control-plane";
const workers = ["cka-qacluster-worker", "cka-qacluster-worker2", "cka-qacluster-worker3"];
const all = [controlPlane, ...workers];
const fluentd = "fluentd -n kube-system";

scenario("E02", "Control-plane taint and tolerations", { cluster: "cka-qacluster", nodes: 4 }, (s) => {
  const nodesOf = async (selection: string, count: number): Promise<string[]> => (await runningPods(s, selection, count)).map((pod) => pod["NODE"] ?? "").toSorted();

  s.step(1, "the taints of all nodes", async () => {
    expect(await s.ok("kubectl get nodes -o custom-columns=NAME:.metadata.name,TAINTS:.spec.taints")).toBe(
      `NAME                          TAINTS
cka-qacluster-control-plane   [map[effect:NoSchedule key:node-role.kubernetes.io/control-plane]]
cka-qacluster-worker          <none>
cka-qacluster-worker2         <none>
cka-qacluster-worker3         <none>
`,
    );
  });

  s.step(2, "the taint in the description of a node", async () => {
    const command = `kubectl describe node ${controlPlane} | grep Taints`;
    const line = "Taints:             node-role.kubernetes.io/control-plane:NoSchedule\n";
    expect(await s.ok(command)).toBe(line);
    await s.ok(`kubectl taint nodes ${controlPlane} second=one:PreferNoSchedule`);
    expect(await s.ok(command)).toBe(line);
    await s.ok(`kubectl taint nodes ${controlPlane} second-`);
  });

  s.step(3, "without a toleration nothing runs on the control plane", async () => {
    expect(await s.ok("kubectl apply -f manifests/daemonset.yaml")).toBe("daemonset.apps/fluentd created\n");
    expect(numbers(await settledDaemonSet(s, fluentd, 3))).toEqual([3, 3, 3, 3, 3]);
    expect(await row(s, "kubectl get ds fluentd -n kube-system")).toMatchObject({ DESIRED: "3" });
    expect(await nodesOf("-n kube-system -l name=fluentd", 3)).toEqual(workers);
  });

  s.step(4, "a toleration brings a Pod there, in either form", async () => {
    expect(await s.ok("kubectl apply -f manifests/05-daemonset-tolerations.yaml")).toBe("daemonset.apps/system-agent created\n");
    expect(await nodesOf("-l app=system-agent", 4)).toEqual(all);
    expect(await row(s, `kubectl get pods -l app=system-agent -o wide --field-selector spec.nodeName=${controlPlane}`)).toMatchObject({ STATUS: "Running" });
    expect(await s.ok("kubectl apply -f manifests/system-agent-exists.yaml")).toBe("daemonset.apps/system-agent configured\n");
    await s.ok("kubectl rollout status ds/system-agent");
    expect(await nodesOf("-l app=system-agent", 4)).toEqual(all);
  });

  s.step(5, "a toleration of a taint that no node has changes nothing", async () => {
    expect(await s.ok("kubectl apply -f manifests/05-daemonset-tolerations.yaml")).toBe("daemonset.apps/system-agent configured\n");
    await s.ok("kubectl rollout status ds/system-agent");
    expect(await nodesOf("-l app=system-agent", 4)).toEqual(all);
    expect(await s.ok("kubectl get nodes -o jsonpath='{.items[*].spec.taints[*].key}'")).toBe("node-role.kubernetes.io/control-plane");
  });

  s.step(6, "a taint put on later", async () => {
    const [there] = (await rows(s, "kubectl get pods -n kube-system -l name=fluentd -o wide")).filter((pod) => pod["NODE"] === workers[0]);
    const misscheduled = async (): Promise<string> => (await s.ok("kubectl describe ds fluentd -n kube-system | grep Misscheduled")).trim();

    expect(await s.ok("kubectl taint nodes cka-qacluster-worker dedicated=db:NoSchedule")).toBe("node/cka-qacluster-worker tainted\n");
    // Upstream's controller counts anew when something else wakes it; here it does so by itself after ten seconds.
    await s.advance("10s");
    expect(numbers(await row(s, "kubectl get ds fluentd -n kube-system"))).toEqual([2, 2, 2, 2, 2]);
    expect(await misscheduled()).toBe("Number of Nodes Misscheduled: 1");
    expect(await row(s, `kubectl get pod ${there?.["NAME"]} -n kube-system -o wide`)).toMatchObject({ STATUS: "Running", NODE: workers[0] });
    expect(await s.ok("kubectl taint nodes cka-qacluster-worker dedicated-")).toBe("node/cka-qacluster-worker untainted\n");
    await settledDaemonSet(s, fluentd, 3);
    expect(await misscheduled()).toBe("Number of Nodes Misscheduled: 0");

    expect(await s.ok("kubectl taint nodes cka-qacluster-worker dedicated=db:NoExecute")).toBe("node/cka-qacluster-worker tainted\n");
    expect(numbers(await settledDaemonSet(s, fluentd, 2))).toEqual([2, 2, 2, 2, 2]);
    expect(await nodesOf("-n kube-system -l name=fluentd", 2)).toEqual(workers.slice(1));
    expect(await misscheduled()).toBe("Number of Nodes Misscheduled: 0");
    expect(await s.ok("kubectl taint nodes cka-qacluster-worker dedicated-")).toBe("node/cka-qacluster-worker untainted\n");
    await settledDaemonSet(s, fluentd, 3);
    expect(await nodesOf("-n kube-system -l name=fluentd", 3)).toEqual(workers);
  });

  s.step(7, "who tolerates everything runs everywhere", async () => {
    await s.ok("kubectl taint nodes cka-qacluster-worker2 dedicated=db:NoExecute");
    expect(await s.ok("kubectl apply -f manifests/tolerate-everything.yaml")).toBe("daemonset.apps/tolerate-everything created\n");
    expect(numbers(await settledDaemonSet(s, "tolerate-everything", 4))).toEqual([4, 4, 4, 4, 4]);
    expect(await nodesOf("-l app=tolerate-everything", 4)).toEqual(all);
  });
});

scenario("E02a", "A single node has no taint", { cluster: "learning", nodes: 1 }, (s) => {
  s.step(2, "the description of the node", async () => {
    expect(await s.ok("kubectl describe node learning-control-plane | grep Taints")).toBe("Taints:             <none>\n");
  });
});
