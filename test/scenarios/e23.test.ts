import { expect } from "vitest";
import { headers, row, rows, runningPods } from "./looking.ts";
import { scenario, table } from "./scenario.ts";

scenario("E23", "Namespaces and scope", { cluster: "learning", nodes: 3 }, (s) => {
  s.step(1, "the first four", async () => {
    expect((await rows(s, "kubectl get ns")).map((found) => [found["NAME"], found["STATUS"]])).toEqual([
      ["default", "Active"],
      ["kube-node-lease", "Active"],
      ["kube-public", "Active"],
      ["kube-system", "Active"],
    ]);
  });

  s.step(2, "what is in a namespace and what is not", async () => {
    const text = await s.ok("kubectl api-resources");
    expect(headers(text)).toEqual(["NAME", "SHORTNAMES", "APIVERSION", "NAMESPACED", "KIND"]);
    const names = async (namespaced: boolean): Promise<string[]> => (await s.ok(`kubectl api-resources --namespaced=${namespaced} --no-headers`)).trimEnd().split("\n").map((line) => line.split(" ")[0] ?? "");
    expect(await names(true)).toEqual(expect.arrayContaining(["pods", "deployments", "services", "configmaps", "secrets", "daemonsets", "jobs", "cronjobs"]));
    expect(await names(false)).toEqual(expect.arrayContaining(["nodes", "namespaces", "persistentvolumes", "storageclasses", "clusterroles"]));
    expect(await names(false)).not.toContain("pods");
  });

  s.step(3, "two more", async () => {
    expect(await s.ok("kubectl apply -f manifests/namespace-dev.yaml")).toBe("namespace/dev created\n");
    expect(await s.ok("kubectl create ns prod")).toBe("namespace/prod created\n");
    expect(await row(s, "kubectl get ns dev")).toMatchObject({ STATUS: "Active" });
    for (const name of ["dev", "prod"]) expect(await s.ok(`kubectl get ns ${name} -o jsonpath='{.metadata.labels.kubernetes\\.io/metadata\\.name}'`)).toBe(name);
  });

  s.step(4, "the same names in both", async () => {
    for (const name of ["dev", "prod"]) expect(await s.ok(`kubectl apply -f manifests/frontend.yaml -n ${name}`)).toBe("pod/frontend created\nservice/frontend created\n");
    const address = (name: string): Promise<string> => s.ok(`kubectl get svc frontend -n ${name} -o jsonpath='{.spec.clusterIP}'`);
    expect(await address("dev")).toMatch(/^10\.96\.\d+\.\d+$/);
    expect(await address("dev")).not.toBe(await address("prod"));
    expect(await s.refused("kubectl run frontend --image=nginx -n dev")).toBe('Error from server (AlreadyExists): pods "frontend" already exists\n');
    expect((await rows(s, "kubectl get pods -n dev")).map((pod) => pod["NAME"])).toEqual(["frontend"]);
    expect((await rows(s, "kubectl get svc -n dev")).map((service) => service["NAME"])).toEqual(["frontend"]);
    expect((await s.sh("kubectl get pods")).stdout).toBe("");
  });

  s.step(5, "each found by its name", async () => {
    await s.ok("kubectl apply -f manifests/alpine-pod.yaml");
    await runningPods(s, "alpine-pod", 1);
    await runningPods(s, "frontend -n dev", 1);
    for (const name of ["dev", "prod"]) {
      const address = await s.ok(`kubectl get svc frontend -n ${name} -o jsonpath='{.spec.clusterIP}'`);
      expect(await s.ok(`kubectl exec alpine-pod -- nslookup frontend.${name}.svc.cluster.local`)).toContain(`Address: ${address}\n`);
    }
    expect(await s.ok("kubectl exec alpine-pod -- wget -qO- http://frontend.dev")).toContain("Welcome to nginx!");
  });

  s.step(6, "a Deployment whose image does not exist", async () => {
    expect(await s.ok("kubectl create deployment my-app --image=my-image --namespace=dev")).toBe("deployment.apps/my-app created\n");
    expect((await s.sh("kubectl get deployments")).stdout).toBe("");
    const seen = new Set<string | undefined>();
    await s.until("kubectl get pods -n dev -l app=my-app", (out) => {
      seen.add(table(out)[0]?.["STATUS"]);
      return seen.has("ErrImagePull") && seen.has("ImagePullBackOff");
    });
    expect(await row(s, "kubectl get deployment my-app -n dev")).toMatchObject({ READY: "0/1" });
    expect(await s.refused("kubectl create deployment my-app --image=my-image --namespace=nope")).toBe('error: failed to create deployment: namespaces "nope" not found\n');
  });

  s.step(7, "settings, and nodes as ever", async () => {
    expect(await s.ok("kubectl apply -f manifests/dev-settings.yaml")).toBe("configmap/settings created\nsecret/settings created\n");
    expect(await s.ok("kubectl get configmaps,secrets -n dev -o name")).toBe("configmap/kube-root-ca.crt\nconfigmap/settings\nsecret/settings\n");
    expect(await s.ok("kubectl get configmaps,secrets -o name")).toBe("configmap/kube-root-ca.crt\n");
    expect(await s.ok("kubectl get nodes -n dev")).toBe(await s.ok("kubectl get nodes"));
  });

  s.step(8, "a namespace goes with all it holds", async () => {
    const watch = await s.background("exec kubectl get ns dev -w");
    await s.seen(watch, (out) => table(out).length > 0);
    expect(await s.ok("kubectl delete ns dev")).toBe('namespace "dev" deleted\n');
    await watch.stop();
    expect(table(watch.stdout).map((found) => found["STATUS"])).toContain("Terminating");
    expect(await s.refused("kubectl get ns dev")).toBe('Error from server (NotFound): namespaces "dev" not found\n');
    expect((await s.sh("kubectl get pods,services,deployments,replicasets,configmaps,secrets -n dev")).stdout).toBe("");
    expect(await rows(s, "kubectl get pods -n prod")).toHaveLength(1);
    expect(await s.refused("kubectl delete ns default")).toBe('Error from server (Forbidden): namespaces "default" is forbidden: this namespace may not be deleted\n');
  });

  s.step(9, "who may look", async () => {
    await s.ok("kubectl apply -f manifests/alice-reads-pods.yaml");
    expect(await s.ok("kubectl auth can-i list pods -n prod --as=alice")).toBe("yes\n");
    expect(await s.sh("kubectl auth can-i list pods -n default --as=alice")).toMatchObject({ exit: 1, stdout: "no\n" });
    expect(await s.ok("kubectl get pods -n prod --as=alice -o name")).toBe("pod/frontend\n");
    expect(await s.refused("kubectl get pods -n default --as=alice")).toBe('Error from server (Forbidden): pods is forbidden: User "alice" cannot list resource "pods" in API group "" in the namespace "default"\n');
  });
});
