// @ts-check
/**
 * Runs the files of a bundle. Beside each may lie its code, compiled, with all functions that ran when the bundle was made: V8 takes it if
 * it is of the same version and settings and compiles the text else. Node's own compile cache holds only what is compiled before a module
 * runs; the functions that a start calls, some 2,000, would be compiled each time.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { Script, constants } from "node:vm";

/** Between the text of a file and that of the function it becomes. */
export const opening = "(function (exports, require, module, __filename, __dirname) {";
export const closing = "\n})";

/** Where the compiled code of a file lies. @param {string} path */
export const codePath = (path) => `${path}.code`;

/** The files that one process has loaded from one bundle. */
export class BundleLoader {
  /** @param {string} folder */
  constructor(folder) {
    this.folder = folder;
    /** @type {Map<string, { exports: object }>} */
    this.modules = new Map();
    /** What is loaded, by path. @type {Map<string, Script>} */
    this.scripts = new Map();
    this.requireOther = createRequire(`${folder}/main.cjs`);
  }

  /** @param {string} name of a file in the folder @returns {object} */
  load(name) {
    const known = this.modules.get(name);
    if (known) return known.exports;
    const path = `${this.folder}/${name}`;
    const module = { exports: {} };
    this.modules.set(name, module);
    const script = new Script(readFileSync(path, "latin1"), { filename: path, cachedData: compiled(path), importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER });
    this.scripts.set(path, script);
    /** @param {string} asked */
    const require = (asked) => (asked.startsWith("./") ? this.load(asked.slice(2)) : this.requireOther(asked));
    script.runInThisContext().call(module.exports, module.exports, require, module, path, this.folder);
    return module.exports;
  }
}

/** @param {string} path @returns {Buffer | undefined} */
function compiled(path) {
  try {
    return readFileSync(codePath(path));
  } catch {
    return undefined;
  }
}
