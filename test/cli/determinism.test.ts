/** determinism, as a person runs it, and a build that is not. */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { beforeAll, describe, expect, it } from 'vitest';

import type { Finding } from '../../src/outcome/finding.ts';
import { planted } from './planted.ts';
import { workFolder, writeMapping } from '../kit/project.ts';
import { sealift, type Ran } from '../kit/run.ts';

const project = workFolder('determinism');

interface Summary {
  readonly status: string;
  readonly sealId?: string;
  readonly notes: readonly string[];
}

async function determinism(
  variables: Record<string, string> = {},
): Promise<{ ran: Ran; summary: Summary; findings: Finding[] }> {
  const args = ['determinism', '--json', '--project', project, '--workers', '2'];
  const ran = await sealift(args, { env: variables, process: true });
  const report = join(project, 'storage_reports/latest-determinism/findings.ndjson');
  const lines = readFileSync(report, 'utf8').split('\n').slice(0, -1);
  const findings = lines.map((line) => JSON.parse(line) as Finding);
  return { ran, summary: JSON.parse(ran.stdout) as Summary, findings };
}

beforeAll(() => {
  const db = new Database(join(project, 'legacy.db'));
  db.exec('CREATE TABLE dogs (id INTEGER PRIMARY KEY, name TEXT, born TEXT)');
  const insert = db.prepare('INSERT INTO dogs VALUES (?, ?, ?)');
  db.exec('BEGIN');
  for (let id = 1; id <= 3000; id += 1) insert.run(id, `ılık ${id}`, '2024-03-31 02:30:00');
  db.exec('COMMIT');
  db.close();
  writeMapping(project, {
    sources: { main: 'sqlite:legacy.db' },
    modules: {
      dogs: {
        source: { table: 'dogs' },
        key: [{ column: 'id', type: 'integer' }],
        id: { rule: 'uuid' },
        fields: {
          number: { column: 'id', type: 'integer' },
          name: { column: 'name', type: 'string', transforms: ['upper'] },
          born: { column: 'born', type: 'timestamp(0)' },
        },
      },
    },
  });
});

describe('determinism', () => {
  it('passes, says what was varied, and leaves nothing but its report', async () => {
    const { ran, summary, findings } = await determinism();
    expect(ran.stderr).toBe('');
    expect(ran.code).toBe(0);
    expect(summary.status).toBe('PASS');
    expect(summary.sealId).toMatch(/^[0-9a-f]{64}$/);
    expect(summary.notes.join('\n')).toMatch(/locale C, .*\n.*locale tr_TR.*\n.*compared 9 files/);
    expect(findings).toEqual([]);
    const left = readdirSync(join(project, 'storage_candidate'));
    expect(left.filter((name) => !name.startsWith('.lock'))).toEqual([]);
  });

  it('names record and field of a transform that is not deterministic', async () => {
    const variables = planted(project, {
      file: 'record/transformText.ts',
      search: 'toUpperCase()',
      by: 'toUpperCase() + String(process.hrtime.bigint())',
    });
    const { ran, findings } = await determinism(variables);
    expect(ran.code).toBe(2);
    expect(findings).toContainEqual(
      expect.objectContaining({
        rule: 'determinism',
        severity: 'BLOCKER',
        module: 'dogs',
        field: 'name',
        recordId: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
        file: 'dogs/data.ndjson',
      }),
    );
    expect(findings.map(({ field }) => field)).not.toContain('number');
  });

  it('fails, and says so, where no candidate can be built', async () => {
    const args = ['determinism', '--project', project, '--source', 'sqlite:absent.db'];
    const ran = await sealift(args, { process: true });
    expect(ran.code).toBe(2);
    expect(ran.stderr).toMatch(
      /no candidate was built, so nothing was compared; [^:]*absent\.db\): [^:]+$/,
    );
    expect(existsSync(join(project, 'storage_candidate', '.staging'))).toBe(false);
  });
});
