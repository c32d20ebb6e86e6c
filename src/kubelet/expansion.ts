/** `$(NAME)` in commands, arguments and variables: known names are replaced, `$$` is a dollar, the rest stays as written. */
export function expand(text: string, values: ReadonlyMap<string, string>): string {
  if (!text.includes("$")) return text;
  let out = "";
  for (let i = 0; i < text.length; i++) {
    const char = text[i] as string;
    if (char !== "$" || i + 1 >= text.length) {
      out += char;
      continue;
    }
    const next = text[i + 1];
    const end = next === "(" ? text.indexOf(")", i + 2) : -1;
    if (next === "$") {
      out += "$";
      i++;
    } else if (end > 0) {
      const name = text.slice(i + 2, end);
      out += values.get(name) ?? `$(${name})`;
      i = end;
    } else out += char;
  }
  return out;
}
