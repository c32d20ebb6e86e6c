import type { Draft } from "../../base/json.ts";
import { badRequest, conflict, notFound } from "../../base/status-error.ts";
import { formatTime } from "../../base/time.ts";
import type { KubeObject } from "../../api/kind-ref.ts";
import type { Binding, Pod } from "../../api/types/core-v1.ts";
import { RevisionConflict } from "../../store/contract.ts";
import { decodeObject } from "../body.ts";
import { admissionRequest, sealed } from "../commit.ts";
import type { ResourceCall } from "../context.ts";
import { plainError } from "../errors.ts";
import { keyOf } from "../keys.ts";
import { orderedMeta } from "../meta.ts";
import { dataAnswer } from "../represent.ts";
import type { ApiResponse } from "../request.ts";
import { writeOptions } from "../write-options.ts";

/** POST of /binding: puts a Pod on a node, once. */
export async function bind(call: ResourceCall): Promise<ApiResponse> {
  const options = writeOptions("CreateOptions", call.query, call.request);
  const kind = call.server.registry.byKind("v1", "Binding");
  if (kind === undefined) throw new Error("Binding is not registered");
  const binding = decodeObject(call, kind, options.fieldValidation) as unknown as Draft<Binding>;
  const name = binding.metadata.name ?? "";
  if (name !== "" && name !== call.name) throw badRequest("name in URL does not match name in Binding object");
  checkBinding(binding as unknown as Binding);
  for (;;) {
    const current = call.server.store.get(keyOf(call.kind, call.namespace, call.name));
    if (current === undefined) throw notFound(call.kind.facts, call.name);
    call.server.admission.validate(admissionRequest(call, { operation: "CREATE", object: binding as unknown as Draft<KubeObject>, old: undefined, dryRun: options.dryRun }));
    const next = assigned(call, current.object as Pod, binding as unknown as Binding);
    try {
      if (!options.dryRun) await call.server.store.put(current.key, current.revision, sealed(next));
      return dataAnswer(call, 201, { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", code: 201 });
    } catch (error) {
      if (!(error instanceof RevisionConflict)) throw error;
    }
  }
}

/** Upstream answers these as plain errors. */
function checkBinding({ target }: Binding): void {
  if (target.kind !== undefined && target.kind !== "" && target.kind !== "Node") throw plainError(`target.kind: Unsupported value: ${JSON.stringify(target.kind)}: supported values: "Node", "<empty>"`);
  if (target.name === undefined || target.name === "") throw plainError("target.name: Required value");
}

function assigned(call: ResourceCall, pod: Pod, binding: Binding): Draft<KubeObject> {
  const { facts } = call.kind;
  const node = binding.target.name as string;
  const { uid, resourceVersion, annotations, labels } = binding.metadata;
  if (uid !== undefined && uid !== "" && uid !== pod.metadata.uid) {
    throw conflict(facts, call.name, `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${pod.metadata.uid}`);
  }
  if (resourceVersion !== undefined && resourceVersion !== "" && resourceVersion !== pod.metadata.resourceVersion) {
    throw conflict(facts, call.name, `Precondition failed: ResourceVersion in precondition: ${resourceVersion}, ResourceVersion in object meta: ${pod.metadata.resourceVersion}`);
  }
  if (pod.metadata.deletionTimestamp !== undefined) throw conflict({ group: "", plural: "pods/binding" }, call.name, `pod ${call.name} is being deleted, cannot be assigned to a host`);
  const standing = pod.spec?.nodeName ?? "";
  if (standing !== "") throw conflict({ group: "", plural: "pods/binding" }, call.name, `pod ${call.name} is already assigned to node ${JSON.stringify(standing)}`);
  if ((pod.spec?.schedulingGates ?? []).length > 0) {
    throw conflict({ group: "", plural: "pods/binding" }, call.name, `pod ${call.name} has non-empty .spec.schedulingGates`);
  }
  const now = formatTime(call.server.environment.clock.now());
  const conditions = (pod.status?.conditions ?? []).filter(({ type }) => type !== "PodScheduled");
  // The node that was being cleared for it, if any, has done its duty (upstream: ClearingNominatedNodeNameAfterBinding).
  const { nominatedNodeName: _, ...status } = pod.status ?? {};
  const scheduled = { type: "PodScheduled", status: "True", lastProbeTime: null, lastTransitionTime: now };
  return {
    ...pod,
    metadata: orderedMeta({
      ...pod.metadata,
      ...(annotations === undefined ? {} : { annotations: { ...pod.metadata.annotations, ...annotations } }),
      ...(labels === undefined ? {} : { labels: { ...pod.metadata.labels, ...labels } }),
    }),
    spec: { ...pod.spec, nodeName: node },
    status: { ...status, conditions: [...conditions, scheduled] },
  } as unknown as Draft<KubeObject>;
}
