// @ts-check
/**
 * Starts a cluster from a bundle (`node compile-bundle.js FOLDER`), asks it what a first user asks, and writes beside each file that was
 * loaded the code of its functions that have run. State and kubeconfig go where the environment says.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
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

/** @param {import("node:http2").ClientHttp2Session} on @param {string} path @returns {Promise<string>} */
async function get(on, path) {
  let body = "";
  for await (const chunk of on.request({ ":path": path })) body += chunk;
  return body;
}

process.argv = [process.execPath, "coracle", "up"];
const loader = new BundleLoader(folder);
loader.load("main.cjs");
const asked = await session();
for (const path of ["/readyz", "/api/v1/namespaces/default"]) await get(asked, path);
while (((await get(asked, "/api/v1/nodes")).match(/"type":"Ready","status":"True"/g) ?? []).length < 3) await setTimeout(20);
for (const [path, script] of loader.scripts) {
  // On the disk before anything names the bundle: V8 trusts what it is given but for its head.
  writeFileSync(codePath(path), script.createCachedData(), { flush: true });
}
process.exit();
