import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { events, pods } from "../api/kinds.ts";
import type { Pod } from "../api/types/core-v1.ts";
import { OneMachine } from "../../test/simulated-machine.ts";

/** What may be changed of a Pod that is there, and what its kubelet does then. */
let world: OneMachine;
const name = { namespace: "default", name: "p" };

beforeEach(async () => {
  world = await OneMachine.start();
});

afterEach(() => world.machine.powerOff());

async function create(spec: object): Promise<void> {
  await world.create(name.name, { terminationGracePeriodSeconds: 5, ...spec });
  await world.server.advance(3000);
}

const get = (): Promise<Pod> => world.get(name.name);
const container = async () => (await get()).status.containerStatuses?.[0];
const setImage = (image: string): Promise<unknown> => world.server.client.patch(pods, name, { type: "strategic", body: { spec: { containers: [{ name: "c", image }] } } });

async function told(): Promise<string[]> {
  const { items } = await world.server.client.list(events, { namespace: "default" });
  return items.filter(({ involvedObject }) => involvedObject.name === "p").map(({ type, reason, message }) => `${type} ${reason} ${message}`);
}

describe("a container of another image", () => {
  it.each(["Always", "Never"])("takes the place of the one that runs, in the same Pod, with the restart policy %s", async (restartPolicy) => {
    await create({ restartPolicy, containers: [{ name: "c", image: "busybox:1.36", command: ["sleep", "1d"] }] });
    const { metadata, status } = await get();
    const before = status.containerStatuses?.[0];
    await setImage("busybox:1.37");
    await world.server.advance(4000);
    expect(await container()).toMatchObject({ restartCount: 0, containerID: before?.containerID });
    await world.server.advance(4000);
    expect(await container()).toMatchObject({ restartCount: 1, ready: true, image: "docker.io/library/busybox:1.37", lastState: { terminated: { exitCode: 137, containerID: before?.containerID } } });
    const after = await get();
    expect([after.metadata.uid, after.status.phase, after.status.podIP]).toEqual([metadata.uid, "Running", status.podIP]);
    expect(await told()).toEqual(expect.arrayContaining(["Normal Killing Container c definition changed, will be restarted", 'Normal Pulling Pulling image "busybox:1.37"']));
    const { revision } = world.server.store;
    await world.server.advance(8000);
    expect(world.server.store.revision).toBe(revision);
  });

  it("is pulled at once when the one before could not be had", async () => {
    await create({ containers: [{ name: "c", image: "nosuchimage", command: ["sleep", "1d"] }] });
    await world.server.advance(120_000);
    expect((await container())?.state.waiting?.reason).toBe("ImagePullBackOff");
    await setImage("busybox:1.36");
    await world.server.advance(2000);
    expect(await container()).toMatchObject({ restartCount: 0, ready: true, state: { running: {} } });
    expect((await get()).status.phase).toBe("Running");
  });

  it("does not wait for the back-off of the one before", async () => {
    await create({ containers: [{ name: "c", image: "busybox:1.36", command: ["false"] }] });
    await world.server.advance(100_000);
    expect((await container())?.state.waiting?.reason).toBe("CrashLoopBackOff");
    const count = (await container())?.restartCount ?? 0;
    await setImage("busybox:1.37");
    await world.server.advance(2000);
    expect((await container())?.restartCount).toBe(count + 1);
  });
});

it("a deadline that is set later counts from the start of the Pod", async () => {
  await create({ containers: [{ name: "c", image: "busybox:1.36", command: ["sleep", "1d"] }] });
  await world.server.client.patch(pods, name, { type: "merge", body: { spec: { activeDeadlineSeconds: 60 } } });
  await world.server.advance(50_000);
  expect((await get()).status.phase).toBe("Running");
  await world.server.advance(15_000);
  expect((await get()).status).toMatchObject({ phase: "Failed", reason: "DeadlineExceeded" });
});
