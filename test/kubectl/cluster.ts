import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createCluster } from "../../src/node/create-cluster.ts";
import type { NodeCluster, NodeClusterOptions } from "../../src/node/create-cluster.ts";
import { kubectl } from "./kubectl.ts";
import type { KubectlOptions, KubectlResult } from "./kubectl.ts";

/** A cluster behind a port, and kubectl pointed at it. */
export interface KubectlCluster extends AsyncDisposable {
  readonly cluster: NodeCluster;
  /** Path of a kubeconfig with this one cluster. */
  readonly kubeconfig: string;
  kubectl(args: readonly string[], options?: Omit<KubectlOptions, "kubeconfig">): Promise<KubectlResult>;
}

export async function kubectlCluster(options: NodeClusterOptions = {}): Promise<KubectlCluster> {
  const cluster = await createCluster(options);
  const folder = mkdtempSync(join(tmpdir(), "coracle-cluster-"));
  const kubeconfig = join(folder, "config");
  writeFileSync(kubeconfig, (await cluster.listen()).kubeconfig, { mode: 0o600 });
  return {
    cluster,
    kubeconfig,
    kubectl: (args, rest = {}) => kubectl(args, { ...rest, kubeconfig, home: folder }),
    async [Symbol.asyncDispose]() {
      await cluster.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
