/** Stories of cutover runs, as their report shows them: one that was rolled back, and others made of it. */

import type {
  RunStory,
  StoryLooks,
  StorySeries,
  StoryStep,
} from '../../../src/outcome/runStory.ts';
import { cutoverPage } from '../../../src/report/html/cutoverPage.ts';

const BEGIN = Date.parse('2026-12-06T02:00:00Z');

/** A time, in minutes after the begin. */
export const minute = (number: number): number => BEGIN + number * 60_000;

const STEP: StoryStep = {
  number: 1,
  id: 'backup',
  title: 'A backup that was restored once',
  use: 'pg.backup',
  kind: 'artifact',
  phase: 'Before',
  owner: 'dba',
  isPointOfNoReturn: false,
  waits: false,
  status: 'PASS',
  attempts: [
    { kind: 'do', from: minute(0), to: minute(3), ended: 'PASS', says: 'restored', who: 'ada' },
  ],
  says: '41 tables with 1,204,311 rows dumped as 192.4 MB, restored and equal',
  waived: null,
  results: [
    ['failed', 0],
    ['count', 41],
  ],
  kept: [
    ['file', 'backup.dump'],
    ['root', 'ab'.repeat(32)],
  ],
  outputs: [{ name: 'backup.stderr', bytes: 1200, sha256: 'cd'.repeat(32) }],
};

const MIGRATE: StoryStep = {
  ...STEP,
  number: 2,
  id: 'migrate',
  title: null,
  use: 'sql.migrate',
  kind: 'change',
  phase: 'The migration',
  isPointOfNoReturn: true,
  status: 'UNDONE',
  attempts: [
    {
      kind: 'do',
      from: minute(3),
      to: minute(5),
      ended: 'UNKNOWN',
      says: 'it has ended',
      who: 'ada',
    },
    { kind: 'verify', from: minute(6), to: minute(7), ended: 'WARN', says: 'slow', who: null },
    { kind: 'undo', from: minute(30), to: minute(32), ended: 'UNDONE', says: '', who: null },
  ],
  says: '7 of 7 files applied',
  kept: [['root', 'ab'.repeat(32)]],
  outputs: [],
};

const GATE_STEP: StoryStep = {
  ...STEP,
  number: 3,
  id: 'approve',
  title: 'Go or no go',
  use: 'gate.approval',
  kind: 'gate',
  phase: 'The migration',
  waits: true,
  status: 'INCONCLUSIVE',
  attempts: [
    { kind: 'do', from: minute(10), to: minute(30), ended: 'INCONCLUSIVE', says: '', who: null },
  ],
  says: '',
  results: [],
  kept: [],
  outputs: [],
};

const OPEN_STEP: StoryStep = {
  ...GATE_STEP,
  number: 4,
  id: 'open',
  title: null,
  use: 'app.writes',
  kind: 'change',
  waits: false,
  status: 'PENDING',
  attempts: [],
};

const looks = (at: number, value: number): StoryLooks => {
  const seen = { at: minute(at), value };
  const breaches = value > 0.01 ? 1 : 0;
  const numbers = { lowest: seen, highest: seen, last: seen };
  return { from: minute(at), to: minute(at), looks: 1, ...numbers, verdict: 'PASS', breaches };
};

const SERIES: StorySeries = {
  id: 'http5xx',
  isStep: false,
  use: 'log.watch',
  every: 60_000,
  for: 3_600_000,
  looks: 31,
  numberless: 0,
  verdicts: [['PASS', 31]],
  breaches: 6,
  lowest: { at: minute(0), value: 0.002 },
  highest: { at: minute(25), value: 0.025 },
  last: { at: minute(30), value: 0.02, verdict: 'PASS', says: '12 of 600 lines match' },
  pass: '<= 0.005',
  bands: [
    { from: null, to: 0.005, kind: 'pass' },
    { from: 0.005, to: 0.01, kind: 'hold' },
    { from: 0.01, to: null, kind: 'breach' },
  ],
  parts: Array.from({ length: 31 }, (_, at) =>
    looks(at, at < 25 ? 0.002 : at === 25 ? 0.025 : 0.02),
  ),
  outputs: [],
};

