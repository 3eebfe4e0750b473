/** The parts of a Markdown text that a runbook is made of: headings, blocks of code, tables, boxes, items of lists. Pure. */

export type MarkdownPart =
  | { readonly kind: 'heading'; readonly level: number; readonly text: string }
  | { readonly kind: 'code'; readonly language: string; readonly text: string }
  | { readonly kind: 'table'; readonly text: string }
  /** A check box; empty texts are none. */
  | { readonly kind: 'box'; readonly text: string }
  | { readonly kind: 'item'; readonly text: string };

const FENCE = /^[ \t]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)*(`{3,}|~{3,})[ \t]*([\w+-]*)[^`]*$/;
const HEADING = /^ {0,3}(#{1,6})[ \t]+(.*)$/;
const ITEM = /^[ \t]*(?:[-*+]|\d{1,9}[.)])[ \t]+(.*)$/;
const BOX = /^\[([ xX])\][ \t]+(.*)$/;

/** Returns the parts in their order. */
export function partsOf(markdown: string): readonly MarkdownPart[] {
  const parts: MarkdownPart[] = [];
  const lines = markdown.split(/\r\n|\n|\r/);
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at] ?? '';
    const fence = FENCE.exec(line);
    const rows = fence === null ? rowsAt(lines, at) : 0;
    if (rows > 0) {
      parts.push({ kind: 'table', text: lines.slice(at, at + rows).join('\n') });
      at += rows - 1;
      continue;
    }
    if (fence === null) {
      const part = partOf(line);
      if (part !== null) parts.push(part);
      continue;
    }
    const [, mark = '', language = ''] = fence;
    const end = endOfCode(lines, at + 1, mark);
    parts.push({
      kind: 'code',
      language: language.toLowerCase(),
      text: lines.slice(at + 1, end).join('\n'),
    });
    at = end;
  }
  return parts;
}

const ROW = /^[ \t]*\|/;
/** The line between the head of a table and its rows. */
const RULE = /^(?=[^|]*\|)(?=[^-]*-)[ \t:|-]+$/;

/** Returns how many lines a table has that begins here, whose rows begin with a bar or do not; 0 for none. */
function rowsAt(lines: readonly string[], at: number): number {
  const [first = '', second = ''] = lines.slice(at, at + 2);
  const isRuled = first.includes('|') && RULE.test(second);
  const isRow = (line: string): boolean =>
    ROW.test(line) || (isRuled && line.includes('|') && partOf(line) === null && !FENCE.test(line));
  let rows = 0;
  while (isRow(lines[at + rows] ?? '')) rows += 1;
  return rows;
}

/** Returns the number of the line that ends a block; that after the last one if none does. */
function endOfCode(lines: readonly string[], from: number, mark: string): number {
  for (let at = from; at < lines.length; at += 1) {
    const line = (lines[at] ?? '').trim();
    if (line.startsWith(mark) && line.replaceAll(mark[0] ?? '', '') === '') return at;
  }
  return lines.length;
}

/** Longer lines are cut, in characters. */
const LONGEST_LINE = 1000;
/** Longer texts are cut. */
const LONGEST = 300;

function partOf(whole: string): MarkdownPart | null {
  const line = whole.slice(0, LONGEST_LINE);
  const heading = HEADING.exec(line);
  if (heading !== null) {
    const [, marks = '', text = ''] = heading;
    return {
      kind: 'heading',
      level: marks.length,
      text: plainText(text.replace(/[ \t]#+[ \t]*$/, '')),
    };
  }
  const text = ITEM.exec(line)?.[1];
  if (text === undefined) return null;
  const box = BOX.exec(text)?.[2];
  if (box === undefined) return text.trim() === '' ? null : { kind: 'item', text: text.trim() };
  const plain = plainText(box);
  return plain === '' ? null : { kind: 'box', text: plain };
}

/** A text without marks: emphasis, code, links, and lines to fill in. */
export function plainText(text: string): string {
  return text
    .replaceAll(/`?_{3,}`?/g, '')
    .replaceAll(/!?\[([^\][]*)\]\([^()]*\)/g, '$1')
    .replaceAll(/\*\*|`/g, '')
    .replaceAll(/\s+/g, ' ')
    .replace(/[:\s]+$/, '')
    .trim()
    .slice(0, LONGEST);
}
