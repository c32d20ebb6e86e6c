import { expect } from "vitest";
import { row, rows } from "./looking.ts";
import { scenario, table } from "./scenario.ts";

scenario("E21", "Overlapping runs: Allow, Forbid, Replace", { cluster: "learning", nodes: 3 }, (s) => {
  /** The rows of a watch of CronJobs and of Pods over three ticks. */
  let active: { [header: string]: string }[] = [];
  const activeOf = (name: string): number[] => active.filter((found) => found["NAME"] === name).map((found) => Number(found["ACTIVE"]));
  const jobsOf = async (name: string) => (await rows(s, "kubectl get jobs")).filter((job) => job["NAME"]?.startsWith(`${name}-`));

  s.step(1, "Allow", async () => {
    await s.ok("kubectl apply -f manifests/overlap-allow.yaml -f manifests/overlap-forbid.yaml -f manifests/overlap-replace.yaml");
    const watch = await s.background("exec kubectl get cronjobs -w");
    await s.seen(watch, (out) => table(out).length === 3);
    await s.cluster.advance(60_000 - (s.cluster.now() % 60_000) + 125_000);
    await s.seen(watch, (out) => table(out).some((found) => found["NAME"] === "overlap-allow" && found["ACTIVE"] === "2"));
    await watch.stop();
    active = table(watch.stdout);
    expect(Math.max(...activeOf("overlap-allow"))).toBe(2);
    expect(await jobsOf("overlap-allow")).toHaveLength(3);
    expect(await row(s, "kubectl get cronjob overlap-allow")).toMatchObject({ ACTIVE: "2" });
  });

  s.step(2, "Forbid", async () => {
    expect(Math.max(...activeOf("overlap-forbid"))).toBe(1);
    expect((await jobsOf("overlap-forbid")).filter((job) => job["STATUS"] === "Running")).toHaveLength(1);
    expect(await s.ok("kubectl describe cronjob overlap-forbid")).toMatch(
      /Normal {2}JobAlreadyActive +\S+( \(x\d+ over \S+\))? +cronjob-controller +Not starting job because prior execution is running and concurrency policy is Forbid\n/,
    );
  });

  s.step(3, "Replace", async () => {
    expect(Math.max(...activeOf("overlap-replace"))).toBe(1);
    const [before, ...others] = await jobsOf("overlap-replace");
    expect(others).toEqual([]);
    const [pod] = await rows(s, `kubectl get pods -l job-name=${before?.["NAME"]}`);
    await s.advance("60s");
    const [after, ...more] = await jobsOf("overlap-replace");
    expect(more).toEqual([]);
    expect(after?.["NAME"]).not.toBe(before?.["NAME"]);
    expect(after).toMatchObject({ STATUS: "Running" });
    expect(await row(s, "kubectl get cronjob overlap-replace")).toMatchObject({ ACTIVE: "1" });
    await s.until(`kubectl get pods -l job-name=${before?.["NAME"]}`, (out) => !out.includes(pod?.["NAME"] ?? "-"));
    expect(await s.ok("kubectl describe cronjob overlap-replace")).toMatch(new RegExp(`Normal  SuccessfulDelete +\\S+ +cronjob-controller  Deleted job ${before?.["NAME"]}\\n`));
  });

  s.step(4, "the default, and a policy that is none", async () => {
    await s.ok("kubectl apply -f manifests/cron.yaml");
    expect(await s.ok("kubectl get cronjob time-printer -o yaml")).toContain("\n  concurrencyPolicy: Allow\n");
    expect(await s.refused("kubectl apply -f manifests/broken-cronjob-concurrency-never.yaml")).toBe(
      'The CronJob "concurrency-never" is invalid: spec.concurrencyPolicy: Unsupported value: "Never": supported values: "Allow", "Forbid", "Replace"\n',
    );
  });
});
