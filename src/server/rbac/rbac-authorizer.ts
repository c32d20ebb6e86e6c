import type { Authorizer, Decision } from "../authorize.ts";
import type { RequestInfo, ResourceInfo } from "../request-info.ts";
import type { UserInfo } from "../request.ts";
import type { NodeAuthorizer } from "./node-authorizer.ts";
import { covers, coversKind } from "./rules.ts";
import { missingRole } from "./policy.ts";
import type { Grant, RbacPolicy } from "./policy.ts";

/**
 * Who may do what: administrators everything, nodes what concerns them, everybody what roles and bindings grant. Components ask the same
 * few questions a million times, so answers are kept per user until a role or a binding changes.
 */
const administrators = "system:masters";

/** Answers that are kept per user about single objects and namespaces, and users of whom answers are kept. */
const exactAnswersMax = 1_000;
const usersMax = 10_000;

/** What is known of one user at one generation of the policy. */
interface Known {
  generation: number;
  /** By verb and resource: whether it is granted everywhere and whatever the name. */
  readonly everywhere: Map<string, boolean>;
  readonly exact: Map<string, boolean>;
}

const allowed: Decision = { allowed: true, reason: "" };

export class RbacAuthorizer implements Authorizer {
  readonly policy: RbacPolicy;
  private readonly nodes: NodeAuthorizer;
  /** In-process callers bring the same object each time. */
  private readonly byObject = new WeakMap<UserInfo, Known>();
  private readonly byName = new Map<string, Known>();

  constructor(policy: RbacPolicy, nodes: NodeAuthorizer) {
    this.policy = policy;
    this.nodes = nodes;
  }

  allows(user: UserInfo, info: RequestInfo): boolean {
    if (user.groups.includes(administrators)) return true;
    if (this.nodes.isNode(user) && this.nodes.decide(user, info).allowed) return true;
    const known = this.knownOf(user);
    if (info.type === "resource") {
      const kind = `${info.verb} ${info.group}/${info.resource}/${info.subresource}`;
      let everywhere = known.everywhere.get(kind);
      if (everywhere === undefined) known.everywhere.set(kind, (everywhere = this.grantsEverywhere(user, info)));
      if (everywhere) return true;
    }
    const question = info.type === "path" ? `${info.verb} ${info.path}` : `${info.verb} ${info.group}/${info.resource}/${info.subresource} ${info.namespace}/${info.name}`;
    let answer = known.exact.get(question);
    if (answer === undefined) {
      answer = this.judge(user, info).allowed;
      if (known.exact.size >= exactAnswersMax) known.exact.clear();
      known.exact.set(question, answer);
    }
    return answer;
  }

  explain(user: UserInfo, info: RequestInfo): Decision {
    if (user.groups.includes(administrators)) return allowed;
    const asNode = this.nodes.isNode(user) ? this.nodes.decide(user, info) : undefined;
    if (asNode?.allowed === true) return asNode;
    const byRoles = this.judge(user, info);
    if (byRoles.allowed) return byRoles;
    return { allowed: false, reason: [asNode?.reason ?? "", byRoles.reason].filter((reason) => reason !== "").join("\n") };
  }

  rulesFor(user: UserInfo, namespace: string): ReturnType<RbacPolicy["rulesFor"]> {
    const found = this.policy.rulesFor(user, namespace);
    return this.nodes.isNode(user) ? { ...found, problems: [...found.problems, "node authorizer does not support user rule resolution"] } : found;
  }

  private knownOf(user: UserInfo): Known {
    let known = this.byObject.get(user);
    if (known === undefined) {
      const name = JSON.stringify([user.name, user.groups]);
      known = this.byName.get(name);
      if (known === undefined) {
        known = { generation: this.policy.generation, everywhere: new Map(), exact: new Map() };
        if (this.byName.size >= usersMax) this.byName.clear();
        this.byName.set(name, known);
      }
      this.byObject.set(user, known);
    }
    if (known.generation !== this.policy.generation) {
      known.generation = this.policy.generation;
      known.everywhere.clear();
      known.exact.clear();
    }
    return known;
  }

  private grantsEverywhere(user: UserInfo, info: ResourceInfo): boolean {
    const { policy } = this;
    const rules = policy.grantsOf(user).flatMap((grant) => (grant.namespace === "" ? (policy.rulesOf(grant) ?? []) : []));
    return [...rules, ...policy.fixedRulesOf(user)].some((rule) => (rule.resourceNames ?? []).length === 0 && coversKind(rule, info));
  }

  private judge(user: UserInfo, info: RequestInfo): Decision {
    const problems: string[] = [];
    for (const grant of this.policy.grantsOf(user)) {
      if (!reaches(grant, info)) continue;
      const rules = this.policy.rulesOf(grant);
      if (rules === undefined) problems.push(missingRole(grant));
      else if (rules.some((rule) => covers(rule, info))) return { allowed: true, reason: `RBAC: allowed by ${grant.text}` };
    }
    if (this.policy.fixedRulesOf(user).some((rule) => covers(rule, info))) return allowed;
    if (problems.length === 0) return { allowed: false, reason: "" };
    return { allowed: false, reason: `RBAC: ${problems.length === 1 ? problems[0] : `[${problems.join(", ")}]`}` };
  }
}

function reaches(grant: Grant, info: RequestInfo): boolean {
  return grant.namespace === "" || (info.type === "resource" && grant.namespace === info.namespace);
}
