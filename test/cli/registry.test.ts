/** registry and freeze on the real command line: exit codes, reports, and that no id is told. */

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, it } from 'vitest';

import { workFolder, writeMapping } from '../kit/project.ts';
import { sealift, type Ran } from '../kit/run.ts';

const FOLDER = workFolder('registry');

it('builds a registry, checks it, freezes it, and is held to it', async () => {
  const run = async (...args: string[]): Promise<Ran> => {
    const ran = await sealift([...args, '--project', FOLDER]);
    expect(ran.stdout + ran.stderr).not.toContain('Geheimnis');
    return ran;
  };
  writeFileSync(join(FOLDER, 'dogs.csv'), 'chip,name\nGeheimnis 1,Rex\nGeheimnis 2,Bello\n');
  writeMapping(FOLDER, {
    sources: { main: 'csv:dogs.csv' },
    modules: {
      dogs: {
        source: { table: 'dogs' },
        key: [{ column: 'chip', type: 'string' }],
        id: { rule: 'registry', registry: 'dogs' },
        fields: { name: { column: 'name', type: 'string' } },
      },
    },
  });
  expect(await run('migrate')).toMatchObject({ code: 64 });
  expect(await run('registry', 'build')).toMatchObject({ code: 0 });
  expect(await run('registry', 'check')).toMatchObject({ code: 0 });
  expect(await run('freeze', '--who', 'Ada', '--why', 'CHG-1')).toMatchObject({ code: 0 });
  expect(await run('migrate')).toMatchObject({ code: 0 });
  const registry = join(FOLDER, 'mapping/registries/dogs.ndjson');
  writeFileSync(registry, readFileSync(registry, 'utf8').replace('Geheimnis 1', 'Geheimnis 3'));
  expect(await run('registry', 'check')).toMatchObject({ code: 2 });
  const report = join(FOLDER, 'storage_reports/latest-registry-check');
  const findings = readFileSync(join(report, 'findings.ndjson'), 'utf8');
  expect(findings.match(/"rule":"[a-z-]+"/g)).toEqual([
    '"rule":"registry"',
    '"rule":"registry-unused"',
  ]);
  expect(findings + readFileSync(join(report, 'summary.json'), 'utf8')).not.toContain('Geheimnis');
  expect(await run('freeze', '--check')).toMatchObject({ code: 2 });
  expect(await run('migrate')).toMatchObject({ code: 64 });
});
