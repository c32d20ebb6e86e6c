import { apiVersionOf } from "../kind-facts.ts";
import type { KindFacts, SubresourceFacts } from "../kind-facts.ts";
import type { GroupVersionKind } from "./dialect.ts";
import { deleteCollectionParameters, deleteParameters, listParameters, optionParameters, patchParameters, pathName, pathNamespace, pathRest, pretty, writeParameters } from "./parameters.ts";
import type { Parameter } from "./parameters.ts";

/**
 * From the facts of a kind to its paths and operations, before any dialect: what can be asked where, with which parameters and body,
 * and what is answered. Names of operations are upstream's, because clients are generated from them.
 */
export interface Path {
  readonly path: string;
  /** Those that every operation takes, in the order of names. */
  readonly parameters: readonly Parameter[];
  readonly operations: readonly Operation[];
}

export interface Operation {
  readonly method: Method;
  readonly id: string;
  readonly text: string;
  readonly tag: string;
  readonly action?: string;
  readonly kind?: GroupVersionKind;
  /** Those that not every operation of the path takes. */
  readonly parameters: readonly Parameter[];
  readonly body?: Body;
  readonly consumes: readonly string[];
  readonly produces: readonly string[];
  /** Type name of what is answered per status; `text` for plain text. */
  readonly answers: { readonly [status: string]: string };
}

export type Method = "get" | "put" | "post" | "delete" | "options" | "head" | "patch";

interface Body {
  readonly type: string;
  readonly required: boolean;
  /** As with parameters: the name under which v2 keeps it. */
  readonly shared?: string;
}

export const plainText = "text";

const meta = "io.k8s.apimachinery.pkg.apis.meta.v1.";
const anything = ["*/*"];
const encodings = ["application/json", "application/yaml", "application/vnd.kubernetes.protobuf"];
const streamEncodings = [...encodings, "application/json;stream=watch", "application/vnd.kubernetes.protobuf;stream=watch"];
const patchTypes = ["application/json-patch+json", "application/merge-patch+json", "application/strategic-merge-patch+json", "application/apply-patch+yaml"];
const allMethods: readonly Method[] = ["get", "put", "post", "delete", "options", "head", "patch"];

/** Kinds whose deletion answers with the object; all else answers with a Status. */
const deletedObjects = new Set([
  "PersistentVolume", "PersistentVolumeClaim", "Pod", "PodTemplate", "ResourceQuota", "Service", "ServiceAccount", "DeviceClass", "ResourceClaim",
  "ResourceClaimTemplate", "ResourceSlice", "CSIDriver", "CSINode", "StorageClass", "VolumeAttachment", "VolumeAttributesClass",
]);

interface Place {
  readonly facts: KindFacts;
  readonly kind: GroupVersionKind;
  readonly tag: string;
  /** `CoreV1`. */
  readonly group: string;
  /** `Namespaced` or nothing. */
  readonly scope: string;
  readonly root: string;
  readonly collection: string;
  readonly inScope: readonly Parameter[];
}

/** Finds the name of the type of a subresource's body. */
export type TypeOf = (group: string, version: string, kind: string) => string;

/** All paths of a kind. */
export function kindPaths(facts: KindFacts, typeOf: TypeOf): Path[] {
  const root = facts.group === "" ? `/api/${facts.version}` : `/apis/${apiVersionOf(facts)}`;
  const place: Place = {
    facts,
    kind: { group: facts.group, kind: facts.kind, version: facts.version },
    tag: `${groupWord(facts.group)}_${facts.version}`,
    group: capital(groupWord(facts.group)) + capital(facts.version),
    scope: facts.namespaced ? "Namespaced" : "",
    root,
    collection: `${facts.namespaced ? "/namespaces/{namespace}" : ""}/${facts.plural}`,
    inScope: facts.namespaced ? [pathNamespace] : [],
  };
  const paths = [path(place.root + place.collection, [...place.inScope, pretty], collectionOperations(place))];
  if (facts.verbs.includes("get")) paths.push(path(`${place.root}${place.collection}/{name}`, [pathName(facts.kind), ...place.inScope, pretty], objectOperations(place)));
  if (facts.namespaced && facts.verbs.includes("list")) paths.push(path(`${root}/${facts.plural}`, [pretty], [list(place, `${facts.kind}ForAllNamespaces`)]));
  if (facts.verbs.includes("watch")) paths.push(...watchPaths(place));
  for (const subresource of facts.subresources ?? []) paths.push(...subresourcePaths(place, subresource, typeOf));
  return paths;
}

