/**
 * The query string of a request, decoded as Go does: "+" is a blank, the first value of a name counts, pairs that cannot be
 * decoded are dropped.
 */
export class Query {
  static readonly empty: Query = new Query("");
  private readonly values: ReadonlyMap<string, readonly string[]>;

  constructor(text: string) {
    const values = new Map<string, string[]>();
    for (const pair of text === "" ? [] : text.split("&")) {
      if (pair === "") continue;
      const equals = pair.indexOf("=");
      const name = decodeComponent(equals < 0 ? pair : pair.slice(0, equals));
      const value = decodeComponent(equals < 0 ? "" : pair.slice(equals + 1));
      if (name === undefined || value === undefined) continue;
      const standing = values.get(name);
      if (standing === undefined) values.set(name, [value]);
      else standing.push(value);
    }
    this.values = values;
  }

  get(name: string): string | undefined {
    return this.values.get(name)?.[0];
  }

  all(name: string): readonly string[] {
    return this.values.get(name) ?? [];
  }

  has(name: string): boolean {
    return this.values.has(name);
  }
}

export function parseQuery(text: string): Query {
  return text === "" ? Query.empty : new Query(text);
}

function decodeComponent(text: string): string | undefined {
  if (!text.includes("%") && !text.includes("+")) return text;
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return undefined;
  }
}
