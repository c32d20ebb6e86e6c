import { afterEach, describe, expect, it } from "vitest";
import { cronJobs, daemonSets, deployments, jobs, namespaces, persistentVolumeClaims, persistentVolumes, podDisruptionBudgets, resourceQuotas, services, storageClasses } from "../../src/api/kinds.ts";
import { World, manners, rollingTo, seconds, selector, template } from "./small-world.ts";
import type { Death } from "./small-world.ts";

/**
 * Whoever controls a cluster may die after any write, with or without having heard the answer, or go on unnoticed beside its successor: who
 * takes over has fresh views, no promise is broken at any revision, and in the end everything stands as it would have otherwise.
 */

/** Each story ends at rest. */
const stories: { readonly [name: string]: (world: World) => Promise<void> } = {
  "a Deployment is rolled out anew, scaled and exposed": async (world) => {
    await world.create(services, "web", { selector: { app: "x" }, ports: [{ port: 80 }] });
    await world.create(podDisruptionBudgets, "web", { minAvailable: 1, selector });
    await world.create(resourceQuotas, "all", { hard: { pods: "20", services: "3" } });
    await world.create(deployments, "web", { replicas: 4, selector, template: template("sleep 1d") });
    await world.server.advance(10 * seconds);
    await world.patch(deployments, "web", rollingTo("sleep 2d"));
    await world.server.advance(5 * seconds);
    await world.patch(deployments, "web", { spec: { replicas: 2 } });
    await world.server.advance(60 * seconds);
  },
  "a Deployment is made anew at once": async (world) => {
    await world.create(deployments, "web", { replicas: 2, strategy: { type: "Recreate" }, selector, template: template("sleep 1d") });
    await world.server.advance(10 * seconds);
    await world.patch(deployments, "web", rollingTo("sleep 2d"));
    await world.server.advance(60 * seconds);
  },
  "a DaemonSet is rolled out anew": async (world) => {
    await world.create(daemonSets, "daemon", { selector, template: template("sleep 1d") });
    await world.server.advance(10 * seconds);
    await world.patch(daemonSets, "daemon", rollingTo("sleep 2d"));
    await world.server.advance(60 * seconds);
  },
  "a DaemonSet is rolled out with a surge": async (world) => {
    await world.create(daemonSets, "surging", { updateStrategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } }, selector, template: template("sleep 1d") });
    await world.server.advance(10 * seconds);
    await world.patch(daemonSets, "surging", rollingTo("sleep 2d"));
    await world.server.advance(60 * seconds);
  },
  "a Job of which some Pods fail": async (world) => {
    await world.create(jobs, "some", { completions: 3, parallelism: 2, template: template('sleep 3; [ -e /mark/$HOSTNAME ] || { mkdir -p /mark/x && [ ! -e /mark/second ] && touch /mark/second; }', { restartPolicy: "Never" }) });
    await world.server.advance(300 * seconds);
    await world.patch(jobs, "some", { spec: { suspend: false } });
    await world.server.advance(60 * seconds);
  },
  "an indexed Job with an index that fails": async (world) => {
    await world.create(jobs, "by-index", { completions: 3, parallelism: 2, completionMode: "Indexed", backoffLimitPerIndex: 1, template: template("sleep 2; test $JOB_COMPLETION_INDEX != 1", { restartPolicy: "Never" }) });
    await world.server.advance(120 * seconds);
  },
  "a Job that gives up": async (world) => {
    await world.create(jobs, "hopeless", { backoffLimit: 1, parallelism: 2, completions: 2, template: template("sleep 2; exit 1", { restartPolicy: "Never" }) });
    await world.server.advance(120 * seconds);
  },
  "a Job that is suspended and resumed": async (world) => {
    await world.create(jobs, "paused", { parallelism: 2, completions: 2, template: template("sleep 8", { restartPolicy: "Never" }) });
    await world.server.advance(4 * seconds);
    await world.patch(jobs, "paused", { spec: { suspend: true } });
    await world.server.advance(10 * seconds);
    await world.patch(jobs, "paused", { spec: { suspend: false } });
    await world.server.advance(60 * seconds);
  },
  "a CronJob that forbids a second run": async (world) => {
    await world.create(cronJobs, "forbid", { schedule: "* * * * *", concurrencyPolicy: "Forbid", successfulJobsHistoryLimit: 1, jobTemplate: { spec: { template: template("sleep 90", { restartPolicy: "Never" }) } } });
    await world.server.advance(290 * seconds);
    await world.patch(cronJobs, "forbid", { spec: { suspend: true } });
    await world.server.advance(150 * seconds);
  },
  "a CronJob that replaces its run": async (world) => {
    await world.create(cronJobs, "replace", { schedule: "* * * * *", concurrencyPolicy: "Replace", jobTemplate: { spec: { template: template("sleep 90", { restartPolicy: "Never" }) } } });
    await world.server.advance(170 * seconds);
    await world.patch(cronJobs, "replace", { spec: { suspend: true } });
    await world.server.advance(150 * seconds);
  },
  "deletions in the foreground, and of an owner alone": async (world) => {
    await world.create(deployments, "web", { replicas: 2, selector, template: template("sleep 1d") });
    await world.create(jobs, "long", { template: template("sleep 1d", { restartPolicy: "Never" }, { app: "y" }) });
    await world.create(daemonSets, "daemon", { selector: { matchLabels: { app: "z" } }, template: template("sleep 1d", {}, { app: "z" }) });
    await world.server.advance(10 * seconds);
    const name = (each: string): { namespace: string; name: string } => ({ namespace: "work", name: each });
    await world.server.client.delete(deployments, name("web"), { propagationPolicy: "Foreground" });
    await world.server.client.delete(jobs, name("long"), { propagationPolicy: "Background" });
    await world.server.client.delete(daemonSets, name("daemon"), { propagationPolicy: "Orphan" });
    await world.server.advance(60 * seconds);
  },
  "a namespace that goes with all that is in it": async (world) => {
    await world.create(deployments, "web", { replicas: 2, selector, template: template("sleep 1d") });
    await world.create(jobs, "long", { template: template("sleep 1d", { restartPolicy: "Never" }, { app: "y" }) });
    await world.create(services, "web", { selector: { app: "x" }, ports: [{ port: 80 }] });
    await world.server.advance(10 * seconds);
    await world.server.client.delete(namespaces, { name: "work" });
    await world.server.advance(120 * seconds);
  },
  "claims that wait for a Pod, and one that does not": async (world) => {
    const { client } = world.server;
    await client.create(storageClasses, { metadata: { name: "late" }, provisioner: "kubernetes.io/no-provisioner", volumeBindingMode: "WaitForFirstConsumer" });
    const access = { accessModes: ["ReadWriteOnce" as const] };
    for (const [name, storageClassName] of [["v1", "late"], ["v2", "late"], ["v3", ""]] as const) {
      await client.create(persistentVolumes, { metadata: { name }, spec: { ...access, storageClassName, capacity: { storage: "1Gi" }, persistentVolumeReclaimPolicy: "Delete", hostPath: { path: `/tmp/${name}` } } });
      await world.create(persistentVolumeClaims, name.replace("v", "c"), { ...access, storageClassName, resources: { requests: { storage: "1Gi" } } });
    }
    const volumes = ["c1", "c2", "c3"].map((claimName) => ({ name: claimName, persistentVolumeClaim: { claimName } }));
    await world.create(deployments, "stored", { replicas: 1, strategy: { type: "Recreate" }, selector, template: template("sleep 1d", { volumes }) });
    await world.server.advance(30 * seconds);
    await world.server.client.delete(deployments, { namespace: "work", name: "stored" });
    await world.server.client.delete(persistentVolumeClaims, { namespace: "work", name: "c3" });
    await world.server.advance(60 * seconds);
  },
  "a machine that is off for a quarter of an hour": async (world) => {
    await world.create(deployments, "web", { replicas: 2, selector, template: template("sleep 1d") });
    await world.create(daemonSets, "daemon", { selector: { matchLabels: { app: "z" } }, template: template("sleep 1d", {}, { app: "z" }) });
    await world.create(jobs, "work", { backoffLimit: 3, template: template("sleep 400", { restartPolicy: "Never", nodeSelector: { "kubernetes.io/hostname": "two" } }, { app: "y" }) });
    await world.server.advance(10 * seconds);
    world.machines[1]?.powerOff();
    await world.server.advance(900 * seconds);
    world.machines[1]?.powerOn();
    await world.server.advance(600 * seconds);
  },
};
/** All deaths with `CORACLE_CRASH_POINTS=all`; otherwise a few that differ from story to story. */
const everything = process.env["CORACLE_CRASH_POINTS"] === "all";
const only = process.env["CORACLE_CRASH_STORY"];

