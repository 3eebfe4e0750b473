/** Commands that a type of steps does better: what they become in a draft of a runbook. Pure. */

import { basename } from 'node:path';

import type { Scalar } from '../steps/stepMembers.ts';
import type { StepName } from '../steps/stepTypes.ts';
import type { ShellCommand } from './shellWords.ts';

/** A value of a draft. */
export type DraftValue = Scalar | readonly string[] | Readonly<Record<string, Scalar>>;

/** A step of a draft, without its name. */
export interface DraftStep {
  readonly use: StepName;
  readonly members: Readonly<Record<string, DraftValue>>;
}

/** A step of a known form. */
export interface KnownStep extends DraftStep {
  /** What its name is made of. */
  readonly label: string;
  /** What a person has to know, as a clause. */
  readonly note?: string;
}

type Known = (args: readonly string[], command: ShellCommand) => KnownStep | null;

const PROGRAMS: ReadonlyMap<string, Known> = new Map<string, Known>([
  ['psql', psql],
  ['pg_dump', () => ({ use: 'pg.backup', members: { rehearse: true }, label: 'backup' })],
  ['pg_restore', pgRestore],
  ['curl', curl],
  ['git', git],
]);

/** Returns the step for a command of a known form; null for any other. */
export function knownStep(command: ShellCommand): KnownStep | null {
  const [program = '', ...args] = command.words;
  return PROGRAMS.get(basename(program))?.(args, command) ?? null;
}

/** Returns the value of an option, as `-f a`, `-fa`, `--file a` or `--file=a`; null without it. */
function optionOf(args: readonly string[], short: string, long: string): string | null {
  for (const [at, argument] of args.entries()) {
    if (argument === `-${short}` || argument === `--${long}`) return args[at + 1] ?? null;
    if (argument.startsWith(`--${long}=`)) return argument.slice(long.length + 3);
    if (/^-[A-Za-z]./.test(argument) && argument[1] === short) return argument.slice(2);
  }
  return null;
}

function psql(args: readonly string[], { comments }: ShellCommand): KnownStep | null {
  const files = optionOf(args, 'f', 'file');
  if (files !== null && isPlain(files))
    return { use: 'sql.migrate', members: { files }, label: files };
  const query = optionOf(args, 'c', 'command')?.trim().replace(/;$/, '') ?? '';
  if (!/^(?:select|with)\b/i.test(query) || !isPlain(query)) return null;
  const said = comments.join(' ').slice(0, 500);
  const [, column, value] =
    /\b(?:all|every) rows? .*?([A-Za-z_]\w*)\s*==?\s*'([^']*)'/i.exec(said) ?? [];
  const label = /\bfrom\s+([\w.]+)/i.exec(query)?.[1] ?? 'query';
  if (column === undefined || value === undefined) {
    const note = 'the condition is a guess';
    return { use: 'sql.count', members: { query, expect: '== 0' }, label, note };
  }
  const members = { query, every: `${column} == '${value}'`, minRows: 1 };
  return { use: 'sql.rows', members, label };
}

function pgRestore(args: readonly string[]): KnownStep | null {
  const lists = args.includes('-l') || args.includes('--list');
  if (!lists) {
    const note = 'name the step with the backup in "from"';
    return { use: 'pg.restore_swap', members: {}, label: 'restore', note };
  }
  const note = 'a list proves nothing; the backup is restored as a rehearsal';
  return { use: 'pg.backup', members: { rehearse: true }, label: 'backup', note };
}

/** Options of curl that change nothing of the request. */
const QUIET = /^-(?:[sSfLvikg]+|-silent|-show-error|-fail|-location|-verbose|-include)$/;
/** Options with a value that a draft leaves out. */
const LEFT_OUT = /^(?:-[HbuoA]|--(?:header|cookie|user|output|user-agent))$/;

/** Options of curl that send data, whatever the method is. */
const DATA = /^--(?:data|json|form|upload-file)/;
/** The first short option with a value, among those of one argument, and what stands at once after it. */
const SHORT = /^-(?!-)[^AbCcDdEeFHKmoPQrTtUuwXxYyz]*([AbCcDdEeFHKmoPQrTtUuwXxYyz])(.*)$/s;

