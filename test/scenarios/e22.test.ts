import { expect } from "vitest";
import type { Job } from "../../src/api/types/batch-v1.ts";
import { row, rows } from "./looking.ts";
import { scenario } from "./scenario.ts";

scenario("E22", "CronJob housekeeping: history, pause, deadline, manual run", { cluster: "learning", nodes: 3 }, (s) => {
  const toMinute = (seconds: number): Promise<void> => s.cluster.advance(60_000 - (s.cluster.now() % 60_000) + seconds * 1000);
  const jobsOf = async (cronJob: string) => (await rows(s, "kubectl get jobs")).filter((job) => job["NAME"]?.startsWith(`${cronJob}-`));
  const minuteOf = (job: { [header: string]: string } | undefined): number => Number(job?.["NAME"]?.split("-").at(-1));
  let last = 0;
  const now = (): number => Math.floor(s.cluster.now() / 60_000);
  const suspend = (value: boolean): Promise<string> => s.ok(`kubectl patch cronjob time-printer -p '{"spec":{"suspend":${value}}}'`);

  s.step(1, "what is kept of the past", async () => {
    await s.ok("kubectl apply -f manifests/cron.yaml -f manifests/failing-cronjob.yaml");
    await toMinute(0);
    const first = now();
    await s.advance("4m30s");
    const printed = await jobsOf("time-printer");
    expect(printed.map((job) => job["STATUS"])).toEqual(["Complete", "Complete", "Complete"]);
    expect(printed.map(minuteOf)).toEqual([first + 2, first + 3, first + 4]);
    const failed = await jobsOf("failing-cronjob");
    expect(failed.map((job) => [job["STATUS"], minuteOf(job)])).toEqual([["Failed", first + 4]]);
    expect(await rows(s, "kubectl get pods")).toHaveLength(4);
    expect(await s.ok("kubectl describe cronjob time-printer")).toMatch(new RegExp(`Normal  SuccessfulDelete +\\S+ +cronjob-controller  Deleted job time-printer-${first}\\n`));
    await s.ok("kubectl apply -f manifests/cronjobs-no-history.yaml");
    await toMinute(30);
    expect((await s.sh("kubectl get jobs")).stdout).toBe("");
    await s.ok("kubectl delete cronjob failing-cronjob");
    await s.ok("kubectl apply -f manifests/cron.yaml");
  });

  s.step(2, "paused", async () => {
    await s.ok(`kubectl patch cronjob time-printer --type=merge -p '{"spec":{"jobTemplate":{"spec":{"template":{"spec":{"containers":[{"name":"printer","image":"busybox","command":["sleep","20"]}]}}}}}}'`);
    await toMinute(5);
    const [running] = (await jobsOf("time-printer")).slice(-1);
    expect(running).toMatchObject({ STATUS: "Running" });
    expect(await suspend(true)).toBe("cronjob.batch/time-printer patched\n");
    expect(await row(s, "kubectl get cronjob time-printer")).toMatchObject({ SUSPEND: "True", ACTIVE: "1" });
    last = minuteOf(running);
    await s.advance("3m");
    expect(await row(s, `kubectl get job ${running?.["NAME"]}`)).toMatchObject({ STATUS: "Complete" });
    expect((await jobsOf("time-printer")).map(minuteOf).filter((minute) => minute > minuteOf(running))).toEqual([]);
  });

  s.step(3, "resumed after missed ticks", async () => {
    await toMinute(30);
    const missed = now();
    await suspend(false);
    await s.advance("2s");
    // One run for all that were missed.
    expect((await jobsOf("time-printer")).map(minuteOf).filter((minute) => minute > last)).toEqual([missed]);
    expect(missed - last).toBeGreaterThan(2);
    await suspend(true);
    await s.ok("kubectl apply -f manifests/time-printer-deadline.yaml");
    await s.advance("3m");
    await toMinute(30);
    const late = now();
    await suspend(false);
    await s.advance("20s");
    expect((await jobsOf("time-printer")).map(minuteOf).filter((minute) => minute > missed)).toEqual([]);
    await toMinute(1);
    expect((await jobsOf("time-printer")).map(minuteOf)).toContain(late + 1);
  });

  s.step(4, "run by hand", async () => {
    await suspend(true);
    expect(await s.ok("kubectl create job manual-1 --from=cronjob/time-printer")).toBe("job.batch/manual-1 created\n");
    const job = JSON.parse(await s.ok("kubectl get job manual-1 -o json")) as Job;
    expect(job.metadata.annotations).toMatchObject({ "cronjob.kubernetes.io/instantiate": "manual" });
    expect(job.metadata.ownerReferences).toMatchObject([{ kind: "CronJob", name: "time-printer", controller: true }]);
    const template = JSON.parse(await s.ok("kubectl get cronjob time-printer -o jsonpath='{.spec.jobTemplate.spec.template.spec}'")) as Job["spec"]["template"]["spec"];
    expect(job.spec.template.spec).toEqual(template);
    await s.advance("10s");
    expect(await row(s, "kubectl get job manual-1")).toMatchObject({ STATUS: "Complete", COMPLETIONS: "1/1" });
  });

  s.step(5, "what cannot be run", async () => {
    expect(await s.refused("kubectl create job m2 --from=cronjob/time-printer -- date")).toBe("error: cannot specify --from and command\n");
    expect(await s.refused("kubectl create job m3")).toBe("error: either --image or --from must be specified\n");
  });

  s.step(6, "deleted, with all it made", async () => {
    expect(await s.ok("kubectl delete cronjob time-printer")).toBe('cronjob.batch "time-printer" deleted from default namespace\n');
    await s.advance("5s");
    expect((await s.sh("kubectl get jobs")).stdout).toBe("");
    expect((await s.sh("kubectl get pods")).stdout).toBe("");
  });
});
