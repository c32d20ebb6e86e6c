import { expect } from "vitest";
import { headers, row, rows } from "./looking.ts";
import { scenario, table } from "./scenario.ts";
import type { Scenario } from "./scenario.ts";

const scheduled = "batch.kubernetes.io/cronjob-scheduled-timestamp";

const until = (s: Scenario, instant: string): Promise<void> => s.cluster.advance(Date.parse(instant) - s.cluster.now());

scenario("E19", "Creating and reading a CronJob", { cluster: "learning", nodes: 1 }, (s) => {
  s.step(1, "create, twice", async () => {
    expect(await s.ok("kubectl create -f manifests/cronjobs.yaml")).toBe("cronjob.batch/example-cronjob created\n");
    expect(await s.refused("kubectl create -f manifests/cronjobs.yaml")).toBe(
      'Error from server (AlreadyExists): error when creating "manifests/cronjobs.yaml": cronjobs.batch "example-cronjob" already exists\n',
    );
  });

  s.step(2, "its row", async () => {
    const text = await s.ok("kubectl get cronjobs");
    expect(headers(text)).toEqual(["NAME", "SCHEDULE", "TIMEZONE", "SUSPEND", "ACTIVE", "LAST SCHEDULE", "AGE"]);
    expect(table(text)).toMatchObject([{ NAME: "example-cronjob", SCHEDULE: "0 2 * * *", TIMEZONE: "<none>", SUSPEND: "False", ACTIVE: "0", "LAST SCHEDULE": "<none>" }]);
    expect(await s.ok("kubectl get cj")).toBe(text);
    expect((await s.sh("kubectl get jobs")).stderr).toBe("No resources found in default namespace.\n");
  });

  s.step(3, "its description", async () => {
    const lines = (await s.ok("kubectl describe cronjob example-cronjob | grep Schedule")).trimEnd().split("\n");
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatch(/^Schedule: +0 2 \* \* \*$/);
    expect(lines[1]).toMatch(/^Last Schedule Time: +<unset>$/);
    const text = await s.ok("kubectl describe cronjob example-cronjob");
    for (const line of [
      /^Concurrency Policy: +Allow$/m,
      /^Suspend: +False$/m,
      /^Time Zone: +<unset>$/m,
      /^Successful Job History Limit: +3$/m,
      /^Failed Job History Limit: +1$/m,
      /^Starting Deadline Seconds: +<unset>$/m,
      /^Selector: +<unset>$/m,
      /^Parallelism: +<unset>$/m,
      /^Completions: +<unset>$/m,
      /^Pod Template:$/m,
      /^Active Jobs: +<none>$/m,
    ]) {
      expect(text).toMatch(line);
    }
  });

  s.step(4, "at two o'clock it runs", async () => {
    await until(s, "2026-01-01T01:59:59Z");
    expect((await s.sh("kubectl get jobs")).stdout).toBe("");
    await until(s, "2026-01-01T02:00:00Z");
    const minutes = Date.parse("2026-01-01T02:00:00Z") / 60_000;
    await s.until("kubectl get jobs", (out) => table(out)[0]?.["STATUS"] === "Complete");
    expect(await row(s, "kubectl get jobs")).toMatchObject({ NAME: `example-cronjob-${minutes}`, STATUS: "Complete", COMPLETIONS: "1/1" });
    expect(await s.ok(`kubectl logs job/example-cronjob-${minutes}`)).toBe("Hello, World!\n");
    const shown = "{.spec.restartPolicy} {.spec.containers[0].image} {.spec.containers[0].imagePullPolicy}";
    expect(await s.ok(`kubectl get pods -l job-name=example-cronjob-${minutes} -o jsonpath='{range .items[*]}${shown}{end}'`)).toBe("OnFailure busybox Always");
    expect(await s.ok("kubectl describe cronjob example-cronjob | grep Schedule")).toMatch(/^Last Schedule Time: +Thu, 01 Jan 2026 02:00:00 \+0000$/m);
    await s.ok("kubectl delete cronjob example-cronjob");
  });

  s.step(7, "what is refused, and in which words", async () => {
    for (const [file, name, cause] of [
      ["no-schedule", "no-schedule", "spec.schedule: Required value"],
      ["time-zone", "unknown-time-zone", 'spec.timeZone: Invalid value: "Mars/Olympus_Mons": unknown time zone Mars/Olympus_Mons'],
      ["restart-always", "restart-always", 'spec.jobTemplate.spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"'],
      [
        "long-name",
        "fifty-three-characters-are-one-more-than-a-name-holds",
        'metadata.name: Invalid value: "fifty-three-characters-are-one-more-than-a-name-holds": must be no more than 52 characters',
      ],
    ] as const) {
      expect(await s.refused(`kubectl apply -f manifests/broken-cronjob-${file}.yaml`)).toBe(`The CronJob "${name}" is invalid: ${cause}\n`);
    }
    const schedules = [
      ["minute-60", '"60 * * * *": end of range (60) above maximum (59): 60'],
      ["hour-24", '"* 24 * * *": end of range (24) above maximum (23): 24'],
      ["day-0", '"* * 0 * *": beginning of range (0) below minimum (1): 0'],
      ["month-13", '"* * * 13 *": end of range (13) above maximum (12): 13'],
      ["weekday-7", '"* * * * 7": end of range (7) above maximum (6): 7'],
      ["four-fields", '"* * * *": expected exactly 5 fields, found 4: [* * * *]'],
      ["zone-in-schedule", '"TZ=UTC 0 2 * * *": cannot use TZ or CRON_TZ in schedule, use timeZone field instead'],
    ];
    const stderr = await s.refused("kubectl apply -f manifests/broken-cronjob-schedules.yaml");
    expect(stderr.trimEnd().split("\n")).toEqual(
      schedules.map(
        ([name, cause]) => `Error from server (Invalid): error when creating "manifests/broken-cronjob-schedules.yaml": CronJob.batch "${name}" is invalid: spec.schedule: Invalid value: ${cause}`,
      ),
    );
    expect((await s.sh("kubectl get cronjobs")).stderr).toBe("No resources found in default namespace.\n");
    // A Job says the same; without a policy it would be Always.
    const cause = 'spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"';
    for (const policy of ["", "restartPolicy: Always, "]) {
      const job = `{apiVersion: batch/v1, kind: Job, metadata: {name: job}, spec: {template: {spec: {${policy}containers: [{name: c, image: busybox}]}}}}`;
      expect(await s.refused("kubectl apply -f -", { stdin: job })).toBe(`The Job "job" is invalid: ${cause}\n`);
    }
  });

  s.step(8, "the Pod of its Jobs explained", async () => {
    const text = await s.ok("kubectl explain cronjob.spec.jobTemplate.spec.template.spec");
    expect(text).toMatch(/^FIELD: spec <PodSpec>/m);
    expect(text).toMatch(/^ {2}restartPolicy\t<string>/m);
  });
});

