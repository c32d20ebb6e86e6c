import type { Bash } from "just-bash/browser";

/** The syntax tree of a script as the parser gives it; `Shells.parse` makes it. */
export type ScriptNode = ReturnType<Bash["transform"]>["ast"];
export type StatementNode = ScriptNode["statements"][number];
export type PipelineNode = StatementNode["pipelines"][number];
export type CommandNode = PipelineNode["commands"][number];
export type SimpleCommandNode = Extract<CommandNode, { type: "SimpleCommand" }>;
export type FunctionNode = Extract<CommandNode, { type: "FunctionDef" }>;
export type CompoundNode = Exclude<CommandNode, SimpleCommandNode | FunctionNode>;
export type AssignmentNode = SimpleCommandNode["assignments"][number];
export type RedirectionNode = SimpleCommandNode["redirections"][number];
export type WordNode = NonNullable<SimpleCommandNode["name"]>;
export type WordPart = WordNode["parts"][number];
export type ParameterNode = Extract<WordPart, { type: "ParameterExpansion" }>;
export type ArithmeticNode = Extract<WordPart, { type: "ArithmeticExpansion" }>["expression"]["expression"];
export type ConditionNode = Extract<CommandNode, { type: "ConditionalCommand" }>["expression"];

/** A script that is no script; `incomplete`: more lines could make it one. */
export class SyntaxProblem extends Error {
  readonly incomplete: boolean;
  constructor(message: string, incomplete: boolean) {
    super(message);
    this.incomplete = incomplete;
  }
}

/** What the parser complains of, as ash says it. */
export function syntaxProblem(message: string): SyntaxProblem {
  if (/matching `["']'/.test(message)) return new SyntaxProblem("syntax error: unterminated quoted string", true);
  const expected = /Expected (\w+), got (\w+)/.exec(message);
  const name = (token: string): string => `"${({ RBRACE: "}", LBRACE: "{", RPAREN: ")", LPAREN: "(", SEMICOLON: ";" } as { [token: string]: string })[token] ?? token.toLowerCase()}"`;
  const atEnd = expected?.[2] === "EOF" || /unexpected EOF|unterminated here-document/.test(message);
  if (expected) return new SyntaxProblem(`syntax error: unexpected ${atEnd ? "end of file" : name(expected[2] as string)} (expecting ${name(expected[1] as string)})`, atEnd);
  const token = /unexpected token `(.*)'/.exec(message)?.[1];
  return new SyntaxProblem(`syntax error: unexpected ${atEnd || token === undefined || token === "" ? "end of file" : `"${token}"`}`, atEnd);
}
