import type { DaemonSet } from "../../api/types/apps-v1.ts";
import type { Node, Pod } from "../../api/types/core-v1.ts";
import type { Instant } from "../../base/environment.ts";
import type { Eligibility } from "./eligibility.ts";

/** What the parts of the plan of a DaemonSet share: what they see and what they ask to remove. */

export interface DaemonView {
  readonly set: DaemonSet;
  /** In order of name. */
  readonly nodes: readonly Node[];
  /** The Pods that the set controls. */
  readonly pods: readonly Pod[];
  /** The hash of the wanted template's revision. */
  readonly hash: string;
  readonly eligibility: Eligibility;
  /** Before this instant no failed Pod of the node may be removed. */
  readonly backoffUntil: (node: string) => Instant | undefined;
  readonly now: Instant;
}

export interface Removal {
  readonly pod: Pod;
  readonly node: string;
  /** "failed" and "succeeded" are told to users by an event of their own. */
  readonly why: "unwanted" | "excess" | "failed" | "succeeded" | "outdated";
}

export type PodsByNode = ReadonlyMap<string, readonly Pod[]>;
