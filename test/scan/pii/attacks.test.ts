/** Ways by which a value that a policy keeps out once came into a candidate with every verdict green. */

import { describe, expect, it } from 'vitest';

import {
  change,
  dryRunOf,
  isLive,
  migrateOf,
  projectOf,
  promoteOf,
  scanAllOf,
  type Source,
} from '../../rules/flows.ts';

const NAMES = ['Adalbert Ammannson', 'Beatrice Brunnerin', 'Cleopatra Caduffini'];
const KEY = [{ column: 'id', type: 'integer' }];
const ID = { column: 'id', type: 'integer' };
const UUID = { rule: 'uuid', field: 'uuid' };
const BASE = { table: 'client', key: { id: 'id' } };
const DROPPED = { class: 'PERSON', treatment: 'dropped' };

const CLIENT = {
  source: { table: 'client' },
  key: KEY,
  id: UUID,
  fields: { id: ID, town: { column: 'town', type: 'string' } },
  dropped: { name: 'not needed' },
  pii: { policy: 1, default: 'allow', fields: { name: DROPPED } },
};

/** Clients whose names are dropped, and other modules. */
function clients(modules: Source['modules'], sql = ''): Source {
  const rows = NAMES.map((name, at) => `(${at + 1}, 'town ${at}', '${name}')`).join(', ');
  return {
    sql: `CREATE TABLE client (id INTEGER PRIMARY KEY, town TEXT, name TEXT);
      INSERT INTO client VALUES ${rows}; ${sql}`,
    modules: { client: CLIENT, ...modules },
  };
}

const NOTES = {
  notes: {
    source: { table: 'notes' },
    key: KEY,
    id: UUID,
    fields: { id: ID, text: { column: 'text', type: 'string' } },
  },
};
const NOTES_SQL = `CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT);
  INSERT INTO notes VALUES (1, 'calls ${NAMES[0]} back'), (2, 'calls back');`;

describe('a candidate that was built with --allow-blockers in spite of a value', () => {
  it('never goes live, even if the source no longer has the value', async () => {
    const project = projectOf(clients(NOTES, NOTES_SQL));
    expect((await migrateOf(project, { allowBlockers: true })).status).toBe('DONE');
    change(project, `UPDATE client SET name = 'Somebody Different'`);
    const { status, findings } = await scanAllOf(project);
    expect(status).toBe('FAIL');
    expect(findings).toMatchObject([
      { rule: 'pii-dropped', severity: 'BLOCKER', reason: '1 BLOCKER when it was built' },
    ]);
    expect((await promoteOf(project, true)).code).toBe('CANDIDATE');
    expect(isLive(project)).toBe(false);
  });

  it('goes live once it is built without the value', async () => {
    const project = projectOf(clients(NOTES, NOTES_SQL));
    change(project, `UPDATE notes SET text = 'calls another client back' WHERE id = 1`);
    expect((await dryRunOf(project)).status).toBe('PASS');
    expect((await migrateOf(project)).status).toBe('DONE');
    expect((await scanAllOf(project)).status).toBe('PASS');
    expect((await promoteOf(project, false)).status).toBe('DONE');
  });
});

describe('a column that one module drops, and another has as its key', () => {
  const town = { town: { column: 'town', type: 'string' } };
  it('is refused, as ids and lineage hold the key', async () => {
    const key = [{ column: 'name', type: 'string' }];
    const other = {
      source: { table: 'client' },
      key,
      id: UUID,
      fields: town,
      dropped: { id: 'no' },
    };
    const { code, line } = await dryRunOf(projectOf(clients({ other })));
    expect(code).toBe('MAPPING');
    expect(line).toContain('ids and lineage hold this key as it is');
  });

  it('is found in the lineage under the name that a query gives it', async () => {
    const source = { sql: 'SELECT id, name AS label, town FROM client', base: BASE };
    const key = [{ column: 'label', type: 'string' }];
    const other = { source, key, id: UUID, fields: town, dropped: { id: 'no' } };
    const project = projectOf(clients({ other }));
    const { status, findings } = await dryRunOf(project);
    expect(status).toBe('FAIL');
    const found = { rule: 'pii-dropped', module: 'other', field: 'label' };
    expect(findings).toMatchObject(NAMES.map(() => found));
    expect(JSON.stringify(findings)).not.toContain(NAMES[0]);
    expect((await migrateOf(project)).code).toBe('REJECTED');
    const numbered = projectOf(
      clients({ other: { ...other, key: KEY, dropped: { label: 'no' } } }),
    );
    expect((await dryRunOf(numbered)).status).toBe('PASS');
  });
});

