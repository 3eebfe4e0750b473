/** Markdown becomes a draft that is a valid runbook, whatever it is. */

import { readFileSync } from 'node:fs';

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { importRunbook } from '../../../src/cutover/import/importRunbook.ts';
import { shellCommands } from '../../../src/cutover/import/shellWords.ts';
import { parseRunbook, type LoadedRunbook } from '../../../src/cutover/readRunbook.ts';
import { shared } from '../../shared.ts';

const FENCE = '```';

/** The draft of a text, which has to be a valid runbook. */
function draft(markdown: string): LoadedRunbook {
  return parseRunbook(importRunbook(markdown, 'Moving the Shop.md'), 'a.yaml');
}

/** The steps of a draft as `id use members`. */
function steps(markdown: string): readonly string[] {
  return draft(markdown).runbook.steps.map(({ id, use, on, members }) => {
    return `${id} ${use} ${JSON.stringify({ ...(on === null ? {} : { on }), ...members })}`;
  });
}

function shell(...lines: readonly string[]): string {
  return [`${FENCE}bash`, ...lines, FENCE].join('\n');
}

const SHOP = `# Moving the shop

Some words before.

## 1. Before

- Tell the warehouse
- [ ] Warehouse told: \`__________\`
- [x] Backup **tested** ([page](backup.md))

${shell('# Nothing may be open', 'git status', '', 'npm run  "check all"  --quiet', '# Expected: 0 errors')}

## 2. Notes only

- Keep calm

## 3. Move

${shell(
  'pg_dump "$SHOP_DB" > backup.dump',
  "psql $SHOP_DB -v ON_ERROR_STOP=1 -f 'sql/01.sql'",
  'curl -s https://shop.example/health | jq .writes_enabled',
  '# Expected: false',
  'tar czf - data | ssh other tar xz',
)}
1. \`GET /readyz\` → expects \`204\`
2. \`npm run smoke\` (five minutes)
`;

