/** Differences between two texts in the unified form, without file names: `@@ -3,7 +3,7 @@` and lines marked with blank, minus and plus. */
const contextLines = 3;

/** Pairs of equal lines, the longest such series, both indexes rising. */
function commonLines(before: readonly string[], now: readonly string[]): [number, number][] {
  let start = 0;
  while (start < before.length && start < now.length && before[start] === now[start]) start++;
  let endBefore = before.length;
  let endNow = now.length;
  while (endBefore > start && endNow > start && before[endBefore - 1] === now[endNow - 1]) {
    endBefore--;
    endNow--;
  }
  const pairs: [number, number][] = [];
  for (let i = 0; i < start; i++) pairs.push([i, i]);
  pairs.push(...middlePairs(before, now, { start, endBefore, endNow }));
  for (let i = endBefore; i < before.length; i++) pairs.push([i, endNow + i - endBefore]);
  return pairs;
}

/** Table of longest common subsequences: the parts that differ are short, or the whole was replaced. */
const tableMax = 4_000_000;

function middlePairs(before: readonly string[], now: readonly string[], range: { start: number; endBefore: number; endNow: number }): [number, number][] {
  const rows = range.endBefore - range.start;
  const columns = range.endNow - range.start;
  if (rows === 0 || columns === 0 || rows * columns > tableMax) return [];
  const width = columns + 1;
  const table = new Uint32Array((rows + 1) * width);
  for (let i = rows - 1; i >= 0; i--) {
    for (let j = columns - 1; j >= 0; j--) {
      const equal = before[range.start + i] === now[range.start + j];
      const skip = Math.max(table[(i + 1) * width + j] ?? 0, table[i * width + j + 1] ?? 0);
      table[i * width + j] = equal ? (table[(i + 1) * width + j + 1] ?? 0) + 1 : skip;
    }
  }
  const pairs: [number, number][] = [];
  for (let i = 0, j = 0; i < rows && j < columns; ) {
    if (before[range.start + i] === now[range.start + j]) pairs.push([range.start + i++, range.start + j++]);
    else if ((table[(i + 1) * width + j] ?? 0) >= (table[i * width + j + 1] ?? 0)) i++;
    else j++;
  }
  return pairs;
}

interface Line {
  readonly mark: " " | "-" | "+";
  readonly text: string;
  readonly before: number;
  readonly now: number;
}

function markedLines(before: readonly string[], now: readonly string[]): Line[] {
  const lines: Line[] = [];
  let i = 0;
  let j = 0;
  for (const [a, b] of [...commonLines(before, now), [before.length, now.length] as [number, number]]) {
    for (; i < a; i++) lines.push({ mark: "-", text: before[i] ?? "", before: i, now: j });
    for (; j < b; j++) lines.push({ mark: "+", text: now[j] ?? "", before: i, now: j });
    if (a < before.length) lines.push({ mark: " ", text: before[a] ?? "", before: i++, now: j++ });
  }
  return lines;
}

export function unifiedDifference(before: readonly string[], now: readonly string[]): string {
  const lines = markedLines(before, now);
  let out = "";
  for (let i = 0; i < lines.length; i++) {
    if (lines[i]?.mark === " ") continue;
    const first = Math.max(0, i - contextLines);
    let last = i;
    // Changes whose surroundings touch stand in one piece.
    for (let j = i; j < lines.length && j <= last + 2 * contextLines; j++) if (lines[j]?.mark !== " ") last = j;
    const piece = lines.slice(first, Math.min(lines.length, last + contextLines + 1));
    const removed = piece.filter(({ mark }) => mark !== "+").length;
    const added = piece.filter(({ mark }) => mark !== "-").length;
    out += `@@ -${(piece[0]?.before ?? 0) + 1},${removed} +${(piece[0]?.now ?? 0) + 1},${added} @@\n`;
    for (const { mark, text } of piece) out += `${mark}${text}\n`;
    i = last + contextLines;
  }
  return out;
}
