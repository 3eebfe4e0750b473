/**
 * Statements of a text of SQL, split as psql and the shell of SQLite split them, with the line that each
 * begins in, and what it cannot have where it runs in a transaction of ours. A text that is split wrongly
 * is refused by the server, which takes one statement at a time. Linear time. Pure.
 */

import { DOLLAR, endOfComment } from './postgresTokens.ts';

export type StatementDialect = 'postgresql' | 'sqlite';

export interface Statement {
  /** Without the semicolon, and without comments before it. */
  readonly text: string;
  /** From 1: the line of its first word. */
  readonly line: number;
  /** Words outside of quotes, in lower case; the first 64 of them. */
  readonly words: readonly string[];
  /** Whether a backslash stands outside of quotes: a command of psql, which no server knows. */
  readonly hasBackslash: boolean;
}

const MOST_WORDS = 64;

type Kind = 'nothing' | 'quoted' | 'word' | 'sign';
type Pattern = readonly [Kind, RegExp];

const WORD: Pattern = ['word', /[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*/y];
const NUMBER: Pattern = ['quoted', /\d[\w.]*/y];
const SIGN: Pattern = ['sign', /[^]/y];
const PLAIN = String.raw`'[^']*(?:''[^']*)*(?:'|$)`;
const ESCAPED = String.raw`'[^'\\]*(?:(?:\\[^]|'')[^'\\]*)*(?:'|$)`;
const NAME = String.raw`"[^"]*(?:""[^"]*)*(?:"|$)`;

const PATTERNS: Readonly<Record<StatementDialect, readonly Pattern[]>> = {
  postgresql: [
    ['nothing', /[\s\uFEFF]+/y],
    ['nothing', /--[^\n\r]*/y],
    // A text goes on after a line break, with the same escapes.
    ['quoted', new RegExp(String.raw`[eE]${ESCAPED}(?:[ \t]*[\n\r]\s*${ESCAPED})*`, 'y')],
    ['quoted', new RegExp(`(?:[bBxXnN]|[uU]&)?${PLAIN}`, 'y')],
    ['quoted', new RegExp(`(?:[uU]&)?${NAME}`, 'y')],
    NUMBER,
    ['quoted', /\$\d+/y],
    WORD,
    SIGN,
  ],
  sqlite: [
    ['nothing', /[\s\uFEFF]+/y],
    ['nothing', /--[^\n]*/y],
    ['nothing', /\/\*[^]*?(?:\*\/|$)/y],
    ['quoted', new RegExp(`[xX]?${PLAIN}`, 'y')],
    ['quoted', new RegExp(NAME, 'y')],
    ['quoted', /`[^`]*(?:``[^`]*)*(?:`|$)/y],
    ['quoted', /\[[^\]]*(?:\]|$)/y],
    NUMBER,
    WORD,
    SIGN,
  ],
};

/** Splits a text. What has no word or sign, such as a comment at the end, is no statement. */
export function statementsOf(sql: string, dialect: StatementDialect): Statement[] {
  const found: Statement[] = [];
  let line = 1;
  let counted = 0;
  let open: Open | null = null;
  const end = (to: number): void => {
    if (open === null) return;
    const { begin, words, hasBackslash } = open;
    for (; counted < begin; counted += 1) if (sql[counted] === '\n') line += 1;
    found.push({ text: sql.slice(begin, to), line, words, hasBackslash });
    open = null;
  };
  for (let at = 0; at < sql.length;) {
    const [kind, text] = partAt(sql, at, dialect);
    if (kind !== 'nothing') {
      if (kind === 'sign' && text === ';' && isComplete(open, dialect)) end(at);
      else note((open ??= begun(at)), kind, text);
    }
    at += text.length;
  }
  end(sql.length);
  return found;
}

/** A statement that is being read. */
interface Open {
  readonly begin: number;
  readonly words: string[];
  /** The last two parts: words and semicolons count. */
  last: readonly [string, string];
  parentheses: number;
  /** How deep in BEGIN ATOMIC … END of a function. */
  bodies: number;
  hasBackslash: boolean;
}

