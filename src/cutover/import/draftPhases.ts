/** The phases of a draft with their steps, and the inputs that these need. Pure. */

import { basename } from 'node:path';

import { isPrintable, nameFor } from './draftText.ts';
import { knownStep, reasonForPerson, type DraftStep, type DraftValue } from './knownCommands.ts';
import { plainText, type MarkdownPart } from './markdownParts.ts';
import { shellCommands, type ShellCommand } from './shellWords.ts';
import type { StepName } from '../steps/stepTypes.ts';

export interface PlacedStep {
  readonly id: string;
  readonly use: StepName;
  readonly members: Readonly<Record<string, DraftValue>>;
  readonly comments: readonly string[];
}

export interface DraftPhase {
  readonly id: string;
  readonly title: string | null;
  readonly comments: readonly string[];
  readonly steps: readonly PlacedStep[];
  /** What stands after its last step. */
  readonly after: readonly string[];
}

export interface DraftPhases {
  /** First heading; null without one. */
  readonly title: string | null;
  readonly phases: readonly DraftPhase[];
  /** Values, or variables that hold a secret, by the name of the input. */
  readonly inputs: ReadonlyMap<string, string | { readonly secret: string }>;
  /** What stands after the last step. */
  readonly rest: readonly string[];
  /** Whether all of the text is in it. */
  readonly isWhole: boolean;
}

/** Most values of a draft: a runbook is not read with many more. */
const MOST_VALUES = 20_000;
const MOST_WORDS = 200;
/** Characters of a comment that are shown at most. */
const MOST_SHOWN = 6400;
const LONGEST_WORD = 500;
/** Characters that count as a value. */
const SIZE = 30;
const SHELLS = new Set(['sh', 'bash', 'zsh', 'shell', 'console', 'shell-session', 'terminal']);

interface Drafting {
  title: string | null;
  heading: string | null;
  /** Level of the heading that speaks of approval, and which the part at hand is under; null for none. */
  approval: number | null;
  steps: PlacedStep[];
  comments: string[];
  /** What belongs to the next step. */
  pending: string[];
  /** Files of a `git add` that no commit has followed yet. */
  added: string[];
  values: number;
  readonly phases: DraftPhase[];
  readonly inputs: Map<string, string | { readonly secret: string }>;
  readonly names: Set<string>;
}

export function draftPhases(parts: readonly MarkdownPart[]): DraftPhases {
  const drafting: Drafting = {
    title: null,
    heading: null,
    approval: null,
    steps: [],
    comments: [],
    pending: [],
    added: [],
    values: 0,
    phases: [],
    inputs: new Map(),
    names: new Set(),
  };
  let isWhole = true;
  for (const part of parts) {
    isWhole = drafting.values < MOST_VALUES;
    if (!isWhole) break;
    addPart(part, drafting);
  }
  endPhase(drafting);
  const { title, phases, inputs, comments: rest } = drafting;
  return { title, phases, inputs, rest, isWhole };
}

function addPart(part: MarkdownPart, drafting: Drafting): void {
  switch (part.kind) {
    case 'heading':
      addHeading(part.level, part.text, drafting);
      return;
    case 'box':
      addBox(part.text, drafting);
      return;
    case 'table':
      pend(part.text, drafting);
      return;
    case 'code':
      addCode(part.language, part.text, drafting);
      return;
    default:
      addItem(part.text, drafting);
  }
}

/** What a person other than the operator decides. */
const APPROVAL =
  /\b(?:approv(?:e|es|ed|al|als|er|ers)|sign(?:s|ed|ing)?[ -]?offs?|go ?(?:[/-]|or)? ?no[ -]?go)\b/i;

/** Role of those who approve, in a draft. */
export const APPROVER = 'approver';

function addHeading(level: number, text: string, drafting: Drafting): void {
  endPhase(drafting);
  const isTitle = drafting.title === null && level === 1;
  drafting.title ??= text;
  drafting.heading = text === '' ? null : text;
  if (drafting.approval !== null && level <= drafting.approval) drafting.approval = null;
  // The title of a text does not say what all of its sections are about.
  if (APPROVAL.test(text)) drafting.approval ??= isTitle ? Infinity : level;
}

function addBox(text: string, drafting: Drafting): void {
  const isApproval = drafting.approval !== null || APPROVAL.test(text);
  const members = isApproval ? { role: APPROVER, text } : { text };
  place({ use: 'attest', members }, text, [], drafting);
}

