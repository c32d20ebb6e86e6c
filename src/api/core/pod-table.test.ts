import { describe, expect, it } from "vitest";
import type { ContainerStatus, Pod } from "../types/core-v1.ts";
import { podTable } from "./pod-table.ts";

const now = Date.parse("2026-01-01T00:10:00Z");

interface Given {
  readonly phase?: string;
  readonly reason?: string;
  readonly containers?: readonly Partial<ContainerStatus>[];
  readonly init?: readonly Partial<ContainerStatus>[];
  /** Names of sidecars among `init`. */
  readonly sidecars?: readonly string[];
  readonly conditions?: readonly { readonly type: string; readonly status: string; readonly reason?: string }[];
  readonly deleted?: boolean;
}

function pod(given: Given): Pod {
  const named = (list: readonly Partial<ContainerStatus>[] | undefined, prefix: string): Partial<ContainerStatus>[] =>
    (list ?? []).map((status, i) => ({ name: `${prefix}${i}`, restartCount: 0, ready: false, ...status }));
  const init = named(given.init, "i");
  const containers = named(given.containers ?? [{}], "c");
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name: "p",
      creationTimestamp: "2026-01-01T00:00:00Z",
      ...(given.deleted === true ? { deletionTimestamp: "2026-01-01T00:09:00Z" } : {}),
    },
    spec: {
      containers: containers.map(({ name }) => ({ name, resources: {} })),
      initContainers: init.map(({ name }) => ({ name, resources: {}, ...(given.sidecars?.includes(name ?? "") === true ? { restartPolicy: "Always" } : {}) })),
    },
    status: {
      phase: given.phase ?? "Pending",
      ...(given.reason === undefined ? {} : { reason: given.reason }),
      conditions: given.conditions ?? [],
      containerStatuses: containers,
      initContainerStatuses: init,
    },
  } as unknown as Pod;
}

function row(given: Given): string {
  return podTable.cells(pod(given), { now }).slice(1, 4).join(" ");
}

const running: Partial<ContainerStatus> = { ready: true, state: { running: {} } };
const waiting = (reason: string): Partial<ContainerStatus> => ({ state: { waiting: { reason } } });
const ended = (exitCode: number, reason?: string, signal?: number): Partial<ContainerStatus> => ({
  state: { terminated: { exitCode, ...(reason === undefined ? {} : { reason }), ...(signal === undefined ? {} : { signal }) } },
});
const ready = [{ type: "Ready", status: "True" }];
const initialized = [{ type: "Initialized", status: "True" }];

