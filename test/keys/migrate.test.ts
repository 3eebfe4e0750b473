/** Columns with secrets, migrated, verified, rotated and rolled back in both databases. */

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { workFolder } from '../kit/project.ts';
import { postgresPlace, SECRETS, sqlitePlace, type Made, type SecretRow } from './places.ts';
import { base64, COLUMN, declareKeys, foundBy, said, type Column } from './project.ts';

const work = workFolder('keys-migrate');

const ROWS: readonly SecretRow[] = [
  { id: 1, value: base64('sk-test-1') },
  { id: 2, value: null },
  { id: 3, value: '' },
  { id: 4, value: base64('clé-🔑-ключ') },
  { id: 5, value: base64('trailing \n') },
  { id: 6, value: base64('x'.repeat(10_000)) },
];

describe.each([sqlitePlace(), postgresPlace()].filter(({ isHere }) => isHere))(
  'keys in $name',
  (place) => {
    beforeAll(() => place.begin());
    afterAll(() => place.end());
    let number = 0;
    const newCase = async (
      rows: readonly SecretRow[] = ROWS,
      columns: readonly Column[] = [COLUMN],
      sql: string = SECRETS,
    ): Promise<{ project: string; made: Made; env: Made['env'] }> => {
      number += 1;
      const project = join(work, `${place.name}-${number}`);
      mkdirSync(project, { recursive: true });
      const made = await place.make(project, `keys${number}`, sql);
      await made.fill(rows);
      declareKeys(project, made.url, columns);
      return { project, made, env: made.env };
    };

    it('plans, migrates, verifies and rolls back', async () => {
      const { project, made, env } = await newCase();
      const plan = await said(project, ['plan'], { env });
      expect(plan).toMatchObject({ code: 0, facts: { wouldMigrate: 4 } });
      expect(await made.rows()).toEqual(ROWS.map((row) => ({ index: null, ...row })));
      const migrated = await said(project, ['migrate'], { env });
      expect(migrated).toMatchObject({ code: 0, facts: { changed: 4, left: 0, refused: 0 } });
      const after = await made.rows();
      expect(after.filter(({ value }) => value?.startsWith('enc:v1:a1.')).length).toBe(4);
      const verified = await said(project, ['verify', '--expect', 'enc:v1:'], { env });
      expect(verified).toMatchObject({ code: 0 });
      expect(verified.facts.columns[0]).toMatchObject({ opened: { k1: 4 }, asLogged: 4, rows: 6 });
      expect(await said(project, ['status'], { env })).toMatchObject({ code: 0 });
      const back = await said(project, ['rollback'], { env });
      expect(back).toMatchObject({ code: 0, facts: { restored: 4 } });
      expect(await made.rows()).toEqual(ROWS.map((row) => ({ index: null, ...row })));
      expect(foundBy(project, 'plan')).toEqual([]);
      await made.close();
    });
  },
);