function endPhase(drafting: Drafting): void {
  const { added } = drafting;
  drafting.added = [];
  if (added.length > 0) {
    place({ use: 'exec', members: { run: ['git', 'add', ...added] } }, 'git add', [], drafting);
  }
  const { heading, steps, comments, pending } = drafting;
  drafting.pending = [];
  if (steps.length === 0) {
    // What has no step stands before the next phase.
    if (pending.length > 0) comments.push(...(heading === null ? [] : [heading]), ...pending);
    return;
  }
  const id = freeName(nameFor(heading ?? 'steps', 'phase'), drafting);
  drafting.phases.push({ id, title: heading, comments, steps, after: pending });
  drafting.values += 4;
  drafting.steps = [];
  drafting.comments = [];
}

function pend(text: string, drafting: Drafting): void {
  drafting.pending.push(text);
  drafting.values += sizeOf(text);
}

function sizeOf(text: string): number {
  return 1 + Math.ceil(Math.min(text.length, MOST_SHOWN) / SIZE);
}

function addCode(language: string, text: string, drafting: Drafting): void {
  const prompted = text.split('\n').filter((line) => /^\s*\$ /.test(line));
  const lines = prompted.map((line) => line.replace(/^\s*\$ /, ''));
  if (lines.length > 0 && (SHELLS.has(language) || language === '')) {
    for (const command of shellCommands(lines.join('\n'))) addCommand(command, drafting);
  } else if (SHELLS.has(language)) {
    const commands = shellCommands(text);
    if (commands.length === 0 && text.trim() !== '') pend(text, drafting);
    for (const command of commands) addCommand(command, drafting);
  } else if (text.trim() !== '') pend(text, drafting);
}

