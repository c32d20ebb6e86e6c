import { expect } from "vitest";
import { rows, runningPods, settledDaemonSet } from "./looking.ts";
import { scenario, table } from "./scenario.ts";

const nodes = ["learning-control-plane", "learning-worker", "learning-worker2", "learning-worker3"];
const big = ["learning-worker2", "learning-worker3"];

scenario("E14", "Several DaemonSets, comparison with Deployment, and who owns whom", { cluster: "learning", nodes: 4 }, (s) => {
  const nodesOf = async (selection: string, count: number): Promise<string[]> => (await runningPods(s, selection, count)).map((pod) => pod["NODE"] ?? "").toSorted();
  const gone = (selection: string): Promise<string> => s.until(`kubectl get pods ${selection} -o name`, (out) => out === "", { step: "5s" });
  /** Kind and name of what controls an object; it must say that it does. */
  const ownerOf = async (object: string): Promise<string> => {
    const [owner, controller] = (await s.ok(`kubectl get ${object} -o jsonpath='{.metadata.ownerReferences[0].kind}/{.metadata.ownerReferences[0].name} {.metadata.ownerReferences[0].controller}'`)).split(" ");
    expect(controller).toBe("true");
    return owner ?? "";
  };
  const firstPod = async (selection: string): Promise<string> => (await rows(s, `kubectl get pods ${selection}`))[0]?.["NAME"] ?? "";

  s.step(1, "one for big nodes, one for the others", async () => {
    await s.ok(`kubectl label nodes ${big.join(" ")} hardware=big`);
    await s.ok("kubectl apply -f manifests/agent-small.yaml -f manifests/agent-big.yaml");
    await settledDaemonSet(s, "agent-small", 2);
    await settledDaemonSet(s, "agent-big", 2);
    expect(await nodesOf("-l app=agent-small", 2)).toEqual(nodes.filter((node) => !big.includes(node)));
    expect(await nodesOf("-l app=agent-big", 2)).toEqual(big);
    const small = await s.ok("kubectl get pods -l app=agent-small -o name");
    await s.ok("kubectl delete ds agent-big");
    await gone("-l app=agent-big");
    expect(await s.ok("kubectl get pods -l app=agent-small -o name")).toBe(small);
    await s.ok("kubectl apply -f manifests/agent-big.yaml");
    await settledDaemonSet(s, "agent-big", 2);
  });

  s.step(2, "a third for all nodes", async () => {
    await s.ok("kubectl apply -f manifests/agent-all.yaml");
    await settledDaemonSet(s, "agent-all", 4);
    const pods = await runningPods(s, "-l 'app in (agent-all,agent-big,agent-small)'", 8);
    for (const node of nodes) {
      const names = pods.filter((pod) => pod["NODE"] === node).map((pod) => pod["NAME"]?.replace(/-\w{5}$/, ""));
      expect(names.toSorted()).toEqual(["agent-all", big.includes(node) ? "agent-big" : "agent-small"]);
    }
  });

  s.step(3, "a Deployment has its number, a DaemonSet its nodes", async () => {
    expect(await s.ok("kubectl create deployment web --image=nginx --replicas=3")).toBe("deployment.apps/web created\n");
    await runningPods(s, "-l app=web", 3);
    expect(await s.ok("kubectl scale deployment web --replicas=5")).toBe("deployment.apps/web scaled\n");
    await runningPods(s, "-l app=web", 5);
    const web = await s.ok("kubectl get pods -l app=web -o name");
    const added = await s.cluster.nodes.add();
    await settledDaemonSet(s, "agent-all", 5);
    expect(await nodesOf("-l app=agent-all", 5)).toEqual([...nodes, added].toSorted());
    expect(await s.ok("kubectl get pods -l app=web -o name")).toBe(web);
  });

  s.step(4, "who owns whom", async () => {
    expect(await ownerOf(`pod ${await firstPod("-l app=agent-all")}`)).toBe("DaemonSet/agent-all");

    const replicaSet = await ownerOf(`pod ${await firstPod("-l app=web")}`);
    expect(replicaSet).toMatch(/^ReplicaSet\/web-/);
    expect(await ownerOf(`rs ${replicaSet.split("/")[1]}`)).toBe("Deployment/web");

    await s.ok("kubectl create job hello --image=busybox -- echo hello");
    await s.advance("5s");
    expect(await ownerOf(`pod ${await firstPod("-l job-name=hello")}`)).toBe("Job/hello");

    await s.ok("kubectl apply -f manifests/cron.yaml");
    await s.advance("65s");
    const jobName = (await rows(s, "kubectl get jobs")).find(({ NAME: name }) => name?.startsWith("time-printer-"))?.["NAME"] ?? "";
    expect(await ownerOf(`pod ${await firstPod(`-l job-name=${jobName}`)}`)).toBe(`Job/${jobName}`);
    expect(await ownerOf(`job ${jobName}`)).toBe("CronJob/time-printer");
  });

  s.step(5, "what is below goes with what is above", async () => {
    for (const [object, line] of [
      ["ds agent-all", 'daemonset.apps "agent-all" deleted from default namespace'],
      ["deployment web", 'deployment.apps "web" deleted from default namespace'],
      ["job hello", 'job.batch "hello" deleted from default namespace'],
      ["cronjob time-printer", 'cronjob.batch "time-printer" deleted from default namespace'],
    ]) {
      expect(await s.ok(`kubectl delete ${object}`)).toBe(`${line}\n`);
    }
    await s.ok("kubectl delete ds agent-small agent-big");
    const text = await s.until("kubectl get pods,jobs,replicasets", (out) => out === "", { step: "5s" });
    expect(table(text)).toEqual([]);
  });
});
