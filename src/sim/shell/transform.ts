import type { CommandNode, PipelineNode, RedirectionNode, ScriptNode, SimpleCommandNode, StatementNode, WordNode, WordPart } from "./syntax.ts";

/**
 * Rewrites a parsed script so that its output leaves statement by statement, that loops let others run, that signals reach
 * traps, and that `cmd &` runs beside the script. The interpreter itself collects all output until the script ends and knows
 * none of the rest.
 *
 * - Every simple command whose output is the script's own first has both streams redirected to the sinks; redirections of its
 *   own follow and win.
 * - Loop bodies begin with `tickCommand`. With a trap in the script, waiting points are followed by `eval "$pendingVariable"`.
 * - `trap`, `wait` and `cmd &` become commands of ours.
 * - What is quoted in a pattern of `case` is put in brackets.
 * - A file that a redirection writes is named under `targetFolder`: there a refused write is noted instead of ending the whole
 *   script, and `writtenCommand` after the command turns the note into its message and status.
 */
export const stdoutSink = "/dev/.stdout";
export const stderrSink = "/dev/.stderr";
/*
 * The interpreter runs a command of ours only where it finds a file of that name in one of the usual folders; by their full
 * path they are found whatever the search path is.
 */
export const ownFolder = "/bin/";
export const tickCommand = "__tick";
export const trapCommand = "__trap";
export const waitCommand = "__wait";
export const backgroundCommand = "__background";
export const streamCommand = "__stream";
export const writtenCommand = "__written";
export const targetFolder = "/.target";
/** Stands between the working folder and the target as written. */
export const targetMark = "/.as/";
export const ownCommands: ReadonlySet<string> = new Set([tickCommand, writtenCommand, trapCommand, waitCommand, backgroundCommand, streamCommand, "__random", "__seconds"]);
export const pendingVariable = "__PENDING_TRAP";
export const backgroundVariable = "__BACKGROUND_PID";

/** Commands that write over time: where their output is the script's own they write to it directly. */
const alwaysStreaming = ["tail", "ping", "sh", "ash", "bash"];
/** Commands during which a signal is likely to arrive. */
const waiting = new Set(["sleep", "wait", ownFolder + waitCommand, "read", "wget", "curl"]);

/** Variables of the interpreter that follow the host's clock and chance, and the commands of ours that answer instead. */
const ownVariables: { readonly [name: string]: string } = { RANDOM: "__random", SECONDS: "__seconds" };

function word(text: string): WordNode {
  return { type: "Word", parts: [{ type: "Literal", value: text }] };
}

function simple(name: string, args: WordNode[] = []): SimpleCommandNode {
  return { type: "SimpleCommand", assignments: [], name: word(name), args, redirections: [] };
}

function statement(command: CommandNode): StatementNode {
  return { type: "Statement", pipelines: [{ type: "Pipeline", commands: [command], negated: false }], operators: [], background: false };
}

function literal(node: WordNode | null): string | undefined {
  if (!node) return undefined;
  let text = "";
  for (const part of node.parts) {
    if (part.type === "Literal" || part.type === "SingleQuoted" || part.type === "Escaped") text += part.value;
    else return undefined;
  }
  return text;
}

function sinkRedirections(): RedirectionNode[] {
  return [
    { type: "Redirection", fd: null, operator: ">>", target: word(stdoutSink) },
    { type: "Redirection", fd: 2, operator: ">>", target: word(stderrSink) },
  ];
}

interface Position {
  /** The command's standard output is the script's. */
  readonly own: boolean;
  /** Its standard error is the script's. */
  readonly errors: boolean;
}

const top: Position = { own: true, errors: true };
const inSubstitution: Position = { own: false, errors: true };
const collectedBody: Position = { own: false, errors: false };

export class ScriptRewriter {
  private readonly collected = new Set<string>();
  private hasTrap = false;
  private readonly backgrounds: ScriptNode[];
  private readonly streaming: Set<string>;
  private readonly functions: StatementNode[] = [];

  /** Scripts to run beside are added to `backgrounds`; their number is given to `backgroundCommand`. `programs` write over time. */
  constructor(options: { backgrounds: ScriptNode[]; programs: readonly string[] }) {
    this.backgrounds = options.backgrounds;
    this.streaming = new Set([...alwaysStreaming, ...options.programs]);
  }

  rewrite(script: ScriptNode): ScriptNode {
    this.scan(script.statements, top);
    this.statements(script.statements, top);
    return script;
  }

  /** Finds functions whose output is collected somewhere (then their bodies must not write to the sinks), and traps. */
  private scan(statements: readonly StatementNode[], position: Position): void {
    for (const { pipelines } of statements) for (const pipeline of pipelines) this.scanPipeline(pipeline, position);
  }