/** Whether a request of curl may change something: by another method than GET and HEAD, or as it sends data. */
function sendsChange(args: readonly string[]): boolean {
  return args.some((argument, at) => {
    if (argument.startsWith('--')) {
      const [, method = args[at + 1]] = /^--request(?:=(.*))?$/s.exec(argument) ?? [null, 'GET'];
      return DATA.test(argument) || !isReading(method);
    }
    const [, letter = '', value = ''] = SHORT.exec(argument) ?? [];
    if (letter === 'X') return !isReading(value === '' ? args[at + 1] : value);
    return letter !== '' && 'dFT'.includes(letter);
  });
}

function isReading(method: string | undefined): boolean {
  return ['GET', 'HEAD'].includes(method?.toUpperCase() ?? '');
}

/** Why a command is left to a person although arguments say what it does, as a clause; null if it is not. */
export function reasonForPerson({ words: [program = '', ...args] }: ShellCommand): string | null {
  return basename(program) === 'curl' && sendsChange(args) ? 'it may change something' : null;
}

interface Request {
  readonly url: string;
  readonly method: string;
  /** Whether it has options that are left out. */
  readonly sends: boolean;
}

function requestOf(args: readonly string[]): Request | null {
  const urls: string[] = [];
  let method = 'GET';
  let sends = false;
  for (let at = 0; at < args.length; at += 1) {
    const argument = args[at] ?? '';
    if (argument === '-X' || argument === '--request') {
      at += 1;
      method = (args[at] ?? '').toUpperCase();
    } else if (argument === '-I' || argument === '--head') method = 'HEAD';
    else if (LEFT_OUT.test(argument)) {
      at += 1;
      sends = true;
    } else if (!QUIET.test(argument)) urls.push(argument);
  }
  const [url = ''] = urls;
  return urls.length === 1 && /^[^-]/.test(url) ? { url, method, sends } : null;
}

function curl(args: readonly string[], { pipedTo, comments }: ShellCommand): KnownStep | null {
  const request = sendsChange(args) ? null : requestOf(args);
  if (request === null || (pipedTo !== null && pipedTo[0] !== 'jq')) return null;
  const { url, method, sends } = request;
  const json = expectedOf(pipedTo?.at(-1) ?? '', comments);
  const members = {
    url,
    ...(method === 'GET' ? {} : { method }),
    status: 200,
    ...(json === null ? {} : { json }),
  };
  const guess = 'the status is a guess';
  const note = sends ? `its other options are left out, and ${guess}` : guess;
  const label = /^(?:\w+:\/\/[^/]*|\$\{?\w+\}?)?(.*)$/.exec(url)?.[1] ?? '';
  return { use: 'http.check', members, label: label.length > 1 ? label : 'request', note };
}

/** What a comment expects of the value that jq shows. */
function expectedOf(
  filter: string,
  comments: readonly string[],
): Readonly<Record<string, Scalar>> | null {
  const path = /^\.([A-Za-z_][\w.]*)$/.exec(filter)?.[1];
  const [, text] =
    comments.map((one) => /^expected:\s*(true|false|"\w+")$/i.exec(one)).find(Boolean) ?? [];
  if (path === undefined || text === undefined) return null;
  return { [path]: JSON.parse(text.startsWith('"') ? text : text.toLowerCase()) as Scalar };
}

function git(args: readonly string[], { needsShell }: ShellCommand): KnownStep | null {
  const [command = '', ...rest] = args;
  if (command === 'status') return { use: 'git.clean', members: {}, label: 'clean' };
  if (needsShell !== null || command !== 'tag') return null;
  const message = optionOf(rest, 'm', 'message');
  const [tag, commit] = rest.filter((one) => !one.startsWith('-') && one !== message);
  if (tag === undefined || /^-[dlv]|^--(?:delete|list|verify)/.test(rest[0] ?? '')) return null;
  const members = {
    tag,
    ...(commit === undefined ? {} : { commit }),
    ...(message === null || message === '' ? {} : { message }),
  };
  return { use: 'git.tag', members, label: 'tag' };
}

/** Whether no shell fills in a value. */
function isPlain(text: string): boolean {
  return text !== '' && !/[$`]/.test(text);
}
