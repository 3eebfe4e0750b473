/** Commands that messages name, and the real program that has to take them. */

import { CommanderError } from 'commander';

import { processHost } from '../../src/cli/host.ts';
import { createProgram, withCommands } from '../../src/cli/program.ts';

/** What stands for a part of a text that is known only when it is printed: a seal id, say. */
export const FILLED = '0a1b2c3d';

/**
 * The texts in code, without comments: neighbours that `+` joins are one, and what a template puts in
 * is {@link FILLED}.
 */
export function textsOf(code: string): string[] {
  const texts: string[] = [];
  scan(code, 0, texts);
  return texts;
}

/** Adds the texts from `begin` to the brace that closes what is open there; where that is. */
function scan(code: string, begin: number, texts: string[]): number {
  let [joins, depth, at] = [false, 0, begin];
  while (at < code.length) {
    const skipped = nothingAt(code, at);
    if (skipped > 0) {
      at += skipped;
      continue;
    }
    const sign = code.charAt(at);
    if (sign === '{') depth += 1;
    if (sign === '}') depth -= 1;
    if (depth < 0) return at;
    if (!`'"\``.includes(sign)) {
      // Only a plus between two texts joins them.
      joins = sign === '+' && /['"`]\s*$/.test(code.slice(0, at));
      at += 1;
      continue;
    }
    const inner: string[] = [];
    const [text, end] = sign === '`' ? template(code, at, inner) : quoted(code, at);
    const before = joins ? (texts.pop() ?? '') : '';
    texts.push(...inner, `${before}${text}`);
    joins = false;
    at = end;
  }
  return at;
}

/** How long a blank, a comment or a regular expression is that begins there. */
function nothingAt(code: string, at: number): number {
  const rest = code.slice(at, at + 20_000);
  const nothing = /^(?:\s+|\/\/[^\n]*|\/\*[^]*?\*\/)/.exec(rest);
  if (nothing !== null) return nothing[0].length;
  // A slash behind a value divides; anywhere else it begins a regular expression.
  if (/[\w)\]]\s*$/.test(code.slice(Math.max(0, at - 20), at))) return 0;
  return /^\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\/[a-z]*/.exec(rest)?.[0].length ?? 0;
}

function quoted(code: string, begin: number): [string, number] {
  const quote = code.charAt(begin);
  let text = '';
  for (let at = begin + 1; at < code.length; at += 1) {
    const unit = code.charAt(at);
    if (unit === quote) return [text, at + 1];
    if (unit === '\\') at += 1;
    text += unit === '\\' ? escaped(code.charAt(at)) : unit;
  }
  throw new Error('a text is not closed');
}

/** `inner` gets the texts within what it puts in. */
function template(code: string, begin: number, inner: string[]): [string, number] {
  let text = '';
  for (let at = begin + 1; at < code.length; at += 1) {
    const unit = code.charAt(at);
    if (unit === '`') return [text, at + 1];
    if (unit === '$' && code.charAt(at + 1) === '{') {
      at = scan(code, at + 2, inner);
      text += FILLED;
    } else if (unit === '\\') {
      at += 1;
      text += escaped(code.charAt(at));
    } else {
      text += unit;
    }
  }
  throw new Error('a template is not closed');
}

function escaped(unit: string): string {
  return unit === 'n' ? '\n' : unit;
}

/** A command as a text names it; `words` are what a shell would hand over. */
export interface NamedCommand {
  readonly words: readonly string[];
  /** Words of a value or an option stand behind it: it has to be complete. */
  readonly whole: boolean;
}

/** Every `sealift …` of a text: a line of examples to its end, in a sentence up to where English goes on. */
export function commandsIn(text: string): NamedCommand[] {
  const found = text.matchAll(/(?<![\w/.@-])(?<!of )sealift (?=[a-z])([^\n]*)/g);
  return [...found].map(({ index, 1: rest = '' }) => {
    const isExample = /Examples:\n(?: .*\n)* +$/.test(text.slice(0, index));
    const words = (isExample ? exampleWords(rest) : sentenceWords(rest)).map(asGiven);
    return { words, whole: isExample || words.length > (words[0] === 'registry' ? 2 : 1) };
  });
}

/** As a shell splits the line, up to a comment, or to what is said about it. */
function exampleWords(line: string): string[] {
  const [command = ''] = line.split(/ {2,}| [#>] /);
  return [...command.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(
    ([, single, double, plain]) => single ?? double ?? plain ?? '',
  );
}

function sentenceWords(rest: string): string[] {
  const words: string[] = [];
  for (const raw of rest.split(/ +/)) {
    const word = raw.replace(/[,;:.)"`]+$/, '');
    if (word === '' || !goesOn(words, word)) break;
    words.push(word);
    if (word !== raw) break;
  }
  return words;
}

/** Whether a word is still one of the command. */
function goesOn(words: readonly string[], word: string): boolean {
  const before = words.at(-1) ?? 'sealift';
  if (before === 'sealift' || before === 'registry') return /^[a-z-]+$/.test(word);
  if (word.startsWith('--')) return true;
  return /^[A-Z][A-Z_]*$/.test(word) || /\d/.test(word) || /^\w+:\S+$/.test(word);
}

/** What a person would write for what is left open. */
function asGiven(word: string): string {
  if (word === 'N') return '7';
  return /^[A-Z]+$|^\$\(/.test(word) ? FILLED : word;
}

/** What the real program says of a command, which is not run; null where it takes it. */
export function refusal({ words, whole }: NamedCommand): string | null {
  const program = createProgram(() => {}, processHost());
  for (const command of withCommands(program)) {
    command.exitOverride().configureOutput({ writeErr: () => {}, writeOut: () => {} });
    // Of those with subcommands, snapshot alone does something by itself.
    const acts = command.commands.length === 0 || command.name() === 'snapshot';
    if (acts) command.action(() => {});
    // A command that is only mentioned need not have all that it takes.
    if (!whole) for (const option of command.options) option.mandatory = false;
    if (!whole) for (const argument of command.registeredArguments) argument.required = false;
  }
  try {
    program.parse(['node', 'sealift', ...words]);
    return null;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 || error.code === 'commander.help' ? null : error.message;
  }
}

/** Long options that a text names, without their dashes' values. */
export function optionsIn(text: string): string[] {
  return [...text.matchAll(/(?<![\w-])--[a-z][a-z-]*/g)].map(([option]) => option);
}

/** All long options that there are. */
export function knownOptions(): ReadonlySet<string> {
  const commands = withCommands(createProgram(() => {}, processHost()));
  const options = commands.flatMap((command) => command.options.map(({ long }) => long ?? ''));
  return new Set([...options, '--help']);
}