  private scanPipeline(pipeline: PipelineNode, position: Position): void {
    pipeline.commands.forEach((command, index) => {
      const own = position.own && index === pipeline.commands.length - 1;
      if (command.type === "SimpleCommand") {
        const name = literal(command.name);
        if (name === "trap") this.hasTrap = true;
        if (name !== undefined && (!own || !position.errors || redirectsOutput(command.redirections) || redirectsErrors(command.redirections))) this.collected.add(name);
        for (const part of partsOf(command)) this.scanPart(part);
        return;
      }
      if (command.type === "FunctionDef") this.functions.push(statement(structuredClone(command)));
      for (const block of blocksOf(command)) this.scan(block, inside(command, { own, errors: position.errors }));
    });
  }

  private scanPart(part: WordPart): void {
    if (part.type === "CommandSubstitution" && part.body) this.scan(part.body.statements, inSubstitution);
    if (part.type === "DoubleQuoted") for (const inner of part.parts ?? []) this.scanPart(inner);
  }

  private statements(statements: StatementNode[], position: Position): void {
    for (let i = 0; i < statements.length; i++) {
      const at = statements[i] as StatementNode;
      if (at.background) statements[i] = this.background(at);
      else for (const pipeline of at.pipelines) this.pipeline(pipeline, position);
      if (this.hasTrap && waitsIn(at)) statements.splice(++i, 0, this.checkpoint());
    }
  }

  private pipeline(pipeline: PipelineNode, position: Position): void {
    pipeline.commands.forEach((command, index) => {
      const last = index === pipeline.commands.length - 1;
      const at = { own: position.own && last, errors: position.errors && (last || !pipeline.pipeStderr?.[index]) };
      if (command.type === "SimpleCommand") this.simple(command, at, index > 0);
      else this.compound(command, at);
      if (command.type !== "FunctionDef" && namesTargets(command)) pipeline.commands[index] = checked(command, at);
    });
  }

  private simple(command: SimpleCommandNode, { own, errors }: Position, piped: boolean): void {
    const name = literal(command.name);
    if (name === "trap") command.name = word(ownFolder + trapCommand);
    else if (name === "wait") command.name = word(ownFolder + waitCommand);
    for (const part of partsOf(command)) this.part(part);
    for (const redirection of command.redirections) replaceTerminal(redirection);
    if (command.name === null) return;
    const direct = !redirectsOutput(command.redirections);
    // `exec > file` changes the shell's own descriptors: sinks before it would be taken for its redirections.
    if (name === "exec" && command.args.length === 0) return;
    if (own && direct && !piped && !pipesIn(command)) {
      if (name !== undefined && this.streaming.has(name)) {
        command.args.unshift(command.name);
        command.name = word(ownFolder + streamCommand);
      } else if (name === "exec" && this.streaming.has(literal(command.args[0] ?? null) ?? "")) {
        command.args.unshift(word(ownFolder + streamCommand), word("exec"));
      }
    }
    const [out, err] = sinkRedirections() as [RedirectionNode, RedirectionNode];
    if (errors) command.redirections.unshift(err);
    if (own) command.redirections.unshift(out);
  }

  private compound(command: Exclude<CommandNode, SimpleCommandNode>, at: Position): void {
    const inner = inside(command, at);
    if (command.type === "FunctionDef") {
      for (const block of blocksOf(command)) this.statements(block, this.collected.has(command.name) ? collectedBody : top);
      return;
    }
    for (const redirection of command.redirections) replaceTerminal(redirection);
    if (command.type === "Case") for (const { patterns } of command.items) for (const pattern of patterns) pattern.parts = pattern.parts.map(asPattern);
    for (const block of blocksOf(command)) this.statements(block, inner);
    if ("body" in command && Array.isArray(command.body) && ["While", "Until", "For", "CStyleFor"].includes(command.type)) {
      if (this.hasTrap) command.body.unshift(this.checkpoint());
      command.body.unshift(statement(simple(ownFolder + tickCommand)));
    }
    if ("words" in command && command.words) for (const each of command.words as WordNode[]) for (const part of each.parts) this.part(part);
  }

  private part(part: WordPart): void {
    if (part.type === "CommandSubstitution" && part.body) this.statements(part.body.statements, inSubstitution);
    if (part.type === "DoubleQuoted") part.parts.forEach((inner) => this.part(inner));
    if (part.type === "ParameterExpansion") {
      const instead = ownVariables[part.parameter];
      if (part.parameter === "!") part.parameter = backgroundVariable;
      else if (instead !== undefined && part.operation === null) {
        Object.assign(part, { type: "CommandSubstitution", legacy: false, body: { type: "Script", statements: [statement(simple(ownFolder + instead))] } });
      }
    }
  }

  private background(at: StatementNode): StatementNode {
    const script: ScriptNode = { type: "Script", statements: [...structuredClone(this.functions), { ...at, background: false }] };
    this.backgrounds.push(script);
    return statement(simple(ownFolder + backgroundCommand, [word(String(this.backgrounds.length - 1))]));
  }

