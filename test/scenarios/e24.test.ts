import { expect } from "vitest";
import { row, rows, runningPods, suffix } from "./looking.ts";
import { scenario, table } from "./scenario.ts";

scenario("E24", "The qa exercise: a Service reached by name from another namespace", { cluster: "learning", nodes: 3 }, (s) => {
  const page = "Welcome to nginx!";

  s.step(1, "the namespace", async () => {
    expect(await s.ok("kubectl apply -f manifests/qa-namespace.yaml")).toBe("namespace/qa created\n");
    expect((await rows(s, "kubectl get ns -l environment=qa")).map((found) => found["NAME"])).toEqual(["qa"]);
  });

  s.step(2, "the Deployment", async () => {
    expect(await s.ok("kubectl apply -f manifests/qa-nginx-deployment.yaml")).toBe("deployment.apps/nginx-deployment created\n");
    await runningPods(s, "-n qa", 3);
    const [deployments = "", replicaSets = "", pods = ""] = (await s.ok("kubectl get deploy,rs,pods -n qa")).split("\n\n");
    expect(table(deployments)).toMatchObject([{ NAME: "deployment.apps/nginx-deployment", READY: "3/3", "UP-TO-DATE": "3", AVAILABLE: "3" }]);
    expect(table(replicaSets)).toMatchObject([{ DESIRED: "3", CURRENT: "3", READY: "3" }]);
    expect(table(pods).map((pod) => pod["STATUS"])).toEqual(["Running", "Running", "Running"]);
    const [{ NAME: replicaSet = "" } = {}] = table(replicaSets);
    expect(replicaSet).toMatch(/^replicaset\.apps\/nginx-deployment-[bcdfghjklmnpqrstvwxz2456789]+$/);
    for (const pod of table(pods)) expect(pod["NAME"]).toMatch(new RegExp(`^${replicaSet.replace("replicaset.apps", "pod")}-${suffix}$`));
  });

  s.step(3, "the Service and its slice", async () => {
    expect(await s.ok("kubectl apply -f manifests/qa-nginx-service.yaml")).toBe("service/nginx-service created\n");
    await s.advance("2s");
    const service = await row(s, "kubectl get svc -n qa");
    expect(service).toMatchObject({ NAME: "nginx-service", TYPE: "ClusterIP", "EXTERNAL-IP": "<none>", "PORT(S)": "80/TCP" });
    expect(service["CLUSTER-IP"]).toMatch(/^10\.96\.\d+\.\d+$/);
    const slice = await row(s, "kubectl get endpointslices -n qa -l kubernetes.io/service-name=nginx-service");
    expect(slice).toMatchObject({ ADDRESSTYPE: "IPv4", PORTS: "80" });
    const addresses = (await rows(s, "kubectl get pods -n qa -o wide")).map((pod) => pod["IP"]);
    expect(slice["ENDPOINTS"]?.split(",").toSorted()).toEqual(addresses.toSorted());
  });

  s.step(4, "a Pod to ask from", async () => {
    expect(await s.ok("kubectl apply -f manifests/alpine-pod.yaml")).toBe("pod/alpine-pod created\n");
    expect(await s.ok("kubectl wait --for=condition=Ready pod/alpine-pod")).toBe("pod/alpine-pod condition met\n");
    expect(await row(s, "kubectl get pod alpine-pod")).toMatchObject({ STATUS: "Running" });
  });

  s.step(5, "the Service by its names", async () => {
    expect(await s.ok("kubectl exec alpine-pod -- wget -qO- http://nginx-service.qa")).toContain(page);
    expect(await s.ok("kubectl exec alpine-pod -- wget -qO- http://nginx-service.qa.svc.cluster.local")).toContain(page);
    const { exit, stderr } = await s.sh("kubectl exec alpine-pod -- wget -qO- http://nginx-service");
    expect(exit).toBe(1);
    expect(stderr).toContain("wget: bad address 'nginx-service'");
  });

  s.step(6, "a Service does not answer ping, a Pod does", async () => {
    const address = await s.ok("kubectl get svc nginx-service -n qa -o jsonpath='{.spec.clusterIP}'");
    const { exit, stdout } = await s.sh("kubectl exec alpine-pod -- ping -c 3 nginx-service.qa");
    expect(stdout).toMatch(new RegExp(`^PING nginx-service\\.qa \\(${address.replaceAll(".", "\\.")}\\)`));
    expect(stdout).toMatch(/100% packet loss|unreachable/);
    expect(exit).toBe(1);
    const [pod] = await rows(s, "kubectl get pods -n qa -o wide");
    expect(await s.ok(`kubectl exec alpine-pod -- ping -c 3 ${pod?.["IP"]}`)).toContain(" 0% packet loss");
  });

  s.step(7, "requests go on while a Pod is replaced", async () => {
    const [pod] = await rows(s, "kubectl get pods -n qa -o wide");
    const deletion = await s.background(`exec kubectl delete pod -n qa ${pod?.["NAME"]}`);
    for (let i = 0; i < 10; i++) {
      expect(await s.ok("kubectl exec alpine-pod -- wget -qO- http://nginx-service.qa")).toContain(page);
      await s.advance("1s");
    }
    await s.seen(deletion, (out) => out.includes("deleted from qa namespace"));
    const after = await runningPods(s, "-n qa", 3);
    expect(after.map((one) => one["NAME"])).not.toContain(pod?.["NAME"]);
    await s.advance("2s");
    const slice = await row(s, "kubectl get endpointslices -n qa -l kubernetes.io/service-name=nginx-service");
    expect(slice["ENDPOINTS"]?.split(",").toSorted()).toEqual(after.map((one) => one["IP"]).toSorted());
    expect(await row(s, "kubectl get deploy -n qa")).toMatchObject({ READY: "3/3" });
  });
});
