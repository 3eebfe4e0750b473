/** A project with people: who builds, who scans, and reviewers with keys that the mapping allows. */

import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { initialise, writeKennel } from '../fault/fixture.ts';
import { copyPrepared } from './prepared.ts';
import { succeed } from './project.ts';

/** Whether signatures can be made here; a notice where they cannot. */
export const HAS_SSH_KEYGEN: boolean = hasSshKeygen();

function hasSshKeygen(): boolean {
  if (spawnSync('ssh-keygen', ['-?']).error === undefined) return true;
  process.stderr.write('notice: ssh-keygen is not here; tests that need it are skipped\n');
  return false;
}

/** Who has a key; emil's is not among the allowed signers. */
const PEOPLE = ['ada', 'berta', 'dora', 'emil', 'gustav'] as const;

export const keyOf = (project: string, name: string): string => join(project, 'keys', name);

/** A line of allowed signers: names, options, and the public key of a person. */
export function signerLine(project: string, names: string, key: string, options = ''): string {
  const [type = '', base64 = ''] = readFileSync(`${keyOf(project, key)}.pub`, 'utf8').split(' ');
  return `${names} ${options}${options === '' ? '' : ' '}${type} ${base64.trim()}\n`;
}

/** The project's setting: so many approvals are required, or none. */
export function requireApprovals(project: string, required: number): void {
  const path = join(project, 'mapping/project.json');
  const value = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
  const approvals = required === 0 ? undefined : { required };
  writeFileSync(path, JSON.stringify({ ...value, approvals }, null, 2));
}

export async function freeze(project: string): Promise<void> {
  await succeed(['freeze', '--project', project, '--who', 'Zoe', '--why', 'CHG-1']);
}

/** Builds as ada, and scans as carla. */
export async function buildAndScan(project: string, runId = 'run-local'): Promise<void> {
  const env = { MIGRATE_OPERATOR: 'ada', MIGRATE_RUN_ID: runId };
  await succeed(['migrate', '--project', project], { env });
  await succeed(['scan-all', '--project', project], { env: { MIGRATE_OPERATOR: 'carla' } });
}

async function make(project: string, required: number, signers: boolean): Promise<void> {
  writeKennel(join(project, 'legacy.db'), 12);
  await initialise(project);
  mkdirSync(join(project, 'keys'));
  if (signers) {
    for (const name of PEOPLE) {
      spawnSync('ssh-keygen', [
        '-q',
        '-t',
        'ed25519',
        '-N',
        '',
        '-C',
        '',
        '-f',
        keyOf(project, name),
      ]);
    }
    const lines = [
      signerLine(project, 'ada', 'ada'),
      signerLine(project, 'berta,berta@example.org', 'berta'),
      signerLine(project, '"Dora Dürr"', 'dora'),
      signerLine(project, 'gustav', 'gustav', 'valid-before="20200101"'),
    ];
    writeFileSync(join(project, 'mapping/allowed_signers'), lines.join(''));
  }
  requireApprovals(project, required);
  await freeze(project);
  await buildAndScan(project);
}

/** A project whose candidate was built and scanned; in the system's folder for temporary files. */
export async function reviewedProject(required: number, signers = true): Promise<string> {
  const project = mkdtempSync(join(tmpdir(), 'sealift-review-'));
  await copyPrepared(`reviewed-${required}-${String(signers)}`, project, (folder) =>
    make(folder, required, signers),
  );
  return project;
}

/** Writes the manifests of a bag anew, without signatures, as a cheat would who has changed a file and no key. */
export function rebag(folder: string): void {
  const script = `find data -type f | LC_ALL=C sort | xargs sha256sum > manifest-sha256.txt
    size=$(cat $(find data -type f) | wc -c).$(find data -type f | wc -l)
    sed -i "s/^Payload-Oxum: .*/Payload-Oxum: $size/; /^Sealift-\\(Key\\|Signatures\\):/d" bag-info.txt
    rm -rf attestations tagmanifest-sha256.txt.sig tagmanifest-sha256.txt.minisig
    sha256sum bagit.txt bag-info.txt manifest-sha256.txt > tagmanifest-sha256.txt`;
  const { status } = spawnSync('sh', ['-ec', script], { cwd: folder });
  if (status !== 0) throw new Error('the bag could not be written anew');
}
