import { quantityValue } from "../base/quantity.ts";
import type { Pod } from "../api/types/core-v1.ts";
import { amountOf } from "../placement/resources.ts";
import type { ContainerRecord } from "./container-record.ts";
import { identityOf } from "./container-record.ts";
import { expand } from "./expansion.ts";
import type { PodAddresses } from "./field-paths.ts";
import { MissingError } from "./objects.ts";
import type { PodMeans } from "./pod-means.ts";
import type { ContainerConfig } from "./runtime.ts";
import { makeVariables } from "./variables.ts";
import { memoryBytesMaxOf, mountsOf } from "./volumes.ts";

export interface ContainerPlace {
  readonly pod: Pod;
  readonly addresses: PodAddresses;
  /** Folder by name of the volume. */
  readonly places: ReadonlyMap<string, string>;
  /** The container in the runtime whose processes this one is to see. */
  readonly target: string | undefined;
  readonly means: PodMeans;
}

/**
 * What the runtime is told of the next attempt of a container: its command line and environment with all references put in, its mounts,
 * limits and user. Throws a MissingError or VolumeError when something it refers to is not there.
 */
export async function containerConfig(record: ContainerRecord, { pod, addresses, places, target, means }: ContainerPlace): Promise<ContainerConfig> {
  const { spec, image } = record;
  if (!image) throw new Error("no image");
  const variables = await makeVariables({ pod, container: spec, addresses, allocatable: means.allocatable, objects: means.objects });
  const words = (list: readonly string[] | undefined): string[] => (list ?? []).map((text) => expand(text, variables));
  const command = spec.command && spec.command.length > 0 ? words(spec.command) : [...image.entrypoint];
  const given = spec.args && spec.args.length > 0;
  const args = given ? words(spec.args) : spec.command && spec.command.length > 0 ? [] : [...image.command];
  const { user, groups } = identityOf(spec, pod);
  const { memory, cpu } = spec.resources.limits ?? {};
  const wanted = spec.resources.requests?.["cpu"];
  if (user === undefined && (spec.securityContext?.runAsNonRoot ?? pod.spec.securityContext?.runAsNonRoot)) {
    throw new MissingError(`container has runAsNonRoot and image will run as root (pod: "${pod.metadata.name}_${pod.metadata.namespace}(${pod.metadata.uid})", container: ${spec.name})`);
  }
  return {
    name: spec.name,
    image,
    attempt: record.id === undefined ? 0 : record.restarts + 1,
    argv: [...command, ...args],
    workingDir: spec.workingDir || image.workingDir || "/",
    env: [...variables].map(([name, value]) => ({ name, value })),
    mounts: await mountsOf({ mounts: spec.volumeMounts ?? [], volumes: pod.spec.volumes ?? [], places, files: means.files, variables, bytesMax: memoryBytesMaxOf(pod) }),
    tty: spec.tty ?? false,
    stdin: spec.stdin ?? false,
    stdinOnce: spec.stdinOnce ?? false,
    readOnlyRootFilesystem: spec.securityContext?.readOnlyRootFilesystem ?? false,
    privileged: spec.securityContext?.privileged ?? false,
    ...(user === undefined ? {} : { user }),
    groups,
    ...(pod.spec.securityContext?.supplementalGroupsPolicy === "Strict" ? { hasOwnGroupsOnly: true } : {}),
    ...(memory === undefined ? {} : { memoryBytesMax: quantityValue(memory) }),
    ...(cpu === undefined ? {} : { cpuMillisMax: amountOf("cpu", cpu) }),
    ...(wanted === undefined ? {} : { cpuMillisWanted: amountOf("cpu", wanted) }),
    terminationMessagePath: spec.terminationMessagePath ?? "/dev/termination-log",
    ...(pod.spec.shareProcessNamespace ? { processesWith: "sandbox" as const } : {}),
    ...(target === undefined ? {} : { processesWith: { containerId: target } }),
  };
}
