import type { DaemonSet } from "../../api/types/apps-v1.ts";
import type { Node, PodSpec } from "../../api/types/core-v1.ts";
import { nodeMatches } from "../../placement/node-affinity.ts";
import { untoleratedTaint } from "../../placement/taints.ts";
import { daemonTolerations } from "./daemon-pod.ts";

/** What a DaemonSet wants of one node. */
export interface Verdict {
  /** A Pod should be made where there is none. */
  readonly run: boolean;
  /** A Pod that is there may stay. */
  readonly stay: boolean;
}

const wanted: Verdict = { run: true, stay: true };
/** A taint forbids new Pods, and does not evict. */
const tolerated: Verdict = { run: false, stay: true };
const unwanted: Verdict = { run: false, stay: false };

/** Judges nodes for one template; remembers the verdict on a node for as long as the node's labels and taints stay the same. */
export class Eligibility {
  private readonly spec: PodSpec;
  private readonly known = new Map<string, { readonly node: Node; readonly verdict: Verdict }>();

  constructor(set: DaemonSet) {
    const spec = set.spec.template.spec;
    this.spec = { ...spec, tolerations: daemonTolerations(spec) };
  }

  of(node: Node): Verdict {
    const known = this.known.get(node.metadata.name);
    if (known && (known.node === node || (known.node.metadata.labels === node.metadata.labels && known.node.spec.taints === node.spec.taints))) {
      return known.verdict;
    }
    const verdict = this.judge(node);
    this.known.set(node.metadata.name, { node, verdict });
    return verdict;
  }

  /** Judges anew; the last verdict, when it was another one. A node that has gone is forgotten: the last verdict, when its Pods counted. */
  turned(name: string, node: Node | undefined): Verdict | undefined {
    const before = this.known.get(name)?.verdict;
    if (node) return before !== undefined && this.of(node) !== before ? before : undefined;
    this.known.delete(name);
    return before?.stay === true ? before : undefined;
  }

  private judge(node: Node): Verdict {
    const { nodeName, tolerations } = this.spec;
    if (nodeName && nodeName !== node.metadata.name) return unwanted;
    if (!nodeMatches(this.spec, node)) return unwanted;
    if (!untoleratedTaint(node.spec.taints, tolerations, ["NoSchedule", "NoExecute"])) return wanted;
    return untoleratedTaint(node.spec.taints, tolerations, ["NoExecute"]) ? unwanted : tolerated;
  }
}
