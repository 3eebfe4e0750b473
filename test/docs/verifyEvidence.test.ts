/** What docs/verify-evidence.md tells a third person to run does what the page says. */

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  appendFileSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { succeed, workFolder } from '../kit/project.ts';
import { HAS_SSH_KEYGEN, keyOf, rebag, reviewedProject } from '../kit/reviewers.ts';

const PAGE = readFileSync('docs/verify-evidence.md', 'utf8');
const BLOCKS = [...PAGE.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, block = '']) => block);
const work = workFolder('evidence-page');
let made = 0;
let folder = '';

/** The folder that the page calls by this name. */
const bag = (): string => join(folder, 'cutover-2025');

beforeAll(async () => {
  if (!HAS_SSH_KEYGEN) return;
  const project = await reviewedProject(1);
  const key = ['--approve', '--who', 'berta', '--key', keyOf(project, 'berta')];
  await succeed(['review', ...key, '--project', project]);
  await succeed(['promote', '--who', 'pia', '--project', project]);
  const pem = join(work, 'evidence.pem');
  await succeed(['evidence', 'key', pem]);
  const how = ['--project', project, '--signing-key', pem];
  await succeed(['evidence', 'build', join(work, 'made'), ...how]);
  cpSync(join(project, 'mapping/allowed_signers'), join(work, 'allowed_signers'));
  rmSync(project, { recursive: true });
});

beforeEach(() => {
  folder = join(work, String((made += 1)));
  mkdirSync(folder);
  cpSync(join(work, 'made'), bag(), { recursive: true });
  for (const name of ['allowed_signers', 'evidence.pem.pub']) {
    cpSync(join(work, name), join(folder, name));
  }
});

/** Runs all blocks of the page, or those up to the one that holds `part`. */
function run(part?: string): { readonly status: number | null; readonly stdout: string } {
  const last =
    part === undefined ? BLOCKS.length : BLOCKS.findIndex((one) => one.includes(part)) + 1;
  const script = ['set -e', ...BLOCKS.slice(0, last)].join('\n');
  const { status, stdout } = spawnSync('sh', ['-c', script], { cwd: folder, encoding: 'utf8' });
  return { status, stdout };
}

function edit(path: string, change: (text: string) => string): void {
  const file = join(bag(), path);
  const text = readFileSync(file, 'utf8');
  expect(change(text)).not.toBe(text);
  writeFileSync(file, change(text));
}

const approvals = (): string[] =>
  readdirSync(join(bag(), 'data/journal/approvals')).filter((name) => name.endsWith('.json'));

describe.skipIf(!HAS_SSH_KEYGEN)('docs/verify-evidence.md', () => {
  it('verifies what was built, and prints seal id, head and signer', () => {
    const { status, stdout } = run();
    expect(status, stdout).toBe(0);
    const sums = readFileSync(join(bag(), 'data/candidate/checksums/SHA256SUMS'));
    expect(stdout).toContain(createHash('sha256').update(sums).digest('hex'));
    const lines = readFileSync(join(bag(), 'data/journal/journal.ndjson'), 'utf8').split('\n');
    const head = createHash('sha256')
      .update(`${lines.at(-2) ?? ''}\n`)
      .digest('hex');
    expect(stdout).toContain(`\n${head}  data/journal/journal.ndjson\n`);
    expect(stdout).toMatch(
      /^Good "sealift-approval" signature for berta with ED25519 key SHA256:/m,
    );
  });

  it('finds a byte that was changed, and a file that is not listed', () => {
    appendFileSync(join(bag(), 'data/journal/journal.ndjson'), ' ');
    expect(run('--quiet tagmanifest').status).toBe(1);
    cpSync(
      join(work, 'made/data/journal/journal.ndjson'),
      join(bag(), 'data/journal/journal.ndjson'),
    );
    expect(run('--quiet tagmanifest').status).toBe(0);
    symlinkSync('/etc/passwd', join(bag(), 'data/extra'));
    expect(run('find .')).toMatchObject({
      status: 1,
      stdout: expect.stringContaining('data/extra'),
    });
  });

  it('finds a sealed file that was changed, in a bag that was written anew', () => {
    edit('data/candidate/mapping/project.json', (text) => text.replace('"required"', '"Required"'));
    rebag(bag());
    expect(run('find .').status).toBe(0);
    expect(run('--ignore-missing').status).toBe(1);
  });

  it('finds a line of the journal that was changed, in a bag that was written anew', () => {
    edit('data/journal/journal.ndjson', (text) => text.replace('"who":"ada"', '"who":"eve"'));
    rebag(bag());
    expect(run('--ignore-missing').status).toBe(0);
    expect(run('the journal is broken').status).toBe(1);
  });

  it('takes no approval of a gate for one of the candidate', () => {
    const [name = ''] = approvals();
    expect(run('for approval').status).toBe(0);
    edit(`data/journal/approvals/${name}`, (text) =>
      text.replace('approve-candidate', 'open-gate'),
    );
    rebag(bag());
    const { status, stdout } = run('for approval');
    expect([status, stdout]).toEqual([1, expect.not.stringContaining('Good')]);
  });

  it('finds an approval that was edited, in a bag that was written anew', () => {
    const [name = ''] = approvals();
    edit(`data/journal/approvals/${name}`, (text) => text.replace('"berta"', '"dora"'));
    rebag(bag());
    expect(run('grep "$seal"').status).toBe(0);
    expect(run().status).toBe(1);
  });
});
