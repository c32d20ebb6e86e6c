import { describe, expect, test } from "vitest";
import { clusterRoleBindings, clusterRoles, configMaps, namespaces, nodes, pods, roleBindings, roles, secrets } from "../../api/kinds.ts";
import type { ClusterRole, PolicyRule, RoleBinding } from "../../api/types/rbac-v1.ts";
import type { Pod } from "../../api/types/core-v1.ts";
import type { InProcessClient } from "../../client/in-process-client.ts";
import type { Credentials, UserInfo } from "../request.ts";
import { startInProcessServer } from "../../../test/in-process-server.ts";
import type { InProcessServer } from "../../../test/in-process-server.ts";

const group = "rbac.authorization.k8s.io";
const alice: UserInfo = { name: "alice", groups: ["dev", "system:authenticated"] };
const readPods: PolicyRule = { apiGroups: [""], resources: ["pods"], verbs: ["get", "list", "watch"] };

interface World extends InProcessServer {
  readonly user: InProcessClient;
  role(name: string, rules: readonly PolicyRule[]): Promise<unknown>;
  bind(role: string, kind?: "Role" | "ClusterRole", subject?: object): Promise<unknown>;
}

async function world(user: UserInfo = alice): Promise<World> {
  const cluster = await startInProcessServer();
  const { client } = cluster;
  return {
    ...cluster,
    user: cluster.as(user),
    role: (name, rules) => client.create(roles, { metadata: { name, namespace: "default" }, rules }),
    bind: (role, kind = "Role", subject = { kind: "User", name: "alice", apiGroup: group }) =>
      client.create(roleBindings, { metadata: { name: `bind-${role}`, namespace: "default" }, roleRef: { apiGroup: group, kind, name: role }, subjects: [subject as RoleBinding["subjects"] extends readonly (infer S)[] | undefined ? S : never] }),
  };
}

describe("roles", () => {
  test("nobody may anything that no binding grants", async () => {
    const { user } = await world();
    await expect(user.list(pods, { namespace: "default" })).rejects.toThrow('pods is forbidden: User "alice" cannot list resource "pods" in API group "" in the namespace "default"');
    await expect(user.list(nodes)).rejects.toThrow('nodes is forbidden: User "alice" cannot list resource "nodes" in API group "" at the cluster scope');
  });

  test("a Role counts in its namespace, from the binding's write on and until it goes", async () => {
    const { user, role, bind, client } = await world();
    await role("reader", [readPods]);
    await bind("reader");
    await expect(user.list(pods, { namespace: "default" })).resolves.toBeDefined();
    await expect(user.list(pods, { namespace: "kube-system" })).rejects.toThrow("is forbidden");
    await expect(user.list(pods)).rejects.toThrow('cannot list resource "pods" in API group "" at the cluster scope');
    await client.patch(roles, { namespace: "default", name: "reader" }, { type: "merge", body: { rules: [{ ...readPods, verbs: ["get"] }] } });
    await expect(user.list(pods, { namespace: "default" })).rejects.toThrow("is forbidden");
    await client.delete(roleBindings, { namespace: "default", name: "bind-reader" });
    await expect(user.get(pods, { namespace: "default", name: "x" })).rejects.toThrow("is forbidden");
  });

  test("groups and accounts are subjects, too", async () => {
    const account: UserInfo = { name: "system:serviceaccount:default:robot", groups: ["system:authenticated"] };
    const { user, as, role, bind } = await world();
    await role("a", [readPods]);
    await bind("a", "Role", { kind: "Group", name: "dev", apiGroup: group });
    await role("b", [{ apiGroups: [""], resources: ["configmaps"], verbs: ["list"] }]);
    await bind("b", "Role", { kind: "ServiceAccount", name: "robot", namespace: "default" });
    await expect(user.list(pods, { namespace: "default" })).resolves.toBeDefined();
    await expect(as(account).list(configMaps, { namespace: "default" })).resolves.toBeDefined();
    await expect(as(account).list(pods, { namespace: "default" })).rejects.toThrow("is forbidden");
  });

  test("names, subresources and wildcards", async () => {
    const { user, role, bind, client } = await world();
    await role("named", [
      { apiGroups: [""], resources: ["configmaps"], resourceNames: ["one"], verbs: ["get", "list", "watch"] },
      { apiGroups: [""], resources: ["pods/log"], verbs: ["*"] },
    ]);
    await bind("named");
    for (const name of ["one", "two"]) await client.create(configMaps, { metadata: { name, namespace: "default" } });
    await expect(user.get(configMaps, { namespace: "default", name: "one" })).resolves.toBeDefined();
    await expect(user.get(configMaps, { namespace: "default", name: "two" })).rejects.toThrow("is forbidden");
    await expect(user.list(configMaps, { namespace: "default" })).rejects.toThrow("is forbidden");
    await expect(user.list(configMaps, { namespace: "default", fieldSelector: "metadata.name=one" })).resolves.toBeDefined();
    await expect(user.get(pods, { namespace: "default", name: "x" })).rejects.toThrow("is forbidden");
  });

  test("a binding to a role that is not there says so", async () => {
    const { user, bind } = await world();
    await bind("ghost");
    await expect(user.list(pods, { namespace: "default" })).rejects.toThrow('in the namespace "default": RBAC: role.rbac.authorization.k8s.io "ghost" not found');
  });
});

