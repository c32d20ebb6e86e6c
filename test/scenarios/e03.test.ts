import { expect } from "vitest";
import { numbers, row, rows, settledDaemonSet, suffix } from "./looking.ts";
import { scenario, table } from "./scenario.ts";

scenario("E03", "System DaemonSets: namespace, listing, watching", { cluster: "cka-qacluster", nodes: 4 }, (s) => {
  s.step(1, "the tutorial's object with its defaults", async () => {
    expect(await s.ok("kubectl apply -f manifests/daemonset.yaml")).toBe("daemonset.apps/fluentd created\n");
    const lines = (await s.ok("kubectl get ds fluentd -n kube-system -o yaml")).split("\n").map((line) => line.replace(/^[ -]*/, ""));
    for (const line of [
      "image: quay.io/fluentd_elasticsearch/fluentd:latest",
      "name: fluentd",
      "cpu: 100m",
      "memory: 200Mi",
      "type: RollingUpdate",
      "maxUnavailable: 1",
      "maxSurge: 0",
      "revisionHistoryLimit: 10",
      "imagePullPolicy: Always",
      "restartPolicy: Always",
      "terminationGracePeriodSeconds: 30",
      "dnsPolicy: ClusterFirst",
      "schedulerName: default-scheduler",
    ]) {
      expect(lines).toContain(line);
    }
    expect(await s.ok("kubectl get ds fluentd -n kube-system -o jsonpath='{.spec.selector} {.metadata.labels}'")).toBe('{"matchLabels":{"name":"fluentd"}} ');
  });

  s.step(2, "nothing in the default namespace", async () => {
    expect(await s.sh("kubectl get daemonset")).toEqual({ exit: 0, stdout: "", stderr: "No resources found in default namespace.\n" });
  });

  s.step(3, "all namespaces", async () => {
    await settledDaemonSet(s, "fluentd -n kube-system", 3);
    const text = await s.ok("kubectl get daemonset -A");
    expect(await s.ok("kubectl get ds -A")).toBe(text);
    expect(await s.ok("kubectl get ds --all-namespaces")).toBe(text);
    const found = table(text);
    expect(Object.keys(found[0] ?? {})).toEqual(["NAMESPACE", "NAME", "DESIRED", "CURRENT", "READY", "UP-TO-DATE", "AVAILABLE", "NODE SELECTOR", "AGE"]);
    expect(found.map((ds) => [ds["NAMESPACE"], ds["NAME"], ...numbers(ds), ds["NODE SELECTOR"]])).toEqual([
      ["kube-system", "coracle-net", 4, 4, 4, 4, 4, "<none>"],
      ["kube-system", "fluentd", 3, 3, 3, 3, 3, "<none>"],
      ["kube-system", "kube-proxy", 4, 4, 4, 4, 4, "kubernetes.io/os=linux"],
    ]);
  });

  s.step(4, "the same rows of one namespace", async () => {
    const everywhere = (await rows(s, "kubectl get ds -A")).map(({ NAMESPACE: _, ...rest }) => rest);
    for (const flag of ["-n kube-system", "--namespace=kube-system"]) expect(await rows(s, `kubectl get daemonsets ${flag}`)).toEqual(everywhere);
  });

  s.step(5, "one Pod on each worker, by grep", async () => {
    const lines = (await s.ok("kubectl get pods -n kube-system -o wide | grep fluentd")).trimEnd().split("\n");
    const pods = lines.map((line) => line.split(/ {2,}/));
    for (const [name] of pods) expect(name).toMatch(new RegExp(`^fluentd-${suffix}$`));
    expect(pods.map((pod) => pod[6]).toSorted()).toEqual(["cka-qacluster-worker", "cka-qacluster-worker2", "cka-qacluster-worker3"]);
    const labels = (await s.ok("kubectl get pods -n kube-system -l name=fluentd -o jsonpath='{range .items[*]}{.metadata.labels}{\"\\n\"}{end}'")).trimEnd().split("\n");
    expect(labels).toHaveLength(3);
    for (const text of labels) {
      expect(JSON.parse(text)).toEqual({ name: "fluentd", "controller-revision-hash": expect.stringMatching(/^[a-z0-9]+$/) as string, "pod-template-generation": "1" });
    }
  });

  s.step(6, "the service proxy on every node, with the node's address", async () => {
    const lines = (await s.ok("kubectl get pods -n kube-system -o wide | grep kube-proxy")).trimEnd().split("\n").map((line) => line.split(/ {2,}/));
    expect(lines).toHaveLength(4);
    for (const line of lines) expect(line[5]).toBe((await row(s, `kubectl get node ${line[6]} -o wide`))["INTERNAL-IP"]);
    expect(new Set(lines.map((line) => line[6])).size).toBe(4);
  });
});
