/** The go/no-go form of a release: filled after a green run, open after a held one, NO-GO after a rollback. */

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { goNoGoMarkdown } from '../../../src/cutover/evidence/goNoGoMarkdown.ts';
import { codeSpan, escaped, fenced, tailOf } from '../../../src/cutover/evidence/markdownText.ts';
import { runEvidence } from '../../../src/cutover/evidence/runEvidence.ts';
import { workFolder } from '../../kit/project.ts';
import { shared } from '../../shared.ts';
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
const DONE = /^- \[x\] .+: \*\*PASS\*\*, .+ \(owner [a-z]+, by [a-z]+, 20\d\d-[\dT:.-]+Z UTC\)$/;

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
    expect(parts.get('G) Features')).toContain('- config.set: set enforce');
    expect(parts.get('GO / NO-GO')).toMatch(
      /^- Decision: \*\*GO\*\*\n- Owner: bo\n- Timestamp \(UTC\): 20.+Z\n- Notes: all 29 steps are over\n$/m,
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
    expect(form(held)).toContain('- Decision: **GO** / **NO-GO**\n- Owner: `__________`\n');
    expect(sections(form(held)).get('F) Smoke tests')).not.toContain('Commands:');
  });

  it('says NO-GO after a way back, with who began it, when and why', () => {
    const text = form(back);
    expect(boxes(text).find((line) => line.includes('Migrations'))).toMatch(
      /^- \[ \] Migrations: \*\*UNDONE\*\* \(owner operator, by ada, 20.+Z UTC\)$/,
    );
    expect(text).toMatch(
      /Decision: \*\*NO-GO\*\*\n- Owner: a trigger of the runbook\n- Timestamp \(UTC\): 20.+Z\n- Notes: ROLLED_BACK: login.failed > 0 \(S1\)\n$/,
    );
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
