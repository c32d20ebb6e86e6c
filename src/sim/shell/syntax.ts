/** The parts of the interpreter's syntax tree that the rewriting touches; the rest passes through untouched. */
export interface ScriptNode {
  type: "Script";
  statements: StatementNode[];
}

export interface StatementNode {
  type: "Statement";
  pipelines: PipelineNode[];
  operators: ("&&" | "||" | ";")[];
  background: boolean;
}

export interface PipelineNode {
  type: "Pipeline";
  commands: CommandNode[];
  negated: boolean;
  pipeStderr?: boolean[];
}

export interface SimpleCommandNode {
  type: "SimpleCommand";
  assignments: { value: WordNode | null }[];
  name: WordNode | null;
  args: WordNode[];
  redirections: RedirectionNode[];
}

export type CommandNode =
  | SimpleCommandNode
  | { type: "If"; clauses: { condition: StatementNode[]; body: StatementNode[] }[]; elseBody: StatementNode[] | null; redirections: RedirectionNode[] }
  | { type: "While" | "Until"; condition: StatementNode[]; body: StatementNode[]; redirections: RedirectionNode[] }
  | { type: "For"; words: WordNode[] | null; body: StatementNode[]; redirections: RedirectionNode[] }
  | { type: "CStyleFor" | "Subshell" | "Group"; body: StatementNode[]; redirections: RedirectionNode[] }
  | { type: "Case"; items: { patterns: WordNode[]; body: StatementNode[] }[]; redirections: RedirectionNode[] }
  | { type: "FunctionDef"; name: string; body: Exclude<CommandNode, SimpleCommandNode>; redirections: RedirectionNode[] }
  | { type: "ArithmeticCommand" | "ConditionalCommand"; redirections: RedirectionNode[] };

export interface RedirectionNode {
  type: "Redirection";
  fd: number | null;
  operator: string;
  target: WordNode | { type: "HereDoc"; content: WordNode };
}

export interface WordNode {
  type: "Word";
  parts: WordPart[];
}

export type WordPart =
  | { type: "Literal" | "SingleQuoted" | "Escaped"; value: string }
  | { type: "DoubleQuoted"; parts: WordPart[] }
  | { type: "CommandSubstitution"; body: ScriptNode }
  | { type: "ParameterExpansion"; parameter: string; operation: object | null }
  | { type: "ArithmeticExpansion" | "ProcessSubstitution" | "BraceExpansion" | "TildeExpansion" | "Glob" };
