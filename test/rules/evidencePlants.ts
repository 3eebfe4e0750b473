/** Defects in the evidence of a cutover, which `evidence verify` finds. */

import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { buildEvidence } from '../../src/flow/evidenceBuild.ts';
import { checkEvidence } from '../../src/flow/evidenceVerify.ts';
import { approve } from '../../src/flow/review.ts';
import { promote } from '../../src/flow/promote.ts';
import { ENVIRONMENT } from '../fault/fixture.ts';
import { rebag } from '../kit/reviewers.ts';
import type { CommandPlant } from './commandPlants.ts';
import { migrateOf, projectOf, said, scanAllOf } from './flows.ts';
import { SOUND } from './sealPlants.ts';

/** The evidence of a candidate that a person has approved by name, with a defect. */
function evidence(harm: (bag: string) => void): CommandPlant {
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
    const unsigned = { run: null, who: null, key: null, signingKey: null };
    await buildEvidence({ ...who, ...unsigned, target: bag }, ENVIRONMENT);
    harm(bag);
    rebag(bag);
    const given = { expectSeal: null, expectHead: null, allowedSigners: null, publicKey: null };
    const options = { folder: bag, ...given, workers: 1 };
    return said(() => checkEvidence(options, ENVIRONMENT));
  };
  return { stage: 'evidence', find };
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
  evidence: [
    evidence((bag) => {
      rmSync(join(bag, 'data/reports'), { recursive: true, force: true });
    }),
  ],
};
