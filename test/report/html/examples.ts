/** Outcomes as reports show them: large ones, and some with names that somebody chose to break it. */

import type { ComparedModule } from '../../../src/outcome/comparison.ts';
import type { ModuleLine } from '../../../src/outcome/moduleLine.ts';
import {
  countFindings,
  type Checked,
  type Outcome,
  type Place,
} from '../../../src/outcome/outcome.ts';
import type { Reading } from '../../../src/outcome/reading.ts';
import type { FieldPrivacy, ModulePrivacy } from '../../../src/outcome/privacy.ts';
import type { Finding, Severity } from '../../../src/outcome/finding.ts';
import { htmlReport } from '../../../src/report/html/page.ts';
import type { Timing } from '../../../src/report/timing.ts';

const MODULES = ['anwesenheit', 'buchungen', 'hunde', 'kunden', 'kurse', 'trainer', 'waren'];
const KINDS: readonly (readonly [string, Severity, string])[] = [
  ['reference', 'BLOCKER', 'it refers to a record that is not in module kunden'],
  ['type', 'BLOCKER', 'the value is not a date in ISO 8601 form'],
  ['unique', 'BLOCKER', 'several records have these values'],
  ['text-mojibake', 'WARNING', 'the text was decoded wrongly once'],
  ['long-text', 'INFO', 'the text is unusually long'],
];

export function idOf(number: number): string {
  return (number + 1).toString(16).padStart(16, '0');
}

/** So many findings of five rules in seven modules; every ninth follows from the one before. */
export function manyFindings(count: number): Finding[] {
  return Array.from({ length: count }, (_, at) => {
    const [rule, severity, reason] = KINDS[(at * 7 + (at >> 3)) % KINDS.length] ?? ['', 'INFO', ''];
    const table = MODULES[(at * 13 + (at >> 5)) % MODULES.length] ?? '';
    const rows = Array.from({ length: 12 }, (_row, more) => ({ table, row: at + more + 1 }));
    return {
      id: idOf(at),
      rule,
      severity,
      module: table,
      field: ['name', 'kundenId', 'geburtsdatum'][at % 3] ?? '',
      ...(rule === 'unique' ? { members: rows } : { source: { table, row: at + 1 } }),
      ...(at % 9 === 8 ? { because: idOf(at - 1) } : {}),
      reason,
    };
  });
}

const LINES: readonly ModuleLine[] = MODULES.map((module, at) => ({
  module,
  table: module,
  rows: 1000 * (at + 1),
  records: 990 * (at + 1),
  rejected: 8 * (at + 1),
  filtered: at,
  merged: at + 2,
  root: String(at).repeat(64),
}));

export const TIMING: Timing = {
  startedAt: '2026-11-20T12:59:55.123Z',
  milliseconds: 83_400,
  phases: MODULES.map((label, at) => ({
    label,
    begun: at * 10_000,
    ended: at * 10_000 + 9000,
    done: 1000 * (at + 1),
  })),
};

export function outcomeOf(findings: readonly Finding[], more: Partial<Outcome> = {}): Outcome {
  return {
    command: 'dry-run',
    status: findings.length > 0 ? 'FAIL' : 'PASS',
    modules: LINES,
    findings,
    counts: countFindings(findings),
    notes: [],
    ...more,
  };
}

export const DONE: Outcome = outcomeOf([], {
  command: 'migrate',
  status: 'DONE',
  sealId: 'ab'.repeat(32),
  dataRoot: 'cd'.repeat(32),
  runId: 'run-local',
  candidate: '/home/ada/kennel/storage_candidate/v1',
  notes: ['keep the seal id outside of the candidate to verify against it later'],
});

/** A module of a target that differs in two of its four ranges. */
export const APART: ComparedModule = {
  module: 'owner',
  sealed: 9000,
  rows: 9001,
  missing: 1,
  extra: 2,
  changed: 1200,
  ranges: 4,
  differing: 2,
  strip: [0, 1, 1, 0],
};

/** A reading with this text wherever one of another is. */
export function readingOf(text: string): Reading {
  const session = { server: text, statements: [text], snapshot: text, ranges: text };
  return {
    digest: text,
    queries: [{ module: text, table: text, statements: [text] }],
    settings: { tool: text, schema: text, sessions: [{ ...session, settings: { [text]: text } }] },
  };
}

