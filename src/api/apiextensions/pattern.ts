/**
 * Regular expressions of schemas are those of Go. What this language reads otherwise is taken as it is here; what it cannot read
 * judges no value.
 */
export function patternOf(source: string): RegExp | undefined {
  for (const flags of ["u", ""]) {
    try {
      return new RegExp(source, flags);
    } catch {
      // Read in the older way, or not at all.
    }
  }
  return undefined;
}

/** What Go says about an expression that is broken in a plain way: brackets that do not match, or nothing to repeat. */
export function patternProblem(source: string): string | undefined {
  let open = 0;
  let repeatable = false;
  for (let i = 0; i < source.length; i++) {
    const character = source.charAt(i);
    if (character === "\\") {
      if (i + 1 >= source.length) return "trailing backslash at end of expression: ``";
      // What stands between these two is text.
      if (source.charAt(i + 1) === "Q") return undefined;
      i++;
      repeatable = true;
    } else if (character === "[") {
      const end = classEnd(source, i);
      if (end < 0) return `missing closing ]: \`${source.slice(i)}\``;
      i = end;
      repeatable = true;
    } else if (character === "(") {
      open++;
      repeatable = false;
      // Flags and names of groups.
      if (source.charAt(i + 1) === "?") i += /^\?(P?<\w+>|[imsU-]*[:)])/.exec(source.slice(i + 1))?.[0].length ?? 0;
      if (source.charAt(i) === ")") open--;
    } else if (character === ")") {
      if (open === 0) return `unexpected ): \`${source}\``;
      open--;
      repeatable = true;
    } else if (character === "|") repeatable = false;
    else if ("*+?".includes(character)) {
      if (!repeatable) return `missing argument to repetition operator: \`${character}\``;
    } else repeatable = true;
  }
  return open > 0 ? `missing closing ): \`${source}\`` : undefined;
}

/** The position of the bracket that ends the class; -1 if there is none. One that comes first is a member. */
function classEnd(source: string, start: number): number {
  let i = start + 1;
  if (source.charAt(i) === "^") i++;
  if (source.charAt(i) === "]") i++;
  for (; i < source.length; i++) {
    if (source.charAt(i) === "\\") i++;
    else if (source.startsWith("[:", i) && source.includes(":]", i)) i = source.indexOf(":]", i) + 1;
    else if (source.charAt(i) === "]") return i;
  }
  return -1;
}
