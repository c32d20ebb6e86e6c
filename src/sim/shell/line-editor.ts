/**
 * Edits one line at a terminal as shells do: it takes keys and says what is to be shown. Up and down go through the lines before; Tab
 * completes the word at the cursor, a second Tab lists what it could be.
 */
export interface EditorOptions {
  /** What stands before the line, for when the screen is cleared. */
  readonly prompt: () => string;
  /** Earlier lines, oldest first. */
  readonly history: readonly string[];
  /** What the word before the cursor may become. */
  readonly complete: (before: string) => readonly string[];
}

/** What a key comes to: text to show, and the line if it is whole. */
export interface Edited {
  readonly shown: string;
  readonly line?: string;
}

/** Keys by the sequence that a terminal sends for them. */
const sequences: { readonly [sequence: string]: string } = {
  "[A": "up", "[B": "down", "[C": "right", "[D": "left", "[H": "home", "[F": "end", "OA": "up", "OB": "down", "OC": "right", "OD": "left", "OH": "home", "OF": "end", "[1~": "home", "[7~": "home", "[4~": "end", "[8~": "end", "[3~": "delete",
  "[1;5C": "wordRight", "[1;5D": "wordLeft", b: "wordLeft", f: "wordRight", d: "killWord",
};

const controls: { readonly [char: string]: string } = {
  "\x01": "home", "\x02": "left", "\x04": "delete", "\x05": "end", "\x06": "right", "\x08": "back", "\x0b": "killEnd", "\x0c": "clear", "\x0e": "down", "\x10": "up", "\x15": "killStart", "\x17": "killBack", "\x7f": "back", "\t": "complete",
};

export class LineEditor {
  private readonly options: EditorOptions;
  private text = "";
  private cursor = 0;
  /** A sequence that has begun with Escape. */
  private sequence: string | undefined;
  /** Where in the history the line comes from; its length: it is new. */
  private at: number;
  private fresh = "";
  private tabs = 0;

  constructor(options: EditorOptions) {
    this.options = options;
    this.at = options.history.length;
  }

  get isEmpty(): boolean {
    return this.text === "";
  }

  take(char: string): Edited {
    if (this.sequence !== undefined) return this.inSequence(char);
    if (char === "\x1b") {
      this.sequence = "";
      return { shown: "" };
    }
    if (char === "\r" || char === "\n") return { shown: `${this.text.slice(this.cursor)}\r\n`, line: `${this.text}\n` };
    const key = controls[char];
    if (key !== undefined) return { shown: this.press(key) };
    return { shown: char >= " " ? this.insert(char) : "" };
  }

  private inSequence(char: string): Edited {
    const sequence = (this.sequence ?? "") + char;
    const isWhole = /^(?:[^[O]|[[O][\d;]*[A-Za-z~])$/.test(sequence);
    this.sequence = isWhole || sequence.length > 8 ? undefined : sequence;
    const key = isWhole ? sequences[sequence] : undefined;
    return { shown: key === undefined ? "" : this.press(key) };
  }

  private press(key: string): string {
    if (key !== "complete") this.tabs = 0;
    const { text, cursor } = this;
    const before = text.slice(0, cursor);
    const wordStart = before.replace(/\S+\s*$/, "").length;
    const wordEnd = cursor + (/^\s*\S*/.exec(text.slice(cursor))?.[0].length ?? 0);
    switch (key) {
      case "left":
        return this.move(Math.max(0, cursor - 1));
      case "right":
        return this.move(Math.min(text.length, cursor + 1));
      case "home":
        return this.move(0);
      case "end":
        return this.move(text.length);
      case "wordLeft":
        return this.move(wordStart);
      case "wordRight":
        return this.move(wordEnd);
      case "back":
        return this.cut(Math.max(0, cursor - 1), cursor);
      case "delete":
        return this.cut(cursor, Math.min(text.length, cursor + 1));
      case "killEnd":
        return this.cut(cursor, text.length);
      case "killStart":
        return this.cut(0, cursor);
      case "killBack":
        return this.cut(wordStart, cursor);
      case "killWord":
        return this.cut(cursor, wordEnd);
      case "up":
        return this.recall(this.at - 1);
      case "down":
        return this.recall(this.at + 1);
      case "clear":
        return `\x1b[H\x1b[J${this.redrawn()}`;
      default:
        return this.complete(before);
    }
  }

  /** The whole line with its prompt, the cursor where it was. */
  private redrawn(): string {
    return `${this.options.prompt()}${this.text}${"\b".repeat(this.text.length - this.cursor)}`;
  }

  private move(to: number): string {
    const shown = to < this.cursor ? "\b".repeat(this.cursor - to) : this.text.slice(this.cursor, to);
    this.cursor = to;
    return shown;
  }

  private insert(words: string): string {
    this.tabs = 0;
    const rest = this.text.slice(this.cursor);
    this.text = this.text.slice(0, this.cursor) + words + rest;
    this.cursor += words.length;
    return words + rest + "\b".repeat(rest.length);
  }

  private cut(from: number, to: number): string {
    if (from >= to) return "";
    const rest = this.text.slice(to);
    const back = "\b".repeat(this.cursor - from);
    this.text = this.text.slice(0, from) + rest;
    this.cursor = from;
    // At the end of the line blanks wipe out as well as a control sequence, and any terminal knows them.
    if (rest === "") return `${back}${" ".repeat(to - from)}${"\b".repeat(to - from)}`;
    return `${back}${rest}\x1b[K${"\b".repeat(rest.length)}`;
  }

  private recall(at: number): string {
    const { history } = this.options;
    if (at < 0 || at > history.length) return "";
    if (this.at === history.length) this.fresh = this.text;
    this.at = at;
    const shown = this.cut(0, this.cursor) + this.cut(0, this.text.length);
    return shown + this.insert(history[at] ?? this.fresh);
  }

  private complete(before: string): string {
    const found = this.options.complete(before);
    const word = /[^\s;|&<>]*$/.exec(before)?.[0] ?? "";
    if (found.length === 0) return "";
    let common = found[0] as string;
    for (const each of found) while (!each.startsWith(common)) common = common.slice(0, -1);
    const more = common.slice(word.length);
    if (found.length === 1) return this.insert(`${more}${common.endsWith("/") ? "" : " "}`);
    if (more !== "") return this.insert(more);
    if (++this.tabs < 2) return "";
    this.tabs = 0;
    return `\r\n${found.map((each) => each.replace(/^.*\/(?=.)/, "")).join("  ")}\r\n${this.redrawn()}`;
  }
}