/** A command in an item of a list, or what an endpoint answers; other items are comments. */
function addItem(text: string, drafting: Drafting): void {
  const [, code = ''] = /^(?:[A-Za-z ]{0,40}[:—-]?\s*)?`([^`]+)`/.exec(text) ?? [];
  const [, method, url] = /^(GET|HEAD) (\/[^\s:<>]*)$/.exec(code) ?? [];
  if (method !== undefined && url !== undefined) {
    const status = Number(
      /`?\b([1-5]\d\d)\b`?/.exec(text.slice(text.indexOf(code) + code.length))?.[1] ?? 200,
    );
    const members = { url, ...(method === 'GET' ? {} : { method }), status };
    place({ use: 'http.check', members }, `${method} ${url}`, [plainText(text)], drafting);
    return;
  }
  const [command, other] = /^[\w./-]+ +\S/.test(code) ? shellCommands(code) : [];
  if (
    command !== undefined &&
    other === undefined &&
    /^[a-z./][\w./-]*$/.test(command.words[0] ?? '')
  ) {
    addCommand({ ...command, comments: [plainText(text)] }, drafting);
  } else pend(`- ${plainText(text)}`, drafting);
}

function addCommand(command: ShellCommand, drafting: Drafting): void {
  const { words, comments, text, needsShell } = command;
  if (isVariable(command, drafting) || isPartOfCommit(command, drafting)) return;
  const known = unfit(words) === null ? knownStep(command) : null;
  const label = labelOf(words);
  if (known !== null) {
    const { note, label: own, ...step } = known;
    const notes = [text, ...comments, ...(note === undefined ? [] : [note])];
    place(withInputs(step, command, drafting), own, notes, drafting);
    return;
  }
  const reason = needsShell ?? unfit(words) ?? reasonForPerson(command);
  if (reason === null) {
    place({ use: 'exec', members: { run: words } }, label, comments, drafting);
    return;
  }
  const what = label === '' ? '' : `: ${label}`;
  const members = { text: `The command was run and did what it should${what}` };
  const notes = [`not a step of its own, as ${reason}:`, text, ...comments];
  place({ use: 'attest', members }, label, notes, drafting);
}

/** Program and first words, without options, values and patterns. */
function labelOf([program = '', ...words]: readonly string[]): string {
  const plain = [basename(program), ...words].filter((word) => /^[A-Za-z][\w./-]*$/.test(word));
  return plain.slice(0, 3).join(' ').slice(0, 100);
}

/** Takes lines that name a variable, with a value or none: the environment has to have it. */
function isVariable({ words, text, comments }: ShellCommand, drafting: Drafting): boolean {
  const [word = '', other] = words;
  const [, name, value] = /^([A-Z][A-Z0-9]*_[A-Z0-9_]*)(?:=([^$`]*))?$/.exec(word) ?? [];
  if (name === undefined || other !== undefined || /[$`|<>&]/.test(text.replace(/#.*/, '')))
    return false;
  const last = drafting.steps.at(-1);
  const before = last?.use === 'env.require' ? last.members : {};
  const names = [...new Set([...((before['names'] ?? []) as readonly string[]), name])];
  const equals = { ...(before['equals'] as object), ...(value ? { [name]: value } : {}) };
  const members = { names, ...(Object.keys(equals).length > 0 ? { equals } : {}) };
  if (last?.use === 'env.require') {
    const notes = [...last.comments, ...comments];
    drafting.steps.splice(-1, 1, { ...last, members, comments: notes });
    drafting.values += sizeOf(word) + 2;
  } else place({ use: 'env.require', members }, 'environment', comments, drafting);
  return true;
}

/** Why words are no arguments of a draft, as a clause; null if they are. */
function unfit(words: readonly string[]): string | null {
  if (words.length > MOST_WORDS) return 'it has too many arguments';
  if (words.some((word) => word === '')) return 'an argument is empty';
  const isFit = words.every((word) => isPrintable(word) && word.length <= LONGEST_WORD);
  return isFit ? null : 'an argument is too long, or has characters that cannot be seen';
}

/** Takes `git add` for the commit that follows, and `git push` for what is pushed. */
function isPartOfCommit({ words, needsShell, text }: ShellCommand, drafting: Drafting): boolean {
  const [program, command, ...rest] = words;
  if (program !== 'git' || needsShell !== null || unfit(words) !== null) return false;
  const last = drafting.steps.at(-1);
  if (
    command === 'add' &&
    rest.length > 0 &&
    !rest.some((one) => one.startsWith('-') || one === '.')
  ) {
    drafting.added.push(...rest);
    return true;
  }
  if (command === 'commit' && drafting.added.length > 0) {
    const message = rest[rest.indexOf('-m') + 1];
    if (!rest.includes('-m') || message === undefined) return false;
    const members = { files: drafting.added, message };
    drafting.added = [];
    place({ use: 'git.commit', members }, 'commit', [text], drafting);
    return true;
  }
  const [remote = 'origin', pushed] = rest;
  if (
    command !== 'push' ||
    last === undefined ||
    rest.length > 2 ||
    !/^[A-Za-z0-9][\w.-]{0,127}$/.test(remote)
  )
    return false;
  const tags = last.use === 'git.tag' && pushed === last.members['tag'];
  if (!tags && last.use !== 'git.commit') return false;
  drafting.steps.splice(-1, 1, { ...last, members: { ...last.members, push: remote } });
  return true;
}

const VARIABLE = /^\$\{?([A-Za-z_]\w{0,127})\}?$/;

/** Declares the input that a step needs: a database, or the host of an address, which becomes a path. */
function withInputs(step: DraftStep, { words }: ShellCommand, drafting: Drafting): DraftStep {
  const { inputs } = drafting;
  if (/^(?:pg|sql)\./.test(step.use)) {
    const variables = words.map((word) => VARIABLE.exec(word)?.[1]);
    const secret = variables.find((one) => one !== undefined) ?? 'DATABASE_URL';
    if (!inputs.has('db')) inputs.set('db', { secret });
    return step;
  }
  const [, origin = '', path = ''] =
    /^(https?:\/\/[\w.-]+(?::\d{1,5})?|\$\{?\w+\}?)(\/.*)?$/.exec(urlOf(step)) ?? [];
  if (origin === '') return step;
  const variable = VARIABLE.exec(origin)?.[1];
  const value = variable === undefined ? origin : { secret: variable };
  const same = [...inputs].find(([, one]) => JSON.stringify(one) === JSON.stringify(value))?.[0];
  const name = same ?? freeInput(inputs);
  inputs.set(name, value);
  const members = { ...step.members, url: path === '' ? '/' : path };
  return { ...step, members: name === 'app' ? members : { on: name, ...members } };
}

function urlOf({ members: { url } }: DraftStep): string {
  return typeof url === 'string' ? url : '';
}

function freeInput(inputs: ReadonlyMap<string, unknown>): string {
  for (let number = 1; ; number += 1) {
    const name = number === 1 ? 'app' : `app${number}`;
    if (!inputs.has(name)) return name;
  }
}

function place(
  step: DraftStep,
  label: string,
  comments: readonly string[],
  drafting: Drafting,
): void {
  const { use, members } = step;
  const id = freeName(nameFor(label, 'step'), drafting);
  drafting.steps.push({ id, use, members, comments: [...drafting.pending, ...comments] });
  drafting.pending = [];
  const texts = [JSON.stringify(members), ...comments].map(sizeOf);
  const values = Object.values(members).flatMap((value) => Object.values(Object(value) as object));
  drafting.values += [4, 2 * values.length, ...texts].reduce((sum, size) => sum + size, 0);
}

function freeName(name: string, { names }: Drafting): string {
  for (let number = 1; ; number += 1) {
    const free = number === 1 ? name : `${name}-${number}`;
    if (names.has(free)) continue;
    names.add(free);
    return free;
  }
}
