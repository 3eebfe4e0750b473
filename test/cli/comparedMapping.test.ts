/** What a run makes of a mapping that changes, filters and merges is what a program in Python makes of it. */

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import type { HandMade } from '../independent/handMade.ts';
import { createRows, rowsCandidate } from '../independent/rowsFixture.ts';
import { createStepped, STEPPED_FIELDS, steppedCandidate } from '../independent/steppedFixture.ts';
import { compareCells, hasProgram, migrate, workFolder, writeMapping } from '../kit/project.ts';

const folder = workFolder('compared-mapping');
const PYTHON = hasProgram('python3');

const CASES: readonly {
  readonly name: string;
  readonly create: (file: string) => void;
  readonly candidate: HandMade;
  readonly cells: number;
}[] = [
  {
    name: 'every transform, constants and combined columns',
    create: createStepped,
    candidate: steppedCandidate(),
    cells: STEPPED_FIELDS.length + 1,
  },
  {
    name: 'rows that are filtered, merged, without a key or known elsewhere',
    create: createRows,
    candidate: rowsCandidate(),
    cells: 24,
  },
];

describe.skipIf(!PYTHON)('a candidate and an independent reading of its source', () => {
  it.each(CASES)('are equal: $name', async ({ name, create, candidate, cells }) => {
    const project = join(folder, name);
    mkdirSync(project);
    const file = join(project, 'source.db');
    create(file);
    writeMapping(project, {
      sources: { main: 'sqlite:source.db' },
      modules: Object.fromEntries(
        candidate.modules.map(({ mapping }) => [mapping.module, mapping]),
      ),
    });
    await migrate(project, ['--allow-rejected', '100']);
    const ran = compareCells(file, project);
    expect(ran).toEqual({ code: 0, stdout: `${cells} cells compared, all equal\n`, stderr: '' });
  });
});
