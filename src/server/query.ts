/**
 * The query string of a request, decoded as Go does: "+" is a blank, the first value of a name counts, pairs that cannot be
 * decoded are dropped.
 */
export class Query {
  static readonly empty: Query = new Query("");
  /** Names and values in turn, as they were sent. */
  private readonly pairs: readonly string[];

  constructor(text: string) {
    const pairs: string[] = [];
    for (const pair of text === "" ? [] : text.split("&")) {
      if (pair === "") continue;
      const equals = pair.indexOf("=");
      const name = decodeComponent(equals < 0 ? pair : pair.slice(0, equals));
      const value = decodeComponent(equals < 0 ? "" : pair.slice(equals + 1));
      if (name === undefined || value === undefined) continue;
      pairs.push(name, value);
    }
    this.pairs = pairs;
  }

  get(name: string): string | undefined {
    const { pairs } = this;
    for (let at = 0; at < pairs.length; at += 2) if (pairs[at] === name) return pairs[at + 1];
    return undefined;
  }

  all(name: string): readonly string[] {
    return this.pairs.filter((_value, at) => at % 2 === 1 && this.pairs[at - 1] === name);
  }

  has(name: string): boolean {
    return this.get(name) !== undefined;
  }
}

export function parseQuery(text: string): Query {
  return text === "" ? Query.empty : new Query(text);
}

/** How many different queries are remembered: components in the process have a few each. */
const knownMax = 256;

/** Parses queries, those that come again and again once. */
export class QueryParser {
  private readonly known = new Map<string, Query>();

  parse(text: string): Query {
    let query = this.known.get(text);
    if (query !== undefined) return query;
    query = parseQuery(text);
    if (this.known.size >= knownMax) this.known.clear();
    this.known.set(text, query);
    return query;
  }
}

function decodeComponent(text: string): string | undefined {
  if (!text.includes("%") && !text.includes("+")) return text;
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return undefined;
  }
}
