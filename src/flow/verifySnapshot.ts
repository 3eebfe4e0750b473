/** snapshot verify: reads a snapshot alone, and checks everything in it against everything else. */

import { byteCount } from '../outcome/byteCount.ts';
import { counted } from '../outcome/counted.ts';
import { checkOutcome, type Outcome } from '../outcome/outcome.ts';
import type { Environment } from '../run/environment.ts';
import { namesOf } from '../snapshot/manifest.ts';
import { openSnapshot, type Snapshot } from '../snapshot/readSnapshot.ts';

export interface VerifySnapshotOptions {
  readonly file: string;
  /** SHA-256 that was kept outside of the snapshot; null to check consistency only. */
  readonly expect: string | null;
}

const CONSISTENT =
  'internally consistent only: give --expect SHA256 to compare it with the one that you keep elsewhere';

/** @throws Failure SNAPSHOT if the archive is damaged, or not one of Sealift */
export async function verifySnapshot(
  { file, expect }: VerifySnapshotOptions,
  env: Environment,
): Promise<Outcome> {
  const snapshot = openSnapshot(file, expect, env.cwd);
  snapshot.close();
  return checkOutcome({
    command: 'snapshot verify',
    modules: [],
    findings: [],
    facts: { snapshot: snapshot.path, sha256: snapshot.sha256, ...snapshot.manifest, files: [] },
    notes: [
      ...contentLines(snapshot),
      expect === null ? CONSISTENT : 'the SHA-256 is the expected one',
    ],
  });
}

/** Lists what a snapshot holds, for a person. */
function contentLines({ manifest, journal, sha256 }: Snapshot): string[] {
  const { live, previous, built, files } = manifest;
  const bytes = files.reduce((sum, { size }) => sum + size, 0);
  return [
    `live       ${live ?? 'nothing'}`,
    `before it  ${previous ?? 'nothing'}`,
    `built      ${built ?? 'nothing'}`,
    `journal    ${counted(journal.entries.length, 'line')}, head ${manifest.head}`,
    `sha256     ${sha256}`,
    `${counted(namesOf(manifest).length, 'candidate')}, ${counted(files.length, 'file')}, ${byteCount(bytes)}`,
  ];
}
