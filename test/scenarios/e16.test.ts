import { expect } from "vitest";
import type { Job } from "../../src/api/types/batch-v1.ts";
import type { Pod } from "../../src/api/types/core-v1.ts";
import { row, rows, suffix } from "./looking.ts";
import { scenario, table } from "./scenario.ts";

scenario("E16", "A Job that fails and is retried", { cluster: "learning", nodes: 3 }, (s) => {
  const job = async (name: string): Promise<Job> => JSON.parse(await s.ok(`kubectl get job ${name} -o json`)) as Job;
  const podsOf = async (name: string): Promise<Pod[]> => (JSON.parse(await s.ok(`kubectl get pods -l job-name=${name} -o json`)) as { items: Pod[] }).items;
  const ended = (name: string, status: string): Promise<string> => s.until(`kubectl get job ${name}`, (out) => table(out)[0]?.["STATUS"] === status, { step: "5s" });

  s.step(1, "create a Job that fails", async () => {
    expect(await s.ok('kubectl create job fail-job --image=busybox -- sh -c "exit 1"')).toBe("job.batch/fail-job created\n");
    const { spec } = await job("fail-job");
    expect(spec.template.spec.containers[0]?.command).toEqual(["sh", "-c", "exit 1"]);
    expect(spec.backoffLimit).toBe(6);
  });

  s.step(2, "its Pods while it runs", async () => {
    await s.advance("100s");
    const found = await rows(s, "kubectl get pods -l job-name=fail-job");
    expect(found.length).toBeGreaterThanOrEqual(4);
    for (const pod of found) {
      expect(pod["NAME"]).toMatch(new RegExp(`^fail-job-${suffix}$`));
      expect(["Error", "Running", "ContainerCreating"]).toContain(pod["STATUS"]);
      expect(pod["RESTARTS"]).toBe("0");
    }
    expect(found.filter((pod) => pod["STATUS"] === "Error" && pod["READY"] === "0/1").length).toBeGreaterThanOrEqual(3);
    await s.advance("11m");
    const pods = await podsOf("fail-job");
    const instants = pods.map((pod) => Date.parse(pod.metadata.creationTimestamp ?? "") / 1000).toSorted((a, b) => a - b);
    const gaps = instants.slice(1).map((instant, i) => instant - (instants[i] ?? 0));
    expect(gaps).toHaveLength(6);
    for (const [i, gap] of [10, 20, 40, 80, 160, 320].entries()) expect(Math.abs((gaps[i] ?? 0) - gap), gaps.join(" ")).toBeLessThanOrEqual(5);
    for (const pod of pods) expect(pod.status?.containerStatuses?.[0]?.state?.terminated).toMatchObject({ reason: "Error", exitCode: 1 });
  });

  s.step(3, "the limit is reached", async () => {
    expect(await row(s, "kubectl get jobs")).toMatchObject({ NAME: "fail-job", STATUS: "Failed", COMPLETIONS: "0/1" });
    const yaml = await s.ok("kubectl get job fail-job -o yaml");
    expect(yaml).toContain("reason: BackoffLimitExceeded");
    expect(yaml).toContain("message: Job has reached the specified backoff limit");
    const { status } = await job("fail-job");
    expect(status?.failed).toBe(7);
    const cause = { status: "True", reason: "BackoffLimitExceeded", message: "Job has reached the specified backoff limit" };
    expect(status?.conditions).toMatchObject([{ type: "FailureTarget", ...cause }, { type: "Failed", ...cause }]);
    expect(await s.ok("kubectl describe job fail-job")).toMatch(/Warning {2}BackoffLimitExceeded +\S+ +job-controller {2}Job has reached the specified backoff limit/);
    await s.advance("30m");
    expect(await podsOf("fail-job")).toHaveLength(7);
  });

  s.step(4, "the same, restarted in its Pod", async () => {
    await s.ok("kubectl apply -f manifests/fail-job-on-failure.yaml");
    const watch = await s.background("exec kubectl get pods -l job-name=fail-job-on-failure -w");
    await s.seen(watch, (out) => table(out).length > 0);
    await ended("fail-job-on-failure", "Failed");
    await s.until("kubectl get pods -l job-name=fail-job-on-failure", (out) => out === "");
    await watch.stop();
    const frames = table(watch.stdout);
    expect(new Set(frames.map((pod) => pod["NAME"])).size).toBe(1);
    const statuses = frames.map((pod) => pod["STATUS"]);
    expect(statuses).toEqual(expect.arrayContaining(["Error", "CrashLoopBackOff", "Terminating"]));
    // A Pod that is going waits for no restart.
    expect(statuses.slice(statuses.indexOf("Terminating"))).not.toContain("CrashLoopBackOff");
    const restarts = frames.map((pod) => Number.parseInt(pod["RESTARTS"] ?? "", 10));
    expect(restarts).toEqual(restarts.toSorted());
    expect(restarts.at(-1)).toBeGreaterThanOrEqual(2);
    expect((await job("fail-job-on-failure")).status?.conditions?.find(({ type }) => type === "Failed")).toMatchObject({ status: "True", reason: "BackoffLimitExceeded" });
  });

  s.step(5, "no retry at all", async () => {
    await s.ok("kubectl apply -f manifests/fail-job-no-retry.yaml");
    await ended("fail-job-no-retry", "Failed");
    await s.advance("2m");
    expect(await rows(s, "kubectl get pods -l job-name=fail-job-no-retry")).toMatchObject([{ STATUS: "Error", RESTARTS: "0" }]);
  });

  s.step(6, "a program that fails once", async () => {
    await s.ok("kubectl apply -f manifests/flaky-job-never.yaml -f manifests/flaky-job-on-failure.yaml");
    await ended("flaky-job-never", "Complete");
    expect((await rows(s, "kubectl get pods -l job-name=flaky-job-never")).map((pod) => pod["STATUS"]).toSorted()).toEqual(["Completed", "Error"]);
    await ended("flaky-job-on-failure", "Complete");
    const pod = await row(s, "kubectl get pods -l job-name=flaky-job-on-failure");
    expect(pod).toMatchObject({ STATUS: "Completed" });
    expect(pod["RESTARTS"]).toMatch(/^1( |$)/);
  });

  s.step(7, "the node of a running Job is deleted", async () => {
    await s.ok("kubectl apply -f manifests/long-job.yaml");
    const before = table(await s.until("kubectl get pods -l job-name=long-job -o wide", (out) => table(out)[0]?.["STATUS"] === "Running"))[0];
    const watch = await s.background("exec kubectl get pods -l job-name=long-job -w -o json --output-watch-events");
    await s.seen(watch, (out) => out.includes(before?.["NAME"] ?? "-"));
    expect(await s.ok(`kubectl delete node ${before?.["NODE"]}`)).toBe(`node "${before?.["NODE"]}" deleted\n`);
    await s.advance("4m");
    await ended("long-job", "Complete");
    await watch.stop();
    const seen = watch.stdout.split(/^(?=\{)/m).map((text) => (JSON.parse(text) as { object: Pod }).object);
    const last = seen.findLast(({ metadata }) => metadata.name === before?.["NAME"]);
    expect(last?.status.phase).toBe("Failed");
    expect(last?.status.conditions?.find(({ type }) => type === "DisruptionTarget")).toMatchObject({ status: "True", reason: "DeletionByPodGC", message: "PodGC: node no longer exists" });
    const after = await row(s, "kubectl get pods -l job-name=long-job -o wide");
    expect(after["NAME"]).not.toBe(before?.["NAME"]);
    expect(after["NODE"]).not.toBe(before?.["NODE"]);
    expect(after["STATUS"]).toBe("Completed");
  });

  s.step(8, "Jobs of a CronJob that fail", async () => {
    await s.ok("kubectl apply -f manifests/cronjob-retries.yaml");
    await s.cluster.advance(60_000 - (s.cluster.now() % 60_000) + 200_000);
    const jobs = (JSON.parse(await s.ok("kubectl get jobs -o json")) as { items: Job[] }).items.filter((one) => one.metadata.name.startsWith("cronjob-retries-"));
    for (const one of jobs) expect(one.spec.backoffLimit).toBe(2);
    const minuteOf = (one: Job): number => Number(one.metadata.name.split("-").at(-1));
    const failed = jobs.filter((one) => one.status?.conditions?.some(({ type }) => type === "Failed")).map(minuteOf);
    expect(failed).not.toEqual([]);
    expect(await s.ok("kubectl describe cronjob cronjob-retries")).toMatch(/SuccessfulCreate +\S+( \(x\d+ over \S+\))? +cronjob-controller +Created job/);
    // The tick after a failed run is no other than the one before.
    expect(jobs.map(minuteOf)).toContain((failed.at(-1) ?? 0) + 1);
    await s.ok("kubectl delete cronjob cronjob-retries");
  });
});
