/** The go/no-go form of a release: filled after a green run, open after a held one, NO-GO after a rollback. */

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { goNoGoMarkdown } from '../../../src/cutover/evidence/goNoGoMarkdown.ts';
import { codeSpan, escaped, fenced, tailOf } from '../../../src/cutover/evidence/markdownText.ts';
import { runEvidence } from '../../../src/cutover/evidence/runEvidence.ts';
import { readRun } from '../../../src/cutover/engine/heldRun.ts';
import { encodeApproval } from '../../../src/journal/approval.ts';
import { approvalDigest, keepApproval, readApproval } from '../../../src/journal/approvalFile.ts';
import { workFolder } from '../../kit/project.ts';
import { shared } from '../../shared.ts';
import { goOn, openPlayed, stage, type PlayedRun } from '../engine/play.ts';
import { makeRelease, startHealth, TOKEN, type Health, type Release } from './release.ts';

const work = workFolder('go-no-go');
let health: Health;
let green: Release;
let held: Release;
let back: Release;

beforeAll(async () => {
  health = await startHealth();
  [green, held, back] = ['green', 'held', 'back'].map((name) =>
    makeRelease(join(work, name), health.origin),
  ) as [Release, Release, Release];
  held.breaks('payments');
  back.breaks('login');
  expect((await green.run()).code).toBe(0);
  expect((await held.run()).code).toBe(1);
  expect((await back.run()).code).toBe(4);
}, 240_000);
afterAll(() => health.close());

function form(release: Release): string {
  return goNoGoMarkdown(runEvidence(release.sources()));
}

