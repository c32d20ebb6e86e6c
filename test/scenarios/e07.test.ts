import { expect } from "vitest";
import { pods as podKind } from "../../src/api/kinds.ts";
import { courseOf, numbers, podFrames, row, rows, runningPods, settledDaemonSet, watchPods, words } from "./looking.ts";
import { scenario, table } from "./scenario.ts";

const image = "kubectl get daemonset node-agent -o jsonpath='{.spec.template.spec.containers[0].image}'";
const podImages = "kubectl get pods -l app=node-agent -o jsonpath='{.items[*].spec.containers[0].image}'";

scenario("E07", "Rolling update, restart, undo", { cluster: "learning", nodes: 3 }, (s) => {
  /** Makes a change, follows the roll-out to its end, and tells what a watch of the Pods saw on the way. */
  const rollOut = async (change: string) => {
    const watch = await watchPods(s, "-l app=node-agent");
    await s.seen(watch, (out) => podFrames(out).length >= 3);
    const said = await s.ok(change);
    const status = await s.ok("kubectl rollout status daemonset/node-agent");
    await s.advance("10s");
    const pods = await runningPods(s, "-l app=node-agent", 3);
    const last = await s.seen(watch, (out) => courseOf(out, 3).frames.filter((frame) => frame.event === "DELETED").length >= 3);
    await watch.stop();
    return { said, status: status.trimEnd().split("\n"), pods, course: courseOf(last, 3) };
  };
  const names = (pods: readonly { [header: string]: string }[]): Set<string | undefined> => new Set(pods.map((pod) => pod["NAME"]));

  s.step(1, "the image", async () => {
    await s.ok("kubectl apply -f manifests/01-basic-daemonset.yaml");
    await settledDaemonSet(s, "node-agent", 3);
    expect(await s.ok(image)).toBe("busybox:1.36");
  });

  s.step(2, "the strategy", async () => {
    const strategy = (path: string): Promise<string> => s.ok(`kubectl get daemonset node-agent -o jsonpath='{.spec.updateStrategy${path}}'`);
    expect(await strategy("")).toBe('{"rollingUpdate":{"maxSurge":0,"maxUnavailable":1},"type":"RollingUpdate"}');
    expect(await strategy(".type")).toBe("RollingUpdate");
    expect(await strategy(".rollingUpdate")).toBe('{"maxSurge":0,"maxUnavailable":1}');
  });

  s.step(3, "a roll-out, node by node", async () => {
    const before = await runningPods(s, "-l app=node-agent", 3);
    const hashes = "kubectl get pods -l app=node-agent -o jsonpath='{.items[*].metadata.labels.controller-revision-hash}'";
    const [oldHash = ""] = await words(s, hashes);
    const counting = await s.background("exec kubectl get ds node-agent -w");
    await s.seen(counting, (out) => table(out).length >= 1);
    const { said, status, pods, course } = await rollOut("kubectl apply -f manifests/06-daemonset-updated.yaml");
    expect(said).toBe("daemonset.apps/node-agent configured\n");
    for (const line of status.slice(0, -1)) {
      expect(line).toMatch(/^Waiting for daemon set "node-agent" rollout to finish: (\d out of 3 new pods have been updated|\d of 3 updated pods are available)\.\.\.$/);
    }
    expect(status).toContain('Waiting for daemon set "node-agent" rollout to finish: 1 out of 3 new pods have been updated...');
    expect(status).toContain('Waiting for daemon set "node-agent" rollout to finish: 2 of 3 updated pods are available...');
    expect(status.at(-1)).toBe('daemon set "node-agent" successfully rolled out');
    expect(course.withoutMax).toBe(1);
    expect(names(pods).intersection(names(before)).size).toBe(0);
    expect(await words(s, podImages)).toEqual(["busybox:1.37", "busybox:1.37", "busybox:1.37"]);
    expect(await s.ok("kubectl get ds node-agent -o jsonpath='{.metadata.generation} {.status.observedGeneration}'")).toBe("2 2");
    const newHashes = new Set(await words(s, hashes));
    expect(newHashes.size).toBe(1);
    expect(newHashes).not.toContain(oldHash);
    await counting.stop();
    // The first rows still tell of the old revision.
    const counts = table(counting.stdout).map((found) => Number(found["UP-TO-DATE"]));
    const upToDate = counts.slice(counts.indexOf(0));
    expect([...new Set(upToDate)]).toEqual([0, 1, 2, 3]);
    expect(upToDate).toEqual(upToDate.toSorted());
  });

  s.step(4, "one look at the roll-out", async () => {
    expect(await s.ok("kubectl rollout status daemonset/node-agent --watch=false")).toBe('daemon set "node-agent" successfully rolled out\n');
  });

  s.step(5, "the revisions", async () => {
    const revisions = await rows(s, "kubectl get controllerrevisions -l app=node-agent");
    expect(revisions.map((revision) => [revision["CONTROLLER"], revision["REVISION"]]).toSorted()).toEqual([["daemonset.apps/node-agent", "1"], ["daemonset.apps/node-agent", "2"]]);
    expect(await s.ok("kubectl rollout history daemonset/node-agent")).toBe("daemonset.apps/node-agent \nREVISION  CHANGE-CAUSE\n1         <none>\n2         <none>\n\n");
  });

  s.step(6, "a restart replaces all Pods, one node at a time", async () => {
    const before = await runningPods(s, "-l app=node-agent", 3);
    const { said, pods, course } = await rollOut("kubectl rollout restart daemonset/node-agent");
    expect(said).toBe("daemonset.apps/node-agent restarted\n");
    expect(await s.ok("kubectl get ds node-agent -o jsonpath='{.spec.template.metadata.annotations}'")).toMatch(/^\{"kubectl\.kubernetes\.io\/restartedAt":"\d{4}-.*"\}$/);
    expect(names(pods).intersection(names(before)).size).toBe(0);
    expect(course.withoutMax).toBe(1);
  });

  s.step(7, "undo brings the former template back", async () => {
    await s.ok("kubectl rollout status daemonset/node-agent");
    await rollOut("kubectl set image daemonset/node-agent agent=busybox:1.36");
    const { exit, stdout, stderr } = await s.sh("kubectl rollout undo daemonset/node-agent");
    expect([exit, stdout]).toEqual([0, "daemonset.apps/node-agent rolled back\n"]);
    expect(stderr).toMatch(/^Warning: .*kubectl apply/);
    // While it goes on: one line, at once (step 4).
    expect(await s.ok("kubectl rollout status daemonset/node-agent --watch=false")).toBe('Waiting for daemon set "node-agent" rollout to finish: 0 out of 3 new pods have been updated...\n');
    await s.ok("kubectl rollout status daemonset/node-agent");
    await runningPods(s, "-l app=node-agent", 3);
    expect(await s.ok(image)).toBe("busybox:1.37");
    expect(await words(s, podImages)).toEqual(["busybox:1.37", "busybox:1.37", "busybox:1.37"]);
    expect(await s.ok("kubectl get pods -l app=node-agent -o jsonpath='{.items[0].metadata.annotations}'")).toContain("restartedAt");
  });

  s.step(8, "a DaemonSet cannot be paused", async () => {
    expect(await s.refused("kubectl rollout pause daemonset/node-agent")).toContain("pausing is not supported");
  });

  s.step(9, "how many at once", async () => {
    const strategy = (rollingUpdate: string): Promise<string> => s.ok(`kubectl patch ds node-agent -p '{"spec":{"updateStrategy":{"rollingUpdate":${rollingUpdate}}}}'`);
    const setImage = (tag: string): string => `kubectl set image daemonset/node-agent agent=busybox:${tag}`;

    expect(await strategy('{"maxUnavailable":2}')).toBe("daemonset.apps/node-agent patched\n");
    const two = await rollOut(setImage("1.36"));
    expect(two.said).toBe("daemonset.apps/node-agent image updated\n");
    expect(two.course).toMatchObject({ withoutMax: 2, onNodeMax: 1 });

    await strategy('{"maxUnavailable":"50%"}');
    expect((await rollOut(setImage("1.37"))).course).toMatchObject({ withoutMax: 2, onNodeMax: 1 });

    await strategy('{"maxUnavailable":0,"maxSurge":1}');
    expect((await rollOut(setImage("1.36"))).course).toMatchObject({ withoutMax: 0, onNodeMax: 2 });

    const cause = "spec.updateStrategy.rollingUpdate.maxSurge: Invalid value: 1: may not be set when maxUnavailable is non-zero";
    expect(await s.refused("kubectl apply -f manifests/broken-ds-surge-and-unavailable.yaml")).toBe(`The DaemonSet "broken-surge-and-unavailable" is invalid: ${cause}\n`);
    expect(await s.refused(`kubectl patch ds node-agent -p '{"spec":{"updateStrategy":{"rollingUpdate":{"maxUnavailable":1,"maxSurge":1}}}}'`)).toBe(`The DaemonSet "node-agent" is invalid: ${cause}\n`);
    await strategy('{"maxUnavailable":1,"maxSurge":0}');
  });

  s.step(10, "a Pod counts as available after minReadySeconds", async () => {
    await s.ok(`kubectl patch ds node-agent -p '{"spec":{"minReadySeconds":10}}'`);
    const started = s.cluster.now();
    await s.ok("kubectl set image daemonset/node-agent agent=busybox:1.37");
    const fresh = async (): Promise<boolean> => {
      const { items } = await s.cluster.client.list(podKind, { namespace: "default", labelSelector: "app=node-agent" });
      return items.some(({ spec, status }) => spec.containers[0]?.image === "busybox:1.37" && status?.conditions?.some(({ type, status: is }) => type === "Ready" && is === "True"));
    };
    await s.cluster.runUntil(fresh);
    const seen = async (): Promise<{ numbers: number[]; ending: number }> => {
      const ending = (await rows(s, "kubectl get pods -l app=node-agent")).filter((pod) => pod["STATUS"] === "Terminating").length;
      return { numbers: numbers(await row(s, "kubectl get ds node-agent")), ending };
    };
    await s.advance("9s");
    expect(await seen()).toEqual({ numbers: [3, 3, 3, 1, 2], ending: 0 });
    await s.advance("2s");
    expect(await seen()).toEqual({ numbers: [3, 3, 3, 1, 3], ending: 1 });
    expect(await s.ok("kubectl rollout status daemonset/node-agent")).toContain('daemon set "node-agent" successfully rolled out');
    expect(s.cluster.now() - started).toBeGreaterThan(30_000);
    await settledDaemonSet(s, "node-agent", 3);
  });

  s.step(11, "an image that does not exist stops the roll-out at one node", async () => {
    await s.ok("kubectl set image daemonset/node-agent agent=no-such-image:1");
    const broken = (out: string): boolean => table(out).some((pod) => pod["STATUS"] === "ErrImagePull" || pod["STATUS"] === "ImagePullBackOff");
    await s.until("kubectl get pods -l app=node-agent", broken);
    await s.advance("2m");
    const pods = await rows(s, "kubectl get pods -l app=node-agent");
    expect(pods.map((pod) => pod["STATUS"]).toSorted()).toEqual([expect.stringMatching(/^(ErrImagePull|ImagePullBackOff)$/), "Running", "Running"]);
    expect(await row(s, "kubectl get ds node-agent")).toMatchObject({ DESIRED: "3", CURRENT: "3", READY: "2", "UP-TO-DATE": "1", AVAILABLE: "2" });
    expect((await s.sh("kubectl rollout undo daemonset/node-agent")).stdout).toBe("daemonset.apps/node-agent rolled back\n");
    await s.ok("kubectl rollout status daemonset/node-agent");
    await settledDaemonSet(s, "node-agent", 3);
    expect(await words(s, podImages)).toEqual(["busybox:1.37", "busybox:1.37", "busybox:1.37"]);
  });
});
