import { expect } from "vitest";
import type { Job } from "../../src/api/types/batch-v1.ts";
import { row, rows } from "./looking.ts";
import { scenario, table } from "./scenario.ts";

const name = "job-60-seconds";
const manifest = `kubectl apply -f manifests/${name}.yaml`;

scenario("E18", "Suspending, deleting and cleaning up Jobs", { cluster: "learning", nodes: 3 }, (s) => {
  const job = async (which = name): Promise<Job> => JSON.parse(await s.ok(`kubectl get job ${which} -o json`)) as Job;
  const suspend = (which: string, value: boolean): Promise<string> => s.ok(`kubectl patch job ${which} --type=merge -p '{"spec":{"suspend":${value}}}'`);
  const noPods = (which = name): Promise<string> => s.until(`kubectl get pods -l job-name=${which} -o name`, (out) => out === "", { step: "5s" });
  const ended = (which: string): Promise<string> => s.until(`kubectl get job ${which}`, (out) => table(out)[0]?.["STATUS"] === "Complete", { step: "5s" });
  let started: string | undefined;

  s.step(1, "suspended", async () => {
    await s.ok(manifest);
    await s.advance("10s");
    expect(await row(s, `kubectl get pods -l job-name=${name}`)).toMatchObject({ STATUS: "Running" });
    started = (await job()).status?.startTime;
    expect(await suspend(name, true)).toBe(`job.batch/${name} patched\n`);
    await noPods();
    expect(await row(s, `kubectl get job ${name}`)).toMatchObject({ STATUS: "Suspended", COMPLETIONS: "0/1" });
    expect((await job()).status?.conditions).toMatchObject([{ type: "Suspended", status: "True", reason: "JobSuspended" }]);
    expect(await s.ok(`kubectl describe job ${name}`)).toMatch(/Normal {2}Suspended +\S+ +job-controller {2}Job suspended/);
  });

  s.step(2, "resumed", async () => {
    await suspend(name, false);
    await s.advance("5s");
    expect(await row(s, `kubectl get pods -l job-name=${name}`)).toMatchObject({ STATUS: "Running" });
    const { status } = await job();
    expect(status?.conditions).toMatchObject([{ type: "Suspended", status: "False", reason: "JobResumed" }]);
    expect(Date.parse(status?.startTime ?? "")).toBeGreaterThan(Date.parse(started ?? ""));
    expect(await s.ok(`kubectl describe job ${name}`)).toMatch(/Normal {2}Resumed +\S+ +job-controller {2}Job resumed/);
    await ended(name);
  });

  s.step(3, "suspended from the start", async () => {
    await s.ok("kubectl apply -f manifests/job-suspended.yaml");
    await s.advance("60s");
    expect(await row(s, "kubectl get job job-suspended")).toMatchObject({ STATUS: "Suspended" });
    expect((await s.sh("kubectl get pods -l job-name=job-suspended")).stdout).toBe("");
    await suspend("job-suspended", false);
    await ended("job-suspended");
    expect(await rows(s, "kubectl get pods -l job-name=job-suspended")).toHaveLength(1);
  });

  s.step(4, "deleted, with its Pods", async () => {
    expect(await s.ok(`kubectl delete job ${name}`)).toBe(`job.batch "${name}" deleted from default namespace\n`);
    await noPods();
  });

  s.step(5, "what a bare DELETE leaves behind", async () => {
    const remove = async (query: string): Promise<string> => {
      await s.ok(manifest);
      await s.advance("5s");
      const proxy = await s.background("exec kubectl proxy --port=0");
      const port = /127\.0\.0\.1:(\d+)/.exec(await s.seen(proxy, (out) => out.includes("127.0.0.1:")))?.[1];
      try {
        return await s.ok(`curl -s -i -X DELETE 'http://127.0.0.1:${port}/apis/batch/v1/namespaces/default/jobs/${name}${query}'`);
      } finally {
        await proxy.stop();
      }
    };
    const answer = await remove("");
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(answer).toMatch(
      /^warning: 299 - "child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or set propagationPolicy=Orphan to suppress this warning"\r$/im,
    );
    await s.advance("10s");
    expect(await s.refused(`kubectl get job ${name}`)).toContain("NotFound");
    const left = await row(s, `kubectl get pods -l job-name=${name}`);
    expect(left["STATUS"]).toBe("Running");
    expect(await s.ok(`kubectl get pod ${left["NAME"]} -o jsonpath='{.metadata.ownerReferences}'`)).toBe("");
    await s.ok(`kubectl delete pod ${left["NAME"]} --force --grace-period=0`);

    expect(await remove("?propagationPolicy=Background")).not.toMatch(/^warning:/im);
    await noPods();
  });

  s.step(6, "gone a few seconds after its end", async () => {
    await s.ok("kubectl apply -f manifests/job-ttl.yaml");
    await s.until("kubectl get job job-ttl", (out) => table(out)[0]?.["STATUS"] === "Complete");
    await s.advance("10s");
    expect(await s.refused("kubectl get job job-ttl")).toContain("NotFound");
    await noPods("job-ttl");
    await s.advance("1h");
    expect(await row(s, "kubectl get job job-suspended")).toMatchObject({ STATUS: "Complete" });
  });
});
