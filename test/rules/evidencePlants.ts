/** Defects in the evidence of a cutover, which `evidence verify` finds. */

import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { makeEvidenceKey } from '../../src/flow/evidenceKey.ts';
import { buildEvidence } from '../../src/flow/evidenceBuild.ts';
import { checkEvidence } from '../../src/flow/evidenceVerify.ts';
import { approve } from '../../src/flow/review.ts';
import { promote } from '../../src/flow/promote.ts';
import { ENVIRONMENT } from '../fault/fixture.ts';
import { rebag } from '../kit/reviewers.ts';
import type { CommandPlant } from './commandPlants.ts';
import { migrateOf, projectOf, said, scanAllOf } from './flows.ts';
import { SOUND } from './sealPlants.ts';

/** The evidence of a candidate that a person has approved by name, with a defect; signed again by nobody. */
function evidence(harm: (bag: string) => void, isSigned = false): CommandPlant {
  const find: CommandPlant['find'] = async () => {
    const project = projectOf(SOUND);
    await migrateOf(project);
    await scanAllOf(project);
    const who = { project, candidate: null, workers: 1 } as const;
    await approve({ ...who, who: 'berta', key: null, write: null }, ENVIRONMENT);
    const source = { cwd: '/', sources: new Map(), sourceGone: false, memory: 2 ** 28 };
    const live = { ...who, ...source, expectSeal: null, allowWarnings: false, dryRun: false };
    await promote({ ...live, who: 'pia' }, ENVIRONMENT);
    const bag = join(project, 'bag');
    const signingKey = isSigned ? join(project, 'evidence.pem') : null;
    if (signingKey !== null) await makeEvidenceKey({ file: signingKey }, ENVIRONMENT);
    const signers = { run: null, who: null, key: null, signingKey };
    await buildEvidence({ ...who, ...signers, target: bag }, ENVIRONMENT);
    harm(bag);
    if (!isSigned) rebag(bag);
    const given = { expectSeal: null, expectHeads: [], allowedSigners: null, publicKey: null };
    const options = { folder: bag, ...given, workers: 1 };
    return said(() => checkEvidence(options, ENVIRONMENT));
  };
  return { stage: 'evidence', find };
}

/** Exchanges the first character of the last line of a signature, which is base64. */
function changeSignature(file: string): void {
  const text = readFileSync(file, 'utf8').trimEnd();
  const at = text.lastIndexOf('\n') + 1;
  writeFileSync(file, `${text.slice(0, at)}${text[at] === 'A' ? 'B' : 'A'}${text.slice(at + 1)}\n`);
}

export const EVIDENCE_PLANTS: Readonly<Record<string, readonly CommandPlant[]>> = {
  approval: [
    evidence((bag) => {
      const path = join(bag, 'data/journal/journal.ndjson');
      const [, approval = ''] =
        /"approval":"([0-9a-f]{64})"/.exec(readFileSync(path, 'utf8')) ?? [];
      writeFileSync(join(bag, 'data/journal/approvals', `${approval}.json`), '{}\n');
    }),
  ],
  signature: [
    evidence((bag) => {
      changeSignature(join(bag, 'tagmanifest-sha256.txt.minisig'));
    }, true),
  ],
  evidence: [
    evidence((bag) => {
      rmSync(join(bag, 'data/reports'), { recursive: true, force: true });
    }),
  ],
};
