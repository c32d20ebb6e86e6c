import type { KindRef, ObjectName } from "../api/kind-ref.ts";

/** The path of a kind's collection: of one namespace, of all, or of the cluster. */
export function collectionPath(kind: KindRef, namespace?: string): string {
  const root = kind.group === "" ? `/api/${kind.version}` : `/apis/${kind.group}/${kind.version}`;
  const scope = kind.namespaced && namespace !== undefined && namespace !== "" ? `/namespaces/${encoded(namespace)}` : "";
  return `${root}${scope}/${kind.plural}`;
}

/** The path of one object, or of a subresource of it. */
export function objectPath(kind: KindRef, name: ObjectName, subresource?: string): string {
  const path = `${collectionPath(kind, name.namespace)}/${encoded(name.name)}`;
  return subresource === undefined ? path : `${path}/${subresource}`;
}

/** An encoded query string of the parameters that are set, in the order given. */
export function queryOf(parameters: { readonly [name: string]: string | number | boolean | undefined }): string {
  let query = "";
  for (const name of Object.keys(parameters)) {
    const value = parameters[name];
    if (value === undefined || value === "") continue;
    query += `${query === "" ? "" : "&"}${name}=${encodeURIComponent(value)}`;
  }
  return query;
}

/** Nearly all names: they stand in a path as they are. */
const plainName = /^[\w.~-]*$/;

function encoded(name: string): string {
  return plainName.test(name) ? name : encodeURIComponent(name);
}
