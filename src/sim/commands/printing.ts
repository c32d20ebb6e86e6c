/** What `echo` and `printf` make of their words. */
const letters: { readonly [letter: string]: string } = { n: "\n", t: "\t", r: "\r", a: "\x07", b: "\b", f: "\f", v: "\v", "\\": "\\", e: "\x1b", E: "\x1b" };

/** Replaces escapes; `\c` ends the text, which `ended` says. */
export function unescaped(text: string, options: { quotes?: boolean } = {}): { text: string; ended: boolean } {
  let out = "";
  for (let i = 0; i < text.length; i++) {
    if (text[i] !== "\\" || i + 1 >= text.length) {
      out += text[i];
      continue;
    }
    const rest = text.slice(i + 1);
    const number = /^(?:0([0-7]{1,3})|x([\da-fA-F]{1,2})|([1-7][0-7]{0,2}))/.exec(rest);
    if (rest[0] === "c") return { text: out, ended: true };
    if (number) {
      out += String.fromCharCode(number[2] === undefined ? Number.parseInt((number[1] ?? number[3]) as string, 8) : Number.parseInt(number[2], 16));
      i += number[0].length;
    } else if (rest[0] === "0") {
      out += "\0";
      i++;
    } else {
      const letter = rest[0] as string;
      out += letters[letter] ?? (options.quotes && (letter === '"' || letter === "'") ? letter : `\\${letter}`);
      i++;
    }
  }
  return { text: out, ended: false };
}

/** ash's echo: `-n` no newline, `-e` escapes. */
export function echoed(args: readonly string[]): string {
  const words = [...args];
  let newline = true;
  let escapes = false;
  for (; /^-[neE]+$/.test(words[0] ?? ""); words.shift()) {
    if (words[0]?.includes("n")) newline = false;
    if (words[0]?.includes("e")) escapes = true;
  }
  const text = words.join(" ");
  const made = escapes ? unescaped(text) : { text, ended: false };
  return made.text + (newline && !made.ended ? "\n" : "");
}

const conversion = /%([-+ #0]*)(\*|\d+)?(?:\.(\*|\d+))?([diouxXcsbqeEfgG%])/g;

/** printf with its format and arguments; the format is used again while there are arguments. */
export function printed([format = "", ...args]: readonly string[], complain: (message: string) => void): string {
  const plain = unescaped(format, { quotes: true });
  let out = "";
  let next = 0;
  let stopped = plain.ended;
  do {
    const begun = next;
    out += plain.text.replace(conversion, (_whole, flags: string, width: string | undefined, precision: string | undefined, kind: string) => {
      if (kind === "%") return "%";
      if (stopped && !plain.ended) return "";
      const wide = Number(width === "*" ? (args[next++] ?? 0) : (width ?? 0));
      const exact = precision === undefined ? undefined : Number(precision === "*" ? (args[next++] ?? 0) : precision);
      const argument = args[next++];
      const made = converted(kind, argument, { exact, flags, complain });
      if (kind === "b" && argument !== undefined && unescaped(argument).ended) stopped = true;
      const fill = flags.includes("0") && kind !== "s" && !flags.includes("-") ? "0" : " ";
      return flags.includes("-") ? made.padEnd(wide) : fill === "0" && /^[-+]/.test(made) ? made[0] + made.slice(1).padStart(wide - 1, "0") : made.padStart(wide, fill);
    });
    if (next === begun) break;
  } while (next < args.length && !stopped);
  return out;
}

function converted(kind: string, argument: string | undefined, { exact, flags, complain }: { exact: number | undefined; flags: string; complain: (message: string) => void }): string {
  const text = argument ?? "";
  if (kind === "s") return exact === undefined ? text : text.slice(0, exact);
  if (kind === "b") return unescaped(text).text;
  if (kind === "c") return text.slice(0, 1);
  if (kind === "q") return /^[\w./:=@%+,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
  const quoted = /^["'](.)/.exec(text);
  let number = quoted ? (quoted[1] as string).charCodeAt(0) : text === "" ? 0 : /^[-+]?0[0-7]+$/.test(text) ? Number.parseInt(text, 8) : Number(text);
  if (Number.isNaN(number)) {
    complain(`sh: invalid number '${text}'\n`);
    number = Number.parseFloat(text) || 0;
  }
  const sign = flags.includes("+") && number >= 0 ? "+" : flags.includes(" ") && number >= 0 ? " " : "";
  if ("eEfgG".includes(kind)) {
    const made = kind === "f" ? number.toFixed(exact ?? 6) : kind.toLowerCase() === "e" ? number.toExponential(exact ?? 6).replace(/e([-+])(\d)$/, "e$10$2") : String(Number(number.toPrecision(exact || 6)));
    return sign + (kind === kind.toUpperCase() ? made.toUpperCase() : made);
  }
  const whole = Math.trunc(number);
  if (kind === "d" || kind === "i") return sign + (whole < 0 ? "-" : "") + String(Math.abs(whole)).padStart(exact ?? 0, "0");
  const positive = whole < 0 ? BigInt.asUintN(64, BigInt(whole)) : BigInt(whole);
  const made = positive.toString(kind === "o" ? 8 : kind === "u" ? 10 : 16).padStart(exact ?? 0, "0");
  return (flags.includes("#") && kind !== "u" ? (kind === "o" ? "0" : "0x") : "") + (kind === "X" ? made.toUpperCase() : made);
}
