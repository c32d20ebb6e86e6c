import { existsSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { load } from "js-yaml";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Failure } from "./failure.ts";
import { checkKubeconfig, kubeconfigPaths, kubeconfigText, mergeContext, removeContext } from "./kubeconfig.ts";

const access = { url: "https://127.0.0.1:6443", authority: "CA", certificate: "CERT", key: "KEY" };
const foreign = `# mine
apiVersion: v1
kind: Config
preferences: {}
clusters:
- name: prod
  cluster:
    server: https://prod.example.com
    insecure-skip-tls-verify: true
contexts:
- name: prod
  context: { cluster: prod, user: prod, namespace: "0123" }
current-context: prod
users:
- name: prod
  user:
    token: "yes"
    auth-provider: { config: { expiry: 2020-01-01T00:00:00Z } }
`;

interface Config {
  clusters: { name: string }[];
  contexts: { name: string }[];
  users: { name: string }[];
  "current-context": string;
}
let folder: string;
const at = (name: string) => join(folder, name);
const config = (path: string) => load(readFileSync(path, "utf8")) as Config;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "coracle-kubeconfig-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("merging and removing", () => {
  test("a file that was not there appears with mode 0600 and goes again", async () => {
    const path = at("deep/er/config");
    const merged = await mergeContext([path], "coracle-local", access);
    expect(config(path)).toEqual(load(kubeconfigText("coracle-local", access)));
    expect(statSync(path).mode & 0o777).toBe(0o600);
    await removeContext(merged);
    expect(readdirSync(folder)).toEqual([]);
  });

  test("foreign entries survive to the letter, and the current context returns; comments too, unless somebody changed the file meanwhile", async () => {
    const path = at("config");
    writeFileSync(path, foreign);
    const merged = await mergeContext([path], "coracle-local", access);
    const during = config(path);
    expect(during["current-context"]).toBe("coracle-local");
    expect(during.contexts.map((entry) => entry.name)).toEqual(["prod", "coracle-local"]);
    await removeContext(merged);
    expect(readFileSync(path, "utf8")).toBe(foreign);

    const again = await mergeContext([path], "coracle-local", access);
    writeFileSync(path, `${readFileSync(path, "utf8")}colour: blue\n`);
    await removeContext(again);
    expect(load(readFileSync(path, "utf8"))).toEqual(load(`${foreign}colour: blue\n`));
  });

  test("a current context that somebody chose meanwhile stays", async () => {
    const path = at("config");
    writeFileSync(path, foreign);
    const merged = await mergeContext([path], "coracle-local", access);
    const second = await mergeContext([path], "coracle-other", access);
    await removeContext(merged);
    expect(config(path)["current-context"]).toBe("coracle-other");
    await removeContext(second);
    expect(config(path)["current-context"]).toBe("");
  });

  test("a context that a crash left behind is replaced and is nobody's former one", async () => {
    const path = at("config");
    await mergeContext([path], "coracle-local", access);
    const merged = await mergeContext([path], "coracle-local", { ...access, url: "https://127.0.0.1:7777" });
    expect(config(path).clusters).toHaveLength(1);
    expect(merged.former).toBe("");
    await removeContext(merged);
    expect(config(path).contexts).toEqual([]);
  });

  test("a symbolic link stays one", async () => {
    writeFileSync(at("real"), foreign);
    symlinkSync(at("real"), at("link"));
    await mergeContext([at("link")], "coracle-local", access);
    expect(config(at("real")).contexts).toHaveLength(2);
    expect(statSync(at("link")).ino).toBe(statSync(at("real")).ino);
  });

  test("with a list of files entries go to the first that exists, and the current context to the one that has it", async () => {
    writeFileSync(at("b"), "apiVersion: v1\nkind: Config\n");
    writeFileSync(at("c"), foreign);
    const merged = await mergeContext([at("a"), at("b"), at("c")], "coracle-local", access);
    expect(existsSync(at("a"))).toBe(false);
    expect(config(at("b")).contexts.map((entry) => entry.name)).toEqual(["coracle-local"]);
    expect(config(at("c"))["current-context"]).toBe("coracle-local");
    await removeContext(merged);
    expect(config(at("c"))["current-context"]).toBe("prod");
    expect(readFileSync(at("b"), "utf8")).toBe("apiVersion: v1\nkind: Config\n");
  });

  test("a link that points nowhere yet stays one, and so does a file's owner", async () => {
    symlinkSync("there/config", at("link"));
    const merged = await mergeContext([at("link")], "coracle-local", access);
    expect(lstatSync(at("link")).isSymbolicLink()).toBe(true);
    expect(config(at("there/config")).contexts).toHaveLength(1);
    await removeContext(merged);
    expect(lstatSync(at("link")).isSymbolicLink()).toBe(true);
    expect(existsSync(at("there"))).toBe(false);
  });

  test("the current context returns also where another file of the list defines it", async () => {
    writeFileSync(at("a"), foreign.replace("current-context: prod", ""));
    writeFileSync(at("b"), "apiVersion: v1\nkind: Config\ncurrent-context: prod\n");
    await removeContext(await mergeContext([at("a"), at("b")], "coracle-local", access));
    expect(config(at("b"))["current-context"]).toBe("prod");
  });

  test("what an older version recorded is undone as well", async () => {
    writeFileSync(at("config"), foreign);
    const { context, path, currentPath, former, created } = await mergeContext([at("config")], "coracle-local", access);
    await removeContext({ context, path, currentPath, former, created });
    expect(load(readFileSync(at("config"), "utf8"))).toEqual(load(foreign));
  });

  test("two at once both arrive", async () => {
    const path = at("config");
    await Promise.all(["coracle-a", "coracle-b", "coracle-c"].map((context) => mergeContext([path], context, access)));
    expect(config(path).contexts.map((entry) => entry.name).sort()).toEqual(["coracle-a", "coracle-b", "coracle-c"]);
  });
});

