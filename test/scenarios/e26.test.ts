import { expect } from "vitest";
import { rows, runningPods } from "./looking.ts";
import type { Row } from "./looking.ts";
import { scenario } from "./scenario.ts";

const service = "KUBE-SVC-LOLE4ISW44XBNF3G";

scenario("E26", "Following a Service through iptables", { cluster: "learning", nodes: 3 }, (s) => {
  let address = "";
  let pods: Row[] = [];
  const shell = async (command: string): Promise<string> => {
    const { exit, stdout, stderr } = await s.onNode("learning-worker", command);
    expect(exit, `${command}\n${stdout}${stderr}`).toBe(0);
    return stdout;
  };
  /** The rules of a chain as `iptables -L` prints them, without the two lines of heading. */
  const rulesOf = async (chain: string): Promise<string[]> => (await shell(`sudo iptables -t nat -L ${chain} -n`)).trimEnd().split("\n").slice(2);

  s.step(1, "all that is kube-proxy's", async () => {
    await s.ok("kubectl create deployment web --image=nginx --replicas=2");
    await s.ok("kubectl expose deployment web --port=80");
    await s.ok("kubectl apply -f manifests/alpine-pod.yaml");
    pods = await runningPods(s, "-l app=web", 2);
    await runningPods(s, "alpine-pod", 1);
    address = await s.ok("kubectl get svc web -o jsonpath='{.spec.clusterIP}'");
    await s.advance("2s");
    const lines = (await shell("sudo iptables -t nat -L -n | grep KUBE")).trimEnd().split("\n");
    for (const line of [
      /^Chain KUBE-SERVICES \(2 references\)$/,
      /^Chain KUBE-POSTROUTING \(1 references\)$/,
      /^Chain KUBE-MARK-MASQ \(\d+ references\)$/,
      /^Chain KUBE-NODEPORTS \(1 references\)$/,
      /^Chain KUBE-SVC-[A-Z2-7]{16} \(1 references\)$/,
      /^Chain KUBE-SEP-[A-Z2-7]{16} \(1 references\)$/,
      /^Chain KUBE-PROXY-CANARY \(0 references\)$/,
      /^Chain KUBE-KUBELET-CANARY \(0 references\)$/,
      /^KUBE-POSTROUTING +(0|all) +-- +0\.0\.0\.0\/0 +0\.0\.0\.0\/0 +\/\* kubernetes postrouting rules \*\/$/,
      /^KUBE-NODEPORTS .*\/\* kubernetes service nodeports; NOTE: this must be the last rule in this chain \*\/ ADDRTYPE match dst-type LOCAL$/,
      /^KUBE-SERVICES +(0|all) +-- +0\.0\.0\.0\/0 +0\.0\.0\.0\/0 +\/\* kubernetes service portals \*\/$/,
      /^KUBE-SVC-[A-Z0-9]{16} /,
      /^KUBE-SEP-[A-Z0-9]{16} /,
    ]) {
      expect(lines.some((each) => line.test(each.trimEnd())), String(line)).toBe(true);
    }
  });

  s.step(2, "the rule of the Service", async () => {
    const lines = (await shell("sudo iptables -t nat -L KUBE-SERVICES -n")).trimEnd().split("\n");
    expect(lines[1]?.trim().split(/\s+/)).toEqual(["target", "prot", "opt", "source", "destination"]);
    const own = lines.find((line) => line.startsWith(service));
    expect(own).toMatch(new RegExp(`^${service} +(6|tcp) +-- +0\\.0\\.0\\.0/0 +${address.replaceAll(".", "\\.")} +/\\* default/web cluster IP \\*/ tcp dpt:80$`));
    expect(lines.at(-1)).toMatch(/^KUBE-NODEPORTS /);
  });

  s.step(3, "one of two Pods", async () => {
    const [mark = "", first = "", second = "", ...others] = await rulesOf(service);
    expect(others).toEqual([]);
    expect(mark).toMatch(/^KUBE-MARK-MASQ +(6|tcp) +-- +!10\.244\.0\.0\/16 /);
    expect(first).toMatch(/^KUBE-SEP-\w+ .*\/\* default\/web -> 10\.244\.\d+\.\d+:80 \*\/ statistic mode random probability 0\.50000000000$/);
    expect(second).toMatch(/^KUBE-SEP-\w+ .*\/\* default\/web -> 10\.244\.\d+\.\d+:80 \*\/$/);
    const targets = [first, second].map((line) => /-> ([\d.]+):80/.exec(line)?.[1]);
    expect(targets.toSorted()).toEqual(pods.map((pod) => pod["IP"]).toSorted());
  });

  s.step(4, "where it goes", async () => {
    for (const endpoint of (await rulesOf(service)).slice(1)) {
      const [, chain = "", ip = ""] = /^(KUBE-SEP-\w+) .*-> ([\d.]+):80/.exec(endpoint) ?? [];
      const [mark = "", dnat = ""] = await rulesOf(chain);
      expect(mark).toMatch(new RegExp(`^KUBE-MARK-MASQ +(0|all) +-- +${ip} `));
      expect(dnat).toMatch(new RegExp(`^DNAT .*/\\* default/web \\*/ tcp to:${ip}:80$`));
    }
  });

  s.step(5, "the mark and what becomes of it", async () => {
    expect((await rulesOf("KUBE-MARK-MASQ")).join("\n")).toMatch(/^MARK .*MARK or 0x4000$/m);
    const after = (await rulesOf("KUBE-POSTROUTING")).join("\n");
    expect(after).toMatch(/^RETURN .*mark match ! 0x4000\/0x4000/m);
    expect(after).toMatch(/^MARK .*MARK xor 0x4000$/m);
    expect(after).toMatch(/^MASQUERADE .*random-fully$/m);
  });

  s.step(6, "the same in the form that can be saved", async () => {
    const lines = (await shell("sudo iptables-save | grep KUBE")).trimEnd().split("\n");
    for (const line of [
      '-A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES',
      '-A OUTPUT -m comment --comment "kubernetes service portals" -j KUBE-SERVICES',
      `-A KUBE-SERVICES -d ${address}/32 -p tcp -m comment --comment "default/web cluster IP" -m tcp --dport 80 -j ${service}`,
    ]) {
      expect(lines).toContain(line);
    }
    for (const line of lines) expect(line).toMatch(/^(:KUBE-[A-Z0-9-]+ - \[0:0\]|-A [A-Z0-9-]+ .*-j (KUBE-)?[A-Z0-9-]+.*)$/);
    expect(lines).toContain(`:${service} - [0:0]`);
    expect(await shell("iptables-save > /tmp/rules && iptables-restore < /tmp/rules && iptables-save | grep KUBE")).toBe(`${lines.join("\n")}\n`);
  });

  s.step(7, "a thousand requests", async () => {
    const ask = `for i in $(seq 1000); do wget -qO /dev/null http://${address}; done`;
    await s.ok(`kubectl exec alpine-pod -- sh -c '${ask}'`);
    const counts: number[] = [];
    for (const pod of pods) counts.push(Number((await s.ok(`kubectl logs ${pod["NAME"]} --tail=-1 | grep -c '"GET / HTTP/1.1" 200'`)).trim()));
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(1000);
    for (const count of counts) {
      expect(count).toBeGreaterThanOrEqual(400);
      expect(count).toBeLessThanOrEqual(600);
    }

    await s.ok("kubectl scale deployment web --replicas=3");
    await runningPods(s, "-l app=web", 3);
    await s.advance("2s");
    const endpoints = (await rulesOf(service)).filter((line) => line.startsWith("KUBE-SEP-"));
    expect(endpoints.map((line) => /probability ([\d.]+)$/.exec(line)?.[1])).toEqual(["0.33333333349", "0.50000000000", undefined]);

    await s.ok("kubectl scale deployment web --replicas=0");
    await s.until("kubectl get pods -l app=web -o name", (out) => out === "", { step: "5s" });
    expect((await s.onNode("learning-worker", `sudo iptables -t nat -L ${service} -n`)).exit).toBe(1);
    expect(await shell("sudo iptables -t filter -L KUBE-SERVICES -n")).toMatch(/^REJECT .*\/\* default\/web has no endpoints \*\/ tcp dpt:80 reject-with icmp-port-unreachable$/m);
    const { exit, stderr } = await s.sh(`kubectl exec alpine-pod -- wget -qO- http://${address}`);
    expect(exit).toBe(1);
    expect(stderr).toContain("Connection refused");
  });

  s.step(8, "who answers", async () => {
    await s.ok("kubectl scale deployment web --replicas=2");
    pods = await runningPods(s, "-l app=web", 2);
    await s.advance("2s");
    const targets: string[] = [];
    for (const endpoint of (await rulesOf(service)).filter((line) => line.startsWith("KUBE-SEP-"))) {
      const chain = endpoint.split(" ")[0] ?? "";
      targets.push(/to:([\d.]+):80$/.exec((await rulesOf(chain))[1] ?? "")?.[1] ?? "");
    }
    expect(targets.toSorted()).toEqual(pods.map((pod) => pod["IP"]).toSorted());
    await s.ok(`kubectl exec alpine-pod -- wget -qO- http://${address}/who-answers`).catch(() => "");
    const served: (string | undefined)[] = [];
    for (const pod of await rows(s, "kubectl get pods -l app=web -o wide")) {
      if ((await s.ok(`kubectl logs ${pod["NAME"]}`)).includes("GET /who-answers")) served.push(pod["IP"]);
    }
    expect(served).toHaveLength(1);
    expect(targets).toContain(served[0]);
  });
});
