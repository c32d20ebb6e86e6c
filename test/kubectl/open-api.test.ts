import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { kubectlCluster } from "./cluster.ts";
import type { KubectlCluster } from "./cluster.ts";

/** What real kubectl makes of the description of the API: explaining kinds, checking manifests before they are sent, merging. */
let there: KubectlCluster;
beforeAll(async () => {
  there = await kubectlCluster({ name: "described", nodes: 1 });
});
afterAll(async () => there[Symbol.asyncDispose]());

async function succeed(args: readonly string[], stdin?: string): Promise<string> {
  const { exit, stdout, stderr } = await there.kubectl(args, stdin === undefined ? {} : { stdin });
  expect({ args, exit, stderr }).toEqual({ args, exit: 0, stderr: "" });
  return stdout;
}

const job = (parallelism: number, extra = "") => `
apiVersion: batch/v1
kind: Job
metadata: {name: told}
spec:
  suspend: true
  parallelism: ${parallelism}
  ${extra}
  template:
    spec:
      restartPolicy: Never
      containers: [{name: main, image: busybox}]
`;

describe("kubectl explain", () => {
  test("tells the fields of a type, what each does, and which are needed", async () => {
    const text = await succeed(["explain", "daemonset.spec"]);
    expect(text).toMatch(/^GROUP: {6}apps\nKIND: {7}DaemonSet\nVERSION: {4}v1\n\nFIELD: spec <DaemonSetSpec>/);
    expect(text).toContain("  selector\t<LabelSelector> -required-\n    The Pods that belong to the DaemonSet.");
    expect(text).not.toMatch(/<no description>|<empty>/);
  });

  test("tells one field, with the values that it may have", async () => {
    expect(await succeed(["explain", "job.spec.completions"])).toContain("FIELD: completions <integer>\n\n\nDESCRIPTION:\n    How many Pods must succeed.");
    expect(await succeed(["explain", "cronjob.spec.concurrencyPolicy"])).toMatch(/ENUM:\n {4}Allow\n {4}Forbid\n {4}Replace\n/);
  });

  test("goes down to the Pod of a CronJob's Jobs", async () => {
    const text = await succeed(["explain", "cronjob.spec.jobTemplate.spec.template.spec"]);
    expect(text).toContain("FIELD: spec <PodSpec>");
    expect(text).toContain("  containers\t<[]Container> -required-");
    expect(text).not.toContain("<no description>");
  });

  test("tells the tree of all fields", async () => {
    const text = await succeed(["explain", "pods", "--recursive"]);
    expect(text).toContain("\n    containers\t<[]Container> -required-\n");
    expect(text).toContain("\n      livenessProbe\t<Probe>\n        exec\t<ExecAction>\n          command\t<[]string>\n");
    expect(text.split("\n").length).toBeGreaterThan(1000);
  });

  test("does the same from the old document", async () => {
    const text = await succeed(["explain", "job.spec", "--output", "plaintext-openapiv2"]);
    expect(text).toMatch(/^KIND: {5}Job\nVERSION: {2}batch\/v1\n\nRESOURCE: spec <Object>/);
    expect(text).toMatch(/ {3}backoffLimit\t<integer>\n {5}How many failed tries are allowed/);
    expect(await succeed(["explain", "pods", "--recursive", "--output", "plaintext-openapiv2"])).toContain("\n      containers\t<[]Object>\n");
  });

  test("tells kinds of every group version that is served", async () => {
    const kinds = new Map<string, string>();
    for (const line of (await succeed(["api-resources", "--no-headers"])).trim().split("\n")) {
      const [, name = "", version = ""] = /^(\S+) .*?(\S*v\d\w*) +(?:true|false) /.exec(line) ?? [];
      kinds.set(version, name);
    }
    const explain = async ([version, name]: readonly [string, string]): Promise<void> => {
      expect(await succeed(["explain", name, `--api-version=${version}`])).toContain("FIELDS:");
    };
    const asked = [...kinds];
    for (let at = 0; at < asked.length; at += 4) await Promise.all(asked.slice(at, at + 4).map(explain));
  }, 60_000);

  test("says so when there is no such field", async () => {
    const { exit, stderr } = await there.kubectl(["explain", "pod.spec.nothing"]);
    expect({ exit, stderr }).toEqual({ exit: 1, stderr: 'error: field "nothing" does not exist\n' });
  });
});

describe("manifests", () => {
  test("are applied, compared and merged", async () => {
    expect(await succeed(["apply", "-f", "-"], job(1))).toBe("job.batch/told created\n");
    const { exit, stdout } = await there.kubectl(["diff", "-f", "-"], { stdin: job(2) });
    expect(exit).toBe(1);
    expect(stdout).toMatch(/\n- {2}parallelism: 1\n\+ {2}parallelism: 2\n/);
    expect(await succeed(["apply", "-f", "-"], job(2))).toBe("job.batch/told configured\n");
    expect(await succeed(["apply", "-f", "-"], job(2))).toBe("job.batch/told unchanged\n");
    expect((await there.kubectl(["diff", "-f", "-"], { stdin: job(2) })).exit).toBe(0);
  });

  test("with an unknown field are refused, warned of, or taken, as asked", async () => {
    const misspelled = job(1, "complettions: 3").replace("told", "misspelled");
    const create = (validate: string) => there.kubectl(["create", "--dry-run=server", `--validate=${validate}`, "-f", "-"], { stdin: misspelled });
    const strict = await create("strict");
    expect(strict.exit).toBe(1);
    expect(strict.stderr).toContain('strict decoding error: unknown field "spec.complettions"');
    expect(await create("warn")).toMatchObject({ exit: 0, stderr: 'Warning: unknown field "spec.complettions"\n' });
    expect(await create("ignore")).toMatchObject({ exit: 0, stderr: "" });
  });

  test("without what is needed, or of the wrong type, are refused", async () => {
    const refused = async (stdin: string): Promise<string> => {
      const { exit, stderr } = await there.kubectl(["apply", "-f", "-"], { stdin });
      expect(exit).toBe(1);
      return stderr;
    };
    expect(await refused(job(1).replace("parallelism: 1", "parallelism: many").replace("told", "mistyped"))).toContain("cannot unmarshal string into Go struct field JobSpec.spec.parallelism of type int32");
    expect(await refused(job(1).replace(/ {4}spec:\n {6}restartPolicy: Never\n.*\n/, "    metadata: {}\n").replace("told", "bare"))).toContain("spec.template.spec.containers: Required value");
  });
});