describe('a draft of a text', () => {
  it('has steps of its commands and boxes, under its headings', () => {
    expect(steps(SHOP)).toEqual([
      'warehouse-told attest {"role":"operator","text":"Warehouse told"}',
      'backup-tested-page attest {"role":"operator","text":"Backup tested (page)"}',
      'clean git.clean {}',
      'npm-run exec {"run":["npm","run","check all","--quiet"]}',
      'backup pg.backup {"rehearse":true}',
      'sql-01-sql sql.migrate {"files":"sql/01.sql"}',
      'health http.check {"url":"/health","status":200,"json":{"writes_enabled":false}}',
      'tar-czf-data attest {"role":"operator","text":"The command was run and did what it should: tar czf data"}',
      'get-readyz http.check {"url":"/readyz","status":204}',
      'npm-run-smoke exec {"run":["npm","run","smoke"]}',
    ]);
    const { runbook } = draft(SHOP);
    expect([runbook.name, runbook.title]).toEqual(['moving-the-shop', 'Moving the shop']);
    expect([...runbook.inputs]).toEqual([
      ['db', { secret: 'SHOP_DB' }],
      ['app', 'https://shop.example'],
    ]);
    expect([...new Set(runbook.steps.map(({ phase }) => phase))]).toEqual(['before', 'move']);
  });

  it('can be read: what a command was, and why it is none, stands before its step', () => {
    expect(importRunbook(SHOP, 'shop.md').split('\n').slice(10)).toEqual([
      '  - id: before',
      '    title: "1. Before"',
      '    steps:',
      '      # - Tell the warehouse',
      '      - { id: warehouse-told, use: attest, role: operator, text: Warehouse told }',
      '      - { id: backup-tested-page, use: attest, role: operator, text: "Backup tested (page)" }',
      '      # git status',
      '      # Nothing may be open',
      '      - { id: clean, use: git.clean }',
      '      # Expected: 0 errors',
      '      - { id: npm-run, use: exec, run: [npm, run, check all, "--quiet"] }',
      '  - id: move',
      '    title: "3. Move"',
      '    # 2. Notes only',
      '    # - Keep calm',
      '    steps:',
      '      # pg_dump "$SHOP_DB" > backup.dump',
      '      - { id: backup, use: pg.backup, rehearse: true }',
      "      # psql $SHOP_DB -v ON_ERROR_STOP=1 -f 'sql/01.sql'",
      '      - { id: sql-01-sql, use: sql.migrate, files: sql/01.sql }',
      '      # curl -s https://shop.example/health | jq .writes_enabled',
      '      # Expected: false',
      '      # the status is a guess',
      '      - { id: health, use: http.check, url: /health, status: 200, json: { writes_enabled: false } }',
      '      # not a step of its own, as its output goes to another program:',
      '      # tar czf - data | ssh other tar xz',
      '      - { id: tar-czf-data, use: attest, role: operator, text: "The command was run and did what it should: tar czf data" }',
      '      # GET /readyz → expects 204',
      '      - { id: get-readyz, use: http.check, url: /readyz, status: 204 }',
      '      # npm run smoke (five minutes)',
      '      - { id: npm-run-smoke, use: exec, run: [npm, run, smoke] }',
      '',
    ]);
  });

  it.each<[string, readonly string[], readonly string[]]>([
    [
      'a tag that is pushed',
      ['git tag -a v1 -m "The one"', 'git push origin v1'],
      ['tag git.tag {"tag":"v1","message":"The one","push":"origin"}'],
    ],
    ['a tag on a commit', ['git tag v1 abc123'], ['tag git.tag {"tag":"v1","commit":"abc123"}']],
    [
      'a commit',
      ['git add a.json b', "git commit -m 'Note it'", 'git push'],
      ['commit git.commit {"files":["a.json","b"],"message":"Note it","push":"origin"}'],
    ],
    [
      'files that are added alone',
      ['git add a.json'],
      ['git-add exec {"run":["git","add","a.json"]}'],
    ],
    [
      'a push alone',
      ['git push origin main'],
      ['git-push-origin exec {"run":["git","push","origin","main"]}'],
    ],
    [
      'a query of all rows',
      ['psql $D -c "SELECT * FROM verify();"', "# Expected: All rows show status='PASS'"],
      [
        'verify sql.rows {"query":"SELECT * FROM verify()","every":"status == \'PASS\'","minRows":1}',
      ],
    ],
    [
      'a query with a comment in it',
      ['psql -c "SELECT 1 -- one', 'FROM a"'],
      ['a sql.count {"query":"SELECT 1 -- one\\nFROM a","expect":"== 0"}'],
    ],
    ['a restore', ['pg_restore --clean -d $D "backups/x_*.dump"'], ['restore pg.restore_swap {}']],
    [
      'a list of a dump',
      ['pg_restore --list a.dump | head'],
      ['backup pg.backup {"rehearse":true}'],
    ],
    [
      'a request of a variable',
      ['curl -sS $BASE/healthz'],
      ['healthz http.check {"url":"/healthz","status":200}'],
    ],
    [
      'hosts',
      ['curl https://a.example/x', 'curl -I -H "A: b" https://b.example'],
      [
        'x http.check {"url":"/x","status":200}',
        'request http.check {"on":"app2","url":"/","method":"HEAD","status":200}',
      ],
    ],
    [
      'variables',
      ['A_KEY   # the key', 'A_MODE=production'],
      ['environment env.require {"names":["A_KEY","A_MODE"],"equals":{"A_MODE":"production"}}'],
    ],
  ])('has a step of its own for %s', (_, lines, expected) => {
    expect(steps(shell(...lines))).toEqual(expected);
  });

  it.each<[string, string]>([
    ['a | b', 'its output goes to another program'],
    ['a && b', 'it is one of several commands that depend on each other'],
    ['a || true', 'it goes on after a failure'],
    ['a > b', 'its output goes to a file'],
    ['a &', 'it runs in the background'],
    ['a $HOME', 'the shell fills in a value'],
    ['a "$(date)"', 'the shell fills in a value'],
    ['a *.sql', 'the shell expands a pattern'],
    ['A=1 b', 'it sets a variable first'],
    ['for x in a; do', 'it is shell syntax and no program'],
    ['(a)', 'only a shell can group commands'],
    ['a "b', 'a quote is not closed'],
    ["a ''", 'an argument is empty'],
    ['cat > a << EOF\nrm -rf b\nEOF', 'its output goes to a file'],
  ])('never runs a shell: %j is attested', (command, reason) => {
    const text = importRunbook(shell(command), 'a');
    expect(text).toContain(`# not a step of its own, as ${reason}:`);
    const { runbook } = draft(shell(command));
    expect(runbook.steps.some(({ use }) => use === 'attest')).toBe(true);
    expect(text).not.toMatch(/run: \[(?:ba)?sh/);
    expect(text).not.toContain('run: [rm');
  });

  it.each([
    ['-X POST'],
    ['-XPUT'],
    ['-sX patch'],
    ['--request DELETE'],
    ['-d a=b'],
    ['-sd@a.json'],
    ['--data-raw a'],
    ['--json {}'],
    ['-F a=b'],
    ['-T a.json'],
    ['-X GET -d a=b'],
  ])('never sends a request that may change something: curl %s is attested', (options) => {
    const command = `curl -s ${options} https://a.example/orders`;
    const text = importRunbook(shell(command), 'a');
    expect(text).toContain(`      # ${command}\n`);
    expect(draft(shell(command)).runbook.steps.map(({ use }) => use)).toEqual(['attest']);
  });

  it.each([['-X GET'], ['-sS'], ['--request HEAD'], ['-H X-d'], ['-o d']])(
    'checks what a request only reads: curl %s (negative control)',
    (options) => {
      const { runbook } = draft(shell(`curl ${options} https://a.example/orders`));
      expect(runbook.steps.map(({ use }) => use)).toEqual(['http.check']);
    },
  );

  it('leaves what a person approves to the approver, and all else to the operator', () => {
    const text = [
      '# Moving and sign-off',
      '## Before',
      '- [ ] Backup tested',
      '- [ ] Change approved by: ____',
      '## Approval of the move',
      '### Numbers',
      '- [ ] Numbers reviewed',
      shell('a | b'),
      '## After',
      '- [ ] Phones work',
      '### GO / NO-GO',
      '- [ ] Decided',
    ].join('\n');
    expect(
      draft(text).runbook.steps.map(({ id, members }) => `${id} ${String(members['role'])}`),
    ).toEqual([
      'backup-tested operator',
      'change-approved-by approver',
      'numbers-reviewed approver',
      'a operator',
      'phones-work operator',
      'decided approver',
    ]);
    expect([...draft(text).runbook.roles]).toEqual([
      ['operator', ['name of the operator']],
      ['approver', ['name of the approver']],
    ]);
    expect([...draft('- [ ] a').runbook.roles.keys()]).toEqual(['operator']);
  });

  it.each(['Sign-off', 'Signoffs', 'Approvers', 'Go/No-Go', 'GO - NO GO', 'Go or no-go'])(
    'knows %s as approval',
    (heading) => {
      expect(steps(`## ${heading}\n- [ ] a`)).toEqual(['a attest {"role":"approver","text":"a"}']);
    },
  );

  it.each(['Going live', 'Design of offers', 'Cargo: no goods'])('but not %s', (heading) => {
    expect(steps(`## ${heading}\n- [ ] a`)).toEqual(['a attest {"role":"operator","text":"a"}']);
  });

  it('has tables and blocks of SQL as comments, and says that paragraphs are left out', () => {
    const rows = Array.from({ length: 45 }, (_, at) => `SELECT ${at};`);
    const text = [
      'A paragraph.',
      '| Item | Value |',
      '| --- | --- |',
      '| Tag | `v1` |',
      'Role | Contact',
      '--- | ---',
      'Ops | 123',
      '- [ ] a | b',
      `${FENCE}sql`,
      ...rows,
      `SELECT ${'x'.repeat(200)};`,
      FENCE,
      `${FENCE}sql`,
      `SELECT ${'x'.repeat(200)};`,
      FENCE,
    ].join('\n');
    const written = importRunbook(text, 'a');
    expect(written.split('\n').slice(7)).toEqual([
      '    steps:',
      '      # | Item | Value |',
      '      # | --- | --- |',
      '      # | Tag | `v1` |',
      '      # Role | Contact',
      '      # --- | ---',
      '      # Ops | 123',
      '      - { id: a-b, use: attest, role: operator, text: "a | b" }',
      ...rows.slice(0, 40).map((row) => `      # ${row}`),
      '      # (6 more lines)',
      `      # SELECT ${'x'.repeat(151)} …`,
      '',
    ]);
    expect(written).toContain('Plain paragraphs of the text are left out.');
    expect(written).not.toContain('A paragraph');
  });

  it('has one step where the text has none', () => {
    expect(steps('')).toEqual([
      'first attest {"role":"operator","text":"The text had no commands or boxes to make steps from"}',
    ]);
    expect(importRunbook('- Take a backup', 'a')).toContain('# - Take a backup');
  });

  it('of a text of any length is of bounded length, and made in bounded time', () => {
    for (const part of [
      '- [ ] a box\n',
      `${shell('npm run a')}\n`,
      '# a\n- [ ] b\n',
      ':',
      '[',
      '`',
      ' #',
      '- `a b` c\n',
      '> \\\n',
      '| a |\n',
      'a | b\n--|--\n',
      '-|',
    ]) {
      const text = importRunbook(part.repeat(100_000), 'a');
      expect(text.length).toBeLessThan(1024 * 1024);
      parseRunbook(text, 'a.yaml');
    }
    const long = importRunbook(
      shell('a '.repeat(100_000), `b ${'x'.repeat(1_000_000)}`, `# ${'y'.repeat(1_000_000)}`),
      'a',
    );
    expect(long.length).toBeLessThan(100_000);
  });
});

const anyLine = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 30 }),
  fc.constantFrom(
    FENCE,
    `${FENCE}bash`,
    '~~~',
    '# a',
    '## ',
    '- [ ] a',
    '- [ ] "',
    '- `psql -c "SELECT 1"`',
    '- `GET /a`',
    '| a | b |',
    '--- | ---',
    '## GO / NO-GO',
  ),
  fc.constantFrom(
    'psql -f',
    'psql -f "\t"',
    'curl -X',
    'curl $A',
    'curl -d',
    'curl -sX',
    'git tag',
    'git tag -a "" -m',
    'git add',
    'git commit -m',
    'git push',
    'A_B=',
    'A_B=null',
    'null_X',
  ),
  fc
    .array(
      fc.constantFrom(
        'a',
        '|',
        '"',
        "'",
        '$',
        '\\',
        '#',
        '<<E',
        'E',
        '-f',
        '\u2028',
        '\ufeff',
        '\ud800',
        '&',
        'é',
        '- ',
      ),
      { maxLength: 8 },
    )
    .map((parts) => parts.join(' ')),
);