const table: readonly (readonly [what: string, given: Given, cells: string])[] = [
  ["a new Pod", {}, "0/1 Pending 0"],
  ["a gate", { conditions: [{ type: "PodScheduled", status: "False", reason: "SchedulingGated" }] }, "0/1 SchedulingGated 0"],
  ["a reason of the Pod", { phase: "Failed", reason: "Evicted" }, "0/1 Evicted 0"],
  ["a running container", { phase: "Running", containers: [running], conditions: ready }, "1/1 Running 0"],
  ["a container that is made", { containers: [waiting("ContainerCreating")] }, "0/1 ContainerCreating 0"],
  ["a missing image", { containers: [waiting("ImagePullBackOff")] }, "0/1 ImagePullBackOff 0"],
  ["success", { phase: "Succeeded", containers: [ended(0, "Completed")] }, "0/1 Completed 0"],
  ["failure", { phase: "Failed", containers: [ended(1, "Error")] }, "0/1 Error 0"],
  ["an exit code without a reason", { phase: "Running", containers: [ended(3)] }, "0/1 ExitCode:3 0"],
  ["a signal without a reason", { phase: "Running", containers: [ended(0, undefined, 9)] }, "0/1 Signal:9 0"],
  ["memory", { phase: "Running", containers: [ended(137, "OOMKilled")] }, "0/1 OOMKilled 0"],
  ["the first container speaks", { phase: "Running", containers: [waiting("CrashLoopBackOff"), ended(0, "Completed")] }, "0/2 CrashLoopBackOff 0"],
  ["one done, one running, Ready", { phase: "Running", containers: [ended(0, "Completed"), running], conditions: ready }, "1/2 Running 0"],
  ["one done, one running, not Ready", { phase: "Running", containers: [ended(0, "Completed"), running] }, "1/2 NotReady 0"],
  ["a running container that is not ready", { phase: "Running", containers: [{ state: { running: {} } }] }, "0/1 Running 0"],
  ["init not begun", { init: [{ state: { waiting: { reason: "PodInitializing" } } }, {}] }, "0/1 Init:0/2 0"],
  ["init in the second", { init: [ended(0, "Completed"), { state: { running: {} } }] }, "0/1 Init:1/2 0"],
  ["init waiting for an image", { init: [waiting("ErrImagePull")] }, "0/1 Init:ErrImagePull 0"],
  ["init failed", { init: [ended(1, "Error")] }, "0/1 Init:Error 0"],
  ["init failed without a reason", { init: [ended(2)] }, "0/1 Init:ExitCode:2 0"],
  ["init ended by a signal", { init: [ended(0, undefined, 9)].map((status) => ({ state: { terminated: { ...status.state?.terminated, exitCode: 137, signal: 9 } } })) }, "0/1 Init:Signal:9 0"],
  ["a sidecar that runs", { phase: "Running", init: [{ ...running, started: true }], sidecars: ["i0"], containers: [running], conditions: ready }, "2/2 Running 0"],
  ["a sidecar that starts", { init: [{ state: { running: {} }, started: false }], sidecars: ["i0"] }, "0/2 Init:0/1 0"],
  ["a sidecar that fell after initialization", { phase: "Running", init: [ended(1, "Error")], sidecars: ["i0"], containers: [running], conditions: initialized }, "1/2 Init:Error 0"],
  ["deletion while it runs", { phase: "Running", containers: [running], deleted: true }, "1/1 Terminating 0"],
  ["deletion after its end", { phase: "Failed", containers: [ended(137, "Error")], deleted: true }, "0/1 Error 0"],
  ["deletion after success", { phase: "Succeeded", containers: [ended(0, "Completed")], deleted: true }, "0/1 Completed 0"],
  ["a lost node", { phase: "Running", reason: "NodeLost", containers: [running], deleted: true }, "1/1 Unknown 0"],
  ["restarts without a date", { phase: "Running", containers: [{ ...running, restartCount: 2 }] }, "1/1 Running 2"],
  [
    "restarts with a date",
    {
      phase: "Running",
      containers: [
        { ...running, restartCount: 1, lastState: { terminated: { exitCode: 1, finishedAt: "2026-01-01T00:00:00Z" } } },
        { ...running, restartCount: 2, lastState: { terminated: { exitCode: 1, finishedAt: "2026-01-01T00:09:55Z" } } },
      ],
    },
    "2/2 Running 3 (5s ago)",
  ],
  ["restarts of init containers do not count later", { phase: "Running", init: [{ ...ended(0, "Completed"), restartCount: 4 }], containers: [running] }, "1/1 Running 0"],
];

describe("READY, STATUS and RESTARTS", () => {
  for (const [what, given, cells] of table) it(`show ${what}`, () => expect(row(given)).toBe(cells));
});

describe("the wide columns", () => {
  it("say <none> where there is nothing", () => {
    expect(podTable.cells(pod({}), { now }).slice(4)).toEqual(["10m", "<none>", "<none>", "<none>", "<none>"]);
  });

  it("count readiness gates that are met", () => {
    const given = pod({ conditions: [{ type: "example.com/a", status: "True" }] });
    const gated = { ...given, spec: { ...given.spec, nodeName: "n", readinessGates: [{ conditionType: "example.com/a" }, { conditionType: "example.com/b" }] } } as Pod;
    expect(podTable.cells(gated, { now }).slice(6)).toEqual(["n", "<none>", "1/2"]);
  });
});
