/** The words of an expression of CEL, each with its place. Positions count characters of the text. */
export type TokenKind = "identifier" | "number" | "text" | "sign" | "end";

export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  readonly at: number;
}

/** What is wrong, and where. */
export interface Problem {
  readonly at: number;
  readonly text: string;
}

const blank = /[ \t\n\r\f]+|\/\/[^\n]*/y;
const identifier = /[_a-zA-Z][_a-zA-Z0-9]*|`[-_a-zA-Z0-9./ ]+`/y;
const number = /0x[0-9a-fA-F]+u?|(?:[0-9]+\.[0-9]+(?:[eE][-+]?[0-9]+)?|[0-9]+[eE][-+]?[0-9]+|\.[0-9]+(?:[eE][-+]?[0-9]+)?)|[0-9]+[uU]?/y;
const text = /(?:[bB]?[rR]|[rR][bB])(?:"""[\s\S]*?"""|'''[\s\S]*?'''|"[^"\n\r]*"|'[^'\n\r]*')|[bB]?(?:"""(?:\\[\s\S]|[^\\])*?"""|'''(?:\\[\s\S]|[^\\])*?'''|"(?:\\.|[^\\"\n\r])*"|'(?:\\.|[^\\'\n\r])*')/y;
const sign = /==|!=|<=|>=|&&|\|\||[<>[\]{}().,\-!?:+*/%]/y;

const patterns: readonly (readonly [TokenKind | undefined, RegExp])[] = [
  [undefined, blank],
  ["text", text],
  ["identifier", identifier],
  ["number", number],
  ["sign", sign],
];

/** All words, the end among them, and the characters that are none. */
export function readTokens(source: string): { readonly tokens: readonly Token[]; readonly problems: readonly Problem[] } {
  const tokens: Token[] = [];
  const problems: Problem[] = [];
  // A sticky pattern keeps a place: each text is read with its own.
  const own = patterns.map(([kind, pattern]) => [kind, new RegExp(pattern)] as const);
  let at = 0;
  while (at < source.length) {
    let length = 0;
    for (const [kind, pattern] of own) {
      pattern.lastIndex = at;
      const found = pattern.exec(source)?.[0];
      if (found === undefined) continue;
      if (kind !== undefined) tokens.push({ kind: found === "in" ? "sign" : kind, text: found, at });
      length = found.length;
      break;
    }
    if (length === 0) {
      const odd = /^[\s\S][ \t]?/u.exec(source.slice(at))?.[0] ?? source.charAt(at);
      problems.push({ at, text: `Syntax error: token recognition error at: '${odd}'` });
      length = odd.length;
    }
    at += length;
  }
  tokens.push({ kind: "end", text: "<EOF>", at: source.length });
  return { tokens, problems };
}