let world: World | undefined;
afterEach(() => world?.stop());

async function tell(story: (world: World) => Promise<void>, death?: Death): Promise<{ state: string[]; broken: string[]; writes: number; idle: readonly string[] }> {
  world = await World.start(death);
  await story(world);
  // Back-off of a successor, and of what was refused when nobody was there.
  await world.server.advance(60 * seconds);
  const told = { state: await world.state(), broken: [...world.broken], writes: world.first?.written.length ?? 0, idle: death ? [] : await world.idleWrites() };
  world.stop();
  return told;
}

describe("a control plane that dies", () => {
  for (const [place, [name, story]] of Object.entries(stories).entries()) {
    if (only !== undefined && !name.includes(only)) continue;
    it(name, { timeout: 3_600_000 }, async () => {
      const undisturbed = await tell(story);
      expect(undisturbed.broken).toEqual([]);
      expect(undisturbed.idle).toEqual([]);
      const one = { after: Math.ceil(undisturbed.writes * ((place * 0.37) % 1)), manner: manners[place % manners.length] as Death["manner"] };
      const deaths = everything ? Array.from({ length: undisturbed.writes }, (_, i) => manners.map((manner) => ({ after: i + 1, manner }))).flat() : [one];
      const wrong: string[] = [];
      for (const death of deaths) {
        const { state, broken } = await tell(story, death);
        const lost = undisturbed.state.filter((line) => !state.includes(line));
        const extra = state.filter((line) => !undisturbed.state.includes(line));
        if (broken.length + lost.length + extra.length > 0 || state.length !== undisturbed.state.length) wrong.push(`${JSON.stringify(death)}: ${JSON.stringify({ broken, lost, extra, lines: [undisturbed.state.length, state.length] })}`);
      }
      expect(wrong, `${undisturbed.writes} writes\n${undisturbed.state.join("\n")}`).toEqual([]);
    });
  }
});
