import { expect } from "vitest";
import { row, rows, runningPods, settledDaemonSet, words } from "./looking.ts";
import { scenario } from "./scenario.ts";

const agent = "manual-update-agent";
const selection = `-l app=${agent}`;

scenario("E08", "Update strategy OnDelete", { cluster: "learning", nodes: 3 }, (s) => {
  const images = (): Promise<string[]> => words(s, `kubectl get pods ${selection} -o jsonpath='{.items[*].spec.containers[0].image}'`);
  const names = async (): Promise<(string | undefined)[]> => (await runningPods(s, selection, 3)).map((pod) => pod["NAME"]);
  const upToDate = async (): Promise<string | undefined> => (await row(s, `kubectl get ds ${agent}`))["UP-TO-DATE"];
  let before: (string | undefined)[] = [];

  s.step(1, "the strategy", async () => {
    expect(await s.ok("kubectl apply -f manifests/07-daemonset-ondelete.yaml")).toBe(`daemonset.apps/${agent} created\n`);
    expect(await s.ok(`kubectl get ds ${agent} -o jsonpath='{.spec.updateStrategy.type}'`)).toBe("OnDelete");
    await settledDaemonSet(s, agent, 3);
  });

  s.step(2, "a change changes no Pod", async () => {
    before = await names();
    expect(await s.ok(`kubectl set image daemonset/${agent} agent=busybox:1.37`)).toBe(`daemonset.apps/${agent} image updated\n`);
    await s.advance("60s");
    expect(await upToDate()).toBe("0");
    expect(await names()).toEqual(before);
    expect(await images()).toEqual(["busybox:1.36", "busybox:1.36", "busybox:1.36"]);
  });

  s.step(3, "there is no roll-out to follow", async () => {
    expect(await s.refused(`kubectl rollout status daemonset/${agent}`)).toBe("error: rollout status is only available for RollingUpdate strategy type\n");
  });

  s.step(4, "a deleted Pod comes back new", async () => {
    await s.ok(`kubectl delete pod ${selection} --field-selector spec.nodeName=learning-worker`);
    await runningPods(s, selection, 3);
    expect(await upToDate()).toBe("1");
    expect((await images()).toSorted()).toEqual(["busybox:1.36", "busybox:1.36", "busybox:1.37"]);
    expect(await s.ok(`kubectl get pod ${selection} --field-selector spec.nodeName=learning-worker -o jsonpath='{.items[*].spec.containers[0].image}'`)).toBe("busybox:1.37");
  });

  s.step(5, "all of them", async () => {
    const deleted = (await s.ok(`kubectl delete pod ${selection}`)).trimEnd().split("\n");
    expect(deleted).toHaveLength(3);
    await runningPods(s, selection, 3);
    expect(await upToDate()).toBe("3");
    expect(await images()).toEqual(["busybox:1.37", "busybox:1.37", "busybox:1.37"]);
  });

  s.step(6, "a restart waits for deletions too", async () => {
    before = await names();
    expect(await s.ok(`kubectl rollout restart daemonset/${agent}`)).toBe(`daemonset.apps/${agent} restarted\n`);
    await s.advance("60s");
    expect(await names()).toEqual(before);
    expect(await upToDate()).toBe("0");
    const [first] = await rows(s, `kubectl get pods ${selection}`);
    await s.ok(`kubectl delete pod ${first?.["NAME"]}`);
    await runningPods(s, selection, 3);
    expect(await upToDate()).toBe("1");
  });
});