/** A run that has moved most of its rows. */
export const PLACES: readonly Place[] = [
  { name: 'moved and read back', kind: 'good', rows: 99_700, bytes: 12_345_678_901 },
  { name: 'cannot move', kind: 'bad', rows: 3, bytes: null },
  { name: 'left on disk', kind: 'open', rows: 11_297, bytes: null },
  { name: 'changed since', kind: 'open', rows: 0, bytes: null },
];

const FIELD: FieldPrivacy = {
  field: 'name',
  class: null,
  treatment: 'undeclared',
  cells: 600_000,
  values: 600_000,
  found: {},
};

/** A module whose policy names all fields, and one that has none. */
export const PRIVACY: readonly ModulePrivacy[] = [
  {
    module: 'kunden',
    declared: true,
    default: 'deny',
    cellsPresent: 1_800_000,
    cellsScanned: 1_800_000,
    fields: [
      { ...FIELD, field: 'chip', treatment: 'not personal', found: { AHV: 3 } },
      { ...FIELD, field: 'email', class: 'EMAIL', treatment: 'plain', purpose: 'contact' },
      { ...FIELD, field: 'note', class: 'FREE_TEXT', treatment: 'plain', mayContain: ['PHONE'] },
    ],
    dropped: [{ column: 'fax', class: 'PHONE', reason: 'no longer in use' }],
    findings: {},
    accepted: 0,
    acceptances: [],
  },
  {
    module: 'hunde',
    declared: false,
    default: null,
    cellsPresent: 600_000,
    cellsScanned: 600_000,
    fields: [FIELD],
    dropped: [],
    findings: {},
    accepted: 0,
    acceptances: [],
  },
];

/** What a check says it has read. */
export function checkedWith(privacy: readonly ModulePrivacy[]): Checked {
  return { checks: ['pii'], records: 600_000, references: 0, lowered: [], privacy };
}

/** Breaks out of wherever it is put, if anything lets it. */
export const EVIL =
  '</script></style><script>window.evil=1</script><img src=x onerror="window.evil=2">\'"><!--\u2028\u202E';

/** Every text of an outcome that a stranger may have chosen. */
export function evilOutcome(): Outcome {
  const findings = manyFindings(12).map(({ id = '', severity }): Finding => {
    const source = { table: EVIL, row: EVIL };
    const recordId = EVIL;
    const about = { rule: EVIL, module: EVIL, field: EVIL, recordId, source };
    return Object.assign(about, { id, severity, because: EVIL, reason: EVIL });
  });
  return outcomeOf(findings, {
    status: 'FAILED',
    command: 'migrate',
    runId: EVIL,
    candidate: EVIL,
    notes: [EVIL],
    modules: [{ module: EVIL, table: EVIL, rows: 1, records: 1, rejected: 0, root: EVIL }],
    compared: { target: EVIL, schema: EVIL, modules: [{ ...APART, module: EVIL }] },
    facts: { reading: readingOf(EVIL) },
    places: [{ name: EVIL, kind: 'good', rows: 1, bytes: 1 }],
    checked: checkedWith([evilPrivacy()]),
    steps: [{ step: EVIL, expected: EVIL, observed: EVIL, ok: false }],
    failure: { code: 'USAGE', what: EVIL, where: EVIL, hint: EVIL },
  });
}

function evilPrivacy(): ModulePrivacy {
  const field = { ...FIELD, field: EVIL, class: EVIL, treatment: EVIL, purpose: EVIL };
  const times = { ended: true, findings: 1 };
  return {
    module: EVIL,
    declared: true,
    default: 'allow',
    cellsPresent: 2,
    cellsScanned: 1,
    fields: [
      { ...field, mayContain: [EVIL], found: { [EVIL]: 1 } },
      { ...FIELD, field: EVIL },
    ],
    dropped: [{ column: EVIL, class: EVIL, reason: EVIL }],
    findings: { [EVIL]: 1 },
    accepted: 1,
    acceptances: [{ fp: EVIL, rule: EVIL, reason: EVIL, by: EVIL, until: EVIL, ...times }],
  };
}

/** The whole page. */
export function pageOf(outcome: Outcome, timing: Timing = TIMING): string {
  return Buffer.concat([...htmlReport(outcome, timing)]).toString('utf8');
}
