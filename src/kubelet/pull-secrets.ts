import type { Pod } from "../api/types/core-v1.ts";
import type { PodObjects } from "./objects.ts";

/** The Secrets for registries that a Pod names and that are not there: nothing waits for them, a pull may only fail without. */
async function missingPullSecrets({ metadata, spec }: Pod, objects: PodObjects): Promise<readonly string[]> {
  const missing: string[] = [];
  for (const { name } of spec.imagePullSecrets ?? []) {
    if (name !== undefined && name !== "" && (await objects.secret(metadata.namespace ?? "", name)) === undefined) missing.push(name);
  }
  return missing;
}

/** What is to be told of them, at each look at the Pod; undefined where none is missing. */
export async function pullSecretsWarning(pod: Pod, objects: PodObjects): Promise<string | undefined> {
  const missing = await missingPullSecrets(pod, objects);
  return missing.length === 0 ? undefined : `Unable to retrieve some image pull secrets (${missing.join(", ")}); attempting to pull the image may not succeed.`;
}
