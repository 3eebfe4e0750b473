/** Texts of a draft as YAML: each value on its line, comments before it. Whatever a text holds, it stays a text. Pure. */

import type { DraftValue } from './knownCommands.ts';

/** What YAML (and a terminal) does not print, but for tabs and the ends of lines. */
const UNPRINTABLE = /(?![\n\t])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Co}\p{Cn}]/gu;
/** Texts that need no quotes. */
const PLAIN = /^[A-Za-z_/][\w./@+-]*(?: [\w./@+-]+)*$/;
const OTHER_TYPE = /^(?:true|false|null)$/i;

/** Replaces what cannot be printed by spaces. */
export function printableText(text: string): string {
  return text.toWellFormed().replaceAll(UNPRINTABLE, ' ');
}

/** Whether a text is the same after {@link printableText}. */
export function isPrintable(text: string): boolean {
  return printableText(text) === text;
}

/** Formats a value in one line. */
export function yamlValue(value: DraftValue): string {
  if (isList(value)) return `[${value.map(yamlValue).join(', ')}]`;
  if (typeof value === 'object') {
    const members = Object.entries(value).map(
      ([name, one]) => `${yamlValue(name)}: ${yamlValue(one)}`,
    );
    return `{ ${members.join(', ')} }`;
  }
  if (typeof value !== 'string') return String(value);
  const text = printableText(value);
  return PLAIN.test(text) && !OTHER_TYPE.test(text) ? text : JSON.stringify(text);
}

function isList(value: DraftValue): value is readonly string[] {
  return Array.isArray(value);
}

/** Lines of a comment that has been written in so many. */
const MOST_LINES = 40;
const WIDEST = 160;

/** Formats a text as lines of comments, the longest cut. */
export function commentLines(text: string, indentation: string): readonly string[] {
  const lines = text.split(/\r\n|\n|\r/);
  const shown = lines.slice(0, MOST_LINES).map((line) => cut(printableText(line).trimEnd()));
  if (lines.length > MOST_LINES) shown.push(`(${lines.length - MOST_LINES} more lines)`);
  return shown.map((line) => `${indentation}#${line === '' ? '' : ` ${line.toWellFormed()}`}`);
}

function cut(line: string): string {
  return line.length > WIDEST ? `${line.slice(0, WIDEST - 2).toWellFormed()} …` : line;
}

const LONGEST_NAME = 40;

/** Returns a name of a-z, 0-9 and "-" for a text; `otherwise` if the text has no letter. */
export function nameFor(text: string, otherwise: string): string {
  const name = text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replace(/^[^a-z]+/, '')
    .slice(0, LONGEST_NAME)
    .replace(/-+$/, '');
  return name === '' ? otherwise : name;
}