/** By hand, from the first of January 2026, a Thursday, on. */
const nextTicks: { readonly [schedule: string]: readonly [string, string, string] } = {
  "* * * * *": ["2026-01-01T00:01", "2026-01-01T00:02", "2026-01-01T00:03"],
  "*/1 * * * *": ["2026-01-01T00:01", "2026-01-01T00:02", "2026-01-01T00:03"],
  "*/5 * * * *": ["2026-01-01T00:05", "2026-01-01T00:10", "2026-01-01T00:15"],
  "0 * * * *": ["2026-01-01T01:00", "2026-01-01T02:00", "2026-01-01T03:00"],
  "@hourly": ["2026-01-01T01:00", "2026-01-01T02:00", "2026-01-01T03:00"],
  "0 9-17/2 * * 1-5": ["2026-01-01T09:00", "2026-01-01T11:00", "2026-01-01T13:00"],
  "0 2 * * *": ["2026-01-01T02:00", "2026-01-02T02:00", "2026-01-03T02:00"],
  "30 23 * * *": ["2026-01-01T23:30", "2026-01-02T23:30", "2026-01-03T23:30"],
  "0 0 * * *": ["2026-01-02T00:00", "2026-01-03T00:00", "2026-01-04T00:00"],
  "0 0 13 * 5": ["2026-01-02T00:00", "2026-01-09T00:00", "2026-01-13T00:00"],
  "0 0 * * 0": ["2026-01-04T00:00", "2026-01-11T00:00", "2026-01-18T00:00"],
  "0 0 * * sun": ["2026-01-04T00:00", "2026-01-11T00:00", "2026-01-18T00:00"],
  "0 0 1 * *": ["2026-02-01T00:00", "2026-03-01T00:00", "2026-04-01T00:00"],
};

