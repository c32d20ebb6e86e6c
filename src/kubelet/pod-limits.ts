import type { Timer } from "../base/environment.ts";
import type { Pod } from "../api/types/core-v1.ts";
import type { PodMeans } from "./pod-means.ts";
import type { Failure } from "./pod-status.ts";
import { exceededLimit, isDiskLimited, measureMs } from "./volume-limits.ts";

export interface PodLimitsOptions {
  readonly means: PodMeans;
  readonly pod: () => Pod;
  /** When the node took the Pod on, in milliseconds. */
  readonly startedAt: number;
  /** What a container has written into its own layer. */
  readonly diskBytes: (container: string) => number;
  /** Called at most once for each watch that is running. */
  readonly exceeded: (type: "Normal" | "Warning", failure: Failure) => void;
}

/** Watches the limits that end a whole Pod: how long it may be active, and how much it may write. */
export class PodLimits {
  private readonly options: PodLimitsOptions;
  private deadline: Timer | undefined;
  private measure: Timer | undefined;
  private stopped = false;

  constructor(options: PodLimitsOptions) {
    this.options = options;
  }

  /** Sets the alarm of `activeDeadlineSeconds` anew, which may have been given, changed or taken away. */
  watchTime(): void {
    this.deadline?.cancel();
    const seconds = this.options.pod().spec.activeDeadlineSeconds;
    if (seconds === undefined || this.stopped) return;
    this.deadline = this.options.means.environment.clock.at(this.options.startedAt + seconds * 1000, () => {
      this.options.exceeded("Normal", { reason: "DeadlineExceeded", message: "Pod was active on the node longer than the specified deadline" });
    });
  }

  /** Looks now and then at what the Pod has written into these folders of its volumes, where that is limited. */
  watchDisk(places: ReadonlyMap<string, string>): void {
    const { means, pod, diskBytes, exceeded } = this.options;
    if (!isDiskLimited(pod()) || this.stopped) return;
    this.measure = means.environment.clock.after(measureMs, () => {
      void exceededLimit(pod(), { places, files: means.files, ofContainer: diskBytes }).then((message) => {
        if (message === undefined) return this.watchDisk(places);
        exceeded("Warning", { reason: "Evicted", message });
      });
    });
  }

  stop(): void {
    this.stopped = true;
    this.deadline?.cancel();
    this.measure?.cancel();
  }
}
