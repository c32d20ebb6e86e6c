import { expect } from "vitest";
import type { Job } from "../../src/api/types/batch-v1.ts";
import { headers, row, suffix } from "./looking.ts";
import { scenario, table } from "./scenario.ts";

const demo = "kubernetes-job-example";

scenario("E15", "A Job that succeeds", { cluster: "learning", nodes: 3 }, (s) => {
  let pod = "";
  let demoPod = "";
  let created = 0;

  s.step(1, "create a Job", async () => {
    expect(await s.ok('kubectl create job hello-job --image=busybox -- echo "HELLO FROM JOB"')).toBe("job.batch/hello-job created\n");
    const job = JSON.parse(await s.ok("kubectl get job hello-job -o json")) as Job;
    created = Date.parse(job.metadata.creationTimestamp ?? "");
    expect(job.spec).toMatchObject({ completions: 1, parallelism: 1, backoffLimit: 6, completionMode: "NonIndexed", suspend: false });
    expect(job.spec.template.spec.restartPolicy).toBe("Never");
    expect(job.spec.template.spec.containers).toHaveLength(1);
    expect(job.spec.template.spec.containers[0]).toMatchObject({ name: "hello-job", image: "busybox", command: ["echo", "HELLO FROM JOB"] });
  });

  s.step(2, "its row while it runs and after", async () => {
    expect(await row(s, "kubectl get jobs")).toMatchObject({ NAME: "hello-job", STATUS: "Running", COMPLETIONS: "0/1" });
    const text = await s.until("kubectl get jobs", (out) => table(out)[0]?.["STATUS"] === "Complete");
    expect(text.split("\n")[0]?.trim().split(/ {2,}/)).toEqual(["NAME", "STATUS", "COMPLETIONS", "DURATION", "AGE"]);
    expect(table(text)[0]).toMatchObject({ COMPLETIONS: "1/1" });
    expect(table(text)[0]?.["DURATION"]).toMatch(/^\ds$/);
    for (const [seconds, age] of [[45, "45s"], [60, "60s"], [119, "119s"], [120, "2m"], [269, "4m29s"], [600, "10m"]] as const) {
      await s.cluster.advance(created + seconds * 1000 - s.cluster.now());
      expect((await row(s, "kubectl get jobs"))["AGE"]).toBe(age);
    }
  });

  s.step(3, "its Pod is listed without further flags", async () => {
    const found = await row(s, "kubectl get pods");
    pod = found["NAME"] ?? "";
    expect(pod).toMatch(new RegExp(`^hello-job-${suffix}$`));
    expect(found).toMatchObject({ READY: "0/1", STATUS: "Completed", RESTARTS: "0" });
    expect(await s.refused("kubectl get pods --show-all")).toBe("error: unknown flag: --show-all\nSee 'kubectl get --help' for usage.\n");
  });

  s.step(4, "its log stays", async () => {
    expect(await s.ok(`kubectl logs ${pod}`)).toBe("HELLO FROM JOB\n");
    expect(await s.ok("kubectl logs job/hello-job")).toBe("HELLO FROM JOB\n");
    await s.advance("5m");
    expect(await s.ok(`kubectl logs ${pod}`)).toBe("HELLO FROM JOB\n");
    expect(await s.refused("kubectl logs x")).toBe('error: error from server (NotFound): pods "x" not found in namespace "default"\n');
  });

  s.step(5, "its conditions", async () => {
    expect(await s.ok("kubectl get job hello-job -o jsonpath='{range .status.conditions[*]}{.type}={.status} {end}'")).toBe("SuccessCriteriaMet=True Complete=True ");
    const { status } = JSON.parse(await s.ok("kubectl get job hello-job -o json")) as Job;
    expect(status?.succeeded).toBe(1);
    expect(status?.active).toBeUndefined();
    expect(await s.ok("kubectl wait --for=condition=Complete job/hello-job --timeout=5s")).toBe("job.batch/hello-job condition met\n");
    // The Pod is as it was when the Job ended, ten minutes ago, and there is no other.
    expect(await s.ok("kubectl get pods -l job-name=hello-job -o jsonpath='{range .items[*]}{.metadata.name} {.status.phase}{end}'")).toBe(`${pod} Succeeded`);
    expect(status?.completionTime).toMatch(/^\d{4}-\d\d-\d\dT/);
    expect(JSON.parse(await s.ok(`kubectl get pod ${pod} -o jsonpath='{.status.containerStatuses[0].state.terminated}'`))).toMatchObject({ exitCode: 0, reason: "Completed" });
  });

  s.step(6, "the demo Job of the tutorial", async () => {
    expect(await s.ok("kubectl apply -f manifests/job.yaml")).toBe(`job.batch/${demo} created\n`);
    const text = await s.ok("kubectl get jobs -A");
    expect(headers(text)).toEqual(["NAMESPACE", "NAME", "STATUS", "COMPLETIONS", "DURATION", "AGE"]);
    expect(table(text).find((job) => job["NAME"] === demo)).toMatchObject({ NAMESPACE: "kube-system", STATUS: "Running", COMPLETIONS: "0/1" });
  });

  s.step(7, "its log, followed to the end", async () => {
    // It begins while the container is still being made, and a line is there long before the last.
    const follow = await s.background(`kubectl logs -f job/${demo} -n kube-system 2>/dev/null; echo "exit $?"`, { polls: true });
    expect((await row(s, "kubectl get pods -n kube-system -l jobgroup=jobexample"))["STATUS"]).toMatch(/^(Pending|ContainerCreating)$/);
    await s.advance("10s");
    const begun = await s.seen(follow, (out) => out.includes("2] Hey"));
    expect(begun).not.toContain("100]");
    await s.advance("200s");
    const whole = await s.seen(follow, (out) => out.includes("exit "));
    await follow.stop();
    expect(whole.trimEnd().split("\n").slice(-2)).toEqual(["100] Hey I will run till the job completes.", "exit 0"]);
    const text = await s.until("kubectl get jobs -A", (out) => table(out).find((job) => job["NAME"] === demo)?.["STATUS"] === "Complete");
    const done = table(text).find((job) => job["NAME"] === demo);
    expect(done).toMatchObject({ NAMESPACE: "kube-system", COMPLETIONS: "1/1" });
    const [, minutes = "0", seconds = "0"] = /^(?:(\d+)m)?(?:(\d+)s)?$/.exec(done?.["DURATION"] ?? "") ?? [];
    expect(Number(minutes) * 60 + Number(seconds)).toBeGreaterThanOrEqual(200);
  });

  s.step(8, "its Pod by each label", async () => {
    const found = await row(s, `kubectl get pods -n kube-system --selector=job-name=${demo}`);
    demoPod = found["NAME"] ?? "";
    expect(demoPod).toMatch(new RegExp(`^${demo}-${suffix}$`));
    expect(found).toMatchObject({ READY: "0/1", STATUS: "Completed", RESTARTS: "0" });
    expect(await row(s, `kubectl get pods -n kube-system -l batch.kubernetes.io/job-name=${demo}`)).toEqual(found);
    expect(await row(s, "kubectl get pods -n kube-system -l jobgroup=jobexample")).toEqual(found);
    expect(await s.ok("kubectl get pods -A -o name")).not.toContain("kubejob");
  });

  s.step(9, "its 101 lines", async () => {
    const lines = (await s.ok(`kubectl logs ${demoPod} -n kube-system`)).trimEnd().split("\n");
    expect(lines).toEqual(["This Job will echo message 100 times", ...Array.from({ length: 100 }, (_, i) => `${i + 1}] Hey I will run till the job completes.`)]);
    expect(await s.ok(`kubectl get pod ${demoPod} -n kube-system -o jsonpath='{.status.containerStatuses[0].state.terminated.exitCode}'`)).toBe("0");
  });

  s.step(10, "its description", async () => {
    const text = await s.ok(`kubectl describe job ${demo} -n kube-system`);
    for (const line of [
      /^Selector: +batch\.kubernetes\.io\/controller-uid=[0-9a-f-]{36}$/m,
      /^Labels: +jobgroup=jobexample$/m,
      /^Parallelism: +1$/m,
      /^Completions: +1$/m,
      /^Completion Mode: +NonIndexed$/m,
      /^Suspend: +false$/m,
      /^Backoff Limit: +6$/m,
      /^Start Time: +\w{3}, \d\d \w{3} 2026 /m,
      /^Completed At: +\w{3}, \d\d \w{3} 2026 /m,
      /^Duration: +\d+m\d+s$/m,
      /^Pods Statuses: +0 Active \(0 Ready\) \/ 1 Succeeded \/ 0 Failed$/m,
      new RegExp(`^  Normal  SuccessfulCreate +\\S+ +job-controller  Created pod: ${demoPod}$`, "m"),
      /^ {2}Normal {2}Completed +\S+ +job-controller {2}Job completed$/m,
    ]) {
      expect(text).toMatch(line);
    }
    expect(text.indexOf("Created pod: ")).toBeLessThan(text.indexOf("Job completed"));
  });

  s.step(11, "its template cannot change", async () => {
    const stderr = await s.refused("kubectl apply -f manifests/job-other-args.yaml");
    expect(stderr).toMatch(new RegExp(`^The Job "${demo}" is invalid: spec\\.template: Invalid value: [\\s\\S]*: field is immutable\\n$`));
  });

  s.step(12, "its fields explained", async () => {
    for (const field of ["completions", "parallelism", "backoffLimit", "template", "template.spec.restartPolicy"]) {
      const text = await s.ok(`kubectl explain job.spec.${field}`);
      expect(text).toMatch(new RegExp(`^FIELD: ${field.split(".").at(-1)} <`, "m"));
      expect(text).toMatch(/^DESCRIPTION:\n {4}\w{2,}/m);
    }
  });
});
