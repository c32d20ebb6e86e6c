import { expect } from "vitest";
import { row, rows, runningPods, settledDaemonSet } from "./looking.ts";
import { scenario, table } from "./scenario.ts";

const proxies = "-n kube-system -l k8s-app=kube-proxy";
const page = "Welcome to nginx!";

scenario("E27", "kube-proxy: what it is, modes, deletion and recovery", { cluster: "learning", nodes: 3 }, (s) => {
  const clusterIp = (name: string): Promise<string> => s.ok(`kubectl get svc ${name} -o jsonpath='{.spec.clusterIP}'`);
  const answers = (address: string): Promise<boolean> => s.sh(`kubectl exec alpine-pod -- wget -T 2 -qO- http://${address}`).then(({ exit, stdout }) => exit === 0 && stdout.includes(page));
  const hold = async (): Promise<void> => {
    await s.ok(`kubectl patch ds kube-proxy -n kube-system -p '{"spec":{"template":{"spec":{"nodeSelector":{"hold":"true"}}}}}'`);
    await s.until(`kubectl get pods ${proxies} -o name`, (out) => out === "", { step: "5s" });
  };
  const release = async (): Promise<void> => {
    await s.ok(`kubectl patch ds kube-proxy -n kube-system --type=json -p '[{"op":"remove","path":"/spec/template/spec/nodeSelector/hold"}]'`);
    await settledDaemonSet(s, "kube-proxy -n kube-system", 3);
    await s.advance("5s");
  };

  s.step(1, "a DaemonSet; the kubelet is none", async () => {
    await s.ok("kubectl create deployment web --image=nginx --replicas=2");
    await s.ok("kubectl expose deployment web --port=80");
    await s.ok("kubectl apply -f manifests/alpine-pod.yaml");
    await runningPods(s, "-l app=web", 2);
    await runningPods(s, "alpine-pod", 1);
    await settledDaemonSet(s, "kube-proxy -n kube-system", 3);
    const lines = (await s.ok("kubectl get ds,pods -A | grep -i -E 'kube-proxy|kubelet'")).trimEnd().split("\n");
    expect(lines).toHaveLength(4);
    for (const line of lines) expect(line).toMatch(/^kube-system +(daemonset\.apps\/kube-proxy|pod\/kube-proxy-\w{5}) /);
  });

  s.step(2, "one on each node, with the node's address", async () => {
    const pods = await runningPods(s, proxies, 3);
    expect(await s.ok("kubectl get ds kube-proxy -n kube-system -o jsonpath='{.spec.template.spec.tolerations}'")).toBe('[{"operator":"Exists"}]');
    for (const node of await rows(s, "kubectl get nodes -o wide")) {
      expect(pods.filter((pod) => pod["NODE"] === node["NAME"]).map((pod) => pod["IP"])).toEqual([node["INTERNAL-IP"]]);
    }
  });

  s.step(3, "what it says", async () => {
    const some = (await s.ok(`kubectl logs ${proxies}`)).trimEnd().split("\n");
    expect(some.length).toBeLessThanOrEqual(30);
    expect((await s.ok(`kubectl logs ${proxies} --tail=-1`)).match(/Using iptables Proxier/g)).toHaveLength(3);
  });

  s.step(4, "its mode", async () => {
    expect(await s.ok("kubectl get cm -n kube-system kube-proxy -o yaml | grep mode")).toMatch(/mode: (iptables|"")/);
  });

  s.step(5, "all of them deleted while requests go on", async () => {
    const address = await clusterIp("web");
    const [web] = await rows(s, "kubectl get pods -l app=web -o wide");
    const loop = `i=0; while [ $i -lt 60 ]; do wget -T 2 -qO- http://${address} | grep -q nginx && echo request ok || echo request failed; i=$((i+1)); sleep 1; done`;
    const session = s.sh("script -qec 'kubectl run test --image=busybox -it --rm -- sh' /dev/null", { stdin: `${loop}\nexit\n` });
    await s.until("kubectl get pod test", (out) => table(out)[0]?.["STATUS"] === "Running");
    expect(await s.refused("kubectl run test --image=busybox -i --rm -- sh")).toBe('Error from server (AlreadyExists): pods "test" already exists\n');
    const before = (await rows(s, `kubectl get pods ${proxies}`)).map((pod) => pod["NAME"]);
    const deleted = (await s.ok(`kubectl delete pod ${proxies}`)).trimEnd().split("\n");
    expect(deleted.toSorted()).toEqual(before.map((name) => `pod "${name}" deleted from kube-system namespace`).toSorted());
    expect(await s.ok(`kubectl exec test -- ping -c 3 ${web?.["IP"]}`)).toContain(" 0% packet loss");
    expect(await s.ok(`kubectl exec test -- sh -c 'wget http://${address} 2>/dev/null && cat index.html'`)).toContain(page);
    const after = await runningPods(s, proxies, 3);
    expect(after.filter((pod) => before.includes(pod["NAME"]))).toEqual([]);
    expect(await s.ok("kubectl rollout status ds/kube-proxy -n kube-system")).toContain("successfully rolled out");
    // Each says once of its node that it begins, without a message.
    expect((await s.ok("kubectl describe node learning-worker")).match(/^ {2}Normal {2}Starting +\S+ +kube-proxy +$/gm)).toHaveLength(2);
    await s.advance("70s");
    const { exit, stdout } = await session;
    expect(exit, stdout).toBe(0);
    expect(stdout.match(/^request ok\r?$/gm)).toHaveLength(60);
    expect(stdout).not.toMatch(/^request failed/m);
  });

  s.step(6, "held down: the rules grow old", async () => {
    const first = await clusterIp("web");
    const saved = async (): Promise<string> => (await s.onNode("learning-worker", "iptables-save -t nat")).stdout;
    await hold();
    await s.ok("kubectl expose deployment web --name=second --port=80");
    await s.ok("kubectl scale deployment web --replicas=1");
    const left = await runningPods(s, "-l app=web", 1);
    await s.advance("10s");
    expect((await saved()).match(/-A KUBE-SEP-\w+ .*default\/web" .*DNAT/g)).toHaveLength(2);
    const tries: boolean[] = [];
    for (let i = 0; i < 8; i++) tries.push(await answers(first));
    expect(tries).toContain(true);
    expect(await answers(await clusterIp("second"))).toBe(false);
    await release();
    expect((await saved()).match(/-A KUBE-SEP-\w+ .*default\/web" .*DNAT.*/g)).toEqual([expect.stringContaining(`${left[0]?.["IP"]}:80`)]);
    expect(await answers(await clusterIp("second"))).toBe(true);
    expect(await answers(first)).toBe(true);
  });

  s.step(7, "held down and its chains flushed", async () => {
    const address = await clusterIp("web");
    const [web] = await rows(s, "kubectl get pods -l app=web -o wide");
    const node = (await row(s, "kubectl get pod alpine-pod -o wide"))["NODE"] ?? "";
    await hold();
    expect((await s.onNode(node, "iptables -t nat -F")).exit).toBe(0);
    expect(await answers(address)).toBe(false);
    expect(await s.ok(`kubectl exec alpine-pod -- ping -c 3 ${web?.["IP"]}`)).toContain(" 0% packet loss");
    await release();
    expect(await answers(address)).toBe(true);
    expect((await s.onNode(node, "iptables-save -t nat")).stdout).toContain("KUBE-SVC-");
  });

  /** Sets the mode, restarts kube-proxy, and tells what a Pod of it says before it ends or at work. */
  const withMode = async (mode: string, scheduler = '""'): Promise<string> => {
    await s.ok(`kubectl get cm kube-proxy -n kube-system -o yaml | sed -E 's/^( +mode:).*/\\1 ${mode}/; s/^( +scheduler:).*/\\1 ${scheduler}/' | kubectl replace -f -`);
    expect(await s.ok("kubectl get cm -n kube-system kube-proxy -o yaml | grep ' mode:'")).toContain(`mode: ${mode}\n`);
    await s.ok(`kubectl delete pod ${proxies}`);
    await s.advance("20s");
    const [pod] = await rows(s, `kubectl get pods ${proxies}`);
    return s.ok(`kubectl logs -n kube-system ${pod?.["NAME"]} --tail=-1`);
  };
  /** kube-proxy does not start; what it wrote before stays, so Services go on. */
  const isRefused = async (): Promise<void> => {
    for (const pod of await rows(s, `kubectl get pods ${proxies}`)) expect(pod).toMatchObject({ READY: "0/1", STATUS: expect.stringMatching(/^(Error|CrashLoopBackOff)$/) as string });
  };

  s.step(8, "nftables: refused in so many words", async () => {
    expect(await withMode("nftables")).toContain("mode nftables is not supported by the simulated kernel of this node: use iptables");
    await isRefused();
  });

  s.step(9, "ipvs: deprecated, and refused in so many words", async () => {
    const log = await withMode("ipvs", "rr");
    expect(log).toContain("The ipvs proxier is now deprecated and may be removed in a future release. Please use 'nftables' instead.");
    expect(log).toContain("mode ipvs is not supported by the simulated kernel of this node: use iptables");
    await isRefused();
  });

  s.step(10, "userspace is no mode any more", async () => {
    expect(await withMode("userspace")).toContain("must be iptables, ipvs, nftables or blank (blank means the best-available proxy [currently iptables])");
    await isRefused();
    await withMode("iptables");
    await settledDaemonSet(s, "kube-proxy -n kube-system", 3);
    expect(await answers(await clusterIp("web"))).toBe(true);
  });
});
