import { expect } from "vitest";
import { headers, row, rows, runningPods, settledDaemonSet } from "./looking.ts";
import { scenario, table } from "./scenario.ts";

scenario("E09", "Resources, priority and metrics", { cluster: "learning", nodes: 3 }, (s) => {
  const agents = "-l app=resource-agent";

  s.step(1, "class and priority of a Pod", async () => {
    expect(await s.ok("kubectl apply -f manifests/08-daemonset-resources.yaml")).toBe("priorityclass.scheduling.k8s.io/node-services created\ndaemonset.apps/resource-agent created\n");
    const [first] = await runningPods(s, agents, 2);
    expect(await s.ok(`kubectl get pod ${first?.["NAME"]} -o jsonpath='{.status.qosClass} {.spec.priorityClassName} {.spec.priority}'`)).toBe("Burstable node-services 1000000");
  });

  s.step(2, "the node counts its requests and limits", async () => {
    /** The four sums of the node: requests and limits of CPU in thousandths, of memory in Mi. */
    const sums = async (): Promise<{ text: string; cpu: number[]; memory: number[] }> => {
      const description = await s.ok("kubectl describe node learning-worker");
      const text = description.slice(description.indexOf("Non-terminated Pods:"), description.indexOf("Events:"));
      const of = (resource: string): number[] => {
        const [, requests = "", limits = ""] = new RegExp(`^  ${resource} +(\\S+) \\(\\d+%\\) +(\\S+) \\(\\d+%\\)$`, "m").exec(text) ?? [];
        return [requests, limits].map((amount) => Number.parseInt(amount, 10));
      };
      return { text, cpu: of("cpu"), memory: of("memory") };
    };
    const before = await sums();
    const [agent] = await rows(s, `kubectl get pods ${agents} --field-selector spec.nodeName=learning-worker`);
    expect(before.text).toMatch(new RegExp(`^  default +${agent?.["NAME"]} +50m \\(1%\\) +100m \\(2%\\) +64Mi \\(0%\\) +128Mi \\(1%\\) `, "m"));
    await s.ok("kubectl apply -f manifests/daemonset.yaml -f manifests/fluentd-logger.yaml");
    await settledDaemonSet(s, "fluentd -n kube-system", 2);
    await settledDaemonSet(s, "fluentd-logger", 3);
    const after = await sums();
    expect(after.text).toMatch(/^ {2}kube-system +fluentd-\w+ +100m \(2%\) +0 \(0%\) +200Mi \(2%\) +200Mi \(2%\) /m);
    expect(after.text).toMatch(/^ {2}default +fluentd-logger-\w+ +100m \(2%\) +0 \(0%\) +128Mi \(1%\) +200Mi \(2%\) /m);
    expect(after.cpu.map((amount, i) => amount - (before.cpu[i] ?? 0))).toEqual([200, 0]);
    expect(after.memory.map((amount, i) => amount - (before.memory[i] ?? 0))).toEqual([328, 400]);
  });

  s.step(3, "measured use", async () => {
    const text = await s.ok(`kubectl top pods ${agents}`);
    expect(headers(text)).toEqual(["NAME", "CPU(cores)", "MEMORY(bytes)"]);
    const found = table(text);
    expect(found.map((pod) => pod["NAME"]).toSorted()).toEqual((await runningPods(s, agents, 2)).map((pod) => pod["NAME"]).toSorted());
    for (const pod of found) {
      expect(pod["CPU(cores)"]).toMatch(/^\dm$/);
      expect(pod["MEMORY(bytes)"]).toMatch(/^\dMi$/);
    }
  });

  s.step(4, "more than a node has", async () => {
    await s.ok("kubectl apply -f manifests/resource-agent-too-big.yaml");
    const text = await s.until(`kubectl get pods ${agents}`, (out) => table(out).some((pod) => pod["STATUS"] === "Pending"));
    const pending = table(text).find((pod) => pod["STATUS"] === "Pending");
    await s.advance("10s");
    expect(await s.ok(`kubectl describe pod ${pending?.["NAME"]}`)).toMatch(/Warning {2}FailedScheduling +\S+( \(x\d+ over \S+\))? +default-scheduler +.*Insufficient cpu/);
    expect(await row(s, "kubectl get ds resource-agent")).toMatchObject({ DESIRED: "2" });
    await s.ok("kubectl delete ds resource-agent");
  });

  s.step(5, "the important pushes the unimportant aside", async () => {
    await s.ok("kubectl apply -f manifests/low-priority-filler.yaml");
    await s.until("kubectl get deployment low-priority-filler", (out) => Number(table(out)[0]?.["AVAILABLE"]) > 80, { step: "5s" });
    await s.advance("10s");
    expect((await rows(s, "kubectl get pods -l app=low-priority-filler")).some((pod) => pod["STATUS"] === "Pending")).toBe(true);
    await s.ok("kubectl apply -f manifests/08-daemonset-resources.yaml");
    const agents2 = await runningPods(s, agents, 2);
    expect(agents2.map((pod) => [pod["NODE"], pod["NOMINATED NODE"]]).toSorted()).toEqual([["learning-worker", "<none>"], ["learning-worker2", "<none>"]]);
    expect(await s.ok("kubectl get events --field-selector reason=Preempted")).toMatch(/Normal +Preempted +pod\/low-priority-filler-\S+ +Preempted by pod /);
    await s.ok("kubectl delete deployment low-priority-filler --wait=false");
  });

  s.step(6, "more memory than its limit", async () => {
    await s.ok("kubectl apply -f manifests/memory-hog.yaml");
    await s.until("kubectl get pod memory-hog", (out) => Number.parseInt(table(out)[0]?.["RESTARTS"] ?? "0", 10) >= 1);
    const last = JSON.parse(await s.ok("kubectl get pod memory-hog -o jsonpath='{.status.containerStatuses[0].lastState.terminated}'")) as { [field: string]: unknown };
    expect(last).toMatchObject({ reason: "OOMKilled", exitCode: 137 });
    expect((await row(s, "kubectl get pod memory-hog"))["STATUS"]).toMatch(/^(OOMKilled|CrashLoopBackOff|Running)$/);
  });
});