function begun(begin: number): Open {
  return { begin, words: [], last: ['', ''], parentheses: 0, bodies: 0, hasBackslash: false };
}

function note(open: Open, kind: Kind, text: string): void {
  const word = kind === 'word' ? text.toLowerCase() : text;
  open.last = [open.last[1], kind === 'quoted' ? '' : word];
  if (kind === 'sign') {
    if (text === '(') open.parentheses += 1;
    if (text === ')' && open.parentheses > 0) open.parentheses -= 1;
    if (text === '\\') open.hasBackslash = true;
  }
  if (kind !== 'word') return;
  if (open.words.length < MOST_WORDS) open.words.push(word);
  if (open.parentheses > 0 || !makesRoutine(open.words)) return;
  if (word === 'begin' || (word === 'case' && open.bodies > 0)) open.bodies += 1;
  if (word === 'end' && open.bodies > 0) open.bodies -= 1;
}

/** Whether a semicolon ends it: not in the body of a function, a rule or a trigger. */
function isComplete(open: Open | null, dialect: StatementDialect): boolean {
  if (open === null) return true;
  if (dialect === 'postgresql') return open.parentheses === 0 && open.bodies === 0;
  const [first, second, third] = open.words;
  const isTrigger =
    first === 'create' &&
    (second === 'trigger' || (second?.startsWith('temp') === true && third === 'trigger'));
  return !isTrigger || (open.last[0] === ';' && open.last[1] === 'end');
}

function makesRoutine([first, second, third, fourth]: readonly string[]): boolean {
  const what = second === 'or' && third === 'replace' ? fourth : second;
  return first === 'create' && (what === 'function' || what === 'procedure');
}

function partAt(sql: string, at: number, dialect: StatementDialect): readonly [Kind, string] {
  if (dialect === 'postgresql') {
    if (sql.startsWith('/*', at)) return ['nothing', sql.slice(at, endOfComment(sql, at))];
    DOLLAR.lastIndex = at;
    const [tag] = DOLLAR.exec(sql) ?? [];
    if (tag !== undefined) {
      const end = sql.indexOf(tag, at + tag.length);
      return ['quoted', end < 0 ? sql.slice(at) : sql.slice(at, end + tag.length)];
    }
  }
  for (const [kind, pattern] of PATTERNS[dialect]) {
    pattern.lastIndex = at;
    const [text] = pattern.exec(sql) ?? [];
    if (text !== undefined && text !== '') return [kind, text];
  }
  return ['sign', sql.charAt(at)];
}

/** Why a statement cannot run in a transaction of ours, as a clause; null if it can. */
export function refusedInTransaction(
  { words, hasBackslash }: Statement,
  dialect: StatementDialect,
): string | null {
  const [first = '', second = ''] = words;
  if (dialect === 'postgresql') {
    if (hasBackslash) return 'it has a command of psql, which the server does not know';
    if (first === 'copy' && words.some((word) => word === 'stdin' || word === 'stdout')) {
      return 'it has a COPY from or to the client; write INSERT, or name a file of the server';
    }
    if (first === 'prepare' && second === 'transaction') return CONTROLS;
  }
  if (dialect === 'sqlite' && first === 'pragma' && words.some((word) => UNHEARD.has(word))) {
    return 'it has a PRAGMA that has no effect in a transaction';
  }
  if (first === 'rollback') return words.slice(1, 3).includes('to') ? null : CONTROLS;
  return CONTROL.has(first) ? CONTROLS : null;
}

const CONTROLS = 'it begins or ends a transaction, and the file is one already';
const CONTROL: ReadonlySet<string> = new Set(['begin', 'start', 'commit', 'end', 'abort']);
const UNHEARD: ReadonlySet<string> = new Set(['foreign_keys', 'journal_mode', 'synchronous']);