/** `flowcontrol.apiserver.k8s.io` is `flowcontrolApiserver`. */
export function groupWord(group: string): string {
  if (group === "") return "core";
  const [first, ...rest] = group.replace(/\.k8s\.io$/, "").split(".");
  return first + rest.map(capital).join("");
}

export function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}

/** What all operations take is told once, at the path. */
function path(at: string, parameters: readonly Parameter[], operations: readonly Operation[]): Path {
  const [first, ...others] = operations;
  const common = first === undefined ? [] : first.parameters.filter((parameter) => others.every((other) => other.parameters.includes(parameter)));
  return {
    path: at,
    parameters: inOrder([...parameters, ...common]),
    operations: operations.map((operation) => ({ ...operation, parameters: operation.parameters.filter((parameter) => !common.includes(parameter)) })),
  };
}

/** By name; a path parameter comes before a query parameter of the same name. */
function inOrder(parameters: readonly Parameter[]): Parameter[] {
  return parameters.toSorted((a, b) => (a.name === b.name ? (a.in < b.in ? -1 : 1) : a.name < b.name ? -1 : 1));
}

type Told = Pick<Operation, "method" | "id" | "text" | "answers"> & Partial<Operation>;

function operation(place: Place, told: Told): Operation {
  return { tag: place.tag, kind: place.kind, parameters: [], consumes: anything, produces: encodings, ...told };
}

function list(place: Place, what: string): Operation {
  const { facts, group } = place;
  const everywhere = what.endsWith("ForAllNamespaces") ? " of all namespaces" : "";
  return operation(place, {
    method: "get",
    id: `list${group}${what}`,
    text: `Lists objects of kind ${facts.kind}${everywhere}, or watches them.`,
    action: "list",
    parameters: listParameters,
    produces: streamEncodings,
    answers: { 200: facts.listType ?? facts.type },
  });
}

function collectionOperations(place: Place): Operation[] {
  const { facts, group, scope } = place;
  const { verbs, kind } = facts;
  const made: Operation[] = [];
  if (verbs.includes("list")) made.push(list(place, scope + kind));
  if (verbs.includes("create")) made.push(create(place, { id: `create${group}${scope}${kind}`, text: `Creates a ${kind}.`, type: facts.type }));
  if (verbs.includes("deletecollection")) {
    made.push(
      operation(place, {
        method: "delete",
        id: `delete${group}Collection${scope}${kind}`,
        text: `Deletes all objects of kind ${kind} that fit the selectors.`,
        action: "deletecollection",
        body: deleteOptions,
        parameters: inOrder(deleteCollectionParameters),
        answers: { 200: `${meta}Status` },
      }),
    );
  }
  return made;
}

const deleteOptions: Body = { type: `${meta}DeleteOptions`, required: false, shared: "body-2Y1dVQaQ" };

function create(place: Place, { id, text, type }: { id: string; text: string; type: string }): Operation {
  return operation(place, { method: "post", id, text, action: "post", body: { type, required: true }, parameters: writeParameters, answers: { 200: type, 201: type, 202: type } });
}

function objectOperations(place: Place): Operation[] {
  const { facts, group, scope } = place;
  const { verbs, kind, type } = facts;
  const made: Operation[] = [];
  const changes = (verbs as readonly string[]).filter((verb) => verb === "get" || verb === "update" || verb === "patch");
  made.push(...readAndChange(place, { verbs: changes, suffix: `${scope}${kind}`, what: `a ${kind}`, type }));
  if (verbs.includes("delete")) {
    const answer = deletedObjects.has(kind) ? type : `${meta}Status`;
    made.push(
      operation(place, {
        method: "delete",
        id: `delete${group}${scope}${kind}`,
        text: `Deletes a ${kind}.`,
        action: "delete",
        body: deleteOptions,
        parameters: deleteParameters,
        answers: { 200: answer, 202: answer },
      }),
    );
  }
  return made;
}

interface Readable {
  readonly verbs: readonly string[];
  readonly suffix: string;
  readonly what: string;
  readonly type: string;
}