describe('of any text', () => {
  it('the draft is a runbook', () => {
    fc.assert(
      fc.property(
        fc.array(anyLine, { maxLength: 20 }),
        fc.string({ unit: 'binary' }),
        (lines, name) => {
          const text = importRunbook(lines.join('\n'), name);
          expect(parseRunbook(text, 'a.yaml').runbook.steps.length).toBeGreaterThan(0);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('the words of a simple command are those of a shell', () => {
    const word = fc.string({
      unit: fc.constantFrom('a', "'", '"', '\\', ' ', '$', '#', '*', '\n'),
      minLength: 1,
      maxLength: 6,
    });
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 4 }), (words) => {
        const quoted = words.map((one) => `'${one.replaceAll("'", "'\\''")}'`).join(' ');
        expect(shellCommands(quoted)).toMatchObject([{ words, needsShell: null }]);
      }),
    );
  });
});

describe('the runbooks that this was made for', () => {
  const folder = shared('seeds');
  const names = [
    '000-paperscraper-cutover',
    '001-staging-to-production',
    '002-candidate-playbook',
    '003-wien-pilot',
    '004-gradual-cutover',
  ];
  it.skipIf(folder === null).each(names)(
    '%s has a valid draft, in which every box is attested',
    (name) => {
      const markdown = readFileSync(`${folder ?? ''}/${name}.md`, 'utf8');
      const { runbook } = parseRunbook(importRunbook(markdown, `${name}.md`), 'a.yaml');
      const boxes = [...markdown.matchAll(/^- \[ \] /gm)];
      const attested = runbook.steps.filter(({ use }) => use === 'attest');
      expect(attested.length).toBeGreaterThanOrEqual(boxes.length);
      expect(runbook.name).toBe(name.replace(/^\d+-/, ''));
    },
  );
});
