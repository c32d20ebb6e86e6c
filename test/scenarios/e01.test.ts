import { expect } from "vitest";
import { headers, numbers, podsWide, row, rows, runningPods, settledDaemonSet, suffix, words } from "./looking.ts";
import { scenario, table } from "./scenario.ts";

const nodes = ["learning-control-plane", "learning-worker", "learning-worker2"];

scenario("E01", "First DaemonSet: one Pod on every eligible node", { cluster: "learning", nodes: 3 }, (s) => {
  s.step(1, "the context and the nodes", async () => {
    expect(await s.ok("kubectl config current-context")).toBe("coracle-learning\n");
    const found = await rows(s, "kubectl get nodes");
    expect(found.map((node) => [node["NAME"], node["STATUS"], node["ROLES"], node["VERSION"]])).toEqual([
      [nodes[0], "Ready", "control-plane", "v1.36.3"],
      [nodes[1], "Ready", "<none>", "v1.36.3"],
      [nodes[2], "Ready", "<none>", "v1.36.3"],
    ]);
  });

  s.step(2, "the kind and its explanation", async () => {
    const found = await rows(s, "kubectl api-resources --api-group=apps");
    expect(found.find((kind) => kind["NAME"] === "daemonsets")).toEqual({ NAME: "daemonsets", SHORTNAMES: "ds", APIVERSION: "apps/v1", NAMESPACED: "true", KIND: "DaemonSet" });
    const text = await s.ok("kubectl explain daemonset.spec");
    for (const field of ["selector", "template", "updateStrategy", "minReadySeconds", "revisionHistoryLimit"]) expect(text).toMatch(new RegExp(`^  ${field}\\t<`, "m"));
    expect(text).not.toMatch(/^ {2}replicas\t/m);
  });

  s.step(3, "apply creates, and again changes nothing", async () => {
    expect(await s.ok("kubectl apply -f manifests/01-basic-daemonset.yaml")).toBe("daemonset.apps/node-agent created\n");
    expect(await s.ok("kubectl apply -f manifests/01-basic-daemonset.yaml")).toBe("daemonset.apps/node-agent unchanged\n");
  });

  s.step(4, "the numbers of the DaemonSet", async () => {
    await settledDaemonSet(s, "node-agent", 3);
    const text = await s.ok("kubectl get daemonset");
    expect(headers(text)).toEqual(["NAME", "DESIRED", "CURRENT", "READY", "UP-TO-DATE", "AVAILABLE", "NODE SELECTOR", "AGE"]);
    const [found] = table(text);
    expect(found).toMatchObject({ NAME: "node-agent", DESIRED: "3", CURRENT: "3", READY: "3", "UP-TO-DATE": "3", AVAILABLE: "3", "NODE SELECTOR": "<none>" });
    expect(found?.["AGE"]).toMatch(/^\d+s$/);
  });

  s.step(5, "the Pods and their nodes", async () => {
    for (const command of ["kubectl get pods -o wide", "kubectl get pods -l app=node-agent -o wide"]) {
      const text = await s.ok(command);
      expect(headers(text)).toEqual(podsWide);
      const pods = table(text);
      expect(pods.map((pod) => pod["NODE"]).toSorted()).toEqual(nodes);
      for (const pod of pods) {
        expect(pod["NAME"]).toMatch(new RegExp(`^node-agent-${suffix}$`));
        expect(pod).toMatchObject({ READY: "1/1", STATUS: "Running", RESTARTS: "0", "NOMINATED NODE": "<none>", "READINESS GATES": "<none>" });
        expect(pod["IP"]).toMatch(/^10\.244\.\d+\.\d+$/);
      }
      expect(new Set(pods.map((pod) => pod["IP"])).size).toBe(3);
    }
    expect(headers(await s.ok("kubectl get pods"))).toEqual(podsWide.slice(0, 5));
  });

  s.step(6, "one Pod per node", async () => {
    const [pod, ...others] = await rows(s, "kubectl get pods -l app=node-agent --field-selector spec.nodeName=learning-control-plane");
    expect(pod?.["NAME"]).toMatch(new RegExp(`^node-agent-${suffix}$`));
    expect(others).toEqual([]);
  });

  s.step(7, "the wide row", async () => {
    expect(await row(s, "kubectl get daemonset node-agent -o wide")).toMatchObject({ CONTAINERS: "agent", IMAGES: "busybox:1.36", SELECTOR: "app=node-agent" });
  });

  s.step(8, "the description", async () => {
    const text = await s.ok("kubectl describe daemonset node-agent");
    const fields = text.slice(0, text.indexOf("  Labels:")).trimEnd().split("\n");
    expect(fields.map((line) => line.replace(/:.*/, ""))).toEqual([
      "Name", "Namespace", "Selector", "Node-Selector", "Labels", "Annotations", "Desired Number of Nodes Scheduled", "Current Number of Nodes Scheduled",
      "Number of Nodes Scheduled with Up-to-date Pods", "Number of Nodes Scheduled with Available Pods", "Number of Nodes Misscheduled", "Pods Status", "Pod Template",
    ]);
    expect(fields.slice(0, 6)).toEqual([
      "Name:           node-agent",
      "Namespace:      default",
      "Selector:       app=node-agent",
      "Node-Selector:  <none>",
      "Labels:         app=node-agent",
      "Annotations:    deprecated.daemonset.template.generation: 1",
    ]);
    for (const line of [
      "Desired Number of Nodes Scheduled: 3",
      "Current Number of Nodes Scheduled: 3",
      "Number of Nodes Scheduled with Up-to-date Pods: 3",
      "Number of Nodes Scheduled with Available Pods: 3",
      "Number of Nodes Misscheduled: 0",
      "Pods Status:  3 Running / 0 Waiting / 0 Succeeded / 0 Failed",
      "Pod Template:",
      "    Image:      busybox:1.36",
    ]) {
      expect(text.split("\n")).toContain(line);
    }
    const events = text.slice(text.indexOf("Events:")).split("\n").slice(3).filter((line) => line !== "");
    expect(events).toHaveLength(3);
    const created = events.map((event) => new RegExp(`^  Normal  SuccessfulCreate  \\S+ +daemonset-controller  Created pod: (node-agent-${suffix})$`).exec(event)?.[1]);
    expect(created.toSorted()).toEqual(await words(s, "kubectl get pods -l app=node-agent -o jsonpath='{.items[*].metadata.name}'"));
  });

  s.step(9, "plain text goes through pipes", async () => {
    const text = await s.ok(
      `NODE_COUNT=$(kubectl get nodes --no-headers | wc -l)
       POD_COUNT=$(kubectl get pods -l app=node-agent --no-headers | wc -l)
       echo "Nodes: $NODE_COUNT, Pods: $POD_COUNT"`,
    );
    expect(text).toBe("Nodes: 3, Pods: 3\n");
  });

  s.step(10, "a web server on every worker answers", async () => {
    expect(await s.ok("kubectl apply -f manifests/nginx-test-daemonset.yaml")).toBe("daemonset.apps/nginx-test-daemonset created\n");
    await settledDaemonSet(s, "nginx-test-daemonset", 2);
    await s.ok("kubectl apply -f manifests/alpine-pod.yaml");
    await runningPods(s, "alpine-pod", 1);
    const pods = await rows(s, "kubectl get pods -l app=nginx-test -o wide");
    expect(pods.map((pod) => pod["NODE"]).toSorted()).toEqual(nodes.slice(1));
    for (const pod of pods) {
      expect(await s.ok(`kubectl exec alpine-pod -- wget -qO- http://${pod["IP"]}`)).toContain("<title>Welcome to nginx!</title>");
      const port = await s.ok(`kubectl get pod ${pod["NAME"]} -o jsonpath='{.spec.containers[0].ports[0]}'`);
      expect(JSON.parse(port)).toEqual({ containerPort: 80, name: "http-web", protocol: "TCP" });
    }
  });

  s.step(11, "the log of each Pod names the Pod", async () => {
    expect(await s.ok("kubectl apply -f manifests/ds-demo.yaml")).toBe("daemonset.apps/ds-demo created\n");
    await settledDaemonSet(s, "ds-demo", 2);
    await s.advance("25s");
    const pods = await words(s, "kubectl get pods -l app=ds-demo -o jsonpath='{.items[*].metadata.name}'");
    const lines = (await s.ok("kubectl logs -l app=ds-demo")).trimEnd().split("\n");
    expect(lines.length).toBeGreaterThanOrEqual(6);
    expect(new Set(lines)).toEqual(new Set(pods.map((pod) => `running-on-${pod}`)));
    for (const pod of pods) {
      const instants = (await s.ok(`kubectl logs ${pod} --timestamps`)).trimEnd().split("\n").map((line) => Date.parse(line.split(" ")[0] ?? ""));
      for (const [i, instant] of instants.slice(1).entries()) expect((instant - (instants[i] ?? 0)) / 1000).toBeCloseTo(10, 1);
    }
    expect(await s.ok("kubectl get ds ds-demo -o jsonpath='{.spec.template.spec.containers[0].command[2]}'")).toBe("while true; do echo running-on-$(hostname); sleep 10; done");
  });

  s.step(12, "broken copies are refused, each with one cause", async () => {
    for (const [file, cause] of [
      ["no-selector", 'spec.template.metadata.labels: Invalid value: {"app":"broken-no-selector"}: `selector` does not match template `labels`'],
      ["selector-mismatch", 'spec.template.metadata.labels: Invalid value: {"app":"broken-selector-mismatch"}: `selector` does not match template `labels`'],
      ["restart-never", 'spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"'],
    ]) {
      expect(await s.refused(`kubectl apply -f manifests/broken-ds-${file}.yaml`)).toBe(`The DaemonSet "broken-${file}" is invalid: ${cause}\n`);
    }
    expect((await s.sh("kubectl get ds -o name")).stdout).not.toContain("broken");
  });
});