test("who shows nothing learns of health and version alone, and who shows something that nobody gave out not even that", async () => {
  const { server } = await startInProcessServer();
  const code = async (path: string, credentials: Credentials): Promise<number> => (await server.handle({ method: "GET", path, query: "", headers: {}, credentials, wants: "bytes" })).status;
  for (const path of ["/healthz", "/livez", "/readyz", "/version", "/version/"]) expect([path, await code(path, { type: "none" })]).toEqual([path, 200]);
  for (const path of ["/", "/api", "/apis", "/api/v1/namespaces", "/openapi/v2", "/openapi/v3", "/metrics", "/livez/ping", "/healthz/../api", "/versions", "/nowhere"]) expect([path, await code(path, { type: "none" })]).toEqual([path, 401]);
  expect(await code("/version", { type: "token", token: "a.b.c" })).toBe(401);
  expect(await code("/metrics", { type: "certificate", commonName: "alice", organizations: [] })).toBe(403);
});

describe("escalation", () => {
  const author: PolicyRule = { apiGroups: [group], resources: ["roles", "rolebindings"], verbs: ["create", "update", "patch"] };
  const deleting: PolicyRule = { apiGroups: [""], resources: ["pods", "secrets"], verbs: ["delete", "get"] };

  test("whoever writes a role must hold its rights", async () => {
    const { user, role, bind } = await world();
    await role("author", [author, readPods]);
    await bind("author");
    await expect(user.create(roles, { metadata: { name: "same", namespace: "default" }, rules: [readPods] })).resolves.toBeDefined();
    await expect(user.create(roles, { metadata: { name: "more", namespace: "default" }, rules: [deleting] })).rejects.toThrow(
      'roles.rbac.authorization.k8s.io "more" is forbidden: user "alice" (groups=["dev" "system:authenticated"]) is attempting to grant RBAC permissions not currently held:\n' +
        '{APIGroups:[""], Resources:["pods"], Verbs:["delete"]}\n{APIGroups:[""], Resources:["secrets"], Verbs:["delete" "get"]}',
    );
    await expect(user.patch(roles, { namespace: "default", name: "same" }, { type: "merge", body: { rules: [deleting] } })).rejects.toThrow("is attempting to grant RBAC permissions not currently held");
  });

  test("the verb escalate lifts that", async () => {
    const { user, role, bind } = await world();
    await role("author", [author, { apiGroups: [group], resources: ["roles"], verbs: ["escalate"] }]);
    await bind("author");
    await expect(user.create(roles, { metadata: { name: "more", namespace: "default" }, rules: [deleting] })).resolves.toBeDefined();
  });

  test("whoever binds a role must hold its rights or may bind it", async () => {
    const { user, role, bind } = await world();
    await role("author", [author, { apiGroups: [group], resources: ["clusterroles"], resourceNames: ["view"], verbs: ["bind"] }]);
    await bind("author");
    const binding = (name: string): Promise<unknown> => user.create(roleBindings, { metadata: { name, namespace: "default" }, roleRef: { apiGroup: group, kind: "ClusterRole", name } });
    await expect(binding("view")).resolves.toBeDefined();
    await expect(binding("edit")).rejects.toThrow("is attempting to grant RBAC permissions not currently held");
    await expect(binding("ghost")).rejects.toThrow('clusterroles.rbac.authorization.k8s.io "ghost" not found');
  });

  test("a role that gathers others wants everything", async () => {
    const { user, client } = await world();
    await client.create(clusterRoles, { metadata: { name: "author" }, rules: [{ apiGroups: [group], resources: ["clusterroles"], verbs: ["create"] }] });
    await client.create(clusterRoleBindings, { metadata: { name: "author" }, roleRef: { apiGroup: group, kind: "ClusterRole", name: "author" }, subjects: [{ kind: "User", name: "alice", apiGroup: group }] });
    const aggregationRule = { clusterRoleSelectors: [{ matchLabels: { a: "b" } }] };
    await expect(user.create<ClusterRole>(clusterRoles, { metadata: { name: "all" }, aggregationRule })).rejects.toThrow("must have cluster-admin privileges to use aggregationRule");
  });
});

