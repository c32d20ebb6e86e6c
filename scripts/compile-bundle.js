// @ts-check
/**
 * Starts a cluster from a bundle (`node compile-bundle.js FOLDER`), asks it what a first user asks, and writes beside each file that was
 * loaded the code of its functions that have run. State and kubeconfig go where the environment says.
 */
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { connect } from "node:http2";
import process from "node:process";
import { setTimeout } from "node:timers/promises";
import { load } from "js-yaml";
import { BundleLoader, codePath } from "./bundle-loader.js";

const [, , folder = ""] = process.argv;
const kubeconfig = process.env["KUBECONFIG"] ?? "";

/** @typedef {{ clusters: { cluster: { server: string, "certificate-authority-data": string } }[], users: { user: { "client-certificate-data": string, "client-key-data": string } }[] }} Config */

async function session() {
  while (!existsSync(kubeconfig)) await setTimeout(5);
  const { clusters, users } = /** @type {Config} */ (load(readFileSync(kubeconfig, "utf8")));
  const [cluster, user] = [clusters[0]?.cluster, users[0]?.user];
  if (!cluster || !user) throw new Error("no cluster in the kubeconfig");
  /** @param {string} data */
  const pem = (data) => Buffer.from(data, "base64");
  return connect(cluster.server, { ca: pem(cluster["certificate-authority-data"]), cert: pem(user["client-certificate-data"]), key: pem(user["client-key-data"]) });
}

/**
 * @param {import("node:http2").ClientHttp2Session} on
 * @param {string} path
 * @param {object} [created]
 * @returns {Promise<string>}
 */
async function ask(on, path, created) {
  const stream = on.request({ ":method": created ? "POST" : "GET", ":path": path, ...(created ? { "content-type": "application/json" } : {}) });
  stream.end(created && JSON.stringify(created));
  let body = "";
  for await (const chunk of stream) body += chunk;
  return body;
}

const pods = "/api/v1/namespaces/default/pods";
const pod = { apiVersion: "v1", kind: "Pod", metadata: { name: "first" }, spec: { containers: [{ name: "c", image: "busybox", command: ["sleep", "1000"] }] } };

/** What a cluster is asked first, until a Pod runs. @param {import("node:http2").ClientHttp2Session} on */
async function firstRequests(on) {
  for (const path of ["/readyz", "/version", "/api", "/apis", "/openapi/v3", "/openapi/v3/api/v1", "/api/v1/namespaces/default"]) await ask(on, path);
  while (((await ask(on, "/api/v1/nodes")).match(/"type":"Ready","status":"True"/g) ?? []).length < 3) await setTimeout(20);
  // The namespace's service account comes a moment after it.
  while (!(await ask(on, pods, pod)).includes('"uid"')) await setTimeout(20);
  while (!(await ask(on, `${pods}/first`)).includes('"phase":"Running"')) await setTimeout(20);
  await ask(on, pods);
}

process.argv = [process.execPath, "coracle", "up"];
const loader = new BundleLoader(folder);
loader.load("main.cjs");
await firstRequests(await session());
for (const [path, script] of loader.scripts) {
  // Whole and on the disk before it has its name: V8 trusts what it is given but for its head.
  writeFileSync(`${codePath(path)}.tmp`, script.createCachedData(), { flush: true });
  renameSync(`${codePath(path)}.tmp`, codePath(path));
}
process.exit();
