import { expect } from "vitest";
import type { Job } from "../../src/api/types/batch-v1.ts";
import { row, rows, suffix } from "./looking.ts";
import { scenario, table } from "./scenario.ts";

const days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];

scenario("E20", "A CronJob that ticks every minute", { cluster: "learning", nodes: 3 }, (s) => {
  /** Moves time to so many seconds after the next full minute. */
  const nextMinute = (seconds: number): Promise<void> => s.cluster.advance(60_000 - (s.cluster.now() % 60_000) + seconds * 1000);
  let minute = 0;

  s.step(1, "from every night to every minute", async () => {
    await s.ok("kubectl apply -f manifests/checking-cj.yaml");
    expect(await s.ok("kubectl apply -f manifests/checking-cj-every-minute.yaml")).toBe("cronjob.batch/checking-cj configured\n");
    await s.cluster.advance(59_000 - (s.cluster.now() % 60_000));
    expect((await s.sh("kubectl get jobs")).stdout).toBe("");
    await s.advance("2s");
    expect(await row(s, "kubectl get jobs")).toMatchObject({ NAME: `checking-cj-${Math.floor(s.cluster.now() / 60_000)}` });
  });

  s.step(2, "a watch of the Jobs", async () => {
    const watch = await s.background("exec kubectl get jobs --watch");
    await s.seen(watch, (out) => table(out).length > 0);
    await s.advance("2m");
    const text = await s.seen(watch, (out) => table(out).filter((job) => job["STATUS"] === "Complete").length >= 2 && new Set(table(out).map((job) => job["NAME"])).size >= 3);
    await watch.stop();
    const frames = table(text);
    const names = [...new Set(frames.map((job) => job["NAME"]))];
    expect(names).toHaveLength(3);
    for (const name of names.slice(0, 2)) {
      const own = frames.filter((job) => job["NAME"] === name);
      expect(own[0]).toMatchObject({ STATUS: "Running", COMPLETIONS: "0/1" });
      expect(own.at(-1)).toMatchObject({ STATUS: "Complete", COMPLETIONS: "1/1" });
      expect(own.at(-1)?.["DURATION"]).toMatch(/^3[1-5]s$/);
    }
  });

  s.step(3, "the labels of both templates", async () => {
    const jobs = await rows(s, "kubectl get jobs -l app=check-cj");
    expect(jobs).toHaveLength(3);
    for (const job of jobs) expect(job["NAME"]).toMatch(/^checking-cj-\d+$/);
    const pods = await rows(s, "kubectl get pods -l app=check-cj");
    expect(pods.map((pod) => pod["NAME"]?.replace(new RegExp(`-${suffix}$`), ""))).toEqual(jobs.map((job) => job["NAME"]));
  });

  s.step(4, "another CronJob, two ticks", async () => {
    expect(await s.ok("kubectl apply -f manifests/cron.yaml")).toBe("cronjob.batch/time-printer created\n");
    await nextMinute(0);
    minute = s.cluster.now() / 60_000;
    await s.advance("75s");
    const jobs = (await rows(s, "kubectl get jobs")).filter((job) => job["NAME"]?.startsWith("time-printer-"));
    expect(jobs.map((job) => job["NAME"])).toEqual([`time-printer-${minute}`, `time-printer-${minute + 1}`]);
    expect(jobs.map((job) => job["AGE"])).toEqual(["75s", "15s"]);
    for (const [i, { NAME: name }] of jobs.entries()) {
      expect((await row(s, `kubectl get pods -l job-name=${name}`))["NAME"]).toMatch(new RegExp(`^${name}-${suffix}$`));
      const job = JSON.parse(await s.ok(`kubectl get job ${name} -o json`)) as Job;
      expect(Date.parse(job.metadata.annotations?.["batch.kubernetes.io/cronjob-scheduled-timestamp"] ?? "")).toBe((minute + i) * 60_000);
    }
  });

  s.step(5, "the rows of both", async () => {
    const find = async (name: string) => (await rows(s, "kubectl get cronjobs")).find((job) => job["NAME"] === name);
    expect(await find("time-printer")).toMatchObject({ SCHEDULE: "*/1 * * * *", TIMEZONE: "<none>", SUSPEND: "False", ACTIVE: "0", "LAST SCHEDULE": "15s" });
    expect(await find("checking-cj")).toMatchObject({ ACTIVE: "1" });
    await s.advance("25s");
    expect(await find("checking-cj")).toMatchObject({ ACTIVE: "0", "LAST SCHEDULE": "40s" });
    await nextMinute(0);
    expect(await find("time-printer")).toMatchObject({ ACTIVE: "1", "LAST SCHEDULE": "0s" });
    await s.advance("10s");
    expect(await find("time-printer")).toMatchObject({ ACTIVE: "0" });
  });

  s.step(6, "the log of a run", async () => {
    const pod = (await row(s, `kubectl get pods -l job-name=time-printer-${minute}`))["NAME"];
    const log = await s.ok(`kubectl logs ${pod}`);
    expect(await s.ok(`kubectl logs -l job-name=time-printer-${minute}`)).toBe(log);
    const [, day, time, year] = /^(\w{3}) \w{3} [ \d]\d (\d\d:\d\d):\d\d UTC (\d{4})\n$/.exec(log) ?? [];
    const instant = new Date(minute * 60_000);
    expect([day, time, year], log).toEqual([days[instant.getUTCDay()], instant.toISOString().slice(11, 16), String(instant.getUTCFullYear())]);
  });

  s.step(7, "the label holds the Job's name, not the CronJob's", async () => {
    expect(await s.sh("kubectl get pods --selector=job-name=time-printer")).toEqual({ exit: 0, stdout: "", stderr: "No resources found in default namespace.\n" });
  });

  s.step(8, "its description", async () => {
    const text = await s.ok("kubectl describe cronjob time-printer");
    expect(text).toMatch(new RegExp(`Normal  SuccessfulCreate +\\S+ +cronjob-controller  Created job time-printer-${minute}\\n`));
    expect(text).toMatch(new RegExp(`Normal  SawCompletedJob +\\S+ +cronjob-controller  Saw completed job: time-printer-${minute}, condition: Complete\\n`));
    expect(text).toMatch(/^Last Schedule Time: +Thu, 01 Jan 2026 /m);
  });
});