function readAndChange(place: Place, { verbs, suffix, what, type }: Readable): Operation[] {
  const made: Operation[] = [];
  const { group } = place;
  const changed = { 200: type, 201: type };
  if (verbs.includes("get")) made.push(operation(place, { method: "get", id: `read${group}${suffix}`, text: `Reads ${what}.`, action: "get", answers: { 200: type } }));
  if (verbs.includes("update")) {
    made.push(
      operation(place, {
        method: "put",
        id: `replace${group}${suffix}`,
        text: `Replaces ${what}.`,
        action: "put",
        body: { type, required: true },
        parameters: writeParameters,
        answers: changed,
      }),
    );
  }
  if (verbs.includes("patch")) {
    made.push(
      operation(place, {
        method: "patch",
        id: `patch${group}${suffix}`,
        text: `Changes parts of ${what}.`,
        action: "patch",
        body: { type: `${meta}Patch`, required: true, shared: "body-78PwaGsr" },
        parameters: patchParameters,
        consumes: patchTypes,
        answers: changed,
      }),
    );
  }
  return made;
}

function watchPaths(place: Place): Path[] {
  const { facts, group, scope, root, collection, inScope } = place;
  const watch = (what: string, action: string): Operation =>
    operation(place, {
      method: "get",
      id: `watch${group}${what}`,
      text: `Watches ${action === "watch" ? `a ${facts.kind}` : `objects of kind ${facts.kind}`}. Old form: list with watch=true instead.`,
      action,
      produces: streamEncodings,
      answers: { 200: `${meta}WatchEvent` },
    });
  const parameters = [...listParameters, pretty];
  const paths = [path(`${root}/watch${collection}`, [...parameters, ...inScope], [watch(`${scope}${facts.kind}List`, "watchlist")])];
  if (facts.verbs.includes("get")) paths.push(path(`${root}/watch${collection}/{name}`, [...parameters, ...inScope, pathName(facts.kind)], [watch(`${scope}${facts.kind}`, "watch")]));
  if (facts.namespaced) paths.push(path(`${root}/watch/${facts.plural}`, parameters, [watch(`${facts.kind}ListForAllNamespaces`, "watchlist")]));
  return paths;
}

function subresourcePaths(parent: Place, subresource: SubresourceFacts, typeOf: TypeOf): Path[] {
  const { facts, root, collection, inScope, scope, group } = parent;
  const at = `${root}${collection}/{name}/${subresource.name}`;
  const suffix = `${scope}${facts.kind}${capital(subresource.name)}`;
  const own = { group: subresource.group ?? facts.group, kind: subresource.kind ?? facts.kind, version: subresource.version ?? facts.version };
  const place: Place = { ...parent, kind: own };
  const named = [pathName(own.kind), ...inScope];
  if (subresource.connect) return connectPaths(place, { at, suffix, named, subresource });
  if (subresource.text) {
    const options = optionParameters[subresource.options ?? ""] ?? [];
    const produces = ["text/plain", ...encodings];
    const read = operation(place, { method: "get", id: `read${group}${suffix}`, text: `Reads the ${subresource.name} of a ${facts.kind}.`, action: "get", produces, answers: { 200: plainText } });
    return [path(at, [...named, pretty, ...options], [read])];
  }
  const type = subresource.kind === undefined ? facts.type : typeOf(own.group, own.version, own.kind);
  const what = `the ${subresource.name} of a ${facts.kind}`;
  const made = readAndChange(place, { verbs: subresource.verbs, suffix, what, type });
  if (subresource.verbs.includes("create")) made.push(create(place, { id: `create${group}${suffix}`, text: `Creates ${what}.`, type }));
  return [path(at, [...named, pretty], made)];
}

interface Connection {
  readonly at: string;
  readonly suffix: string;
  readonly named: readonly Parameter[];
  readonly subresource: SubresourceFacts;
}

function connectPaths(place: Place, { at, suffix, named, subresource }: Connection): Path[] {
  const methods: readonly Method[] = subresource.verbs.includes("delete") ? allMethods : ["get", "post"];
  const options = optionParameters[subresource.kind ?? ""] ?? [];
  const connect = (withPath: string): Operation[] =>
    methods.map((method) =>
      operation(place, {
        method,
        id: `connect${place.group}${capital(method)}${suffix}${withPath}`,
        text: `Connects ${method.toUpperCase()} requests to the ${subresource.name} of a ${place.facts.kind}.`,
        action: "connect",
        produces: anything,
        answers: { 200: plainText },
      }),
    );
  const paths = [path(at, [...named, ...options], connect(""))];
  if (subresource.path) paths.push(path(`${at}/{path}`, [...named, pathRest, ...options], connect("WithPath")));
  return paths;
}