describe("what cannot be read is named in one line and left alone", () => {
  test.each([
    ["broken YAML", "a: [", "is not valid YAML: unexpected end"],
    ["no mapping", "just text", "is not a kubeconfig"],
    ["a list that is none", "contexts: 5", `"contexts" is not a list`],
    ["another object", "apiVersion: v1\nkind: Pod", `it is of "v1", kind "Pod"`],
    ["a current context that is no name", "current-context: 5", `"current-context" is not the name of one`],
    ["a file that holds itself", "preferences: &all { again: *all }", "an alias in it means what it stands in"],
  ])("%s", async (_name, text, expected) => {
    const path = at("config");
    writeFileSync(path, text);
    const attempt = mergeContext([path], "coracle-local", access);
    await expect(attempt).rejects.toThrow(Failure);
    await expect(attempt).rejects.toThrow(expected);
    expect(() => checkKubeconfig([path])).toThrow(expected);
    await expect(attempt.catch((error: Error) => error.message)).resolves.not.toContain("\n");
    expect(readFileSync(path, "utf8")).toBe(text);
    expect(existsSync(`${path}.lock`)).toBe(false);
  });

  test("a folder in its place", async () => {
    mkdirSync(at("config"));
    expect(() => checkKubeconfig([at("config")])).toThrow("it is a directory");
    await expect(mergeContext([at("config")], "coracle-local", access)).rejects.toThrow("it is a directory");
  });

  test("a device in its place, which stays one", async () => {
    expect(() => checkKubeconfig(["/dev/null"])).toThrow("is not a regular file");
    await expect(mergeContext(["/dev/null"], "coracle-local", access)).rejects.toThrow("is not a regular file");
    expect(statSync("/dev/null").isCharacterDevice()).toBe(true);
  });

  test("a lock that somebody keeps", async () => {
    writeFileSync(at("config"), foreign);
    writeFileSync(at("config.lock"), "");
    await expect(mergeContext([at("config")], "coracle-local", access)).rejects.toThrow("is being changed by another program");
    expect(readFileSync(at("config"), "utf8")).toBe(foreign);
  });

  test("a file or a folder that its owner has closed, before anything is tried; root may write there", () => {
    writeFileSync(at("config"), foreign, { mode: 0o400 });
    mkdirSync(at("closed"), { mode: 0o500 });
    for (const path of [at("config"), at("closed/config"), at("closed/deep/config")]) {
      const check = expect(() => checkKubeconfig([path]));
      if (process.getuid?.() === 0) check.not.toThrow();
      else check.toThrow("cannot be written: permission denied");
    }
  });

  test("a path through a file", async () => {
    writeFileSync(at("file"), "");
    expect(() => checkKubeconfig([at("file/deep/config")])).toThrow("a part of the path is not a directory");
    await expect(mergeContext([at("file/config")], "coracle-local", access)).rejects.toThrow("a part of the path is not a directory");
  });
});

test("the files are those that kubectl reads", () => {
  expect(kubeconfigPaths("/x", { KUBECONFIG: "/a" })).toEqual(["/x"]);
  expect(kubeconfigPaths(undefined, { KUBECONFIG: "/a::/b" })).toEqual(["/a", "/b"]);
  expect(kubeconfigPaths(undefined, { HOME: "/home/jane" })).toEqual(["/home/jane/.kube/config"]);
  expect(kubeconfigPaths("x", {})).toEqual([join(process.cwd(), "x")]);
  expect(kubeconfigPaths(undefined, { KUBECONFIG: "a:/b" })).toEqual([join(process.cwd(), "a"), "/b"]);
});
