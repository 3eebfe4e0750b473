/** One finding in words, as lines for a terminal: what it means, where it is, what to do. Pure. */

import type { Finding } from '../outcome/finding.ts';
import { RULE_TEXTS } from './html/ruleTexts.ts';

/** The report that a finding is in. */
interface Report {
  readonly name: string;
  readonly command: string;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
}

/** Width of the names of lines. */
const WIDTH = 13;

/** Returns the lines; names in them are not escaped. */
export function explainLines(finding: Finding, report: Report): string[] {
  const { id = '', rule, severity, module, field, because, reason } = finding;
  const { title, todo } = RULE_TEXTS[rule] ?? {};
  const lines: (readonly [string, string | undefined])[] = [
    ['finding', `${id}, in the report of ${report.command} of ${report.startedAt}`],
    ['rule', `${rule} (${severity})${title === undefined ? '' : `: ${title}`}`],
    ['reason', reason],
    ['module', module],
    ...placeLines(finding),
    ['field', field],
    ['place', rangeOf(finding)],
    ...classLines(finding),
    ...acceptLines(finding),
    ['follows from', because === undefined ? undefined : `sealift explain ${because}`],
    ['what to do', todo],
    ['more', title === undefined ? undefined : `docs/rules/${rule}.md`],
  ];
  return lines.flatMap(([name, text]) =>
    text === undefined ? [] : [`${name.padEnd(WIDTH)}  ${text}`],
  );
}

/** Rows of a group that are named. */
const MEMBERS = 10;

function placeLines({ recordId, line, source, members, file }: Finding): [string, string][] {
  const lines: [string, string][] = [];
  if (recordId !== undefined) lines.push(['record', recordId]);
  if (line !== undefined)
    lines.push(['line', `${line} of its data.ndjson, as its id is not shown`]);
  if (source !== undefined) lines.push(['row', `${source.row} of table ${source.table}`]);
  if (members !== undefined && members.length > 0) {
    const rows = members.slice(0, MEMBERS).map(({ row }) => row);
    const more = members.length > MEMBERS ? ` and ${members.length - MEMBERS} more` : '';
    lines.push(['rows', `${rows.join(', ')}${more} of table ${members[0]?.table ?? ''}`]);
  }
  if (file !== undefined) lines.push(['file', file]);
  return lines;
}

function rangeOf({ start, end }: Finding): string | undefined {
  if (start === undefined || end === undefined) return undefined;
  return end - start === 1
    ? `character ${end} of the text`
    : `characters ${start + 1} to ${end} of the text`;
}

const DIGIT = 'its form and its check digit, which is right';
const FORM = 'its form, which is sufficient';
const SIGNS = 'its form, and a word and a column that both announce it';

/** How a value of each class is recognised if no doubt is left. */
const CERTAIN: ReadonlyMap<string, string> = new Map([
  ...['IBAN', 'AHV', 'CREDIT_CARD', 'TAX_ID', 'SOCIAL_ID'].map((of) => [of, DIGIT] as const),
  ...['EMAIL', 'PHONE', 'IP', 'SECRET'].map((of) => [of, FORM] as const),
  ...['DOB', 'PASSPORT', 'PLATE', 'ADDRESS'].map((of) => [of, SIGNS] as const),
]);

function classLines({ class: of, tier }: Finding): [string, string][] {
  if (of === undefined) return [];
  const lines: [string, string][] = [['class', of]];
  if (tier !== undefined) lines.push(['recognised by', `${signOf(of, tier)} (${tier})`]);
  return lines;
}

function signOf(of: string, tier: string): string {
  if (of === 'PERSON') return 'a first and a last name that fields of names hold';
  if (tier === 'context') return 'its form, and a word or column that announces it';
  return CERTAIN.get(of) ?? 'a pattern of the project';
}

/** What a policy accepts the finding by; the reason, the name and the day are the reader's. */
function acceptLines({ fp, rule, module, severity }: Finding): [string, string][] {
  if (fp === undefined) return [];
  const accept = { fp, rule, reason: 'WHY', by: 'NAME', until: 'YYYY-MM-DD' };
  // What is accepted already is a note.
  if (severity === 'INFO') return [['fingerprint', fp]];
  return [
    ['fingerprint', fp],
    ['to accept', `${JSON.stringify(accept)} in pii.accept of module ${module ?? ''}`],
  ];
}

/** Characters before and after the place that are shown. */
const AROUND = 60;
/** Characters of a value that are shown. */
const MOST = 300;

/**
 * Returns a value as a line, with `»` and `«` around the place; only a text has one. For a terminal
 * only; control characters are not escaped here.
 */
export function valueLine(
  field: string,
  value: unknown,
  { start, end }: Pick<Finding, 'start' | 'end'>,
): string {
  const isText = typeof value === 'string';
  const characters = Array.from(isText ? value : JSON.stringify(value ?? null));
  const isPlaced = isText && start !== undefined && end !== undefined;
  const [from, to] = isPlaced ? [start, end] : [0, characters.length];
  const first = isPlaced ? Math.max(0, from - AROUND) : 0;
  const last = isPlaced ? Math.min(characters.length, to + AROUND) : characters.length;
  const part = (a: number, b: number): string => cut(characters.slice(a, b));
  const before = `${first > 0 ? '…' : ''}${part(first, from)}`;
  const after = `${part(to, last)}${last < characters.length ? '…' : ''}`;
  const marked = isPlaced ? `»${part(from, to)}«` : part(from, to);
  return `${`value of ${field}`.padEnd(WIDTH)}  ${before}${marked}${after}`;
}

function cut(characters: readonly string[]): string {
  const more = characters.length > MOST ? '…' : '';
  return `${characters.slice(0, MOST).join('')}${more}`;
}
