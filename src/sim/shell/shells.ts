import type { Bash } from "just-bash/browser";
import type { Environment } from "../../base/environment.ts";
import type { ScriptNode } from "./syntax.ts";
import { SyntaxProblem, syntaxProblem } from "./syntax.ts";

export type ShellModule = typeof import("just-bash/browser");

/** Scripts whose trees are kept: those of probes and hooks come again and again. */
const scriptsMax = 200;

/**
 * Loads the library that parses scripts and brings text tools (awk, sed …) when it is first needed: it is larger than the rest of the
 * machine together, and takes a tenth of a second of the host. Who asks for it before it is there gets it before anything else in the cluster
 * goes on. Whoever knows that it will be asked for calls `prepare` while something else still takes cluster time.
 */
export class Shells {
  private module: ShellModule | undefined;
  private loading: Promise<ShellModule> | undefined;
  private parser: Bash | undefined;
  private readonly trees = new Map<string, ScriptNode>();
  private readonly environment: Environment;

  constructor(environment: Environment) {
    this.environment = environment;
  }

  prepare(): void {
    if (this.loading) return;
    const release = this.environment.runner.hold();
    void this.load().finally(release);
  }

  /** At once when prepared. */
  get(): ShellModule | Promise<ShellModule> {
    if (this.module) return this.module;
    const resume = this.environment.runner.pause();
    return this.load().finally(resume);
  }

  /** The tree of a script, which nobody may change. Throws SyntaxProblem. Only after `get` has given the module. */
  parse(script: string): ScriptNode {
    const known = this.trees.get(script);
    if (known) return known;
    if (/(?:^|[^\\])(?:\\\\)*\\\n?$|(?:\|\||&&|[^|]\|)\s*$/.test(script)) throw new SyntaxProblem("syntax error: unexpected end of file", true);
    if (!this.module) throw new Error("the shell's parser is not loaded");
    this.parser ??= new this.module.Bash({ commands: [], defenseInDepth: false });
    let tree;
    try {
      tree = this.parser.transform(script).ast;
    } catch (error) {
      throw syntaxProblem(error instanceof Error ? error.message : String(error));
    }
    if (this.trees.size >= scriptsMax) this.trees.clear();
    this.trees.set(script, tree);
    return tree;
  }

  private load(): Promise<ShellModule> {
    return (this.loading ??= import("just-bash/browser").then((module) => (this.module = module)));
  }
}