scenario("E01a", "First DaemonSet on a single node", { cluster: "learning", nodes: 1 }, (s) => {
  s.step(1, "the context and the node", async () => {
    expect(await s.ok("kubectl config current-context")).toBe("coracle-learning\n");
    expect(await row(s, "kubectl get nodes")).toMatchObject({ NAME: "learning-control-plane", STATUS: "Ready", ROLES: "control-plane" });
  });

  s.step(4, "every number is 1", async () => {
    await s.ok("kubectl apply -f manifests/01-basic-daemonset.yaml");
    expect(numbers(await settledDaemonSet(s, "node-agent", 1))).toEqual([1, 1, 1, 1, 1]);
  });

  s.step(9, "as many Pods as nodes", async () => {
    expect(await s.ok('echo "Nodes: $(kubectl get nodes --no-headers | wc -l), Pods: $(kubectl get pods -l app=node-agent --no-headers | wc -l)"')).toBe("Nodes: 1, Pods: 1\n");
  });

  s.step(10, "no toleration is needed", async () => {
    await s.ok("kubectl apply -f manifests/nginx-test-daemonset.yaml");
    expect(numbers(await settledDaemonSet(s, "nginx-test-daemonset", 1))).toEqual([1, 1, 1, 1, 1]);
  });
});
