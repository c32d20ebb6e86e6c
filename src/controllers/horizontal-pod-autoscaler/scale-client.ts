import type { KubeObject } from "../../api/kind-ref.ts";
import type { Scale } from "../../api/types/autoscaling-v1.ts";
import type { HorizontalPodAutoscaler } from "../../api/types/autoscaling-v2.ts";
import type { PodMetrics } from "../../api/types/metrics-v1beta1.ts";
import type { Status } from "../../base/status-error.ts";
import { StatusError, isStatus } from "../../base/status-error.ts";
import type { Client } from "../../client/client.ts";
import { messageOf } from "../creation-failure.ts";
import { releaseKinds } from "../stored-kinds.ts";

/** How often a size is offered anew when somebody changed the target meanwhile: upstream's retry.DefaultRetry. */
const conflictsMax = 4;
const unserved = "the server could not find the requested resource";

/** The size of what an autoscaler names, whatever kind that is, and what its Pods use. What cannot be read is told in the server's words. */
export class ScaleClient {
  private readonly client: Client;

  constructor(client: Client) {
    this.client = client;
  }

  /** Where the size of an autoscaler's target is; undefined when there is no such kind. */
  pathOf({ metadata: { namespace = "" }, spec }: HorizontalPodAutoscaler): string | undefined {
    const { apiVersion = "v1", kind, name } = spec.scaleTargetRef;
    const target = releaseKinds.byKind(apiVersion, kind)?.ref;
    return target && `/${target.group ? "apis" : "api"}/${apiVersion}/namespaces/${namespace}/${target.plural}/${name}/scale`;
  }

  /** The size, or why it cannot be read. */
  read(path: string): Promise<Scale | string> {
    return this.get<Scale>(path);
  }

  /** What the selected Pods use, or why that cannot be read; nothing where no metric asks for it. */
  async podMetrics(scaler: HorizontalPodAutoscaler, selector: string): Promise<readonly PodMetrics[] | string> {
    if (!scaler.spec.metrics?.some(({ type }) => type === "Resource" || type === "ContainerResource")) return [];
    const list = await this.get<{ readonly items: readonly PodMetrics[] }>(`/apis/metrics.k8s.io/v1beta1/namespaces/${scaler.metadata.namespace}/pods`, `labelSelector=${encodeURIComponent(selector)}`);
    if (typeof list !== "string") return list.items;
    return list === unserved ? `${unserved} (get pods.metrics.k8s.io)` : list;
  }

  /** Writes another size, on top of what somebody else wrote meanwhile; resolves with why it was not taken. */
  async resize(path: string, from: Scale, replicas: number): Promise<string | undefined> {
    let scale = from;
    for (let conflicts = 0; ; conflicts++) {
      try {
        await this.ask("PUT", path, { body: { ...scale, spec: { ...scale.spec, replicas } } });
        return undefined;
      } catch (error) {
        const latest = isStatus(error, "Conflict") && conflicts < conflictsMax ? await this.read(path) : "";
        if (typeof latest === "string") return messageOf(error);
        scale = latest;
      }
    }
  }

  private async get<T>(path: string, query?: string): Promise<T | string> {
    try {
      return (await this.ask("GET", path, query === undefined ? {} : { query })) as T;
    } catch (error) {
      return messageOf(error);
    }
  }

  private async ask(method: string, path: string, options: { readonly query?: string; readonly body?: object } = {}): Promise<unknown> {
    const response = await this.client.request({ method, path, query: options.query ?? "", headers: {}, body: options.body as KubeObject | undefined, wants: "object" });
    if (response.body.type !== "object") throw new Error(unserved);
    const { object } = response.body;
    if (response.status < 400) return object;
    const status = object as unknown as Status;
    throw response.status === 409 ? new StatusError({ ...status, message: status.message ?? unserved }) : new Error(status.message ?? unserved);
  }
}
