import { condition } from "./conditions.ts";
import { matches } from "./pattern.ts";
import type { Shell } from "./shell.ts";
import type { CompoundNode, StatementNode } from "./syntax.ts";
import { Leave } from "./variables.ts";

/** `if`, loops, `case`, groups, subshells, `((…))` and `[[ … ]]`. */

export async function compound(node: CompoundNode, shell: Shell): Promise<number> {
  switch (node.type) {
    case "If":
      for (const { condition: test, body } of node.clauses) if (await holds(test, shell)) return shell.statements(body);
      return node.elseBody ? shell.statements(node.elseBody) : 0;
    case "While":
    case "Until":
      return loop(async () => (await holds(node.condition, shell)) === (node.type === "While"), { body: node.body, shell });
    case "For": {
      const words = node.words ? await shell.expander.words(node.words) : [...shell.variables.positional];
      return loop(async () => {
        const next = words.shift();
        if (next !== undefined) shell.variables.set(node.variable, next);
        return next !== undefined;
      }, { body: node.body, shell });
    }
    case "CStyleFor":
      if (node.init) await shell.expander.arithmetic(node.init.expression);
      return loop(async () => !node.condition || (await shell.expander.arithmetic(node.condition.expression)) !== 0, {
        body: node.body, shell,
        after: async () => {
          if (node.update) await shell.expander.arithmetic(node.update.expression);
        },
      });
    case "Case":
      return chosen(node, shell);
    case "Group":
      return shell.statements(node.body);
    case "Subshell": {
      const { process, done } = shell.spawn(shell.descriptors, (child) => child.statements(node.body));
      return shell.programs.waitedFor(process, done);
    }
    case "ArithmeticCommand":
      return (await shell.expander.arithmetic(node.expression.expression)) === 0 ? 1 : 0;
    case "ConditionalCommand":
      return (await condition(node.expression, shell)) ? 0 : 1;
  }
}

async function chosen(node: Extract<CompoundNode, { type: "Case" }>, shell: Shell): Promise<number> {
  const word = await shell.expander.word(node.word);
  let falls = false;
  for (const { patterns, body, terminator } of node.items) {
    let found = falls;
    for (const pattern of patterns) found ||= matches(await shell.expander.pattern(pattern), word);
    if (!found) continue;
    const status = await shell.statements(body);
    if (terminator === ";;") return status;
    falls = terminator === ";&";
  }
  return 0;
}

function holds(test: readonly StatementNode[], shell: Shell): Promise<boolean> {
  return shell.guardedly(async () => (await shell.statements(test)) === 0);
}

async function loop(goesOn: () => Promise<boolean>, { body, after, shell }: { body: readonly StatementNode[]; after?: () => Promise<void>; shell: Shell }): Promise<number> {
  let status = 0;
  for (;;) {
    await shell.pacer.round();
    try {
      if (!(await goesOn())) return status;
      status = await shell.statements(body);
    } catch (error) {
      if (!(error instanceof Leave) || (error.kind !== "break" && error.kind !== "continue")) throw error;
      status = 0;
      if (error.value > 1) throw new Leave(error.kind, error.value - 1);
      if (error.kind === "break") return status;
    }
    await after?.();
  }
}
