/** A rule of `iptables-save` taken apart into words: a quoted comment is one. */
export interface RuleWords {
  readonly chain: string;
  /** Behind "-A CHAIN". */
  readonly words: readonly string[];
}

export function ruleWords(line: string): RuleWords {
  const [, chain = "", ...words] = [...line.matchAll(/"([^"]*)"|(\S+)/g)].map((match) => match[1] ?? match[2] ?? "");
  return { chain, words };
}

export const valueOf = (words: readonly string[], option: string): string => (words.includes(option) ? (words[words.indexOf(option) + 1] ?? "") : "");
export const isInverted = (words: readonly string[], option: string): boolean => words[words.indexOf(option) - 1] === "!";