/** A run that a trigger took back while it waited for people. */
export const ROLLED_BACK: RunStory = {
  run: 'shop-1',
  runbook: 'shop',
  title: 'The shop moves',
  target: 'production',
  status: 'ROLLED_BACK',
  why: 'http5xx > 0.01 for 5m (S1)',
  isRehearsal: false,
  isRehearsed: false,
  begunAt: minute(0),
  begunBy: 'ada',
  lastAt: minute(32),
  isOver: true,
  steps: [STEP, MIGRATE, GATE_STEP, OPEN_STEP],
  stretches: [
    { kind: 'held', from: minute(5), to: minute(6), step: 'migrate', says: 'it has ended' },
    { kind: 'approval', from: minute(10), to: minute(30), step: 'approve', says: '1 of 2' },
    { kind: 'back', from: minute(30), to: minute(32), step: null, says: 'http5xx > 0.01 for 5m' },
  ],
  window: { zone: 'Europe/Vienna', start: 'Sun 03:00', from: minute(0), to: minute(240) },
  gates: [
    {
      number: 3,
      step: 'approve',
      title: 'Go or no go',
      use: 'gate.approval',
      role: 'approver',
      people: ['bo', 'cy'],
      needed: 2,
      mayOperate: false,
      expires: 3_600_000,
      requires: ['migrate'],
      statement: 'the shop is closed',
      reachedAt: minute(10),
      openedAt: null,
      says: '',
      approvals: [
        {
          who: 'bo',
          at: minute(12),
          signer: 'SHA256:bo',
          digest: 'ef'.repeat(32),
          isEarlier: false,
        },
        { who: 'cy', at: minute(11), signer: null, digest: '12'.repeat(32), isEarlier: true },
      ],
    },
  ],
  series: [
    SERIES,
    {
      ...SERIES,
      id: 'ready',
      isStep: true,
      use: 'http.check',
      pass: null,
      bands: [],
      numberless: 31,
    },
  ],
  triggers: [
    {
      kind: 'trigger',
      when: 'http5xx > 0.01',
      for: 300_000,
      severity: 'S1',
      action: 'rollback',
      series: 'http5xx',
      times: 1,
      firings: [
        {
          at: minute(30),
          band: 'breach',
          why: 'http5xx > 0.01 for 5m (S1)',
          value: 0.02,
          followed: 'the way back began',
          clearedAt: null,
        },
      ],
    },
    {
      kind: 'trigger',
      when: 'migrate.failed > 0',
      for: null,
      severity: 'S0',
      action: 'rollback',
      series: null,
      times: 0,
      firings: [],
    },
  ],
  waysBack: [
    {
      from: minute(30),
      to: minute(32),
      who: null,
      why: 'http5xx > 0.01 for 5m (S1)',
      isEndOfRehearsal: false,
      passed: ['migrate'],
      laterWrites: 'kept',
      undos: [
        {
          step: 'migrate',
          from: minute(30),
          to: minute(32),
          succeeded: true,
          says: '',
          parts: [
            { use: 'pg.restore_swap', at: minute(32), progress: 'done', says: 'equal', who: null },
            { use: 'exec', at: minute(32), progress: 'done', says: 'by hand', who: 'ada' },
          ],
        },
      ],
    },
  ],
  stays: ['backup'],
  deeds: [
    { at: minute(0), who: 'ada', did: 'began the run', why: '' },
    { at: minute(12), who: 'bo', did: 'approved the gate approve', why: '' },
  ],
  proof: {
    plan: '01'.repeat(32),
    bound: '23'.repeat(32),
    target: '45'.repeat(32),
    inputs: [
      ['app', 'application'],
      ['db', 'database'],
    ],
    signers: '67'.repeat(32),
    head: '89'.repeat(32),
    lines: 74,
    tool: '0.2.0',
    files: [['migrations/025.sql', 'fe'.repeat(32)]],
  },
};

/** A person took it back after a step had failed, for less than a second, and left its output. */
export const FAILED: RunStory = {
  ...ROLLED_BACK,
  why: 'too late',
  lastAt: minute(8),
  steps: [
    STEP,
    {
      ...MIGRATE,
      attempts: [
        {
          kind: 'do',
          from: minute(3) + 120,
          to: minute(3) + 340,
          ended: 'FAIL',
          says: 'exit code 19',
          who: 'ada',
        },
        { kind: 'undo', from: minute(7), to: minute(8), ended: 'UNDONE', says: '', who: null },
      ],
      says: 'exit code 19',
      results: [
        ['failed', 0],
        ['applied', 0],
      ],
      kept: [],
      outputs: [{ name: 'migrate.stderr', bytes: 12, sha256: 'cd'.repeat(32) }],
    },
    { ...GATE_STEP, status: 'PENDING', attempts: [] },
    OPEN_STEP,
  ],
  stretches: [],
  gates: [],
  triggers: [],
  waysBack: ROLLED_BACK.waysBack.map((back) => ({
    ...back,
    from: minute(7),
    to: minute(8),
    who: 'ada',
    why: 'too late',
  })),
  stays: [],
};

/** All of it has passed. */
export const COMPLETED: RunStory = {
  ...ROLLED_BACK,
  status: 'COMPLETED',
  why: null,
  steps: ROLLED_BACK.steps.map((step) => ({ ...STEP, number: step.number, id: step.id })),
  stretches: ROLLED_BACK.stretches.slice(1, 2),
  gates: ROLLED_BACK.gates.map((gate) => ({
    ...gate,
    openedAt: minute(20),
    says: 'approved by bo',
  })),
  triggers: ROLLED_BACK.triggers.slice(1),
  waysBack: [],
  stays: [],
};

/** Members whose values are ours. */
const OURS: ReadonlySet<string> = new Set(
  'kind laterWrites band bands status ended verdict verdicts measure comparison'.split(' '),
);

/** Returns a story in which each text of the journal and the runbook is another one. */
export function withTexts(story: RunStory, text: string): RunStory {
  const other = (value: unknown, name: string): unknown => {
    if (typeof value === 'string') return OURS.has(name) ? value : text;
    if (Array.isArray(value)) return value.map((one) => other(one, name));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, other(one, key)]));
  };
  return other(story, '') as RunStory;
}

export function storyPage(story: RunStory, next: string | null = null): string {
  return Buffer.concat([...cutoverPage(story, next)]).toString('utf8');
}
