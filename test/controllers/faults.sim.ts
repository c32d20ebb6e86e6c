import { afterEach, describe, expect, it } from "vitest";
import { cronJobs, daemonSets, deployments, jobs, pods, services } from "../../src/api/kinds.ts";
import { SeededRandom } from "../../src/base/random.ts";
import type { SimulatedMachine } from "../../src/sim/machine.ts";
import { World, rollingTo, seconds, selector, template } from "./small-world.ts";

/**
 * Machines lose power, are cut off, both at once, and lose their kubelets, for seconds or for longer than their Pods are waited for, while Pods are deleted and a
 * Deployment is rolled out: no promise is broken at any revision, everything is whole in the end, and then nothing is written any more.
 */

/** `CORACLE_FAULT_SEEDS=1-100` asks for others. */
const [first = 1, last = 3] = (process.env["CORACLE_FAULT_SEEDS"] ?? "1-3").split("-").map(Number);
const durations = [1, 20, 100, 500].map((each) => each * seconds);

let world: World | undefined;
afterEach(() => world?.stop());

type Fault = (world: World, machine: SimulatedMachine, options: { random: SeededRandom; ms: number }) => Promise<unknown>;

const faults: readonly Fault[] = [
  async ({ server }, machine, { ms }) => {
    machine.powerOff();
    await server.advance(ms);
    machine.powerOn();
  },
  async ({ server }, machine, { ms }) => {
    machine.setNetwork("Partitioned");
    await server.advance(ms);
    machine.setNetwork("Connected");
  },
  async ({ server }, machine, { ms }) => {
    machine.setNetwork("Partitioned");
    await server.advance(ms);
    machine.powerOff();
    machine.setNetwork("Connected");
    await server.advance(30 * seconds);
    machine.powerOn();
  },
  async ({ server }, machine, { ms }) => {
    const kubelet = async (verb: string): Promise<unknown> => machine.shell?.run({ argv: ["systemctl", verb, "kubelet"], tty: false, onOutput: () => undefined });
    void kubelet("stop");
    await server.advance(ms);
    void kubelet("start");
    await server.settle();
  },
  async ({ server: { client } }, _machine, { random }) => {
    const { items } = await client.list(pods, { namespace: "work" });
    const pod = items[random.below(items.length)];
    if (pod) await client.delete(pods, pod.metadata, { gracePeriodSeconds: random.below(2) * 5 });
  },
  async (shaken, _machine, { random }) => shaken.patch(deployments, "web", rollingTo(`sleep ${random.below(9) + 1}d`)),
];

async function load(onto: World, random: SeededRandom): Promise<void> {
  const initContainers = [{ name: "i", image: "busybox", command: ["sh", "-c", "sleep 2"] }, { name: "s", image: "busybox", restartPolicy: "Always", command: ["sleep", "1d"] }];
  const runs = (name: string, restartPolicy = "Never"): object => ({ completions: 6, parallelism: 2, backoffLimit: 100, template: template("sleep 60", { restartPolicy }, { app: name }) });
  await onto.create(deployments, "web", { replicas: 3, selector, template: template("sleep 1d", random.below(2) === 0 ? {} : { initContainers }) });
  await onto.create(services, "web", { selector: { app: "x" }, ports: [{ port: 80 }] });
  await onto.create(daemonSets, "daemon", { selector: { matchLabels: { app: "z" } }, template: template("sleep 1d", {}, { app: "z" }) });
  await onto.create(jobs, "by-index", { ...runs("by-index", random.below(2) === 0 ? "Never" : "OnFailure"), completionMode: "Indexed" });
  await onto.create(jobs, "plain", { ...runs("plain"), podReplacementPolicy: random.below(2) === 0 ? "Failed" : "TerminatingOrFailed" });
  await onto.create(cronJobs, "forbid", { schedule: "* * * * *", concurrencyPolicy: "Forbid", jobTemplate: { spec: { backoffLimit: 100, template: template("sleep 90", { restartPolicy: "Never" }, { app: "run" }) } } });
}

/** Which lines the state has in the end, and how often. */
const whole: readonly (readonly [RegExp, number])[] = [
  [/^Deployment web 3 3 3/, 1], [/^DaemonSet daemon 2 2 2/, 1], [/^Pod daemon Running/, 2], [/^Pod web.* Running/, 3], [/^EndpointSlice web 3/, 1],
  [/^Job by-index 6 \d+ 0 Complete 0-5/, 1], [/^Job plain 6 \d+ 0 Complete/, 1], [/^CronJob forbid 0 /, 1], [/job-tracking/, 0], [/going$/, 0],
];

describe("faults of machines", () => {
  for (let seed = first; seed <= last; seed++) {
    it(`are survived, seed ${seed}`, { timeout: 600_000 }, async () => {
      const random = new SeededRandom(seed);
      const shaken = (world = await World.start(undefined));
      await load(shaken, random);
      for (let i = 0; i < 5; i++) {
        await shaken.server.advance(random.below(90 * seconds));
        const machine = shaken.machines[random.below(2)] as SimulatedMachine;
        await faults[random.below(faults.length)]?.(shaken, machine, { random, ms: durations[random.below(durations.length)] as number });
      }
      await shaken.patch(cronJobs, "forbid", { spec: { suspend: true } });
      await shaken.server.advance(3000 * seconds);
      const state = await shaken.state();
      const found = whole.map(([line]) => [line, state.filter((each) => line.test(each)).length]);
      expect({ broken: [...shaken.broken], found }, state.join("\n")).toEqual({ broken: [], found: whole });
      const written = shaken.first?.written.length;
      await shaken.server.advance(600 * seconds);
      expect(shaken.first?.written.slice(written)).toEqual([]);
    });
  }
});