/** Days and months without nodes pass at once; Jobs are made and do not end. */
scenario("E19t", "By the clock here and in Tokyo", { cluster: "learning", nodes: 0 }, (s) => {
  const jobTimes = async (): Promise<string[]> =>
    (await s.ok(`kubectl get jobs -o jsonpath='{range .items[*]}{.metadata.ownerReferences[0].name} {.metadata.annotations.${scheduled.replaceAll(".", "\\.")}}{"\\n"}{end}'`)).split("\n").filter((line) => line !== "");

  s.step(5, "half past eleven at night, here and in Tokyo", async () => {
    expect(await s.ok("kubectl apply -f manifests/checking-cj.yaml")).toBe("cronjob.batch/checking-cj created\n");
    await until(s, "2026-01-01T23:29:59Z");
    expect(await jobTimes()).toEqual([]);
    await until(s, "2026-01-01T23:30:01Z");
    expect(await jobTimes()).toEqual(["checking-cj 2026-01-01T23:30:00Z"]);
    await s.ok("kubectl delete cronjob checking-cj");

    await s.ok("kubectl apply -f manifests/checking-cj-tokyo.yaml");
    expect(await row(s, "kubectl get cronjobs")).toMatchObject({ SCHEDULE: "30 23 * * *", TIMEZONE: "Asia/Tokyo" });
    await until(s, "2026-01-02T14:29:59Z");
    expect(await jobTimes()).toEqual([]);
    await until(s, "2026-01-02T14:30:01Z");
    expect(await jobTimes()).toEqual(["checking-cj 2026-01-02T23:30:00+09:00"]);
    await s.ok("kubectl delete cronjob checking-cj");
  });
});

scenario("E19s", "The table of schedules", { cluster: "learning", nodes: 0 }, (s) => {
  s.step(6, "the next three ticks of each", async () => {
    await s.ok("kubectl apply -f manifests/cronjob-schedules.yaml");
    const bySchedule = new Map((await rows(s, "kubectl get cronjobs")).map((found) => [found["SCHEDULE"] ?? "", found["NAME"] ?? ""]));
    expect([...bySchedule.keys()].toSorted()).toEqual(Object.keys(nextTicks).toSorted());
    const inOrder = Object.entries(nextTicks).toSorted(([, a], [, b]) => (a[2] < b[2] ? -1 : 1));
    for (const third of new Set(inOrder.map(([, ticks]) => ticks[2]))) {
      await until(s, `${third}:01Z`);
      const due = inOrder.filter(([, ticks]) => ticks[2] === third);
      const jobs = JSON.parse(await s.ok("kubectl get jobs -o json")) as { items: { metadata: { ownerReferences: { name: string }[]; annotations: { [name: string]: string } } }[] };
      for (const [schedule, ticks] of due) {
        const own = jobs.items.filter(({ metadata }) => metadata.ownerReferences[0]?.name === bySchedule.get(schedule));
        expect(own.map(({ metadata }) => metadata.annotations[scheduled]).toSorted(), schedule).toEqual(ticks.map((tick) => `${tick}:00Z`));
      }
      await s.ok(`kubectl delete cronjob ${due.map(([schedule]) => bySchedule.get(schedule)).join(" ")}`);
    }
  });
});
