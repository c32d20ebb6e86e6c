import type { Namespace } from "../../api/types/core-v1.ts";
import { StatusError, forbidden, notFound } from "../../base/status-error.ts";
import type { AdmissionPlugin, AdmissionRequest } from "./admission.ts";
import type { AdmissionView } from "./view.ts";

/** NamespaceLifecycle: nothing new in a namespace that is missing or on its way out; three namespaces are never deleted. */
const immortal: ReadonlySet<string> = new Set(["default", "kube-system", "kube-public"]);

export const namespaceLifecycle: AdmissionPlugin = {
  name: "NamespaceLifecycle",
  mutate: admit,
  validate(request) {
    const { facts } = request.kind;
    if (request.operation === "DELETE" && facts.group === "" && facts.plural === "namespaces" && immortal.has(request.name)) {
      throw forbidden(facts, request.name, "this namespace may not be deleted");
    }
  },
};

function admit(request: AdmissionRequest, view: AdmissionView): void {
  const { kind, namespace, operation } = request;
  if (operation !== "CREATE" || !kind.facts.namespaced || namespace === "") return;
  // Reviews say nothing about whether the namespace is there.
  if (kind.facts.group === "authorization.k8s.io") return;
  const standing = view.get<Namespace>(`namespaces/${namespace}`);
  if (standing === undefined) throw notFound({ group: "", plural: "namespaces" }, namespace);
  if (standing.status?.phase !== "Terminating" && standing.metadata.deletionTimestamp === undefined) return;
  const { status, message } = forbidden(kind.facts, request.name, `unable to create new content in namespace ${namespace} because it is being terminated`);
  const cause = { reason: "NamespaceTerminating", message: `namespace ${namespace} is being terminated`, field: "metadata.namespace" };
  throw new StatusError({ code: status.code, reason: "Forbidden", message, details: { ...status.details, causes: [cause] } });
}
