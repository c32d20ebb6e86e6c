import { expect } from "vitest";
import type { Pod } from "../../src/api/types/core-v1.ts";
import { rows, runningPods, settledDaemonSet } from "./looking.ts";
import { scenario, table } from "./scenario.ts";

const automatic = [
  { key: "node.kubernetes.io/not-ready", operator: "Exists", effect: "NoExecute" },
  { key: "node.kubernetes.io/unreachable", operator: "Exists", effect: "NoExecute" },
  { key: "node.kubernetes.io/disk-pressure", operator: "Exists", effect: "NoSchedule" },
  { key: "node.kubernetes.io/memory-pressure", operator: "Exists", effect: "NoSchedule" },
  { key: "node.kubernetes.io/pid-pressure", operator: "Exists", effect: "NoSchedule" },
  { key: "node.kubernetes.io/unschedulable", operator: "Exists", effect: "NoSchedule" },
];
const notReady = automatic[0];

scenario("E10", "How DaemonSet Pods are scheduled: affinity, automatic tolerations, cordon, drain, no scaling", { cluster: "learning", nodes: 3 }, (s) => {
  let node = "";
  const podsOn = async (selection: string): Promise<string[]> => (await rows(s, `kubectl get pods ${selection} --field-selector spec.nodeName=${node}`)).map((pod) => pod["NAME"] ?? "");
  const read = async (selection: string): Promise<Pod> => JSON.parse(await s.ok(`kubectl get pods ${selection} -o jsonpath='{.items[0]}'`)) as Pod;
  const statusOf = async (): Promise<string | undefined> => (await rows(s, `kubectl get nodes ${node}`))[0]?.["STATUS"];

  s.step(1, "a Pod of a DaemonSet", async () => {
    await s.ok("kubectl apply -f manifests/01-basic-daemonset.yaml");
    await s.ok("kubectl create deployment web --image=nginx --replicas=4");
    await settledDaemonSet(s, "node-agent", 3);
    node = (await runningPods(s, "-l app=web", 4))[0]?.["NODE"] ?? "";
    const pod = await read("-l app=node-agent");
    expect(pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms[0]?.matchFields).toEqual([{ key: "metadata.name", operator: "In", values: [pod.spec.nodeName] }]);
    expect(pod.spec.schedulerName).toBe("default-scheduler");
    expect(pod.metadata.ownerReferences?.[0]).toMatchObject({ kind: "DaemonSet", name: "node-agent", controller: true });
    expect(pod.spec.tolerations).toEqual(expect.arrayContaining(automatic));
    expect(pod.spec.tolerations).toHaveLength(7);
    expect(await s.ok(`kubectl describe pod ${pod.metadata.name}`)).toMatch(new RegExp(`Normal  Scheduled +\\S+ +default-scheduler +Successfully assigned default/${pod.metadata.name} to ${pod.spec.nodeName}`));

    await s.ok("kubectl apply -f manifests/03-node-exporter-daemonset.yaml");
    await s.until("kubectl get pods -l app=node-exporter", (out) => table(out).length > 0);
    const exporter = await read("-l app=node-exporter");
    expect(exporter.spec.hostNetwork).toBe(true);
    expect(exporter.spec.tolerations).toEqual(expect.arrayContaining([...automatic, { key: "node.kubernetes.io/network-unavailable", operator: "Exists", effect: "NoSchedule" }]));
    expect(exporter.spec.tolerations).toHaveLength(8);
    await s.ok("kubectl delete ds node-exporter");
  });

  s.step(2, "a cordoned node takes Pods of DaemonSets only", async () => {
    expect(await s.ok(`kubectl cordon ${node}`)).toBe(`node/${node} cordoned\n`);
    expect(await statusOf()).toBe("Ready,SchedulingDisabled");
    const [old] = await podsOn("-l app=node-agent");
    const webs = await podsOn("-l app=web");
    await s.ok(`kubectl delete pod ${old}`);
    await settledDaemonSet(s, "node-agent", 3);
    const [fresh] = await podsOn("-l app=node-agent");
    expect(fresh).not.toBe(old);
    await s.advance("10s");
    expect(await s.ok(`kubectl describe node ${node}`)).toMatch(new RegExp(`Normal +NodeNotSchedulable +\\S+ +kubelet +Node ${node} status is now: NodeNotSchedulable`));
    await s.ok("kubectl scale deployment web --replicas=7");
    await runningPods(s, "-l app=web", 7);
    expect(await podsOn("-l app=web")).toEqual(webs);
  });

  s.step(3, "drain refuses Pods of DaemonSets", async () => {
    const before = await podsOn("");
    const stderr = await s.refused(`kubectl drain ${node}`);
    expect(stderr).toContain(`error: unable to drain node "${node}" due to error: cannot delete DaemonSet-managed Pods (use --ignore-daemonsets to ignore): `);
    expect(stderr).toContain(`default/${(await podsOn("-l app=node-agent"))[0]}`);
    expect(await podsOn("")).toEqual(before);
    expect(await statusOf()).toBe("Ready,SchedulingDisabled");
  });

  s.step(4, "drain beside DaemonSets", async () => {
    const [agent] = await podsOn("-l app=node-agent");
    const webs = await podsOn("-l app=web");
    const { exit, stdout, stderr } = await s.sh(`kubectl drain ${node} --ignore-daemonsets`);
    expect(exit, stderr).toBe(0);
    expect(stderr).toMatch(new RegExp(`^Warning: ignoring DaemonSet-managed Pods: .*default/${agent}`, "m"));
    const lines = stdout.trimEnd().split("\n");
    for (const web of webs) expect(lines).toEqual(expect.arrayContaining([`evicting pod default/${web}`, `pod/${web} evicted`]));
    expect(lines.at(-1)).toBe(`node/${node} drained`);
    expect(await podsOn("-l app=node-agent")).toEqual([agent]);
    expect((await s.sh(`kubectl get pods -l app=web --field-selector spec.nodeName=${node}`)).stdout).toBe("");
    expect(await s.ok(`kubectl uncordon ${node}`)).toBe(`node/${node} uncordoned\n`);
    expect(await statusOf()).toBe("Ready");
    await s.advance("10s");
    expect(await s.ok(`kubectl get events --field-selector involvedObject.kind=Node,reason=NodeSchedulable`)).toContain(`node/${node}`);
  });

  s.step(5, "a DaemonSet cannot be scaled", async () => {
    expect(await s.refused("kubectl scale ds/node-agent --replicas=5")).toBe("Error from server (NotFound): the server could not find the requested resource\n");
    expect(await s.refused("kubectl get --raw /apis/apps/v1/namespaces/default/daemonsets/node-agent/scale")).toBe("Error from server (NotFound): the server could not find the requested resource\n");
    expect(await rows(s, "kubectl get pods -l app=node-agent")).toHaveLength(3);
  });

  s.step(6, "replicas are an unknown field", async () => {
    const field = async (): Promise<string> => s.ok("kubectl get ds node-agent -o jsonpath='{.spec.replicas}'");
    expect(await s.refused("kubectl apply -f manifests/broken-ds-replicas.yaml")).toContain('strict decoding error: unknown field "spec.replicas"');
    const warned = await s.sh("kubectl apply --validate=warn -f manifests/broken-ds-replicas.yaml");
    expect(warned).toMatchObject({ exit: 0, stderr: 'Warning: unknown field "spec.replicas"\n' });
    expect(warned.stdout).toMatch(/^daemonset\.apps\/node-agent (configured|unchanged)\n$/);
    expect(await field()).toBe("");
    expect(await s.sh("kubectl apply --validate=ignore -f manifests/broken-ds-replicas.yaml")).toMatchObject({ exit: 0, stderr: "" });
    expect(await field()).toBe("");
    await s.ok("kubectl rollout status ds/node-agent");
    expect(await runningPods(s, "-l app=node-agent", 3)).toHaveLength(3);
    await s.ok("kubectl delete ds node-agent");
    expect(await s.refused("kubectl apply -f manifests/broken-ds-replicas.yaml")).toBe(
      'Error from server (BadRequest): error when creating "manifests/broken-ds-replicas.yaml": DaemonSet in version "v1" cannot be handled as a DaemonSet: strict decoding error: unknown field "spec.replicas"\n',
    );
  });

  s.step(7, "an autoscaler cannot scale it", async () => {
    await s.ok("kubectl apply -f manifests/node-agent-hpa.yaml");
    const conditions = "kubectl get hpa node-agent -o jsonpath='{range .status.conditions[*]}{.type}={.status}:{.reason} {end}'";
    await s.until(conditions, (out) => out.includes("AbleToScale=False:FailedGetScale"));
  });

  s.step(8, "an explicit toleration beside the automatic one", async () => {
    expect(await s.ok("kubectl apply -f manifests/node-agent-tolerates-not-ready.yaml")).toBe("daemonset.apps/node-agent created\n");
    await settledDaemonSet(s, "node-agent", 3);
    const tolerations = async () => (await read("-l app=node-agent")).spec.tolerations?.filter(({ key }) => key === notReady?.key);
    expect(await tolerations()).toEqual([notReady]);
    expect(await s.ok("kubectl apply -f manifests/node-agent-tolerates-not-ready-short.yaml")).toBe("daemonset.apps/node-agent configured\n");
    await s.ok("kubectl rollout status ds/node-agent");
    await runningPods(s, "-l app=node-agent", 3);
    expect(await tolerations()).toEqual(expect.arrayContaining([notReady, { key: notReady?.key, effect: "NoExecute" }]));
    expect(await tolerations()).toHaveLength(2);
  });
});
