import { expect } from "vitest";
import { row, rows, runningPods, settledDaemonSet } from "./looking.ts";
import { scenario, table } from "./scenario.ts";

scenario("E09", "Resources, priority and metrics", { cluster: "learning", nodes: 3 }, (s) => {
  const agents = "-l app=resource-agent";

  s.step(1, "class and priority of a Pod", async () => {
    expect(await s.ok("kubectl apply -f manifests/08-daemonset-resources.yaml")).toBe("priorityclass.scheduling.k8s.io/node-services created\ndaemonset.apps/resource-agent created\n");
    const [first] = await runningPods(s, agents, 2);
    expect(await s.ok(`kubectl get pod ${first?.["NAME"]} -o jsonpath='{.status.qosClass} {.spec.priorityClassName} {.spec.priority}'`)).toBe("Burstable node-services 1000000");
  });

  s.step(2, "the node counts its requests and limits", async () => {
    await s.ok("kubectl apply -f manifests/daemonset.yaml -f manifests/fluentd-logger.yaml");
    await settledDaemonSet(s, "fluentd -n kube-system", 2);
    await settledDaemonSet(s, "fluentd-logger", 3);
    const text = await s.ok("kubectl describe node learning-worker");
    const section = text.slice(text.indexOf("Non-terminated Pods:"), text.indexOf("Events:"));
    const [agent] = await rows(s, `kubectl get pods ${agents} --field-selector spec.nodeName=learning-worker`);
    for (const line of [
      new RegExp(`^  default +${agent?.["NAME"]} +50m \\(1%\\) +100m \\(2%\\) +64Mi \\(0%\\) +128Mi \\(1%\\) `, "m"),
      /^ {2}kube-system +fluentd-\w+ +100m \(2%\) +0 \(0%\) +200Mi \(2%\) +200Mi \(2%\) /m,
      /^ {2}default +fluentd-logger-\w+ +100m \(2%\) +0 \(0%\) +128Mi \(1%\) +200Mi \(2%\) /m,
      /^ {2}cpu +250m \(6%\) +100m \(2%\)$/m,
      /^ {2}memory +392Mi \(4%\) +528Mi \(6%\)$/m,
    ]) {
      expect(section).toMatch(line);
    }
  });

  s.step(3, "measured use, or no metrics at all", async () => {
    const { exit, stdout, stderr } = await s.sh(`kubectl top pods ${agents}`);
    if (exit === 0) {
      expect(stdout.split("\n")[0]?.trim().split(/ {2,}/)).toEqual(["NAME", "CPU(cores)", "MEMORY(bytes)"]);
      expect(table(stdout)).toHaveLength(2);
    } else {
      expect([exit, stderr]).toEqual([1, "error: Metrics API not available\n"]);
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
    expect(agents2.map((pod) => pod["NODE"])).toContain("learning-worker");
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
