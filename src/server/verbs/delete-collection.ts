import type { Stored } from "../../store/contract.ts";
import { isStatus } from "../../base/status-error.ts";
import type { ResourceCall } from "../context.ts";
import { deleteOptions } from "../delete-options.ts";
import { listParameters } from "../list-options.ts";
import { listResponse } from "../list-response.ts";
import type { ApiResponse } from "../request.ts";
import { deleteObject } from "./delete.ts";
import { selectPage } from "./list.ts";

/** DELETE of a collection: each selected object as a DELETE of its own; answers with the list of what was deleted. */
export async function deleteCollection(call: ResourceCall): Promise<ApiResponse> {
  const options = deleteOptions(call);
  const page = selectPage(call, listParameters(call.query, false));
  const deleted: Stored[] = [];
  for (const { object } of page.items) {
    const { name = "", namespace = "" } = object.metadata;
    try {
      deleted.push((await deleteObject({ ...call, namespace }, name, options)).stored);
    } catch (error) {
      if (!isStatus(error, "NotFound")) throw error;
    }
  }
  return listResponse(call, deleted, { resourceVersion: String(page.revision) });
}
