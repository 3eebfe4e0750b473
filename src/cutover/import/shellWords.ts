/**
 * A text of a shell as commands, each as the words that the shell would make of it. What only a shell can do
 * (pipes, redirections, expansions) is told, not done. Pure; nothing is run.
 */

export interface ShellCommand {
  /** Words without quotes; expansions stand in them as they are written. */
  readonly words: readonly string[];
  /** Why no list of arguments says the same, as a clause; null if one does. */
  readonly needsShell: string | null;
  /** Words of the command that its output is piped to; null without one. */
  readonly pipedTo: readonly string[] | null;
  /** As it is written. */
  readonly text: string;
  /** Comments in it and after it, before the next command. */
  readonly comments: readonly string[];
}

/** Characters after which a word has ended, and which have a meaning to the shell. */
const OPERATOR = /[|&;<>()]/;
const PATTERN = /[*?[\]{}~!]/;
/** Words that begin a construct, not a program. */
const RESERVED =
  /^(?:if|then|else|fi|for|while|until|do|done|case|esac|function|export|cd|source|\.|set|alias|eval|\[\[)$/;
const ASSIGNMENT = /^[A-Za-z_]\w*=/;

interface Reading {
  readonly text: string;
  at: number;
  words: string[];
  piped: string[] | null;
  reason: string | null;
  start: number;
  comments: string[];
  /** Which command the comments at hand belong to; null before any. */
  commentsOf: 'last' | 'next' | null;
  readonly commands: (ShellCommand & { readonly comments: string[] })[];
}

/** Characters before a comment in which an empty line is looked for. */
const BEFORE = 200;

/** Splits a text into its commands. */
export function shellCommands(text: string): readonly ShellCommand[] {
  const reading: Reading = {
    text,
    at: 0,
    words: [],
    piped: null,
    reason: null,
    start: 0,
    comments: [],
    commentsOf: null,
    commands: [],
  };
  while (reading.at < text.length) readNext(reading);
  endCommand(reading);
  reading.commands.at(-1)?.comments.push(...reading.comments);
  return reading.commands;
}

function readNext(reading: Reading): void {
  const { text, at } = reading;
  const character = text[at] ?? '';
  if (character === '\n' || character === ';') {
    endCommand(reading);
    reading.at += 1;
    reading.start = reading.at;
  } else if (/\s/.test(character)) reading.at += 1;
  else if (text.startsWith('\\\n', at)) reading.at += 2;
  else if (character === '#') readComment(reading);
  else if (OPERATOR.test(character)) readOperator(reading);
  else readWord(reading);
}

/** Reads a comment: of the command that it follows if it stands at once after it, or says what is expected. */
function readComment(reading: Reading): void {
  const { text, at, commands, words } = reading;
  const end = text.indexOf('\n', at);
  reading.at = end < 0 ? text.length : end;
  const comment = text.slice(at + 1, reading.at).trim();
  const isApart = /\n[ \t]*\n[ \t]*$/.test(text.slice(Math.max(0, at - BEFORE), at));
  if (isApart || reading.commentsOf === null) {
    reading.commentsOf = isApart && !/^expect/i.test(comment) ? 'next' : 'last';
  }
  const last = words.length === 0 && reading.commentsOf === 'last' ? commands.at(-1) : undefined;
  (last?.comments ?? reading.comments).push(comment);
}

const OPERATORS: readonly (readonly [string, string])[] = [
  ['<<', 'its input is in the lines after it'],
  ['||', 'it goes on after a failure'],
  ['&&', 'it is one of several commands that depend on each other'],
  ['|', 'its output goes to another program'],
  ['&', 'it runs in the background'],
  ['>', 'its output goes to a file'],
  ['<', 'its input is a file'],
];

function readOperator(reading: Reading): void {
  const { text, at } = reading;
  const [operator = '(', reason = 'only a shell can group commands'] =
    OPERATORS.find(([one]) => text.startsWith(one, at)) ?? [];
  if (operator === '<<') {
    reading.reason ??= reason;
    skipText(reading);
    return;
  }
  if (operator === '|' && reading.piped === null) reading.piped = [];
  reading.reason ??= reason;
  reading.at += operator.length;
}

/** Goes to the end of a text that follows a command, which has no commands in it. */
function skipText(reading: Reading): void {
  const { text, at } = reading;
  const [, word = ''] = /^<<-?[ \t]*(?:['"\\])?(\w+)/.exec(text.slice(at, at + BEFORE)) ?? [];
  const end = word === '' ? -1 : text.indexOf(`\n${word}\n`, at);
  reading.at = end < 0 ? text.length : end + 1 + word.length;
}

function readWord(reading: Reading): void {
  let word = '';
  const { text } = reading;
  for (; reading.at < text.length; reading.at += 1) {
    const character = text[reading.at] ?? '';
    if (/\s/.test(character) || OPERATOR.test(character)) break;
    if (character === "'" || character === '"') word += readQuoted(reading, character);
    else if (text.startsWith('\\\n', reading.at)) reading.at += 1;
    else if (character === '\\') {
      reading.at += 1;
      word += text[reading.at] ?? '';
    } else {
      if (character === '$' || character === '`') reading.reason ??= 'the shell fills in a value';
      else if (PATTERN.test(character)) reading.reason ??= 'the shell expands a pattern';
      word += character;
    }
  }
  (reading.piped ?? reading.words).push(word);
}

/** Reads a quoted part, and stops at its last quote. */
function readQuoted(reading: Reading, quote: string): string {
  const { text } = reading;
  let part = '';
  for (reading.at += 1; reading.at < text.length; reading.at += 1) {
    const character = text[reading.at] ?? '';
    if (character === quote) return part;
    if (quote === '"' && (character === '$' || character === '`')) {
      reading.reason ??= 'the shell fills in a value';
    }
    if (quote === '"' && character === '\\' && /["\\$`\n]/.test(text[reading.at + 1] ?? '')) {
      reading.at += 1;
      part += text[reading.at] === '\n' ? '' : (text[reading.at] ?? '');
    } else part += character;
  }
  reading.reason ??= 'a quote is not closed';
  return part;
}

function endCommand(reading: Reading): void {
  const { words, piped, comments, text, start, at } = reading;
  if (words.length > 0 || reading.reason !== null) {
    const [first = ''] = words;
    const own = RESERVED.test(first)
      ? 'it is shell syntax and no program'
      : ASSIGNMENT.test(first)
        ? 'it sets a variable first'
        : null;
    const written = text
      .slice(start, at)
      .replace(/^\s*(?:#[^\n]*\n\s*)*/, '')
      .trimEnd();
    reading.commands.push({
      words,
      needsShell: own ?? reading.reason,
      pipedTo: piped,
      text: written,
      comments,
    });
    reading.comments = [];
    reading.commentsOf = null;
  }
  reading.words = [];
  reading.piped = null;
  reading.reason = null;
}
