import type { PodDisruptionBudget } from "../api/types/policy-v1.ts";
import type { Random } from "../base/environment.ts";
import type { Misfit, Wanted } from "../placement/fit.ts";
import { misfit } from "../placement/fit.ts";
import { namedNodes } from "../placement/node-affinity.ts";
import type { NodeState, NodeStates, Standing } from "../placement/node-state.ts";
import { affinityCheck } from "../placement/pod-affinity.ts";
import type { NamespaceLabels } from "../placement/pod-affinity.ts";
import { spreadCheck } from "../placement/topology-spread.ts";
import { claimCheck, noClaims } from "./claims.ts";
import type { ClaimBindings, ClaimView } from "./claims.ts";
import { hasLesser, ineligible, preempt } from "./preempt.ts";
import type { Preemption } from "./preempt.ts";
import type { Refusal } from "./refusal.ts";
import { scoresFor } from "./score.ts";
import type { ServicesOf } from "./spread-score.ts";
import { soleUseMisfit } from "./volume-rules.ts";

/** Where a Pod goes, or why it goes nowhere. */
export type Decision =
  /** `claims`: what the Pod's volumes need before it is bound. */
  | { readonly type: "bind"; readonly nodeName: string; readonly claims?: ClaimBindings }
  | { readonly type: "preempt"; readonly preemption: Preemption; readonly message: string }
  /** `unbound`: it waits for its claims, whatever the nodes are like. `promised`: it waits for those to go that leave for it. `outranks`: some that are in its way. */
  | { readonly type: "pending"; readonly message: string; readonly refusals: readonly Refusal[]; readonly unbound?: true; readonly promised?: true; readonly outranks?: true };

const notNamed: Misfit = { predicate: "NodeAffinity", reasons: ["node(s) didn't satisfy plugin(s) [NodeAffinity]"], final: true };

const noLabels: NamespaceLabels = () => undefined;
const noServices: ServicesOf = () => [];

/** What a decision looks at beside Pods and nodes. */
export interface Surroundings {
  readonly namespaceLabels?: NamespaceLabels;
  readonly claims?: ClaimView;
  readonly servicesOf?: ServicesOf;
  /** Of all namespaces. */
  readonly budgets?: readonly PodDisruptionBudget[];
}

/**
 * Decides for one Pod over all nodes, purely: the same states, Pod and random position give the same decision. Of the nodes
 * with the highest score one is drawn.
 */
export function decide(wanted: Wanted, states: NodeStates, random: Random, { namespaceLabels = noLabels, claims: view = noClaims, servicesOf = noServices, budgets = [] }: Surroundings = {}): Decision {
  if (states.size === 0) return { type: "pending", message: "no nodes available to schedule pods", refusals: [] };
  const claims = claimCheck(wanted.pod, view);
  // Upstream's next step finds nothing of the one that was skipped, and says so.
  if (typeof claims === "string") return { type: "pending", message: `0/${states.size} nodes are available: ${claims}. not found`, refusals: [], unbound: true };
  const named = namedNodes(wanted.pod.spec);
  const spread = spreadCheck(wanted.pod, states);
  const affinity = affinityCheck(wanted.pod, states, namespaceLabels);
  const inUse = claims && soleUseMisfit(wanted.pod, view, states);
  const refuses = (state: NodeState): Misfit | undefined => misfit(wanted, state) ?? inUse ?? claims?.refuses(state.node) ?? spread?.(state) ?? affinity?.(state);
  const bindTo = ({ node }: NodeState): Decision => ({ type: "bind", nodeName: node.metadata.name, ...(claims && { claims: claims.bindings(node) }) });
  const promised = states.get(wanted.pod.status.nominatedNodeName ?? "");
  if (promised && (!named || named.has(promised.node.metadata.name)) && !refuses(promised)) return bindTo(promised);
  const feasible: NodeState[] = [];
  const refusals: Refusal[] = [];
  if (named) {
    for (const name of named) {
      const state = states.get(name);
      if (!state) continue;
      const why = refuses(state);
      if (why) refusals.push({ nodeName: name, misfit: why });
      else feasible.push(state);
    }
  } else {
    for (const [nodeName, state] of states) {
      const why = refuses(state);
      if (why) refusals.push({ nodeName, misfit: why });
      else feasible.push(state);
    }
  }
  if (feasible.length > 0) return bindTo(best(feasible, random, () => scoresFor(wanted.pod, feasible, { states, namespaceLabels, servicesOf })));
  const message = refusalText(refusals, states.size, states.size - refusals.length);
  const pending = (why: string, more: { promised?: true; outranks?: true } = {}): Decision => ({ type: "pending", message: `${message} no new claims to deallocate, preemption: ${why}`, refusals, ...more });
  const why = ineligible({ pod: wanted.pod, states, refusals });
  if (why !== undefined) return pending(why, { promised: true });
  const minds = spread !== undefined || affinity !== undefined;
  const fits = (state: NodeState, among: Standing): boolean =>
    !misfit(wanted, state) && !(inUse && soleUseMisfit(wanted.pod, view, among)) && !claims?.refuses(state.node) && !(minds && (spreadCheck(wanted.pod, among)?.(state) ?? affinityCheck(wanted.pod, among, namespaceLabels)?.(state)));
  const preemption = preempt({ pod: wanted.pod, states, refusals, budgets, fits });
  if (preemption) return { type: "preempt", preemption, message };
  return pending(uselessText(refusals, states.size), hasLesser({ pod: wanted.pod, states, refusals }) ? { outranks: true } : {});
}

function best(feasible: readonly NodeState[], random: Random, judge: () => readonly number[]): NodeState {
  if (feasible.length === 1) return feasible[0] as NodeState;
  const scores = judge();
  const most = Math.max(...scores);
  const ties = feasible.filter((_, i) => scores[i] === most);
  return ties[random.below(ties.length)] as NodeState;
}

/** `0/3 nodes are available: 1 node(s) were unschedulable, 2 Insufficient cpu.`: counts per reason, sorted as texts. */
export function refusalText(refusals: readonly Refusal[], nodes: number, notAsked: number): string {
  const counts = new Map<string, number>();
  const count = (reason: string, by: number): void => void counts.set(reason, (counts.get(reason) ?? 0) + by);
  for (const { misfit } of refusals) for (const reason of misfit.reasons) count(reason, 1);
  if (notAsked > 0) for (const reason of notNamed.reasons) count(reason, notAsked);
  const texts = [...counts].map(([reason, n]) => `${n} ${reason}`).sort();
  return `0/${nodes} nodes are available: ${texts.join(", ")}.`;
}

function uselessText(refusals: readonly Refusal[], nodes: number): string {
  const open = refusals.filter((refusal) => !refusal.misfit.final).length;
  const texts = [];
  if (open > 0) texts.push(`${open} No preemption victims found for incoming pod`);
  if (nodes > open) texts.push(`${nodes - open} Preemption is not helpful for scheduling`);
  return `0/${nodes} nodes are available: ${texts.sort().join(", ")}.`;
}