/** A module that a query of the clients gives a label. */
function moduleOf(sql: string, dropped: object = { town: 'not needed' }): object {
  return {
    source: { sql, base: BASE },
    key: KEY,
    id: UUID,
    fields: { id: ID, label: { column: 'label', type: 'string' } },
    dropped,
  };
}

describe('a column that one module drops, and a query of another names differently', () => {
  it('is found even if it has few values', async () => {
    const alias = moduleOf('SELECT id, name AS label FROM client');
    const project = projectOf(clients({ alias }));
    const { findings } = await dryRunOf(project);
    expect(findings).toMatchObject([{ rule: 'pii-dropped', module: 'alias', field: 'label' }]);
    expect((await migrateOf(project)).code).toBe('REJECTED');
  });

  it('is found in an expression', async () => {
    const mixed = moduleOf(`SELECT id, town || ': ' || name AS label FROM client`, {});
    const { findings } = await dryRunOf(projectOf(clients({ mixed })));
    expect(findings.filter(({ field }) => field === 'label')).toHaveLength(NAMES.length);
  });

  it('leaves alone a column of towns in which a few people are named like a town', async () => {
    const towns = moduleOf(
      `SELECT id, CASE id WHEN 3 THEN 'Winterthur' ELSE name END AS label FROM client`,
    );
    const { code, status, findings } = await dryRunOf(projectOf(clients({ towns })));
    expect({ code, status }).toEqual({ code: '', status: 'PASS' });
    // It says which values are not looked for.
    expect(findings).toMatchObject([
      { rule: 'pii-unproven', severity: 'INFO', module: 'towns', field: 'label' },
    ]);
  });
});

/** Clients whose names are generalised to their first characters. */
function generalised(first: number): Source {
  const name = { class: 'PERSON', treatment: 'generalised', to: { first } };
  const fields = { ...CLIENT.fields, name: { column: 'name', type: 'string' } };
  const pii = { ...CLIENT.pii, fields: { name } };
  return clients({ client: { ...CLIENT, fields, dropped: {}, pii } });
}

describe('a generalised text', () => {
  it('is found where so many characters stay that it is whole', async () => {
    const project = projectOf(generalised(200));
    const { findings } = await dryRunOf(project);
    expect(findings).toMatchObject(NAMES.map(() => ({ rule: 'pii-dropped', field: 'name' })));
    expect((await migrateOf(project)).code).toBe('REJECTED');
  });

  it('passes where a part of it stays', async () => {
    const project = projectOf(generalised(6));
    expect((await dryRunOf(project)).status).toBe('PASS');
    expect((await migrateOf(project)).status).toBe('DONE');
    expect((await scanAllOf(project)).status).toBe('PASS');
  });
});

describe('a name in two columns, whose parts are short', () => {
  it.each(['calls Ada Egger back', 'with EGGER, Ada', 'Ada-Egger (1)'])(
    'is found whole: %s',
    async (text) => {
      const both = { fi: DROPPED, la: DROPPED };
      const { status, findings } = await dryRunOf(
        projectOf({
          sql: `CREATE TABLE client (id INTEGER PRIMARY KEY, fi TEXT, la TEXT);
          INSERT INTO client VALUES (1, 'Ada', 'Egger'), (2, 'Ida', 'Moser');
          CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT);
          INSERT INTO notes VALUES (1, '${text}'), (2, 'Ada Moser and Ida Egger are others');`,
          modules: {
            client: {
              source: { table: 'client' },
              key: KEY,
              id: UUID,
              fields: { id: ID },
              dropped: { fi: 'not needed', la: 'not needed' },
              pii: { policy: 1, default: 'allow', fields: both },
            },
            ...NOTES,
          },
        }),
      );
      expect(status).toBe('FAIL');
      expect(findings).toMatchObject([{ rule: 'pii-dropped', field: 'text', source: { row: 1 } }]);
    },
  );
});

describe('a column that is treated and is not in the source that a scan reads', () => {
  it('is told, as its values are looked for nowhere', async () => {
    const project = projectOf(clients({}));
    expect((await migrateOf(project)).status).toBe('DONE');
    change(project, 'ALTER TABLE client DROP COLUMN name');
    const { status, findings } = await scanAllOf(project);
    expect(status).toBe('WARN');
    expect(findings).toContainEqual(
      expect.objectContaining({
        rule: 'pii-unproven',
        severity: 'WARNING',
        module: 'client',
        reason: expect.stringContaining('column "name" of the source cannot be read') as string,
      }),
    );
  });
});
