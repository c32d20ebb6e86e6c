import type { Draft } from "../../base/json.ts";
import type { FieldError } from "../../base/field-error.ts";
import { badRequest, conflict, invalid, notFound } from "../../base/status-error.ts";
import { formatTime } from "../../base/time.ts";
import type { Kind } from "../../api/registry.ts";
import type { KubeObject } from "../../api/kind-ref.ts";
import type { BoundObjectReference, TokenRequest, TokenRequestSpec } from "../../api/types/authentication-v1.ts";
import type { Pod, ServiceAccount } from "../../api/types/core-v1.ts";
import { decodeObject } from "../body.ts";
import { admissionRequest } from "../commit.ts";
import type { ResourceCall } from "../context.ts";
import { keyOf } from "../keys.ts";
import { fieldError } from "../option-errors.ts";
import { dataAnswer } from "../represent.ts";
import type { ApiResponse } from "../request.ts";
import { apiAudiences } from "../tokens/service-account-tokens.ts";
import type { TokenWish } from "../tokens/service-account-tokens.ts";
import type { NamedObject } from "../tokens/token-signer.ts";
import { writeOptions } from "../write-options.ts";

/** POST of /token: a token for a service account, bound to a Pod, a Node or a Secret if the request says so. */
const tokenRef = { group: "authentication.k8s.io", version: "v1", apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", plural: "tokenrequests", namespaced: true } as const;

const defaultSeconds = 3600;
const leastSeconds = 600;
const mostSeconds = 2 ** 32;

export async function requestToken(call: ResourceCall): Promise<ApiResponse> {
  const options = writeOptions("CreateOptions", call.query, call.request);
  const draft = decodeObject(call, tokenKind(), options.fieldValidation) as unknown as Draft<TokenRequest>;
  const { metadata } = draft;
  if ((metadata.name ?? "") !== "" && metadata.name !== call.name) throw badRequest("name in URL does not match name in TokenRequest object");
  if ((metadata.namespace ?? "") !== "" && metadata.namespace !== call.namespace) throw badRequest("namespace in URL does not match namespace in TokenRequest object");
  // What is absent is null: Go's type leaves nothing out.
  const { audiences: asked, expirationSeconds: seconds, boundObjectRef } = draft.spec as unknown as { readonly [Field in keyof TokenRequestSpec]: TokenRequestSpec[Field] | null };
  const expirationSeconds = seconds ?? defaultSeconds;
  const account = call.server.store.get(keyOf(call.kind, call.namespace, call.name))?.object as ServiceAccount | undefined;
  if (account === undefined) throw notFound(call.kind.facts, call.name);
  check(expirationSeconds);
  const audiences = asked === null || asked === undefined || asked.length === 0 ? apiAudiences : asked;
  const spec = { audiences, expirationSeconds, boundObjectRef: boundObjectRef ?? null };
  const request = { kind: tokenRef.kind, apiVersion: tokenRef.apiVersion, metadata: { name: call.name, namespace: call.namespace, creationTimestamp: formatTime(call.server.environment.clock.now()) }, spec };
  call.server.admission.validate(admissionRequest(call, { operation: "CREATE", object: request as unknown as Draft<KubeObject>, old: undefined, dryRun: options.dryRun }));
  const bound = bindingOf(call, boundObjectRef);
  const { token, expires } = await call.server.tokens.issue({ account, audiences, expirationSeconds, ...bound });
  return dataAnswer(call, 201, { ...request, status: { token: options.dryRun ? "" : token, expirationTimestamp: formatTime(expires) } });
}

function tokenKind(): Kind {
  const facts = { ...tokenRef, singular: "tokenrequest", verbs: [], stage: "ga", served: "default", type: "io.k8s.api.authentication.v1.TokenRequest" } as const;
  const kind: { -readonly [Key in keyof Kind]: Kind[Key] } = { facts, ref: tokenRef, declaration: undefined, conversion: undefined, storage: undefined as unknown as Kind };
  kind.storage = kind;
  return kind;
}

function check(expirationSeconds: number): void {
  const errors: FieldError[] = [];
  const wrong = (why: string): void => void errors.push(fieldError("FieldValueInvalid", "spec.expirationSeconds", `Invalid value: ${expirationSeconds}: ${why}`));
  if (expirationSeconds < leastSeconds) wrong("may not specify a duration less than 10 minutes");
  if (expirationSeconds > mostSeconds) wrong("may not specify a duration larger than 2^32 seconds");
  if (errors.length > 0) throw invalid({ group: tokenRef.group, kind: tokenRef.kind }, "", errors);
}

/** What the token will be bound to, as it stands now. */
function bindingOf(call: ResourceCall, ref: BoundObjectReference | null | undefined): Pick<TokenWish, "pod" | "node" | "secret"> {
  if (ref === undefined || ref === null) return {};
  const { apiVersion = "", kind = "", name = "", uid = "" } = ref;
  if (apiVersion !== "v1" || (kind !== "Pod" && kind !== "Node" && kind !== "Secret")) {
    const [group, version] = apiVersion.includes("/") ? apiVersion.split("/") : ["", apiVersion];
    throw badRequest(`cannot bind token to object of type ${group}/${version}, Kind=${kind}`);
  }
  const { store } = call.server;
  const plural = `${kind.toLowerCase()}s`;
  const object = store.get(kind === "Node" ? `nodes/${name}` : `${plural}/${call.namespace}/${name}`)?.object;
  if (object === undefined) throw notFound({ group: "", plural }, name);
  const found: NamedObject = { name, uid: object.metadata.uid };
  if (kind === "Pod") checkAccount(call, object as Pod);
  if (uid !== "" && uid !== found.uid) {
    const why = `the UID in the bound object reference (${uid}) does not match the UID in record. The object might have been deleted and then recreated`;
    throw conflict({ group: "", plural: kind }, name, why);
  }
  if (kind === "Secret") return { secret: found };
  if (kind === "Node") return { node: found };
  const { nodeName = "" } = (object as Pod).spec;
  if (nodeName === "") return { pod: found };
  const nodeUid = store.get(`nodes/${nodeName}`)?.object.metadata.uid;
  return { pod: found, node: { name: nodeName, ...(nodeUid === undefined ? {} : { uid: nodeUid }) } };
}

function checkAccount(call: ResourceCall, pod: Pod): void {
  if (pod.spec.serviceAccountName === call.name) return;
  throw badRequest(`cannot bind token for serviceaccount ${JSON.stringify(call.name)} to pod running with different serviceaccount name.`);
}
