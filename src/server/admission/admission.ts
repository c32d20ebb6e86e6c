import type { Draft } from "../../base/json.ts";
import type { KubeObject } from "../../api/kind-ref.ts";
import type { Kind } from "../../api/registry.ts";
import type { UserInfo } from "../request.ts";
import type { AdmissionView } from "./view.ts";

/** One write on its way, as admission plugins see it. */
export interface AdmissionRequest {
  readonly operation: "CREATE" | "UPDATE" | "DELETE" | "CONNECT";
  readonly kind: Kind;
  /** "" for the object itself. */
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
  readonly user: UserInfo;
  /** The new state; absent for DELETE. Mutating plugins change it in place. */
  readonly object: Draft<KubeObject> | undefined;
  /** The state before; absent for CREATE. */
  readonly old: KubeObject | undefined;
  readonly dryRun: boolean;
  /** Adds a Warning header. */
  readonly warn: (text: string) => void;
}

/** A plugin throws StatusError to refuse. It is synchronous: it looks at the store only. */
export interface AdmissionPlugin {
  readonly name: string;
  /** What a create waits for before it is admitted, where something is known to be on its way; undefined: nothing. */
  readonly prepare?: (request: AdmissionRequest, view: AdmissionView) => Promise<void> | undefined;
  readonly mutate?: (request: AdmissionRequest, view: AdmissionView) => void;
  readonly validate?: (request: AdmissionRequest, view: AdmissionView) => void;
}

/** The plugins in upstream's order: all that mutate, then, after validation, all that judge. */
export class Admission {
  private readonly preparing: readonly AdmissionPlugin[];
  private readonly mutating: readonly AdmissionPlugin[];
  private readonly validating: readonly AdmissionPlugin[];
  private readonly view: AdmissionView;

  constructor(plugins: readonly AdmissionPlugin[], view: AdmissionView) {
    this.preparing = plugins.filter((plugin) => plugin.prepare !== undefined);
    this.mutating = plugins.filter((plugin) => plugin.mutate !== undefined);
    this.validating = plugins.filter((plugin) => plugin.validate !== undefined);
    this.view = view;
  }

  /** Undefined when there is nothing to wait for, which is nearly always: the write then goes on within the same turn. */
  prepare(request: AdmissionRequest): Promise<void> | undefined {
    for (const plugin of this.preparing) {
      const wait = plugin.prepare?.(request, this.view);
      if (wait !== undefined) return wait;
    }
    return undefined;
  }

  mutate(request: AdmissionRequest): void {
    for (const plugin of this.mutating) plugin.mutate?.(request, this.view);
  }

  validate(request: AdmissionRequest): void {
    for (const plugin of this.validating) plugin.validate?.(request, this.view);
  }
}
