import { expect } from "vitest";
import { rows, runningPods, settledDaemonSet } from "./looking.ts";
import type { Row } from "./looking.ts";
import { scenario } from "./scenario.ts";

const nodes = ["learning-control-plane", "learning-worker", "learning-worker2"];

scenario("E12", "Log collection with a hostPath DaemonSet", { cluster: "learning", nodes: 3 }, (s) => {
  const collectors = "-l app=fluentd-logging";
  let pods: Row[] = [];

  s.step(1, "a collector on every node", async () => {
    expect(await s.ok("kubectl apply -f manifests/fluentd-logger.yaml")).toBe("daemonset.apps/fluentd-logger created\n");
    await settledDaemonSet(s, "fluentd-logger", 3);
    pods = await runningPods(s, collectors, 3);
    expect(pods.map((pod) => pod["NODE"]).toSorted()).toEqual(nodes);
    const container = JSON.parse(await s.ok("kubectl get ds fluentd-logger -o jsonpath='{.spec.template.spec.containers[0]}'")) as { [field: string]: unknown };
    expect(container).toMatchObject({ imagePullPolicy: "IfNotPresent", resources: { requests: { cpu: "100m", memory: "128Mi" }, limits: { memory: "200Mi" } } });
  });

  s.step(2, "each sees its node's files", async () => {
    for (const pod of pods) {
      const listing = (await s.ok(`kubectl exec ${pod["NAME"]} -- ls /var/log`)).split("\n");
      expect(listing).toEqual(expect.arrayContaining(["containers", "pods"]));
      const own = (await s.ok(`kubectl get pods -A --field-selector spec.nodeName=${pod["NODE"]} -o jsonpath='{range .items[*]}{.metadata.namespace}_{.metadata.name}_{.metadata.uid}{"\\n"}{end}'`)).trimEnd().split("\n");
      expect((await s.ok(`kubectl exec ${pod["NAME"]} -- ls /var/log/pods`)).trimEnd().split("\n").toSorted()).toEqual(own.toSorted());
    }
    await s.onNode("learning-worker", "echo written on the node > /var/log/note");
    for (const pod of pods) {
      const { exit, stdout } = await s.sh(`kubectl exec ${pod["NAME"]} -- cat /var/log/note`);
      expect([exit, stdout]).toEqual(pod["NODE"] === "learning-worker" ? [0, "written on the node\n"] : [1, ""]);
    }
  });

  s.step(3, "what is mounted read-only cannot be written", async () => {
    const { exit, stderr } = await s.sh(`kubectl exec ${pods[0]?.["NAME"]} -- sh -c 'echo x > /var/lib/docker/containers/x'`);
    expect(exit).toBeGreaterThan(0);
    expect(stderr).toContain("Read-only file system");
    expect(stderr).toContain(`command terminated with exit code ${exit}\n`);
  });

  s.step(4, "a collector that prints what it reads", async () => {
    expect(await s.ok("kubectl apply -f manifests/02-fluentd-daemonset.yaml")).toBe("configmap/fluentd created\ndaemonset.apps/fluentd created\n");
    await settledDaemonSet(s, "fluentd", 3);
    await s.ok("kubectl apply -f manifests/01-basic-daemonset.yaml");
    await settledDaemonSet(s, "node-agent", 3);
    await s.advance("5m");
    const running = await runningPods(s, "-l app=fluentd", 3);
    expect(running.map((pod) => pod["NODE"]).toSorted()).toEqual(nodes);
    const lines = async (options: string): Promise<string[]> => (await s.ok(`kubectl logs -l app=fluentd ${options}`)).trimEnd().split("\n");
    expect(await lines("--tail=20")).toHaveLength(60);
    expect(await lines("")).toHaveLength(30);
    // One Pod after another, in the order of a map of kubectl, another each time.
    const oneByOne = (got: readonly string[], blocks: readonly string[][]) =>
      expect(got).toEqual(blocks.toSorted((a, b) => got.indexOf(a.at(-1) ?? "") - got.indexOf(b.at(-1) ?? "")).flat());
    const whole = await Promise.all(running.map(async (pod) => (await s.ok(`kubectl logs ${pod["NAME"]}`)).trimEnd().split("\n")));
    for (const own of whole) expect(own.length).toBeGreaterThan(20);
    oneByOne(await lines("--tail=-1"), whole);
    oneByOne(await lines(""), whole.map((own) => own.slice(-10)));
    oneByOne(await lines("--tail=20 --prefix"), running.map((pod, i) => (whole[i] ?? []).slice(-20).map((line) => `[pod/${pod["NAME"]}/fluentd] ${line}`)));
    expect(await s.refused("kubectl logs -f -l app=fluentd --max-log-requests=2")).toBe(
      "error: you are attempting to follow 3 log streams, but maximum allowed concurrency is 2, use --max-log-requests to increase the limit\n",
    );
  });

  s.step(5, "a marker on each node is read once", async () => {
    await s.ok("kubectl apply -f manifests/marker-per-node.yaml");
    await settledDaemonSet(s, "marker", 3);
    await s.advance("90s");
    const collectors = await rows(s, "kubectl get pods -l app=fluentd -o wide");
    expect(collectors.map((collector) => collector["NODE"]).toSorted()).toEqual(nodes.toSorted());
    for (const collector of collectors) {
      const log = await s.ok(`kubectl logs ${collector["NAME"]}`);
      for (const node of nodes) {
        const found = log.split("\n").filter((line) => line.includes(`marker of ${node}"`) || line.trimEnd().endsWith(`marker of ${node}`) || line.includes(`marker of ${node}\\`));
        expect(found, `${node} in the collector of ${collector["NODE"]}`).toHaveLength(node === collector["NODE"] ? 1 : 0);
      }
    }
    await s.ok("kubectl delete ds marker");
  });

  s.step(6, "agents that forward to a centre", async () => {
    await s.ok("kubectl delete ds fluentd fluentd-logger node-agent");
    await s.until("kubectl get pods -o name", (out) => out === "", { step: "5s" });
    await s.ok("kubectl apply -f manifests/exercise-2-log-aggregation.yaml");
    await settledDaemonSet(s, "log-agent", 3);
    const [centre] = await runningPods(s, "-l app=log-centre", 1);
    await s.ok("kubectl apply -f manifests/marker-per-node.yaml");
    await settledDaemonSet(s, "marker", 3);
    await s.advance("2m");
    const log = (await s.ok(`kubectl logs ${centre?.["NAME"]}`)).split("\n");
    for (const node of nodes) {
      expect(log.filter((line) => line.includes(`node=${node}&`) && line.includes(`marker_of_${node} `)), node).toHaveLength(1);
    }
  });
});
