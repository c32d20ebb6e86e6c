import type { Environment } from "../base/environment.ts";
import type { Container } from "../api/types/core-v1.ts";
import type { ContainerRuntime, ImageInfo } from "./runtime.ts";
import { ImageError } from "./runtime.ts";

/*
 * Pulls of a node follow each other (upstream: `serializeImagePulls`), failures back off per Pod and image from 10 s doubling to
 * five minutes, forgotten when the last is older than twice that.
 */
const backoffMsMin = 10_000;
const backoffMsMax = 300_000;

/** What a runtime says before a failure that has no code of its own; a kubelet leaves it out, and keeps every other code. */
const unknownCode = /^rpc error: code = Unknown desc = /;

export type Tell = (type: "Normal" | "Warning", reason: string, message: string) => void;

/** A container has no image now: what its status waits for. */
export class PullError extends Error {
  readonly reason: string;
  constructor(reason: string, message: string) {
    super(message);
    this.reason = reason;
  }
}

interface Failure {
  backoffMs: number;
  at: number;
  message: string;
}

/** Go's way to print a duration of whole milliseconds. */
export function goDuration(ms: number): string {
  if (ms < 1000) return `${ms}ms`;
  const minutes = Math.floor(ms / 60_000);
  const seconds = (ms - minutes * 60_000) / 1000;
  const text = `${Number(seconds.toFixed(3))}s`;
  return minutes > 0 ? `${minutes}m${text}` : text;
}

export class ImagePuller {
  private readonly runtime: ContainerRuntime;
  private readonly environment: Environment;
  private readonly failures = new Map<string, Failure>();
  private queue: Promise<unknown> = Promise.resolve();

  constructor(runtime: ContainerRuntime, environment: Environment) {
    this.runtime = runtime;
    this.environment = environment;
  }

  /** Resolves with the image once it is there; rejects with PullError. */
  async ensure(podUid: string, container: Container, tell: Tell): Promise<ImageInfo> {
    const image = container.image ?? "";
    const policy = container.imagePullPolicy ?? "IfNotPresent";
    const problem = this.runtime.imageNameProblem(image);
    if (problem !== undefined) {
      tell("Warning", "InspectFailed", problem);
      throw new PullError("InvalidImageName", problem);
    }
    const present = this.runtime.imageStatus(image);
    if (present && policy !== "Always") {
      tell("Normal", "Pulled", `Container image "${image}" already present on machine and can be accessed by the pod`);
      return present;
    }
    if (policy === "Never") {
      const message = `Container image "${image}" is not present with pull policy of Never`;
      tell("Warning", "ErrImageNeverPull", message);
      throw new PullError("ErrImageNeverPull", message);
    }
    const key = `${podUid}_${image}`;
    const failure = this.failures.get(key);
    if (failure && this.environment.clock.now() < failure.at + failure.backoffMs) {
      tell("Normal", "BackOff", `Back-off pulling image "${image}"`);
      throw new PullError("ImagePullBackOff", `Back-off pulling image "${image}": ErrImagePull: ${failure.message}`);
    }
    return this.pull(key, image, tell);
  }

  /** A Pod is gone: its failures are forgotten. */
  forget(podUid: string): void {
    for (const key of this.failures.keys()) if (key.startsWith(`${podUid}_`)) this.failures.delete(key);
  }

  private async pull(key: string, image: string, tell: Tell): Promise<ImageInfo> {
    const { clock } = this.environment;
    tell("Normal", "Pulling", `Pulling image "${image}"`);
    const asked = clock.now();
    const turn = this.queue.then(() => this.runtime.pullImage(image));
    this.queue = turn.catch(() => undefined);
    try {
      const info = await turn;
      this.failures.delete(key);
      const waited = goDuration(clock.now() - asked);
      tell("Normal", "Pulled", `Successfully pulled image "${image}" in ${goDuration(info.pullMs)} (${waited} including waiting). Image size: ${info.sizeBytes} bytes.`);
      return info;
    } catch (error) {
      if (!(error instanceof ImageError)) throw error;
      const now = clock.now();
      const before = this.failures.get(key);
      const expired = !before || now - before.at > 2 * backoffMsMax;
      const backoffMs = expired ? backoffMsMin : Math.min(before.backoffMs * 2, backoffMsMax);
      const message = error.message.replace(unknownCode, "");
      this.failures.set(key, { backoffMs, at: now, message });
      tell("Warning", "Failed", `Failed to pull image "${image}": ${message}`);
      throw new PullError("ErrImagePull", message);
    }
  }
}
