/**
 * The bag of a run whose maker cheats: what is in it was edited, and its manifests were written anew. What the
 * journal gives is made again, so that each lie is found, with the file that tells it.
 */

import { createHash, hash } from 'node:crypto';
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

import { beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { canonicalJson } from '../../../src/record/canonical.ts';
import { succeed, workFolder } from '../../kit/project.ts';
import { HAS_SSH_KEYGEN, rebag } from '../../kit/reviewers.ts';
import { sealift, type Ran } from '../../kit/run.ts';
import { makeShop, SHOP_ENV, writeProgram } from '../shop.ts';
import { makePeople } from '../wien/bags.ts';

const work = workFolder('run-bags');
const signers = join(work, 'keys/allowed_signers');
const project = join(work, 'shop');

const shop = (...args: readonly string[]): Promise<Ran> =>
  succeed(args, { cwd: project, env: SHOP_ENV });

beforeAll(async () => {
  if (!HAS_SSH_KEYGEN) return;
  makePeople(join(work, 'keys'), ['ada', 'bo', 'cy']);
  mkdirSync(project);
  makeShop(project, (runbook) =>
    runbook.replace('roles:', 'artifacts: { noted.json: noted }\nroles:'),
  );
  writeProgram(project, 'note', 'echo noted >> noted.log; echo noted');
  mkdirSync(join(project, 'mapping'));
  cpSync(signers, join(project, 'mapping/allowed_signers'));
  const waits = ['cutover', 'run', 'shop.yaml', '--who', 'ada', '--no-wait'];
  expect(await sealift(waits, { cwd: project, env: SHOP_ENV })).toMatchObject({ code: 3 });
  await shop('cutover', 'approve', 'shop.yaml', '--who', 'bo', '--key', join(work, 'keys/bo'));
  await shop('cutover', 'tick', 'shop.yaml');
  await shop('evidence', 'build', join(work, 'made'), '--run', 'shop-1');
});

let made = 0;
let bag = '';

beforeEach(() => {
  bag = join(work, `bag-${(made += 1)}`);
  if (HAS_SSH_KEYGEN) cpSync(join(work, 'made'), bag, { recursive: true });
});

const verify = (...more: readonly string[]): Promise<Ran> =>
  sealift(['evidence', 'verify', bag, ...more]);

const at = (path: string): string => join(bag, 'data/cutover', path);

function edit(path: string, change: (text: string) => string): void {
  const text = readFileSync(at(path), 'utf8');
  expect(change(text)).not.toBe(text);
  writeFileSync(at(path), change(text));
}

/** Rewrites a journal as a cheat would: lines are changed or left out, numbers and digests fit again. */
function rechain(path: string, change: (line: string) => string | null): string {
  let prev = '0'.repeat(64);
  const lines = readFileSync(join(bag, path), 'utf8').trimEnd().split('\n');
  const kept = lines.map(change).filter((line) => line !== null);
  const fresh = kept.map((line, number) => {
    const entry = JSON.parse(line) as object;
    const text = `${canonicalJson({ ...entry, seq: number + 1, prev })}\n`;
    prev = createHash('sha256').update(text).digest('hex');
    return text;
  });
  writeFileSync(join(bag, path), fresh.join(''));
  return prev;
}

const OWN = 'data/cutover/journal.ndjson';
const PROJECT = 'data/journal/journal.ndjson';

/** Lets the journal of the project know that of the run as it is now. */
function know(head: string): void {
  const lines = readFileSync(join(bag, OWN), 'utf8').trimEnd().split('\n').length;
  rechain(PROJECT, (line) => {
    const entry = JSON.parse(line) as Record<string, unknown>;
    if (!String(entry['event']).startsWith('cutover-')) return line;
    return canonicalJson({ ...entry, line: lines, head });
  });
}

function retell(change: (line: string) => string | null): void {
  know(rechain(OWN, change));
}

function approval(): string {
  return readdirSync(at('approvals')).find((one) => one.endsWith('.json')) ?? '';
}

interface Lie {
  readonly why: string;
  readonly tells: () => void;
  /** What is found. */
  readonly found: RegExp;
}

const LIES: readonly Lie[] = [
  {
    why: 'an output that was edited',
    tells: () => appendFileSync(at('outputs/noted.stdout'), 'all is well\n'),
    found: /checksum data\/cutover\/outputs\/noted.stdout: it differs from the digest/,
  },
  {
    why: 'a file that steps read, which was exchanged',
    tells: () => {
      const [name = ''] = readdirSync(at('files'));
      writeFileSync(at(`files/${name}`), 'SELECT 1;');
    },
    found: /checksum data\/cutover\/files\//,
  },
  {
    why: 'another plan',
    tells: () => edit('plan.json', (text) => text.replace('"shop"', '"ship"')),
    found: /seal-unexpected data\/cutover\/plan.json/,
  },
  {
    why: 'another runbook',
    tells: () => edit('runbook.yaml', (text) => text.replace('>= 3', '>= 0')),
    found: /seal-format data\/cutover\/journal.ndjson: the runbook is not the one/,
  },
  {
    why: 'a journal that ends earlier than the project knows',
    tells: () => {
      const lines = readFileSync(at('journal.ndjson'), 'utf8').trimEnd().split('\n');
      writeFileSync(at('journal.ndjson'), `${lines.slice(0, -3).join('\n')}\n`);
    },
    found: /seal-unexpected data\/cutover\/journal.ndjson: it lacks lines/,
  },
  {
    why: 'a step that was left out of the journal',
    tells: () => retell((line) => (line.includes('"step":"noted"') ? null : line)),
    found: /seal-format data\/cutover\/journal.ndjson: a line of the run cannot be/,
  },
  {
    why: 'a verdict that was made better, by a document',
    tells: () => edit('checklist.md', (text) => text.replace('PASS', 'WARN')),
    found: /seal-unexpected data\/cutover\/checklist.md/,
  },
  {
    why: 'a summary that was edited',
    tells: () => edit('artifacts/cutover_summary.json', (text) => text.replace('"ada"', '"bo"')),
    found: /seal-unexpected data\/cutover\/artifacts\/cutover_summary.json/,
  },
  {
    why: 'a report that was edited',
    tells: () => edit('report.html', (text) => text.replace('</h1>', '!</h1>')),
    found: /seal-unexpected data\/cutover\/report.html/,
  },
  {
    why: 'an operator who approved',
    tells: () => {
      retell((line) => line.replaceAll('"operator":"ada"', '"operator":"bo"'));
    },
    found: /approval data\/cutover\/approvals\/.* but the run has gone on since/,
  },
  {
    why: 'an approval of another journal before the gate',
    tells: () => retell((line) => line.replace('the number is 4', 'the number is 5')),
    found: /approval data\/cutover\/approvals\/.* but the run has gone on since/,
  },
  {
    why: 'an approval without its signature',
    tells: () => rmSync(at(`approvals/${approval()}.sig`)),
    found: /approval data\/cutover\/approvals\/.* but it is not signed/,
  },
  {
    why: 'an approval in the name of another person',
    tells: () => {
      const [name, before] = [approval(), readFileSync(at(`approvals/${approval()}`), 'utf8')];
      const text = before.replace('"reviewer":"bo"', '"reviewer":"cy"');
      const digest = hash('sha256', text, 'hex');
      writeFileSync(at(`approvals/${digest}.json`), text);
      cpSync(at(`approvals/${name}.sig`), at(`approvals/${digest}.json.sig`));
      rmSync(at(`approvals/${name}`));
      rmSync(at(`approvals/${name}.sig`));
      retell((line) => line.replaceAll(name.slice(0, 64), digest));
    },
    found: /approval data\/cutover\/approvals\/.* is not that of cy/,
  },
  {
    why: 'a gate that was opened without an approval',
    tells: () => {
      rmSync(at('approvals'), { recursive: true });
      retell((line) => (line.includes('"event":"approved"') ? null : line));
    },
    found: /approval data\/cutover\/.* approve counted it, and no line before names it/,
  },
  {
    why: 'keys that were allowed later',
    tells: () => appendFileSync(at('allowed_signers'), '# one more\n'),
    found: /checksum data\/cutover\/allowed_signers/,
  },
  {
    why: 'a file that nothing explains',
    tells: () => writeFileSync(at('artifacts/extra.json'), '{}\n'),
    found: /file-extra data\/cutover\/artifacts\/extra.json/,
  },
  {
    why: 'a part that is none of the evidence',
    tells: () => writeFileSync(join(bag, 'data/note.txt'), 'trust me'),
    found: /file-extra data\/note.txt/,
  },
  {
    why: 'the name of another run',
    tells: () => {
      const info = join(bag, 'bag-info.txt');
      writeFileSync(info, readFileSync(info, 'utf8').replaceAll('shop-1', 'shop-2'));
    },
    found: /seal-unexpected data\/cutover\/journal.ndjson: the journal of the project knows no run/,
  },
];

describe.skipIf(!HAS_SSH_KEYGEN)('the bag of a run', () => {
  it('is verified as it was made', async () => {
    const ran = await verify();
    expect([ran.code, ran.stderr]).toEqual([0, '']);
    expect(ran.stdout).toContain('run shop-1: COMPLETED');
    expect(ran.stdout).toContain('not proven: who made the bag, as it is not signed');
  });

  it('is verified where its manifests were written anew and nothing was changed (control)', async () => {
    rebag(bag);
    expect(await verify()).toMatchObject({ code: 0 });
  });

  it.each(LIES.map((lie) => [lie.why, lie] as const))('shows %s', async (_, { tells, found }) => {
    tells();
    rebag(bag);
    const ran = await verify();
    expect([ran.code, ran.stdout]).toEqual([2, expect.stringMatching(found)]);
    expect(ran.stdout + ran.stderr).not.toMatch(/ {4}at |undefined|defect of/);
  });

  it('is another one than expected by the head of its journal', async () => {
    const head = hash(
      'sha256',
      `${readFileSync(at('journal.ndjson'), 'utf8').trimEnd().split('\n').at(-1)}\n`,
      'hex',
    );
    expect(await verify('--expect-head', head)).toMatchObject({ code: 0 });
    const ran = await verify(
      '--expect-head',
      head.replace(/^./, (one) => (one === '0' ? '1' : '0')),
    );
    expect([ran.code, ran.stdout]).toEqual([
      2,
      expect.stringContaining('no journal of the bag ends with the expected head'),
    ]);
  });

  it('says who opened its gate, and nothing of the journals where their heads are given', async () => {
    const heads = ['journal', 'cutover'].map((part) => {
      const text = readFileSync(join(bag, `data/${part}/journal.ndjson`), 'utf8');
      return hash('sha256', `${text.trimEnd().split('\n').at(-1)}\n`, 'hex');
    });
    const ran = await verify(...heads.flatMap((head) => ['--expect-head', head]));
    expect(ran.code).toBe(0);
    expect(ran.stdout).toMatch(/^approve: approved by bo, key SHA256:/m);
    expect(ran.stdout).not.toContain('written anew');
  });

  it('is not signed by a person with the key of another one', async () => {
    const args = ['evidence', 'build', join(work, 'wrong'), '--run', 'shop-1', '--who', 'ada'];
    const ran = await sealift([...args, '--key', join(work, 'keys/bo')], { cwd: project });
    expect([ran.code, ran.stdout]).toEqual([64, '']);
    expect(ran.stderr).toMatch(/the key SHA256:\S+ is that of bo, and not of ada \(--key\)/);
    expect(existsSync(join(work, 'wrong'))).toBe(false);
  });

  it('lists what is wrong for programs, as it has no report', async () => {
    appendFileSync(join(bag, 'data/cutover/journal.ndjson'), 'x');
    const { stdout } = await verify('--json');
    const { findings, findingsListed } = JSON.parse(stdout) as {
      findings: readonly { rule: string; file: string }[];
      findingsListed: number;
    };
    expect(findings).toHaveLength(findingsListed);
    expect(findings[0]).toMatchObject({ rule: 'checksum', file: 'data/cutover/journal.ndjson' });
  });

  it('of a run that is not over leaves that unproven', async () => {
    const other = join(work, 'waiting');
    cpSync(project, other, { recursive: true });
    const args = ['cutover', 'run', 'shop.yaml', '--who', 'ada', '--no-wait'];
    expect(await sealift(args, { cwd: other, env: SHOP_ENV })).toMatchObject({ code: 3 });
    bag = join(work, 'waiting-bag');
    await succeed(['evidence', 'build', bag, '--run', 'shop-2', '--project', other]);
    const ran = await verify();
    expect([ran.code, ran.stdout]).toEqual([
      1,
      expect.stringContaining('the run is not over, it is WAITING'),
    ]);
  });

  it.each([
    ['there is not', 'shop-9'],
    ['is no name', '../shop-1'],
  ])('is not made of a run that %s', async (_, run) => {
    const args = ['evidence', 'build', join(work, 'none'), '--run', run];
    const ran = await sealift(args, { cwd: project, env: SHOP_ENV });
    expect([ran.code, ran.stdout]).toEqual([64, '']);
    expect(ran.stderr).toContain('there is no such run of a cutover');
  });
});
