import { expect } from "vitest";
import type { Job } from "../../src/api/types/batch-v1.ts";
import { row, rows } from "./looking.ts";
import type { Background } from "./scenario.ts";
import { scenario, table } from "./scenario.ts";

scenario("E17", "Several completions, parallelism, deadline", { cluster: "learning", nodes: 3 }, (s) => {
  const job = async (name: string): Promise<Job> => JSON.parse(await s.ok(`kubectl get job ${name} -o json`)) as Job;
  const ended = (name: string, status: string): Promise<string> => s.until(`kubectl get job ${name}`, (out) => table(out)[0]?.["STATUS"] === status, { step: "2s" });
  const watchPhases = (name: string): Promise<Background> =>
    s.background(`exec kubectl get pods -l job-name=${name} -w --output-watch-events -o custom-columns=EVENT:.type,NAME:.object.metadata.name,PHASE:.object.status.phase`);
  /** The most Pods that were active at one time, and how many there were. */
  const activity = (stdout: string): { most: number; count: number } => {
    const phases = new Map<string, string>();
    let most = 0;
    for (const line of stdout.trimEnd().split("\n").slice(1)) {
      const [event = "", name = "", phase = ""] = line.split(/\s+/);
      phases.set(name, event === "DELETED" ? "Gone" : phase);
      most = Math.max(most, [...phases.values()].filter((one) => one === "Pending" || one === "Running").length);
    }
    return { most, count: phases.size };
  };

  s.step(1, "three completions, two at a time", async () => {
    const pods = await watchPhases("job-completions");
    const jobs = await s.background("exec kubectl get jobs --watch");
    await s.ok("kubectl apply -f manifests/job-completions.yaml");
    await s.seen(jobs, (out) => table(out).length > 0);
    await ended("job-completions", "Complete");
    await s.seen(jobs, (out) => table(out).at(-1)?.["STATUS"] === "Complete");
    await s.seen(pods, (out) => (out.match(/Succeeded/g) ?? []).length >= 3);
    await Promise.all([pods.stop(), jobs.stop()]);
    expect(activity(pods.stdout)).toEqual({ most: 2, count: 3 });
    const frames = table(jobs.stdout);
    const completions = frames.map((found) => found["COMPLETIONS"]);
    expect(completions[0]).toBe("0/3");
    expect(completions.at(-1)).toBe("3/3");
    expect(completions.some((value) => value === "1/3" || value === "2/3")).toBe(true);
    for (const found of frames) if (found["STATUS"] === "Complete") expect(found["COMPLETIONS"]).toBe("3/3");
  });

  s.step(2, "the same, failing", async () => {
    const pods = await watchPhases("job-completions-failing");
    await s.ok("kubectl apply -f manifests/job-completions-failing.yaml");
    await ended("job-completions-failing", "Failed");
    await s.advance("60s");
    await pods.stop();
    const failed = (await rows(s, "kubectl get pods -l job-name=job-completions-failing")).filter((pod) => pod["STATUS"] === "Error");
    expect([5, 6]).toContain(failed.length);
    expect(activity(pods.stdout).most).toBe(2);
    expect((await job("job-completions-failing")).status).toMatchObject({ failed: failed.length, conditions: [{ type: "FailureTarget" }, { type: "Failed", reason: "BackoffLimitExceeded" }] });
  });

  s.step(3, "longer than it may", async () => {
    await s.ok("kubectl apply -f manifests/job-deadline.yaml");
    await s.advance("4s");
    expect(await row(s, "kubectl get job job-deadline")).toMatchObject({ STATUS: "Running" });
    await s.advance("2s");
    const cause = { status: "True", reason: "DeadlineExceeded", message: "Job was active longer than specified deadline" };
    // It has failed for good when its Pods, which hear no TERM, are gone.
    expect((await job("job-deadline")).status?.conditions).toMatchObject([{ type: "FailureTarget", ...cause }]);
    expect(await row(s, "kubectl get job job-deadline")).toMatchObject({ STATUS: "FailureTarget" });
    expect(await row(s, "kubectl get pods -l job-name=job-deadline")).toMatchObject({ STATUS: "Terminating" });
    await ended("job-deadline", "Failed");
    expect((await job("job-deadline")).status?.conditions).toMatchObject([{ type: "FailureTarget", ...cause }, { type: "Failed", ...cause }]);
    await s.advance("40s");
    expect((await s.sh("kubectl get pods -l job-name=job-deadline")).stdout).toBe("");
    // It counts for a Job that fails as well, however many tries are left.
    const failing = "{apiVersion: batch/v1, kind: Job, metadata: {name: late}, spec: {backoffLimit: 6, activeDeadlineSeconds: 15, template: {spec: {restartPolicy: Never, containers: [{name: c, image: busybox, command: ['false']}]}}}}";
    await s.ok("kubectl apply -f -", { stdin: failing });
    await ended("late", "Failed");
    expect((await job("late")).status).toMatchObject({ failed: 2, conditions: [{ type: "FailureTarget", ...cause }, { type: "Failed", ...cause }] });
  });

  s.step(4, "one success is enough", async () => {
    await s.ok("kubectl apply -f manifests/job-any-success.yaml");
    expect((await row(s, "kubectl get job job-any-success"))["COMPLETIONS"]).toBe("0/1 of 3");
    await ended("job-any-success", "Complete");
    const pods = await rows(s, "kubectl get pods -l job-name=job-any-success");
    expect(pods).toHaveLength(3);
    for (const pod of pods) expect(pod["STATUS"]).toBe("Completed");
  });
});
