import type { Draft } from "../../base/json.ts";
import type { ObjectMeta } from "../../api/types/meta-v1.ts";

/** The metadata of an object of which a subresource changes only a part: as it was, but for the precondition and the owners of fields. */
export function keptMetadata(next: Draft<ObjectMeta>, old: ObjectMeta): Draft<ObjectMeta> {
  const { managedFields, resourceVersion } = next;
  return { ...(old as Draft<ObjectMeta>), ...(resourceVersion === undefined ? {} : { resourceVersion }), ...(managedFields === undefined ? {} : { managedFields }) };
}
