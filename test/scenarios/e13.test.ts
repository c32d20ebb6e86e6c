import { expect } from "vitest";
import { runningPods, settledDaemonSet, suffix } from "./looking.ts";
import { scenario } from "./scenario.ts";

const nodes = ["learning-control-plane", "learning-worker", "learning-worker2"];

scenario("E13", "Monitoring DaemonSet and the open exercises", { cluster: "learning", nodes: 3 }, (s) => {
  const choose = "POD=$(kubectl get pods -l app=node-exporter -o jsonpath='{.items[0].metadata.name}')";

  s.step(1, "an exporter on every node", async () => {
    expect((await s.refused(choose)).trimEnd().split("\n")[0]).toMatch(/^error: error executing jsonpath "\{\.items\[0\]\.metadata\.name\}": Error executing template: array index out of bounds: index 0, length 0/);
    expect(await s.ok("kubectl apply -f manifests/03-node-exporter-daemonset.yaml")).toBe("daemonset.apps/node-exporter created\n");
    await settledDaemonSet(s, "node-exporter", 3);
    const pods = await runningPods(s, "-l app=node-exporter", 3);
    expect(pods.map((pod) => pod["NODE"]).toSorted()).toEqual(nodes);
  });

  s.step(2, "the name of one Pod", async () => {
    expect(await s.ok(`${choose}; echo $POD`)).toMatch(new RegExp(`^node-exporter-${suffix}\n$`));
  });

  s.step(3, "its metrics", async () => {
    const { exit, stdout, stderr } = await s.sh(`${choose}; kubectl exec $POD -- wget -q -O- http://localhost:9100/metrics | head -20`);
    const lines = stdout.trimEnd().split("\n");
    expect(lines).toHaveLength(20);
    for (const line of lines) expect(line).toMatch(/^(# HELP [a-z]|# TYPE [a-z]|[a-z_]+(\{.*\})? [-+0-9.e]+$)/);
    expect(exit).toBe(0);
    expect(stderr).not.toContain("goroutine");
    expect(await s.ok(`${choose}; kubectl exec $POD -- wget -q -O- http://localhost:9100/metrics`)).toMatch(/^node_load1 /m);
  });

  s.step(4, "an exit code comes back", async () => {
    const { exit, stderr } = await s.sh(`${choose}; kubectl exec $POD -- sh -c 'exit 3'`);
    expect([exit, stderr]).toEqual([3, "command terminated with exit code 3\n"]);
  });

  s.step(5, "a collector that asks every node", async () => {
    await s.ok("kubectl apply -f manifests/exercise-1-monitoring.yaml");
    await settledDaemonSet(s, "node-metrics", 3);
    const [collector] = await runningPods(s, "-l app=metrics-collector", 1);
    await s.advance("60s");
    const rounds = (await s.ok(`kubectl logs ${collector?.["NAME"]}`)).split(/^round of .*$/m).slice(3, -1);
    expect(rounds.length).toBeGreaterThanOrEqual(2);
    for (const round of rounds) {
      for (const node of nodes) expect(round.split("\n").filter((line) => new RegExp(`^node_load1\\{node="${node}"\\} [0-9.]+$`).test(line)), round).toHaveLength(1);
    }
  });

  s.step(6, "a maintenance loop", async () => {
    await s.ok("kubectl apply -f manifests/exercise-3-node-maintenance.yaml");
    await settledDaemonSet(s, "node-maintenance", 3);
    const pods = await runningPods(s, "-l app=node-maintenance", 3);
    for (const pod of pods) await s.ok(`kubectl exec ${pod["NAME"]} -- sh -c "touch -d '2025-12-31 22:00:00' /scratch/old; touch -d '2025-12-31 23:50:00' /scratch/young"`);
    await s.advance("30s");
    for (const pod of pods) {
      expect(await s.ok(`kubectl exec ${pod["NAME"]} -- ls /scratch`)).toBe("young\n");
      const log = (await s.ok(`kubectl logs ${pod["NAME"]} --tail=-1`)).trimEnd().split("\n");
      for (const line of log) expect(line).toMatch(new RegExp(`^node=${pod["NODE"]} removed=[01] disk_used_percent=\\d+ health=(ok|disk-nearly-full)$`));
      expect(log.filter((line) => line.includes(" removed=1 "))).toHaveLength(1);
    }
  });
});
