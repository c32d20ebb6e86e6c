import type { Input, Process } from "../process.ts";
import type { LineEditor } from "./line-editor.ts";

/**
 * A terminal between a person and the processes that run at it: it echoes, edits the line, gives whole lines to whoever reads, and turns
 * Ctrl-C into a signal for what is in the foreground. Ctrl-D on an empty line is the end of one reading. While a
 * shell waits for a command, its line editor takes the keys.
 */
export interface TerminalOptions {
  readonly input: Input;
  /** Shows bytes to the person. */
  readonly show: (bytes: Uint8Array) => void;
}

const encoder = new TextEncoder();

export class Terminal implements Input {
  private readonly options: TerminalOptions;
  private readonly lines: Uint8Array[] = [];
  private readonly decoder = new TextDecoder();
  private line = "";
  private hungUp = false;
  private keyed: { readonly to: Process; readonly press: (key: string) => void } | undefined;
  private wake: (() => void) | undefined;
  /** What Ctrl-C interrupts. */
  foreground: (() => Process | undefined) | undefined;
  /** The person pressed Ctrl-C while a shell waited for a line. */
  onInterrupt: (() => void) | undefined;
  /** Set while a shell waits for a command. */
  editor: LineEditor | undefined;

  constructor(options: TerminalOptions) {
    this.options = options;
    void this.follow();
  }

  async read(): Promise<Uint8Array | undefined> {
    while (this.lines.length === 0 && !this.hungUp) await new Promise<void>((resolve) => (this.wake = resolve));
    const line = this.lines.shift();
    return line && line.length > 0 ? line : undefined;
  }

  /** Nobody is at the other side any more. */
  get isHungUp(): boolean {
    return this.hungUp && this.lines.length === 0;
  }

  private async follow(): Promise<void> {
    for (let bytes = await this.options.input.read(); bytes; bytes = await this.options.input.read()) for (const char of this.decoder.decode(bytes, { stream: true })) this.take(char);
    this.hungUp = true;
    this.wake?.();
  }

  keys(to: Process, press: (key: string) => void): void {
    this.keyed = { to, press };
  }

  private take(char: string): void {
    const { editor } = this;
    if (this.keyed?.to.alive && char !== "\x03") this.keyed.press(char);
    else if (editor && char !== "\x03" && !(char === "\x04" && editor.isEmpty)) {
      const { shown, line } = editor.take(char);
      this.show(shown);
      if (line !== undefined) this.give(line);
    } else if (char === "\r" || char === "\n") {
      this.show("\r\n");
      this.give(`${this.line}\n`);
    } else if (char === "\x03") this.interrupt();
    else if (char === "\x04") {
      // The end of input where nothing stands on the line, else the line as it is.
      this.give(this.line);
    } else if (char === "\x15") {
      this.show("\b \b".repeat(this.line.length));
      this.line = "";
    } else if (char === "\x7f" || char === "\b") {
      if (this.line !== "") this.show("\b \b");
      this.line = this.line.slice(0, -1);
    } else if (char === "\x17") {
      const kept = this.line.replace(/\S+\s*$/, "");
      this.show("\b \b".repeat(this.line.length - kept.length));
      this.line = kept;
    } else {
      this.line += char;
      // A control character is shown as what was pressed.
      this.show(char >= " " || char === "\t" ? char : `^${String.fromCharCode(char.charCodeAt(0) + 64)}`);
    }
  }

  private interrupt(): void {
    this.line = "";
    this.show("^C\r\n");
    const process = this.foreground?.();
    if (process) process.signal("INT");
    else this.onInterrupt?.();
  }

  private give(text: string): void {
    this.line = "";
    this.editor = undefined;
    this.lines.push(encoder.encode(text));
    this.wake?.();
  }

  private show(text: string): void {
    if (text === "") return;
    this.options.show(encoder.encode(text));
  }
}
