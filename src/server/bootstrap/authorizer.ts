import type { Authorizer } from "../authorize.ts";

/** Administrators may do all; so may, for now, in-process components. */
export function bootstrapAuthorizer(): Authorizer {
  return { allows: (user) => user.groups.includes("system:masters") || user.name.startsWith("system:") };
}