describe("nodes", () => {
  const node = (name: string): UserInfo => ({ name: `system:node:${name}`, groups: ["system:nodes", "system:authenticated"] });

  async function withPods(): Promise<World> {
    const cluster = await world(node("one"));
    for (const name of ["one", "two"]) {
      await cluster.client.create(nodes, { metadata: { name } });
      await cluster.client.create(secrets, { metadata: { name: `of-${name}`, namespace: "default" } });
      const spec = { nodeName: name, containers: [{ name: "c", image: "busybox" }], volumes: [{ name: "v", secret: { secretName: `of-${name}` } }] };
      await cluster.client.create<Pod>(pods, { metadata: { name: `on-${name}`, namespace: "default" }, spec });
    }
    return cluster;
  }

  test("read what their Pods name and nothing else", async () => {
    const { user } = await withPods();
    await expect(user.get(secrets, { namespace: "default", name: "of-one" })).resolves.toBeDefined();
    await expect(user.list(secrets, { namespace: "default", fieldSelector: "metadata.name=of-one" })).resolves.toBeDefined();
    await expect(user.get(secrets, { namespace: "default", name: "of-two" })).rejects.toThrow(
      `secrets "of-two" is forbidden: User "system:node:one" cannot get resource "secrets" in API group "" in the namespace "default": no relationship found between node 'one' and this object`,
    );
    await expect(user.list(secrets, { namespace: "default" })).rejects.toThrow("No Object name found");
    await expect(user.create(secrets, { metadata: { name: "x", namespace: "default" } })).rejects.toThrow("can only read resources of this type");
  });

  test("see their own Node and Pods", async () => {
    const { user } = await withPods();
    await expect(user.get(nodes, { name: "one" })).resolves.toBeDefined();
    await expect(user.get(nodes, { name: "two" })).rejects.toThrow("node 'one' cannot read 'two', only its own Node object");
    await expect(user.list(nodes)).rejects.toThrow("node 'one' cannot read all nodes, only its own Node object");
    await expect(user.get(pods, { namespace: "default", name: "on-one" })).resolves.toBeDefined();
    await expect(user.get(pods, { namespace: "default", name: "on-two" })).rejects.toThrow("no relationship found");
    await expect(user.list(pods, { fieldSelector: "spec.nodeName=one" })).resolves.toBeDefined();
    await expect(user.list(pods, { fieldSelector: "spec.nodeName=two" })).rejects.toThrow("can only list/watch pods with spec.nodeName field selector");
  });

  test("a Pod that leaves takes the right along", async () => {
    const { user, client } = await withPods();
    await client.delete(pods, { namespace: "default", name: "on-one" }, { gracePeriodSeconds: 0 });
    await expect(user.get(secrets, { namespace: "default", name: "of-one" })).rejects.toThrow("no relationship found");
  });
});

