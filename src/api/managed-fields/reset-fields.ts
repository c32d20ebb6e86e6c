/** Fields that a write cannot change, whatever it says, and that it therefore does not come to own: upstream's reset fields. */
type Paths = readonly (readonly string[])[];

const nothing: Paths = [];
const status: Paths = [["status"]];
const spec: Paths = [["spec"]];
const specAndStatus: Paths = [["spec"], ["status"]];

/** Where a write to the status cannot change more than the spec. */
const ofStatus: { readonly [plural: string]: Paths } = {
  deployments: [["spec"], ["metadata", "labels"]],
  pods: [["spec"], ["metadata", "deletionTimestamp"], ["metadata", "ownerReferences"]],
};

interface Resource {
  readonly plural: string;
  readonly subresources?: readonly { readonly name: string }[];
}

export function resetFields({ plural, subresources }: Resource, subresource: string): Paths {
  if (plural === "certificatesigningrequests") return specAndStatus;
  if (subresource === "status") return ofStatus[plural] ?? spec;
  return subresources?.some(({ name }) => name === "status") ? status : nothing;
}
