import { expect } from "vitest";
import { headers, row, rows, runningPods } from "./looking.ts";
import { scenario, table } from "./scenario.ts";

const page = "Welcome to nginx!";

scenario("E25", "Services: expose, types, ClusterIP against Pod IP", { cluster: "learning", nodes: 3 }, (s) => {
  const clusterIp = (name: string): Promise<string> => s.ok(`kubectl get svc ${name} -o jsonpath='{.spec.clusterIP}'`);

  s.step(1, "a Deployment exposed", async () => {
    expect(await s.ok("kubectl create deployment web --image=nginx --replicas=2")).toBe("deployment.apps/web created\n");
    expect(await s.ok("kubectl expose deployment web --port=80")).toBe("service/web exposed\n");
    const text = await s.ok("kubectl get svc");
    expect(headers(text)).toEqual(["NAME", "TYPE", "CLUSTER-IP", "EXTERNAL-IP", "PORT(S)", "AGE"]);
    expect(table(text)).toMatchObject([
      { NAME: "kubernetes", TYPE: "ClusterIP", "CLUSTER-IP": "10.96.0.1", "EXTERNAL-IP": "<none>", "PORT(S)": "443/TCP" },
      { NAME: "web", TYPE: "ClusterIP", "CLUSTER-IP": expect.stringMatching(/^10\.96\.\d+\.\d+$/) as string, "EXTERNAL-IP": "<none>", "PORT(S)": "80/TCP" },
    ]);
    expect(await s.ok("kubectl get deployment web -o jsonpath='{.metadata.labels} {.spec.template.metadata.labels} {.spec.template.spec.containers[*].name}'")).toBe('{"app":"web"} {"app":"web"} nginx');
    expect(await s.ok("kubectl get svc web -o jsonpath='{.spec.selector}'")).toBe('{"app":"web"}');
    expect(await s.ok("kubectl get svc web -o jsonpath='{.spec.ports}'")).toBe('[{"port":80,"protocol":"TCP","targetPort":80}]');
    expect(await row(s, "kubectl get svc web -o wide")).toMatchObject({ SELECTOR: "app=web" });
    expect(await s.refused("kubectl expose deployment web --port=80")).toBe('Error from server (AlreadyExists): services "web" already exists\n');
    await runningPods(s, "-l app=web", 2);
    expect(await row(s, "kubectl get deployment web")).toMatchObject({ READY: "2/2" });
  });

  s.step(2, "a Pod to look from, for a moment", async () => {
    const watch = await s.background("exec kubectl get pods -l run=test -w -o jsonpath='{.metadata.name} {.spec.containers[0].args} {.spec.containers[0].stdin} {.spec.containers[0].tty}{\"\\n\"}'");
    const { exit, stdout, stderr } = await s.sh("script -qec 'kubectl run test --image=nicolaka/netshoot -it --rm -- bash' /dev/null", {
      stdin: "curl http://web.default.svc.cluster.local\nexit\n",
    });
    await watch.stop();
    expect(exit, stdout + stderr).toBe(0);
    expect(stdout).toContain(page);
    expect(stdout).toContain("All commands and output from this session will be recorded in container logs");
    expect(stdout).toContain("If you don't see a command prompt, try pressing enter.");
    expect(stdout).toContain('pod "test" deleted from default namespace');
    expect(new Set(watch.stdout.trimEnd().split("\n"))).toEqual(new Set(['test ["bash"] true true']));
    // Without a terminal the streams are apart: the notices are no part of what is printed.
    const apart = await s.sh("kubectl run test --image=busybox -i --rm -- sh", { stdin: "sleep 1; wget -qO- http://web | grep title\n" });
    expect(apart).toMatchObject({ exit: 0, stdout: '<title>Welcome to nginx!</title>\npod "test" deleted from default namespace\n' });
    expect(apart.stderr).toMatch(/^All commands and output from this session will be recorded in container logs, .*\nIf you don't see a command prompt, try pressing enter\.\n$/);
    expect(await s.refused("kubectl run test2 --image=busybox -t -- sh")).toMatch(/^error: -i\/--stdin is required for containers with -t\/--tty=true\n/);
    expect(await s.refused("kubectl run test2 --image=busybox --rm -- sh")).toMatch(/^error: --rm should only be used for attached containers/);
    expect((await s.sh("kubectl get pods -l run=test2")).stdout).toBe("");
  });

  s.step(3, "its address is on no interface", async () => {
    const address = await clusterIp("web");
    for (const node of ["learning-control-plane", "learning-worker", "learning-worker2"]) {
      const { stdout: shown } = await s.onNode(node, "ip addr");
      expect(shown).toMatch(/inet 172\.18\.0\.\d+\//);
      expect(shown).not.toContain(address);
    }
  });

  s.step(4, "Pods change, the Service does not", async () => {
    const address = await clusterIp("web");
    const before = await rows(s, "kubectl get pods -l app=web -o wide");
    await s.ok(`kubectl delete pod ${before[0]?.["NAME"]}`);
    const after = await runningPods(s, "-l app=web", 2);
    await s.advance("2s");
    expect(after.map((pod) => pod["IP"])).not.toContain(before[0]?.["IP"]);
    expect(await clusterIp("web")).toBe(address);
    await s.ok("kubectl apply -f manifests/nginx-test-daemonset.yaml -f manifests/tolerate-everything.yaml");
    for (const pod of await runningPods(s, "-l app=tolerate-everything", 3)) {
      expect(await s.ok(`kubectl exec ${pod["NAME"]} -- wget -qO- http://${address}`)).toContain(page);
    }
  });

  s.step(5, "a port of every node", async () => {
    expect(await s.ok("kubectl expose deployment web --name=web-np --type=NodePort --port=80")).toBe("service/web-np exposed\n");
    const service = await row(s, "kubectl get svc web-np");
    const [, port] = /^80:(3\d{4})\/TCP$/.exec(service["PORT(S)"] ?? "") ?? [];
    expect(Number(port)).toBeGreaterThanOrEqual(30_000);
    expect(Number(port)).toBeLessThanOrEqual(32_767);
    expect(service["CLUSTER-IP"]).toMatch(/^10\.96\.\d+\.\d+$/);
    await s.advance("2s");
    const [pod] = await rows(s, "kubectl get pods -l app=tolerate-everything");
    for (const node of await rows(s, "kubectl get nodes -o wide")) {
      expect(await s.ok(`kubectl exec ${pod?.["NAME"]} -- wget -qO- http://${node["INTERNAL-IP"]}:${port}`)).toContain(page);
      expect((await s.onNode(node["NAME"] ?? "", "iptables -t nat -L KUBE-NODEPORTS -n")).stdout).toMatch(new RegExp(`^KUBE-EXT-[A-Z2-7]{16} .*/\\* default/web-np \\*/ tcp dpt:${port}$`, "m"));
    }
  });

  s.step(6, "a balancer that nobody gives", async () => {
    await s.ok("kubectl expose deployment web --name=web-lb --type=LoadBalancer --port=80");
    await s.advance("60s");
    const service = await row(s, "kubectl get svc web-lb");
    expect(service).toMatchObject({ TYPE: "LoadBalancer", "EXTERNAL-IP": "<pending>" });
    expect(service["CLUSTER-IP"]).toMatch(/^10\.96\.\d+\.\d+$/);
    expect(service["PORT(S)"]).toMatch(/^80:3\d{4}\/TCP$/);
    await s.ok(`kubectl patch svc web-lb --subresource=status --type=merge -p '{"status":{"loadBalancer":{"ingress":[{"ip":"203.0.113.7"}]}}}'`);
    expect(await row(s, "kubectl get svc web-lb")).toMatchObject({ "EXTERNAL-IP": "203.0.113.7" });
  });

  s.step(7, "another name for a host elsewhere", async () => {
    expect(await s.ok("kubectl create service externalname ext --external-name=example.com")).toBe("service/ext created\n");
    expect(await row(s, "kubectl get svc ext")).toMatchObject({ TYPE: "ExternalName", "CLUSTER-IP": "<none>", "EXTERNAL-IP": "example.com", "PORT(S)": "<none>" });
    const [pod] = await rows(s, "kubectl get pods -l app=tolerate-everything");
    const { stdout } = await s.sh(`kubectl exec ${pod?.["NAME"]} -- nslookup ext.default.svc.cluster.local`);
    expect(stdout).toMatch(/^ext\.default\.svc\.cluster\.local\s+canonical name = example\.com$/m);
    expect((await s.sh("kubectl get endpointslices -l kubernetes.io/service-name=ext")).stdout).toBe("");
    expect((await s.onNode("learning-worker", "iptables-save")).stdout).not.toContain("default/ext");
  });

  s.step(8, "no type is ClusterIP", async () => {
    await s.ok("kubectl apply -f manifests/service-without-type.yaml");
    expect(await row(s, "kubectl get svc web-without-type")).toMatchObject({ TYPE: "ClusterIP" });
  });
});
