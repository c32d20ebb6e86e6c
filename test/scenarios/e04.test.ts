import { expect } from "vitest";
import { pods as podKind } from "../../src/api/kinds.ts";
import { numbers, row, rows, runningPods, settledDaemonSet, suffix } from "./looking.ts";
import type { Row } from "./looking.ts";
import { scenario, table } from "./scenario.ts";

scenario("E04", "Self-healing on the same node", { cluster: "cka-qacluster", nodes: 4 }, (s) => {
  let deleted: Row = {};
  let others: Row[] = [];
  const fluentd = (): Promise<Row[]> => runningPods(s, "-n kube-system -l name=fluentd", 3);
  const byNode = (found: readonly Row[]): string[] => found.map((pod) => pod["NODE"] ?? "").toSorted();

  s.step(1, "a deleted Pod comes back; the numbers tell it", async () => {
    await s.ok("kubectl apply -f manifests/daemonset.yaml");
    await settledDaemonSet(s, "fluentd -n kube-system", 3);
    const watch = await s.background("exec kubectl get ds -A -w");
    await s.seen(watch, (out) => out.includes("kube-proxy"));
    [deleted = {}, ...others] = await fluentd();
    expect(await s.ok(`kubectl delete pod ${deleted["NAME"]} -n kube-system`)).toBe(`pod "${deleted["NAME"]}" deleted from kube-system namespace\n`);
    const gone = await s.sh(`kubectl get pod ${deleted["NAME"]} -n kube-system`);
    expect(gone.exit).toBe(1);
    await settledDaemonSet(s, "fluentd -n kube-system", 3);
    const seen = await s.seen(watch, (out) => numbers(table(out).findLast((ds) => ds["NAME"] === "fluentd") ?? {})[2] === 3 && table(out).filter((ds) => ds["NAME"] === "fluentd").length > 2);
    await watch.stop();
    expect(seen.split("\n").filter((line) => line.startsWith("NAMESPACE"))).toHaveLength(1);
    const frames = table(seen).filter((ds) => ds["NAME"] === "fluentd").map(numbers);
    expect(frames[0]).toEqual([3, 3, 3, 3, 3]);
    expect(frames.at(-1)).toEqual([3, 3, 3, 3, 3]);
    expect(frames.some(([, , ready, , available]) => ready === 2 && available === 2)).toBe(true);
    for (const [desired, current, ready] of frames) {
      expect(desired).toBe(3);
      expect(current).toBeGreaterThanOrEqual(2);
      expect(ready).toBeGreaterThanOrEqual(2);
    }
  });

  s.step(2, "a new name on the same node, and the others as they were", async () => {
    const found = await fluentd();
    const fresh = found.filter((pod) => !others.some((other) => other["NAME"] === pod["NAME"]));
    expect(fresh).toHaveLength(1);
    expect(fresh[0]?.["NAME"]).not.toBe(deleted["NAME"]);
    expect(fresh[0]?.["NODE"]).toBe(deleted["NODE"]);
    const description = await s.ok("kubectl describe ds fluentd -n kube-system");
    expect(description).toMatch(new RegExp(`Normal  SuccessfulCreate +\\S+ +daemonset-controller  Created pod: ${fresh[0]?.["NAME"]}`));
  });

  s.step(3, "all at once", async () => {
    const before = await fluentd();
    const lines = (await s.ok("kubectl delete pod -n kube-system -l name=fluentd")).trimEnd().split("\n");
    expect(lines.toSorted()).toEqual(before.map((pod) => `pod "${pod["NAME"]}" deleted from kube-system namespace`).toSorted());
    const after = await fluentd();
    expect(byNode(after)).toEqual(byNode(before));
    expect(after.filter((pod) => before.some((old) => old["NAME"] === pod["NAME"]))).toEqual([]);
  });

  s.step(4, "a container that exits is restarted in its Pod, with growing pauses", async () => {
    await s.ok("kubectl apply -f manifests/exit-on-request.yaml");
    const [first] = await runningPods(s, "-l app=exit-on-request", 3);
    const name = first?.["NAME"] ?? "";
    const restarts = async (): Promise<number> => {
      const pod = await s.cluster.client.get(podKind, { name, namespace: "default" });
      return pod.status?.containerStatuses?.[0]?.state?.running ? (pod.status.containerStatuses[0]?.restartCount ?? 0) : -1;
    };
    const pauses: number[] = [];
    for (let round = 1; round <= 8; round++) {
      await s.ok(`kubectl exec ${name} -- touch /stop`);
      await s.advance("3s");
      if (round === 1) {
        expect((await row(s, `kubectl get pod ${name}`))["RESTARTS"]).toMatch(/^1 \(\ds ago\)$/);
      } else {
        expect(await row(s, `kubectl get pod ${name}`)).toMatchObject({ READY: "0/1", STATUS: "CrashLoopBackOff" });
      }
      await s.cluster.runUntil(async () => (await restarts()) === round);
      const state = JSON.parse(await s.ok(`kubectl get pod ${name} -o jsonpath='{.status.containerStatuses[0]}'`)) as {
        restartCount: number;
        state: { running: { startedAt: string } };
        lastState: { terminated: { exitCode: number; reason: string; finishedAt: string } };
      };
      expect(state.lastState.terminated).toMatchObject({ exitCode: 1, reason: "Error" });
      pauses.push((Date.parse(state.state.running.startedAt) - Date.parse(state.lastState.terminated.finishedAt)) / 1000);
    }
    for (const [i, pause] of [0, 10, 20, 40, 80, 160, 300, 300].entries()) expect(Math.abs((pauses[i] ?? -9) - pause), `pauses ${pauses.join(" ")}`).toBeLessThanOrEqual(3);
    const after = await runningPods(s, "-l app=exit-on-request", 3);
    expect(after.map((pod) => pod["NAME"])).toContain(name);
    expect(await s.ok(`kubectl describe pod ${name}`)).toMatch(/Warning  BackOff +\S+( \(x\d+ over \S+\))? +kubelet +spec\.containers\{agent\}: Back-off restarting failed container agent in pod /);
  });

  s.step(5, "a failed Pod is deleted and replaced on its node", async () => {
    const [failed] = await fluentd();
    await s.ok(`kubectl patch pod ${failed?.["NAME"]} -n kube-system --subresource=status --type=merge -p '{"status":{"phase":"Failed"}}'`);
    await s.until(`kubectl get pods -n kube-system -l name=fluentd -o name`, (out) => !out.includes(failed?.["NAME"] ?? "-"));
    const after = await fluentd();
    expect(after.filter((pod) => pod["NODE"] === failed?.["NODE"])).toHaveLength(1);
    const description = await s.ok("kubectl describe ds fluentd -n kube-system");
    expect(description).toMatch(new RegExp(`Warning  FailedDaemonPod +\\S+ +daemonset-controller  Found failed daemon pod kube-system/${failed?.["NAME"]} on node ${failed?.["NODE"]}, will try to kill it`));
    expect(description).toContain(`Deleted pod: ${failed?.["NAME"]}`);
  });

  s.step(6, "a Deployment keeps its number", async () => {
    await s.ok("kubectl create deployment web --image=nginx --replicas=3");
    const [first] = await runningPods(s, "-l app=web", 3);
    expect(first?.["NAME"]).toMatch(new RegExp(`^web-[a-z0-9]+-${suffix}$`));
    expect(await s.ok(`kubectl delete pod ${first?.["NAME"]}`)).toBe(`pod "${first?.["NAME"]}" deleted from default namespace\n`);
    const after = await runningPods(s, "-l app=web", 3);
    expect(after.map((pod) => pod["NAME"])).not.toContain(first?.["NAME"]);
  });

  s.step(7, "who ignores TERM is killed after the grace period", async () => {
    await s.ok("kubectl apply -f manifests/ignores-term.yaml");
    await runningPods(s, "ignores-term", 1);
    expect(await s.ok("kubectl delete pod ignores-term --wait=false")).toBe('pod "ignores-term" deleted from default namespace\n');
    for (const part of ["0s", "15s", "14s"]) {
      await s.advance(part);
      expect(await row(s, "kubectl get pod ignores-term")).toMatchObject({ READY: "1/1", STATUS: "Terminating" });
    }
    await s.advance("3s");
    expect(await s.refused("kubectl get pod ignores-term")).toBe('Error from server (NotFound): pods "ignores-term" not found\n');
  });

  s.step(8, "a second deletion finds nothing", async () => {
    expect(await s.refused(`kubectl delete pod ${deleted["NAME"]} -n kube-system`)).toBe(`Error from server (NotFound): pods "${deleted["NAME"]}" not found\n`);
    expect(await rows(s, "kubectl get pods -n kube-system -l name=fluentd")).toHaveLength(3);
  });
});
