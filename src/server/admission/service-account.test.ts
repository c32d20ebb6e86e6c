import { expect, test } from "vitest";
import { namespaces, pods, serviceAccounts } from "../../api/kinds.ts";
import type { Partially } from "../../base/json.ts";
import type { Pod } from "../../api/types/core-v1.ts";
import { startServiceAccountController } from "../../controllers/service-account/controller.ts";
import { startInProcessServer } from "../../../test/in-process-server.ts";

type Spec = Partially<Pod["spec"]>;

function podOf(spec: Spec, meta: object = {}): Partially<Pod> {
  return { metadata: { name: "a", namespace: "default", ...meta }, spec: { containers: [{ name: "c", image: "busybox" }], ...spec } } as Partially<Pod>;
}

const place = "/var/run/secrets/kubernetes.io/serviceaccount";

test("puts a token, the certificate and the namespace into every container", async () => {
  const { client } = await startInProcessServer();
  const { spec } = await client.create<Pod>(pods, podOf({ initContainers: [{ name: "i", image: "busybox" }], volumes: [{ name: "own", emptyDir: {} }] }));
  const name = spec.volumes?.[1]?.name ?? "";
  expect(name).toMatch(/^kube-api-access-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
  expect(spec.volumes?.[1]?.projected).toEqual({
    sources: [
      { serviceAccountToken: { expirationSeconds: 3607, path: "token" } },
      { configMap: { name: "kube-root-ca.crt", items: [{ key: "ca.crt", path: "ca.crt" }] } },
      { downwardAPI: { items: [{ path: "namespace", fieldRef: { apiVersion: "v1", fieldPath: "metadata.namespace" } }] } },
    ],
    defaultMode: 420,
  });
  for (const container of [...spec.containers, ...(spec.initContainers ?? [])]) expect(container.volumeMounts).toEqual([{ name, readOnly: true, mountPath: place }]);
  expect([spec.serviceAccountName, spec.serviceAccount]).toEqual(["default", "default"]);
});

test("leaves a container alone that mounts something there", async () => {
  const { client } = await startInProcessServer();
  const { spec } = await client.create<Pod>(pods, podOf({ containers: [{ name: "c", image: "busybox", volumeMounts: [{ name: "own", mountPath: place }] }], volumes: [{ name: "own", emptyDir: {} }] }));
  expect(spec.volumes).toHaveLength(1);
  expect(spec.containers[0]?.volumeMounts).toHaveLength(1);
});

test("a Pod's own wish counts before its account's", async () => {
  const { client } = await startInProcessServer();
  await client.create(serviceAccounts, { metadata: { name: "quiet", namespace: "default" }, automountServiceAccountToken: false });
  const mounted = async (name: string, spec: Spec): Promise<boolean> => (await client.create<Pod>(pods, podOf(spec, { name }))).spec.volumes !== undefined;
  expect(await mounted("a", { automountServiceAccountToken: false })).toBe(false);
  expect(await mounted("b", { serviceAccountName: "quiet" })).toBe(false);
  expect(await mounted("c", { serviceAccountName: "quiet", automountServiceAccountToken: true })).toBe(true);
});

test("takes the account's pull secrets when the Pod names none", async () => {
  const { client } = await startInProcessServer();
  await client.create(serviceAccounts, { metadata: { name: "puller", namespace: "default" }, imagePullSecrets: [{ name: "regcred" }] });
  const secrets = async (name: string, spec: Spec): Promise<unknown> => (await client.create<Pod>(pods, podOf({ serviceAccountName: "puller", ...spec }, { name }))).spec.imagePullSecrets;
  expect(await secrets("a", {})).toEqual([{ name: "regcred" }]);
  expect(await secrets("b", { imagePullSecrets: [{ name: "own" }] })).toEqual([{ name: "own" }]);
});

test("refuses an account that is missing, by the name or the base of a name that comes later", async () => {
  const { client } = await startInProcessServer();
  const why = 'is forbidden: error looking up service account default/nobody: serviceaccount "nobody" not found';
  await expect(client.create<Pod>(pods, podOf({ serviceAccountName: "nobody" }))).rejects.toThrow(`pods "a" ${why}`);
  await expect(client.create<Pod>(pods, podOf({ serviceAccountName: "nobody" }, { name: undefined, generateName: "b-" }))).rejects.toThrow(`pods "b-" ${why}`);
});

test("waits for the default account of a new namespace", async () => {
  const { client, context, settle } = await startInProcessServer();
  const controller = startServiceAccountController(context);
  await settle();
  const [, pod] = await Promise.all([client.create(namespaces, { metadata: { name: "fresh" } }), client.create<Pod>(pods, podOf({}, { namespace: "fresh" }))]);
  expect(pod.spec.serviceAccountName).toBe("default");
  controller.stop();
});

test("refuses in the end when the default account does not come", async () => {
  const { client } = await startInProcessServer();
  await client.create(namespaces, { metadata: { name: "bare" } });
  await expect(client.create<Pod>(pods, podOf({}, { namespace: "bare" }))).rejects.toThrow('error looking up service account bare/default: serviceaccount "default" not found');
});

test("mirror Pods have no account, no Secrets and no token", async () => {
  const { client } = await startInProcessServer();
  const mirror = (spec: Spec, name: string): Promise<Pod> => client.create<Pod>(pods, podOf({ nodeName: "n", ...spec }, { name, annotations: { "kubernetes.io/config.mirror": "x" } }));
  const token = { name: "v", projected: { sources: [{ serviceAccountToken: { path: "t", expirationSeconds: 600 } }] } };
  expect((await mirror({}, "a")).spec).not.toHaveProperty("serviceAccountName");
  await expect(mirror({ serviceAccountName: "default" }, "b")).rejects.toThrow("a mirror pod may not reference service accounts");
  await expect(mirror({ volumes: [{ name: "v", secret: { secretName: "s" } }] }, "c")).rejects.toThrow("a mirror pod may not reference secrets");
  await expect(mirror({ volumes: [token] }, "d")).rejects.toThrow("a mirror pod may not use ServiceAccountToken volume projections");
});

test("an account may allow no Secrets but its own", async () => {
  const { client } = await startInProcessServer();
  const annotations = { "kubernetes.io/enforce-mountable-secrets": "true" };
  await client.create(serviceAccounts, { metadata: { name: "strict", namespace: "default", annotations }, secrets: [{ name: "mine" }] });
  const strict = (spec: Spec, name: string): Promise<Pod> => client.create<Pod>(pods, podOf({ serviceAccountName: "strict", ...spec }, { name }));
  const secretVolume = (secretName: string): Spec => ({ volumes: [{ name: "v", secret: { secretName } }] });
  await expect(strict(secretVolume("mine"), "a")).resolves.toBeDefined();
  await expect(strict(secretVolume("other"), "b")).rejects.toThrow('volume with secret.secretName="other" is not allowed because service account strict does not reference that secret');
  await expect(strict({ imagePullSecrets: [{ name: "reg" }] }, "c")).rejects.toThrow('imagePullSecrets[0].name="reg" is not allowed because service account strict does not reference that imagePullSecret');
});
