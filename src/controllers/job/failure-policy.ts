import type { PodFailurePolicy, PodFailurePolicyOnExitCodesRequirement, PodFailurePolicyOnPodConditionsPattern } from "../../api/types/batch-v1.ts";
import type { ContainerStatus, Pod, PodCondition } from "../../api/types/core-v1.ts";

/** What a Job's podFailurePolicy says about one failed Pod. */
export interface FailureVerdict {
  readonly action: "FailJob" | "FailIndex" | "Ignore" | "Count";
  /** Why the Job fails: upstream's words, with FailJob only. */
  readonly message?: string;
}

/** The verdict of the first rule that matches; without one the failure counts. */
export function judgeFailure(policy: PodFailurePolicy | undefined, pod: Pod): FailureVerdict {
  for (const [index, rule] of (policy?.rules ?? []).entries()) {
    let what: string | undefined;
    const about = `${pod.metadata.namespace}/${pod.metadata.name}`;
    if (rule.onExitCodes) {
      const container = matchingContainer(pod, rule.onExitCodes);
      if (container) what = `Container ${container.name} for pod ${about} failed with exit code ${container.state.terminated?.exitCode}`;
    } else if (rule.onPodConditions) {
      const condition = matchingCondition(pod, rule.onPodConditions);
      if (condition) what = `Pod ${about} has condition ${condition.type}`;
    }
    if (what === undefined) continue;
    return rule.action === "FailJob" ? { action: "FailJob", message: `${what} matching FailJob rule at index ${index}` } : { action: rule.action };
  }
  return { action: "Count" };
}

function matchingContainer(pod: Pod, requirement: PodFailurePolicyOnExitCodesRequirement): ContainerStatus | undefined {
  const { containerStatuses = [], initContainerStatuses = [] } = pod.status;
  return [...containerStatuses, ...initContainerStatuses].find(({ name, state }) => {
    // Exit code 0 is no failure, whatever the rule lists.
    const code = state.terminated?.exitCode ?? 0;
    if (code === 0 || (requirement.containerName !== undefined && requirement.containerName !== name)) return false;
    return requirement.values.includes(code) === (requirement.operator === "In");
  });
}

function matchingCondition(pod: Pod, patterns: readonly PodFailurePolicyOnPodConditionsPattern[]): PodCondition | undefined {
  return pod.status.conditions?.find(({ type, status }) => patterns.some((pattern) => pattern.type === type && (pattern.status ?? "True") === status));
}
