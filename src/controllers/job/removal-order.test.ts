import { describe, expect, it } from "vitest";
import type { Pod } from "../../api/types/core-v1.ts";
import { inRemovalOrder } from "./removal-order.ts";

function pod(name: string, options: { node?: string; phase?: string; ready?: string; restarts?: number; created?: string } = {}): Pod {
  const { node = "n", phase = "Running", ready, restarts = 0, created = "2026-01-01T00:00:00Z" } = options;
  return {
    metadata: { name, creationTimestamp: created },
    spec: { nodeName: node },
    status: { phase, conditions: ready === undefined ? [] : [{ type: "Ready", status: "True", lastTransitionTime: ready }], containerStatuses: [{ restartCount: restarts }] },
  } as unknown as Pod;
}

describe("removal order", () => {
  it("gives up what has come least far", () => {
    const order = [
      pod("unscheduled", { node: "", phase: "Pending" }),
      pod("pending", { phase: "Pending" }),
      pod("not ready"),
      pod("ready for less time", { ready: "2026-01-01T00:05:00Z" }),
      pod("restarted", { ready: "2026-01-01T00:01:00Z", restarts: 3 }),
      pod("younger", { ready: "2026-01-01T00:01:00Z", created: "2026-01-01T00:00:30Z" }),
      pod("older", { ready: "2026-01-01T00:01:00Z" }),
    ];
    expect(inRemovalOrder([...order].reverse()).map(({ metadata }) => metadata.name)).toEqual(order.map(({ metadata }) => metadata.name));
  });
});