test("acting as somebody else needs the right to each part of it", async () => {
  const { server, client } = await world();
  await client.create(clusterRoles, { metadata: { name: "act" }, rules: [{ apiGroups: [""], resources: ["users"], resourceNames: ["bob"], verbs: ["impersonate"] }] });
  await client.create(clusterRoleBindings, { metadata: { name: "act" }, roleRef: { apiGroup: group, kind: "ClusterRole", name: "act" }, subjects: [{ kind: "User", name: "alice", apiGroup: group }] });
  const ask = async (headers: { [name: string]: string }): Promise<string> => {
    const { body } = await server.handle({ method: "GET", path: "/api/v1/nodes", query: "", headers, credentials: { type: "component", user: alice }, wants: "object" });
    return body.type === "object" ? ((body.object as unknown as { message?: string }).message ?? "ok") : body.type;
  };
  expect(await ask({ "impersonate-user": "bob" })).toContain('User "bob" cannot list resource "nodes"');
  expect(await ask({ "impersonate-user": "eve" })).toBe('users "eve" is forbidden: User "alice" cannot impersonate resource "users" in API group "" at the cluster scope');
  expect(await ask({ "impersonate-user": "bob", "impersonate-group": "ops" })).toContain('groups "ops" is forbidden');
  expect(await ask({ "impersonate-user": "bob", "impersonate-uid": "1" })).toContain('cannot impersonate resource "uids" in API group "authentication.k8s.io"');
  expect(await ask({ "impersonate-user": "bob", "impersonate-extra-scopes": "x" })).toContain('cannot impersonate resource "userextras/scopes"');
  expect(await ask({ "impersonate-user": "bob", "impersonate-extra-__proto__": "x" })).toContain('cannot impersonate resource "userextras/__proto__"');
  expect(await ask({ "impersonate-extra-scopes": "x" })).toContain("without impersonating a user");
  expect(await ask({ "impersonate-user": "system:serviceaccount:default:robot" })).toContain('cannot impersonate resource "serviceaccounts" in API group "" in the namespace "default"');
});

test("reviews answer as requests would be judged, with the reason", async () => {
  const { client, user, role, bind } = await world();
  await client.create(namespaces, { metadata: { name: "other" } });
  await role("reader", [readPods]);
  await bind("reader");
  const review = async (as: InProcessClient, plural: string, kind: string, spec: object, namespace?: string): Promise<unknown> => {
    const ref = { group: "authorization.k8s.io", version: "v1", apiVersion: "authorization.k8s.io/v1", kind, plural, namespaced: namespace !== undefined };
    return ((await as.create(ref, { apiVersion: ref.apiVersion, kind, metadata: { ...(namespace === undefined ? {} : { namespace }) }, spec } as never)) as unknown as { status: unknown }).status;
  };
  const listPods = (namespace: string): object => ({ resourceAttributes: { verb: "list", resource: "pods", namespace } });
  const granted = { allowed: true, reason: 'RBAC: allowed by RoleBinding "bind-reader/default" of Role "reader" to User "alice"' };
  expect(await review(user, "selfsubjectaccessreviews", "SelfSubjectAccessReview", listPods("default"))).toEqual(granted);
  expect(await review(user, "selfsubjectaccessreviews", "SelfSubjectAccessReview", listPods("other"))).toEqual({ allowed: false });
  expect(await review(client, "subjectaccessreviews", "SubjectAccessReview", { user: "alice", ...listPods("default") })).toEqual(granted);
  expect(await review(client, "localsubjectaccessreviews", "LocalSubjectAccessReview", { user: "alice", ...listPods("default") }, "default")).toEqual(granted);
  const rules = (await review(user, "selfsubjectrulesreviews", "SelfSubjectRulesReview", { namespace: "default" })) as { resourceRules: unknown[]; incomplete: boolean };
  expect(rules.resourceRules).toContainEqual({ verbs: ["get", "list", "watch"], apiGroups: [""], resources: ["pods"] });
  expect(rules.incomplete).toBe(false);
});