/** The parts of a form by their heading, without the first, which is the title. */
function sections(text: string): ReadonlyMap<string, string> {
  const parts = text.split(/^## /m).slice(1);
  return new Map(parts.map((part) => [part.slice(0, part.indexOf('\n')), part]));
}

/** Names of the fields of a part. */
function fields(text: string): readonly string[] {
  return (text.match(/^- [A-Z][^:]+:/gm) ?? []).filter((name) => !name.startsWith('- ['));
}

const boxes = (text: string): readonly string[] => text.match(/^- \[[ x]\] .*$/gm) ?? [];
const DONE =
  /^- \[x\] .+: \*\*PASS\*\*, .+ \(owner [a-z]+, by [a-z]+, 20\d\d-[\dT:.-]+Z UTC(?:, no key)?\)$/;

const at = (minute: number, second = 0): string =>
  `2026-12-06T02:0${minute}:${String(second).padStart(2, '0')}.000Z`;

/** Approves the gate of a played run, half a minute before that is recorded. */
function approveGo(run: PlayedRun, reviewer: string, signer: string | null, now: number): void {
  const { places, record } = run.held;
  const bytes = encodeApproval<'open-gate'>({
    purpose: 'open-gate',
    subject: run.approvals.subjectOf('go'),
    role: 'approver',
    statement: null,
    reviewer,
    time: new Date(now - 30_000).toISOString(),
  });
  const approval = approvalDigest(bytes);
  const known = new Set([...record.approvals.map((one) => one.approval), approval]);
  keepApproval(places.folder, { bytes, signature: null }, known);
  run.held.commit({ event: 'approved', step: 'go', approval, signer }, { who: reviewer });
  run.held.close();
}

function formOf({ held, loaded }: PlayedRun): string {
  held.close();
  const { runbook, planHash } = loaded;
  const lines = readRun(held.places).entries;
  const approvals = (digest: string): Uint8Array | null =>
    readApproval(held.places.folder, digest)?.bytes ?? null;
  const sources = { run: held.places.run, runbook, planHash, lines, where: 'journal' };
  return goNoGoMarkdown(runEvidence({ ...sources, approvals, outputs: () => null }));
}

describe('the form of a green run', () => {
  it('has each line with what was seen, the role, the person and the time in UTC', () => {
    const lines = boxes(form(green));
    expect(lines).toHaveLength(29);
    for (const line of lines) expect(line).toMatch(DONE);
    expect(lines[0]).toContain(
      'Commit of the release: **PASS**, exit code 0 (owner platform, by ada,',
    );
    expect(lines.join('\n')).toContain('approved by dee (owner support, by dee,');
  });

  it('has the phases in their order, the commands with inputs by name, and the decision', () => {
    const parts = sections(form(green));
    expect(form(green)).toMatch(
      /^- Begun: 20.+Z by ada\n- Target: the runbook names none\n- Databases and applications, by input: app$/m,
    );
    expect([...parts.keys()].map((title) => title.slice(0, 2))).toEqual([
      'A)',
      'B)',
      'C)',
      'D)',
      'E)',
      'F)',
      'G)',
      'H)',
      'GO',
    ]);
    expect(parts.get('A) Before')).toContain('- `node say.mjs ci "${rc}" "--token=${token}"`');
    expect(parts.get('B) Migrations')).toContain('- `node say.mjs migrate "${rc}"`');
    expect(parts.get('C) Environment')).toContain('- `GET /healthz`');
    expect(parts.get('D) Storage')).toContain('- `node say.mjs attached`');
    expect(parts.get('G) Features')).toContain('- config.set: set enforce to true');
    expect(parts.get('GO / NO-GO')).toMatch(
      /^- Decision: \*\*GO\*\*\n- Owner: bo\n- Timestamp \(UTC\): 20.+Z\n- Notes: all 29 steps are over; none of them after the last approval\n\nOutcome: completed 20.+Z, operated by ada\n$/m,
    );
  });

  it('has the end of each output with its digest, and says how much is left out', () => {
    const part = sections(form(green)).get('C) Environment') ?? '';
    expect(part).toMatch(/^`readiness\.stdout`, \d+ B, SHA-256 [0-9a-f]{64}:$/m);
    expect(part).toContain('The first 191 B of it are left out:');
    expect(part.match(/^check \d+$/gm)).toHaveLength(39);
  });

  it('shows no secret, no control, and no fence that an output has written', () => {
    const text = form(green);
    expect(text).not.toContain(TOKEN);
    expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    expect(text).toContain('`````\nkpis \n````md\n\\u{1b}[31mred\\u{1b}[0m \\u{202e}\n');
  });

  it('does not paste an output that was changed since (negative control)', () => {
    const changed = {
      ...green.sources(),
      outputs: (name: string) => (name === 'rc.stdout' ? Buffer.from('forged') : null),
    };
    const text = goNoGoMarkdown(runEvidence(changed));
    expect(text).not.toContain('forged');
    expect(text).toMatch(/^`rc\.stdout`, .+: it was changed since, so that it is not shown$/m);
    expect(text).toMatch(/^`ci\.stdout`, .+: it is not there$/m);
  });
});

describe('the form of a run that has not come to its end', () => {
  it('has open boxes from the step that holds it on, and an open decision', () => {
    const lines = boxes(form(held));
    const at = lines.findIndex((line) => line.includes('Health of payments'));
    expect(lines.slice(0, at).every((line) => DONE.test(line))).toBe(true);
    expect(lines[at]).toMatch(/^- \[ \] Health of payments: \*\*FAIL\*\*, exit code 1 \(owner op/);
    expect(lines.slice(at + 1).every((line) => line.startsWith('- [ ] '))).toBe(true);
    expect(lines.at(-1)).toBe('- [ ] Go: `__________` (owner approver, `__________`)');
    // Of a step without a role, too, the role is known before it is reached.
    expect(lines.at(-2)).toBe(
      '- [ ] Metrics are plausible: `__________` (owner operator, `__________`)',
    );
    expect(form(held)).toContain('- Decision: **GO** / **NO-GO**\n- Owner: `__________`\n');
    expect(sections(form(held)).get('F) Smoke tests')).not.toContain('Commands:');
  });

  it('says NO-GO after a way back, with who began it, when and why', () => {
    const text = form(back);
    const lineWith = (name: string): string =>
      boxes(text).find((line) => line.includes(name)) ?? '';
    expect(lineWith('Migrations')).toMatch(
      /^- \[ \] Migrations: \*\*PASS\*\*, exit code 0 \(owner operator, by ada, 20.+Z UTC\); undone 20.+Z UTC by a trigger or monitor of the runbook$/,
    );
    expect(lineWith('Login works')).toMatch(/^- \[ \] Login works: \*\*FAIL\*\*, exit code 1 \(/);
    expect(lineWith('Upload works')).toBe('- [ ] Upload works: not reached (owner operator)');
    expect(lineWith('Go')).toBe('- [ ] Go: not reached (owner approver)');
    expect(text).toMatch(
      /Decision: \*\*NO-GO\*\*\n- Owner: a trigger or monitor of the runbook\n- Timestamp \(UTC\): 20.+Z\n- Notes: ROLLED_BACK: login.failed > 0 \(S1\)\n\nOutcome: rolled back 20.+Z, operated by ada\n$/,
    );
  });
});

const DECIDED = `runbook: decided
target: office
inputs: { db: { secret: DB_URL }, app: "http://127.0.0.1:1", pw: { secret: PW } }
roles: { operator: [ada], approver: [bo, cy], money: [eve] }
steps:
  - { id: sum, use: sql.count, query: "SELECT count(*)\\nFROM bills", expect: "== 999", owner: money }
  - { id: go, use: gate.approval, role: approver, of: 2, requires: [] }
  - { id: open, use: exec, run: [open], idempotent: true, pointOfNoReturn: true, undo: { run: [shut], idempotent: true }, verify: { use: http.check, url: "/health?token=t0k" } }
  - { id: mail, use: config.set, file: s.json, key: mail, set: "\${app}", undo: { set: off }, verify: { use: file.check, file: s.json } }
  - { id: salt, use: config.set, file: s.json, key: mail_password, set: hunter2, undo: { set: off } }
  - { id: rows, use: sql.rows, query: "SELECT ok FROM checks", every: "== 1", minRows: 1 }
  - { id: left, use: exec, run: [left], when: "rows.failed > 0", idempotent: true, undo: { run: [x], idempotent: true } }
`;
/** Fingerprint of the key of one approver; the other one has none. */
const KEY = `SHA256:${'a'.repeat(43)}`;

/** Whether a check fails that is waived then, after the decision, and whether a person takes it back. */
async function decided(name: string, waives: boolean, goesBack = false): Promise<string> {
  const play = stage();
  play.acts['rows'] = () => ({
    verdict: waives ? 'FAIL' : 'PASS',
    says: waives ? '1 of 2 rows does not satisfy == 1' : '',
    results: { failed: 0 },
  });
  const open = (): PlayedRun => openPlayed(join(work, name), DECIDED, play);
  const minute = (): void => void (play.clock += 60_000);
  await goOn(open(), 'waits');
  for (const [who, signer] of [
    ['bo', KEY],
    ['cy', null],
  ] as const) {
    minute();
    approveGo(open(), who, signer, play.clock);
  }
  minute();
  await goOn(open(), 'waits');
  if (waives) {
    minute();
    const run = open();
    const why = { who: 'ada', why: 'it is known' };
    run.held.commit({ event: 'step-waived', step: 'rows' }, why);
    run.held.commit({ event: 'resumed' }, { who: 'ada' });
    await goOn(run);
  }
  if (goesBack) {
    minute();
    const run = open();
    const facts = { who: 'dee', why: 'no more' };
    run.held.commit({ event: 'rollback-begun', lossAccepted: true }, facts);
    await goOn(run);
  }
  return formOf(open());
}

describe('the form of a run with a decision amid it', () => {
  it('is that of who decided last, at that time, and says what they did not see', async () => {
    const text = await decided('waives', true);
    const part = sections(text).get('GO / NO-GO') ?? '';
    expect(part.split('\n').slice(2)).toEqual([
      'Decisions:',
      '',
      `- \`go\` approved by bo, signed ${at(0, 30)}, recorded ${at(1)}, key ${KEY}`,
      `- \`go\` approved by cy, signed ${at(1, 30)}, recorded ${at(2)}, no key`,
      '',
      '- Decision: **GO**',
      '- Owner: bo, cy',
      `- Timestamp (UTC): ${at(2)}`,
      '- Notes: all 7 steps are over; 4 steps passed, 1 waived (rows, by ada) after the last approval',
      '',
      `Outcome: completed ${at(4)}, operated by ada`,
      '',
    ]);
    expect(boxes(text)).toEqual([
      `- [x] sum: **PASS** (owner money, by ada, ${at(0)} UTC)`,
      `- [x] go: **PASS**, approved by bo, cy (owner approver, by bo, ${at(1)} UTC, key ${KEY} and by cy, ${at(2)} UTC, no key)`,
      `- [x] open (point of no return): **PASS** (owner operator, by ada, ${at(3)} UTC)`,
      `- [x] mail: **PASS** (owner operator, by ada, ${at(3)} UTC)`,
      `- [x] salt: **PASS** (owner operator, by ada, ${at(3)} UTC)`,
      `- [x] rows: **WAIVED** by ada: it is known (it said: 1 of 2 rows does not satisfy == 1) (owner operator, by ada, ${at(4)} UTC)`,
      `- [x] left: **PASS** (owner operator, by ada, ${at(4)} UTC)`,
    ]);
  });

  it('waives nothing that was not (control)', async () => {
    const text = await decided('waives-none', false);
    expect(text).not.toContain('WAIVED');
    expect(text).toContain(
      '- Notes: all 7 steps are over; 4 steps passed, 1 left out (left) after the last approval\n',
    );
    expect(boxes(text).at(-1)).toBe(
      `- [x] left: **LEFT OUT**, left out, as rows.failed > 0 does not hold (owner operator, ${at(3)} UTC)`,
    );
  });

  it('keeps what failed and who took it back', async () => {
    const text = await decided('goes-back', true, true);
    const line = boxes(text).find((one) => one.includes('mail'));
    expect(line).toBe(
      `- [ ] mail: **PASS** (owner operator, by ada, ${at(3)} UTC); undone ${at(5)} UTC by dee`,
    );
    expect(text).toContain('**WAIVED** by ada: it is known (it said: 1 of 2 rows');
    expect(text).toContain(`- Owner: dee\n- Timestamp (UTC): ${at(5)}\n`);
  });

  it('is open after a rehearsal, which went back as planned, with no approver', async () => {
    const rehearsal = { goesBack: true, breaches: new Map<string, number>() };
    const run = openPlayed(join(work, 'rehearsed'), DECIDED, stage(), rehearsal);
    await goOn(run);
    const text = formOf(run);
    expect(text).toContain('- Decision: **GO** / **NO-GO**\n- Owner: `__________`\n');
    expect(text).toContain('- Notes: its steps were rehearsed, and taken back as planned\n');
    expect(boxes(text)[3]).toMatch(/; undone 20.+Z UTC by the rehearsal$/);
    expect(boxes(text)[1]).toMatch(
      /^- \[x] go: \*\*PASS\*\*, not waited for, .+\(owner approver, /,
    );
  });

  it('says what it was, where it began, and what its steps did in full but for secrets', async () => {
    const text = await decided('commands', false);
    expect(text).toContain(
      `- Begun: ${at(0)} by ada\n- Target: office\n- Databases and applications, by input: app, db\n`,
    );
    expect(text).toContain('- sql.count: play:\n\n  ```\n  SELECT count(*)\n  FROM bills\n  ```\n');
    expect(text).toContain('- sql.rows: play: `SELECT ok FROM checks`\n');
    expect(text).toContain('- config.set: play to ${app}\n');
    expect(text).toContain('- config.set: play to a value that is not shown\n');
    expect(text).toContain('- `GET /health`\n');
    expect(text).toContain('- file.check: check the file "s.json"\n');
    expect(text).not.toMatch(/hunter2|t0k/);
  });
});

const FORM = shared('seeds/001-staging-to-production.md');

describe.skipIf(FORM === null)('the form that operators had by hand', () => {
  /** Each box of it, by section, and the line of ours that takes its place. */
  const COUNTERPARTS: Readonly<Record<string, readonly (readonly [string, string])[]>> = {
    A: [
      ['RC commit SHA', 'Commit of the release'],
      ['CI green', 'CI is green'],
      ['DB backup', 'Backup is complete'],
    ],
    B: [],
    C: [],
    D: [],
    E: [
      ['endpoint secret rotated', 'The secret of the endpoint is rotated'],
      ['STRIPE_WEBHOOK_SECRET', 'The variable has the new secret'],
      ['test event delivered', 'A test event was delivered'],
    ],
    F: [
      ['/healthz', 'Health again'],
      ['/readyz', 'Ready again'],
      ['Auth/login', 'Login works'],
      ['Attachment upload', 'Upload works'],
    ],
    G: [
      ['APP_ATTESTATION_ENFORCE', 'Attestation is enforced'],
      ['Real client', 'A real client reaches the routes'],
      ['Non-attested', 'Other clients are blocked'],
      ['Worker running', 'The worker runs'],
      ['digest mode', 'A test account is in digest mode'],
      ['Digest notification', 'A digest came at its interval'],
    ],
    H: [
      ['Logs normal', 'Logs are as usual'],
      ['Sentry normal', 'Exceptions are as usual'],
      ['deliveries normal', 'Deliveries are as usual'],
      ['/admin/ops/kpis', 'Figures are plausible'],
      ['/admin/ai/metrics', 'Metrics are plausible'],
    ],
  };
  const whole = FORM === null ? '' : readFileSync(FORM, 'utf8');
  const theirs = whole.slice(whole.indexOf('## Final Go/No-Go checklist')).split(/^### /m).slice(1);

  it('has its sections in ours, in the same order', () => {
    const ours = [...sections(form(green)).keys()].map((title) => title.replace(/\).*/, ''));
    expect(theirs.map((part) => part.split('\n')[0]?.replace(/\).*/, ''))).toEqual(ours);
  });

  it.each(Object.keys(COUNTERPARTS))('has each box of section %s in ours, filled', (letter) => {
    const part = theirs.find((one) => one.startsWith(`${letter})`)) ?? '';
    const [, ours = ''] =
      [...sections(form(green))].find(([title]) => title.startsWith(`${letter})`)) ?? [];
    const expected = COUNTERPARTS[letter] ?? [];
    expect(boxes(part)).toHaveLength(expected.length);
    for (const [at, [box, line]] of expected.entries()) {
      expect(boxes(part)[at]).toContain(box);
      expect(boxes(ours)).toContainEqual(expect.stringContaining(`- [x] ${line}`));
    }
    // Each command of theirs is one of ours, and what is pasted there is a block here, or what was seen.
    const commands = (part.match(/^- `(?:npm|curl) /gm) ?? []).length;
    const own = (ours.match(/^- `(?:node|GET) /gm) ?? []).length;
    expect(own).toBeGreaterThanOrEqual(commands);
    const pasted = (part.match(/<paste/g) ?? []).length;
    const shown = (ours.match(/^`[\w.-]+`, \d.+:$/gm) ?? []).length;
    expect(shown + boxes(ours).length).toBeGreaterThanOrEqual(pasted);
    if (pasted > 0) expect(shown).toBeGreaterThan(0);
  });

  it('has the fields of its decision in ours', () => {
    expect(fields(theirs.at(-1) ?? '')).toEqual(
      fields(sections(form(green)).get('GO / NO-GO') ?? ''),
    );
  });
});

/** What of a line CommonMark would read as more than text, by its rules for each mark. */
function marksIn(line: string): readonly string[] {
  const plain = line.replaceAll(/\\[!-/:-@[-`{-~]/g, '\u0001');
  const rules = [
    /[*`[~]/g,
    /\\$/g,
    /<(?=[A-Za-z/!?])/g,
    /&(?=#?\w+;)/g,
    /^(?:#{1,6}(?: |$)|>|[-+](?: |$)|\d{1,9}[.)](?: |$))/g,
    / #+$/g,
    // What could open emphasis, or close it.
    /(?<!\w)_|_(?!\w)/g,
  ];
  return rules.flatMap((rule) => plain.match(rule) ?? []);
}

describe('a text in Markdown', () => {
  const text = fc.string({
    unit: fc.constantFrom('a', '`', '``````', '\n', '~', '#', '\u001b', 'ü'),
  });

  it('is in a block that nothing in it ends', () => {
    fc.assert(
      fc.property(text, (one) => {
        const [fence = '', ...rest] = fenced(one);
        expect(rest.pop()).toBe(fence);
        for (const line of rest) expect(line).not.toContain(fence);
      }),
    );
  });

  it('is in a code span that nothing in it ends', () => {
    fc.assert(
      fc.property(text, (one) => {
        const span = codeSpan(one);
        const [ticks = ''] = /^`+/.exec(span.replace(/^(`+) `.*/s, '$1')) ?? [];
        const runs = span.slice(ticks.length, -ticks.length).match(/`+/g) ?? [];
        expect(runs.filter((run) => run.length >= ticks.length)).toEqual([]);
        expect(span).not.toContain('\n');
      }),
    );
  });

  it('has no mark and one line where it is escaped', () => {
    expect(escaped('a\n# *b* [c](d) <e> `f` | g')).toBe(
      String.raw`a \# \*b\* \[c](d) \<e> \`f\` | g`,
    );
  });

  it.each(['ROLLED_BACK', 'a__b', 'login.failed > 0', 'x <= 5', 'a & b', 'C# and c:\\x', 'é_1'])(
    'is left as it is where nothing in it is a mark: %s',
    (one) => expect(escaped(one)).toBe(one),
  );

  it.each([
    ['_a_', String.raw`\_a\_`],
    ['a_ b', String.raw`a\_ b`],
    ['&amp; &#35;', String.raw`\&amp; \&#35;`],
    ['> q', String.raw`\> q`],
    ['- - x', String.raw`\- - x`],
    ['12. x', String.raw`12\. x`],
    ['~~a~~', String.raw`\~\~a\~\~`],
    [String.raw`a\*`, String.raw`a\\\*`],
    ['a\\', 'a\\\\'],
  ])('has its marks escaped: %s', (one, shown) => expect(escaped(one)).toBe(shown));

  it('is text alone, and the same text, where it is escaped', () => {
    const unit = fc.constantFrom(...'a1_ *`[]()<>!#&;~+-=.|\\\n'.split(''));
    fc.assert(
      fc.property(fc.string({ unit }), (one) => {
        const shown = escaped(one);
        expect(marksIn(shown)).toEqual([]);
        const read = shown.replaceAll(/\\([!-/:-@[-`{-~])/g, '$1');
        expect(read).toBe(one.replaceAll(/\s+/g, ' ').trim());
      }),
      { numRuns: 2000 },
    );
  });

  it.each(['*a*', '_a_', '`a`', '[a](b)', '<a>', '&amp;', '# a', '> a', '- a', '1. a', '~a~'])(
    'would have a mark without that: %s (negative control)',
    (one) => expect(marksIn(one)).not.toEqual([]),
  );

  it('is the end of an output, of 40 lines and 4 KiB at most, and the rest is counted', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: 'grapheme', maxLength: 200 }), { maxLength: 80 }),
        (lines) => {
          const bytes = Buffer.from(lines.join('\n'));
          const { text: end, left } = tailOf(bytes);
          expect(Buffer.from(end)).toEqual(bytes.subarray(left));
          expect(end.replace(/\n$/, '').split('\n').length).toBeLessThanOrEqual(40);
          expect(bytes.length - left).toBeLessThanOrEqual(4096);
        },
      ),
    );
    expect(tailOf(Buffer.from('ä'.repeat(5000)))).toMatchObject({ left: 5904 });
    expect(tailOf(Buffer.from('short\n'))).toEqual({ text: 'short\n', left: 0 });
  });
});

describe('the command', () => {
  it('writes the form to a file, once', async () => {
    const ran = await green.command('status', '--checklist', 'made.md');
    expect([ran.code, ran.stderr]).toEqual([0, '']);
    expect(readFileSync(join(green.folder, 'made.md'), 'utf8')).toBe(form(green));
    writeFileSync(join(green.folder, 'made.md'), 'mine');
    expect((await green.command('status', '--checklist', 'made.md')).code).toBe(64);
  });
});