  private checkpoint(): StatementNode {
    const pending: WordNode = {
      type: "Word",
      parts: [{ type: "DoubleQuoted", parts: [{ type: "ParameterExpansion", parameter: pendingVariable, operation: null }] }],
    };
    return statement({ ...simple("eval", [pending]), redirections: sinkRedirections() });
  }
}

/** The interpreter takes quoted characters in the patterns of a `case` for wildcards; in brackets they stand for themselves. */
function asPattern(part: WordPart): WordPart {
  if (part.type === "DoubleQuoted") return { ...part, parts: part.parts.map((inner) => (inner.type === "Literal" ? { ...inner, value: bracketed(inner.value) } : asPattern(inner))) };
  if (part.type === "SingleQuoted" || part.type === "Escaped") return { type: "SingleQuoted", value: bracketed(part.value) };
  return part;
}

function bracketed(text: string): string {
  return text.replace(/[*?[]/g, "[$&]");
}

function redirectsOutput(redirections: readonly RedirectionNode[]): boolean {
  return redirections.some(({ operator, fd }) => (operator.startsWith(">") && (fd === null || fd === 1)) || operator.startsWith("&>"));
}

function redirectsErrors(redirections: readonly RedirectionNode[]): boolean {
  return redirections.some(({ operator, fd }) => (operator.startsWith(">") && fd === 2) || operator.startsWith("&>"));
}

function inside({ redirections }: { redirections: readonly RedirectionNode[] }, at: Position): Position {
  return { own: at.own && !redirectsOutput(redirections), errors: at.errors && !redirectsErrors(redirections) };
}

/** Gives the files that a command writes their names under `targetFolder`. False when it writes none. */
function namesTargets(command: Exclude<CommandNode, { type: "FunctionDef" }>): boolean {
  if (command.type === "SimpleCommand" && literal(command.name) === "exec" && command.args.length === 0) return false;
  let found = false;
  for (const { operator, target } of command.redirections) {
    if (![">", ">>", ">|", "&>", "&>>"].includes(operator) || target.type !== "Word") continue;
    const text = literal(target);
    if (text === stdoutSink || text === stderrSink || text === "/dev/null") continue;
    found = true;
    target.parts = [{ type: "Literal", value: targetFolder }, { type: "ParameterExpansion", parameter: "PWD", operation: null }, { type: "Literal", value: targetMark }, ...target.parts];
  }
  return found;
}

function checked(command: CommandNode, { errors }: Position): CommandNode {
  const status: WordNode = { type: "Word", parts: [{ type: "ParameterExpansion", parameter: "?", operation: null }] };
  const check = simple(ownFolder + writtenCommand, [status]);
  if (errors) check.redirections.push(sinkRedirections()[1] as RedirectionNode);
  return { type: "Group", body: [statement(command), statement(check)], redirections: [] };
}

function pipesIn(command: SimpleCommandNode): boolean {
  return command.redirections.some(({ operator }) => operator.startsWith("<"));
}

/** Writes to the container's own streams by their file names go to the sinks. */
function replaceTerminal(redirection: RedirectionNode): void {
  if (redirection.target.type !== "Word") return;
  const target = literal(redirection.target);
  if (target === "/dev/stdout" || target === "/proc/1/fd/1" || target === "/proc/self/fd/1" || target === "/dev/fd/1") redirection.target = word(stdoutSink);
  if (target === "/dev/stderr" || target === "/proc/1/fd/2" || target === "/proc/self/fd/2" || target === "/dev/fd/2") redirection.target = word(stderrSink);
}

function partsOf(command: SimpleCommandNode): WordPart[] {
  const words: WordNode[] = [...command.args];
  if (command.name) words.push(command.name);
  for (const { value } of command.assignments) if (value) words.push(value);
  for (const { target } of command.redirections) words.push(target.type === "HereDoc" ? target.content : target);
  return words.flatMap(({ parts }) => parts);
}

function waitsIn({ pipelines }: StatementNode): boolean {
  return pipelines.some(({ commands }) => commands.some((command) => command.type === "SimpleCommand" && waiting.has(literal(command.name) ?? "")));
}

function blocksOf(command: Exclude<CommandNode, SimpleCommandNode>): StatementNode[][] {
  switch (command.type) {
    case "If":
      return [...command.clauses.flatMap(({ condition, body }) => [condition, body]), ...(command.elseBody ? [command.elseBody] : [])];
    case "While":
    case "Until":
      return [command.condition, command.body];
    case "For":
    case "CStyleFor":
    case "Subshell":
    case "Group":
      return [command.body];
    case "Case":
      return command.items.map(({ body }) => body);
    case "FunctionDef":
      return blocksOf(command.body);
    default:
      return [];
  }
}
