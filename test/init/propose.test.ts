import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { profileTable } from '../../src/init/profile.ts';
import { proposeMapping, type Proposal } from '../../src/init/propose.ts';
import type { ModuleMapping } from '../../src/mapping/model.ts';
import { Failure } from '../../src/outcome/failure.ts';
import type { SourceReader, TableSchema } from '../../src/source/source.ts';
import {
  decided,
  inFolder,
  makeDatabase,
  moduleOf,
  proposalFor,
  propose,
  rejections,
  typesOf,
  withDatabase,
} from './database.ts';
import { sqliteAdapter } from '../../src/source/sqlite.ts';

/** Type of the only column of a table that declares `type` and holds `values`. */
async function typeOf(type: string, values: string): Promise<string | undefined> {
  const sql = `CREATE TABLE t (c ${type}); INSERT INTO t VALUES ${values}`;
  return typesOf(await proposalFor(sql, 'keep'), 't')['c'];
}

describe('types', () => {
  it.each([
    ['BOOLEAN', '(0),(1),(NULL)', 'boolean'],
    ['BOOLEAN', '(0),(2)', 'integer'],
    ['INTEGER', '(1),(-9007199254740991)', 'integer'],
    ['INTEGER', '(1),(9223372036854775807)', 'bigint'],
    ['INTEGER', '(1),(1.5)', 'float'],
    ['INTEGER', "(1),('x')", 'tagged'],
    ['INTEGER', "('x'),('y')", 'string'],
    ['REAL', '(1),(2)', 'float'],
    ['REAL', '(1.5),(1e999)', 'tagged'],
    ['', '(9223372036854775807),(1.5)', 'decimal'],
    ['DECIMAL(10,2)', '(1),(1.5),(0.25)', 'decimal(2)'],
    ['DECIMAL(10,2)', '(1.125)', 'decimal'],
    ['DECIMAL(10)', '(1)', 'decimal(0)'],
    ['NUMERIC', '(1),(1.5)', 'decimal'],
    ['DATE', "('2024-02-29')", 'date'],
    ['DATE', "('2023-02-29')", 'string'],
    ['DATE', '(20240229)', 'integer'],
    ['DATETIME', "('2024-01-01 00:00:00'),('2024-01-01 10:00:00')", 'timestamp(0)'],
    ['DATETIME', "('2024-01-01 00:00:00.5'),('2024-01-01 10:00:00.25')", 'string'],
    ['DATETIME', "('2024-01-01 00:00:00'),('2024-01-01T10:00:00')", 'string'],
    ['DATETIME', "('2024-01-01T00:00:00.123Z')", 'timestamptz(3)'],
    ['DATETIME', "('2024-01-01T00:00:00Z'),('2024-01-01T00:00:00+01:00')", 'string'],
    ['TIME', "('23:59:59.5')", 'time(1)'],
    ['UUID', "('0f0e0d0c-0b0a-4908-8706-050403020100')", 'uuid'],
    ['UUID', "('0F0E0D0C-0B0A-4908-8706-050403020100')", 'string'],
    ['JSON', '(\'{"b": 1, "a": [1]}\')', 'json'],
    ['JSON', '(\'{"a": 1, "a": 2}\')', 'string'],
    ['BLOB', "(x'00ff')", 'bytes'],
    ['BLOB', '(zeroblob(1024))', 'bytes'],
    ['BLOB', '(zeroblob(1025))', 'blob'],
    ['BLOB', "('text')", 'string'],
    ['TEXT', "('a'),(x'00')", 'tagged'],
    ['TEXT', "(CAST(x'ff' AS TEXT))", 'tagged'],
    ['TEXT', "('1'),('2')", 'string'],
    ['', '(1),(2)', 'integer'],
    ['', '(NULL)', 'string'],
    ['DATETIME', '(NULL)', 'timestamp'],
    ['DECIMAL(5,1)', '(NULL)', 'decimal(1)'],
  ])('of %s with %s is %s', async (declared, values, expected) => {
    expect(await typeOf(declared, values)).toBe(expected);
  });

  it('limits text as declared only where all texts are within', async () => {
    const proposal = await proposalFor(
      `CREATE TABLE t (a VARCHAR(2), b VARCHAR(2) NOT NULL);
       INSERT INTO t VALUES ('😀😀', 'abc')`,
      'keep',
    );
    expect(moduleOf(proposal, 't').fields).toEqual({
      a: { column: 'a', type: 'string', maxLength: 2 },
      b: { column: 'b', type: 'string', required: true },
    });
    expect(decided(proposal)).toContain('too-long t.b');
  });

  it('would be caught if they did not hold every value', async () => {
    await inFolder(async (folder) => {
      const path = join(folder, 'legacy.db');
      makeDatabase(path, "CREATE TABLE t (c); INSERT INTO t VALUES (1), ('x')");
      await withDatabase(path, async (opened) => {
        const proposal = await propose(opened, 'keep');
        const wrong: ModuleMapping = {
          ...moduleOf(proposal, 't'),
          fields: { c: { column: 'c', type: 'integer' } },
        };
        expect(await rejections(opened, { ...proposal, modules: [wrong] })).toEqual(['t.c: type']);
      });
    });
  });
});

describe('keys', () => {
  it('are the declared ones, also where they are no integers', async () => {
    const sql = `CREATE TABLE t (a NUMERIC, b REAL, c DATETIME, d BLOB, PRIMARY KEY (a, b, c, d));
      INSERT INTO t VALUES (1, 1.5, '2024-01-01 00:00:00', x'00'), (2.25, 2, '2024-01-01 00:00:00', x'')`;
    const proposal = await proposalFor(sql, 'keep');
    expect(moduleOf(proposal, 't').key.map(({ type }) => type)).toEqual([
      'decimal(2)',
      'decimal(1)',
      'timestamp(0)',
      'bytes',
    ]);
  });

  it('are a unique set where the primary key holds nulls or mixed types', async () => {
    const sql = `CREATE TABLE nulls (a TEXT PRIMARY KEY, b INT UNIQUE);
      INSERT INTO nulls VALUES (NULL, 1), (NULL, 2), ('x', 3);
      CREATE TABLE mixed (a BLOB PRIMARY KEY, b INT, c INT, d INT, UNIQUE (c, d), UNIQUE (b));
      INSERT INTO mixed VALUES (1, NULL, 1, 1), ('1', 1, 1, 2)`;
    const proposal = await proposalFor(sql, 'keep');
    expect(moduleOf(proposal, 'nulls').key).toEqual([{ column: 'b', type: 'integer' }]);
    expect(moduleOf(proposal, 'nulls').unique).toEqual([['a']]);
    const columns = moduleOf(proposal, 'mixed').key.map(({ column }) => column);
    expect(columns).toEqual(['c', 'd']);
    expect(decided(proposal)).toEqual(expect.arrayContaining(['key nulls', 'key mixed']));
  });

  it('are missing where nothing identifies a row', async () => {
    const sql = `CREATE TABLE t (id TEXT PRIMARY KEY); INSERT INTO t VALUES (NULL), (NULL), ('1')`;
    for (const ids of ['keep', 'uuid'] as const) {
      const proposal = await proposalFor(sql, ids);
      expect(moduleOf(proposal, 't').id).toEqual({ rule: 'keyless', field: 'recordId' });
      expect(proposal.decisions.find(({ rule }) => rule === 'keyless')?.what).toContain('2 nulls');
    }
  });

  it('stay fields beside new ids, as numbers stand on invoices, and that is said', async () => {
    const proposal = await proposalFor(
      `CREATE TABLE t (id INTEGER PRIMARY KEY, x TEXT); INSERT INTO t VALUES (1, 'a');
       CREATE TABLE u (nr INT PRIMARY KEY, id TEXT, legacyId TEXT); INSERT INTO u VALUES (1, 'a', 'b');
       CREATE TABLE v (id UUID PRIMARY KEY); INSERT INTO v VALUES ('0f0e0d0c-0b0a-4908-8706-050403020100');
       CREATE TABLE w (id INTEGER PRIMARY KEY REFERENCES t, legacyId TEXT); INSERT INTO w VALUES (1, 'c')`,
      'uuid',
    );
    expect(typesOf(proposal, 't')).toEqual({ legacyId: 'integer', x: 'string' });
    expect(moduleOf(proposal, 't').id).toEqual({ rule: 'uuid' });
    expect(typesOf(proposal, 'u')).toEqual({ nr: 'integer', id: 'string', legacyId: 'string' });
    expect(moduleOf(proposal, 'u').id).toEqual({ rule: 'uuid', field: 'recordId' });
    expect(typesOf(proposal, 'v')).toEqual({ legacyId: 'uuid' });
    // The number of a row that is one with its parent is in the parent.
    expect(typesOf(proposal, 'w')).toEqual({ id: '→ t(id)', legacyId: 'string' });
    const told = proposal.decisions.filter(({ rule }) => rule === 'legacy-key');
    expect(told.map(({ table, column, what }) => `${table}.${column}: ${what}`)).toEqual([
      't.id: the legacy key (integer) is kept as field "legacyId" besides the new id',
      'u.nr: the legacy key (integer) is kept as field "nr" besides the new id',
      'v.id: the legacy key (uuid) is kept as field "legacyId" besides the new id',
    ]);
  });

  it.each([
    ['a social security number', '7569217076985', 'string'],
    ['any long number (negative control)', '7569217076984', 'integer, string'],
  ])('that are %s written as a number', async (_, number, types) => {
    const sql = `CREATE TABLE t (ahv INTEGER PRIMARY KEY, x TEXT); INSERT INTO t VALUES (${number}, 'a')`;
    const proposal = await proposalFor(sql, 'uuid');
    expect(Object.values(typesOf(proposal, 't')).join(', ')).toBe(types);
    const told = proposal.decisions.find(({ rule }) => rule === 'natural-key');
    expect(told?.severity).toBe(types === 'string' ? 'WARNING' : undefined);
    const kept = await proposalFor(sql, 'keep');
    expect(kept.decisions.some(({ rule }) => rule === 'natural-key')).toBe(types === 'string');
  });

  it('of an empty table have an order, too', async () => {
    const proposal = await proposalFor(
      'CREATE TABLE t (a DATETIME, b NUMERIC, c BLOB, d REAL, PRIMARY KEY (a, b, c)); CREATE TABLE f (a REAL PRIMARY KEY)',
      'keep',
    );
    expect(moduleOf(proposal, 't').key.map(({ type }) => type)).toEqual([
      'string',
      'integer',
      'bytes',
    ]);
    expect(moduleOf(proposal, 'f').id).toEqual({ rule: 'keyless' });
  });
});

const PARENT = 'CREATE TABLE p (a INTEGER PRIMARY KEY, u TEXT UNIQUE, n INT);';

const PARTLY = (match: string): string => `
  CREATE TABLE p (a INT, b TEXT, PRIMARY KEY (a, b)); INSERT INTO p VALUES (1, 'x');
  CREATE TABLE c (x INT, y TEXT, FOREIGN KEY (x, y) REFERENCES p ${match});
  INSERT INTO c VALUES (1, 'x'), (1, NULL)`;

/** Rows of one column each. */
function list(values: string): string {
  return values.replaceAll(/'[^']*'/g, '($&)');
}

/** Of the decisions on foreign keys. */
function weightsOf({ decisions }: Proposal): string[] {
  return decisions.filter(({ rule }) => rule === 'foreign-key').map(({ severity }) => severity);
}

describe('foreign keys', () => {
  it('to a unique set are references by value, in both modes', async () => {
    const sql = `${PARENT} INSERT INTO p VALUES (1, 'x', 5);
      CREATE TABLE c (id INTEGER PRIMARY KEY, u TEXT REFERENCES p(u)); INSERT INTO c VALUES (1, 'x')`;
    for (const ids of ['keep', 'uuid'] as const) {
      const { references } = moduleOf(await proposalFor(sql, ids), 'c');
      expect(references).toEqual([{ fields: ['u'], module: 'p', to: ['u'] }]);
    }
  });

  it('take the type of the parent where their values fit it', async () => {
    const sql = `CREATE TABLE p (a INTEGER PRIMARY KEY); INSERT INTO p VALUES (9223372036854775807);
      CREATE TABLE c (a INTEGER REFERENCES p, PRIMARY KEY (a)); INSERT INTO c VALUES (1);
      CREATE TABLE d (a NUMERIC REFERENCES c); INSERT INTO d VALUES (1)`;
    const proposal = await proposalFor(sql, 'keep');
    expect(moduleOf(proposal, 'c').key).toEqual([{ column: 'a', type: 'bigint' }]);
    expect(typesOf(proposal, 'd')).toEqual({ a: 'bigint' });
    expect(moduleOf(proposal, 'd').references).toHaveLength(1);
  });

  it.each([
    ['a table that is not there', 'REFERENCES gone(x)', '1', 'no table "gone"'],
    ['a column that is not there', 'REFERENCES p(gone)', '1', 'no column "gone"'],
    ['values that cannot be compared', 'REFERENCES p(a)', "x'00'", 'type'],
    ['a view', 'REFERENCES v(a)', '1', 'no table "v"'],
  ])('to %s leave plain columns and a decision', async (_, clause, value, why) => {
    const sql = `${PARENT} INSERT INTO p VALUES (1, 'x', 5); CREATE VIEW v AS SELECT a FROM p;
      CREATE TABLE c (x BLOB ${clause}); INSERT INTO c VALUES (${value})`;
    for (const ids of ['keep', 'uuid'] as const) {
      const proposal = await proposalFor(sql, ids);
      expect(typesOf(proposal, 'c')['x']).not.toMatch('→');
      expect(moduleOf(proposal, 'c').references).toBeUndefined();
      expect(proposal.decisions.find(({ rule }) => rule === 'foreign-key')?.what).toContain(why);
    }
  });

  it('with values of another type are references by value, so that what dangles is found', async () => {
    const sql = `${PARENT} INSERT INTO p VALUES (1, 'x', 5);
      CREATE TABLE c (x BLOB REFERENCES p(a)); INSERT INTO c VALUES (1), ('n/a')`;
    for (const ids of ['keep', 'uuid'] as const) {
      const proposal = await proposalFor(sql, ids);
      const reference = { fields: ['x'], module: 'p', to: ['a'] };
      expect(moduleOf(proposal, 'c').references).toEqual([reference]);
      expect(typesOf(proposal, 'p')['a']).toBe('integer');
      const what = proposal.decisions.filter(({ rule }) => rule === 'foreign-key');
      expect(what.map(({ severity }) => severity)).toEqual(ids === 'uuid' ? ['WARNING'] : []);
    }
  });

  it('of which rows are null in part are references all the same, and lose no value', async () => {
    const kept = await proposalFor(PARTLY(''), 'keep');
    const byValue = { fields: ['x', 'y'], module: 'p', to: ['a', 'b'] };
    expect(moduleOf(kept, 'c').references).toEqual([byValue]);
    expect(kept.decisions.map(({ rule, severity }) => `${severity} ${rule}`)).toContain(
      'INFO foreign-key',
    );
    const { fields } = moduleOf(await proposalFor(PARTLY(''), 'uuid'), 'c');
    expect(Object.keys(fields)).toEqual(['x', 'y', 'p']);
    expect(fields['p']).toEqual({ reference: 'p', columns: ['x', 'y'] });
  });

  it('that are declared MATCH FULL are so, and rows that are null in part are found', async () => {
    const kept = await proposalFor(PARTLY('MATCH FULL'), 'keep');
    expect(moduleOf(kept, 'c').references?.[0]?.match).toBe('full');
    expect(kept.decisions.map(({ rule, severity }) => `${severity} ${rule}`)).toContain(
      'WARNING foreign-key',
    );
    const made = proposalFor(PARTLY('MATCH FULL'), 'uuid');
    await expect(made).rejects.toThrow('rejected: c.p: reference-partial');
  });

  it('of several columns map them in the order of the key', async () => {
    const sql = `CREATE TABLE p (a INT, b INT, PRIMARY KEY (a, b)); INSERT INTO p VALUES (1, 2);
      CREATE TABLE c (x INT, y INT, p INT, FOREIGN KEY (x, y) REFERENCES p (b, a));
      INSERT INTO c VALUES (2, 1, 0), (NULL, NULL, 0);
      CREATE TABLE d (x INT, y INT, FOREIGN KEY (x, y) REFERENCES p); INSERT INTO d VALUES (1, NULL)`;
    const proposal = await proposalFor(sql, 'uuid');
    expect(typesOf(proposal, 'c')).toEqual({ p: 'integer', p_2: '→ p(y,x)' });
    expect(typesOf(proposal, 'd')).toEqual({ x: 'integer', y: 'integer', p: '→ p(x,y)' });
    expect(decided(proposal)).toContain('foreign-key d');
  });

  it('that are declared twice match in full if one of them does', async () => {
    const twice = `, FOREIGN KEY (x, y) REFERENCES p, FOREIGN KEY (x, y) REFERENCES p MATCH FULL`;
    const sql = `CREATE TABLE p (a INT, b TEXT, PRIMARY KEY (a, b));
      CREATE TABLE c (x INT, y TEXT${twice}); CREATE TABLE d (x INT, y TEXT${twice})`;
    const { fields } = moduleOf(await proposalFor(sql, 'uuid'), 'd');
    expect(fields).toEqual({ p: { reference: 'p', columns: ['x', 'y'], match: 'full' } });
  });

  it.each([
    ['NOCASE', "'CH', 'De'", "'ch', 'DE'", 'lower'],
    ['RTRIM', "'CH', 'De'", "'CH  ', 'De '", 'trim'],
  ])('to a key compared by %s compare so where ids are made', async (collation, to, from, step) => {
    const sql = `CREATE TABLE p (code TEXT COLLATE ${collation} PRIMARY KEY); INSERT INTO p VALUES ${list(to)};
      CREATE TABLE c (code TEXT REFERENCES p); INSERT INTO c VALUES ${list(from)}`;
    const made = await proposalFor(sql, 'uuid');
    expect(moduleOf(made, 'p').key).toEqual([
      { column: 'code', type: 'string', transforms: [step] },
    ]);
    expect(typesOf(made, 'p')['code']).toBe('string');
    expect(weightsOf(made)).toEqual(['INFO']);
    expect(made.decisions.map(({ advice }) => advice)).toContain(
      'keep the field; the lineage holds the key as compared, not as spelled',
    );
    const kept = await proposalFor(sql, 'keep');
    expect(moduleOf(kept, 'p').key).toEqual([{ column: 'code', type: 'string' }]);
    expect(weightsOf(kept)).toEqual(['WARNING']);
    // Where a transform makes more equal than the collation does, it is left to a person.
    const beyond = sql.replace(list(from), `${list(from)}, ('É\u00a0')`);
    const unclear = await proposalFor(beyond, 'uuid');
    expect(moduleOf(unclear, 'p').key).toEqual([{ column: 'code', type: 'string' }]);
    expect(weightsOf(unclear)).toEqual(['WARNING']);
  });

  it('may share a column', async () => {
    const sql = `CREATE TABLE p (a INTEGER PRIMARY KEY); CREATE TABLE q (a INTEGER PRIMARY KEY);
      CREATE TABLE c (a INTEGER REFERENCES p REFERENCES q REFERENCES p);
      INSERT INTO p VALUES (1); INSERT INTO q VALUES (1); INSERT INTO c VALUES (1)`;
    const types = typesOf(await proposalFor(sql, 'uuid'), 'c');
    expect(Object.keys(types)[0]).toBe('a');
    expect(Object.values(types).sort()).toEqual(['→ p(a)', '→ q(a)']);
  });
});

describe('names', () => {
  it('of columns stay, but for those that no record can have', async () => {
    const names = ['__proto__', 'id', 'constructor', '10', 'we ird"t', 'Größe', '~', 'toString'];
    const columns = names.map((name) => `"${name.replaceAll('"', '""')}" TEXT`).join(', ');
    const values = names.map(() => "'x'").join(', ');
    const sql = `CREATE TABLE "Ta ble"";--" (${columns}); INSERT INTO "Ta ble"";--" VALUES (${values})`;
    for (const ids of ['keep', 'uuid'] as const) {
      const proposal = await proposalFor(sql, ids);
      const [module] = proposal.modules;
      expect(module?.module).toBe('ta_ble');
      expect(module?.source).toEqual({ table: 'Ta ble";--' });
      expect(Object.keys(module?.fields ?? {}).sort()).toEqual(
        ['proto', 'id', 'constructor', '10', 'we ird"t', 'Größe', 'tilde', 'toString'].sort(),
      );
      expect(decided(proposal)).toContain('field-name Ta ble";--.__proto__');
    }
  });

  it('of the id give way to fields of that name', async () => {
    const proposal = await proposalFor(
      'CREATE TABLE t (id TEXT, recordId TEXT); INSERT INTO t VALUES (1, 2)',
      'uuid',
    );
    expect(moduleOf(proposal, 't').id).toEqual({ rule: 'keyless', field: 'recordId2' });
  });
});

describe('a proposal', () => {
  it('maps a table of 2,000 columns', async () => {
    const names = Array.from({ length: 2000 }, (_, index) => `c${index}`);
    const table = memoryTable(names, 'INTEGER');
    const reader: SourceReader = {
      async *read(_table, columns) {
        yield [[...columns.map((_, index) => index), 1]];
      },
      close: async () => undefined,
    };
    const profiles = [await profileTable(reader, table, [{}], INPUT.declared)];
    const proposal = proposeMapping({ ...INPUT, schema: { tables: [table] }, profiles });
    expect(Object.values(typesOf(proposal, 't'))).toEqual(names.map(() => 'integer'));
  });

  it('maps generated columns, and says that they could be dropped', async () => {
    const proposal = await proposalFor(
      'CREATE TABLE t (a INT, b INT AS (a + 1), c INT AS (a * 2) STORED); INSERT INTO t VALUES (1)',
      'keep',
    );
    expect(Object.keys(moduleOf(proposal, 't').fields)).toEqual(['a', 'b', 'c']);
    expect(decided(proposal)).toEqual(expect.arrayContaining(['generated t.b', 'generated t.c']));
  });

  it('says that a column declared not null holds nulls', async () => {
    const sql = `CREATE TABLE t (a TEXT NOT NULL); INSERT INTO t VALUES ('x');
      PRAGMA writable_schema = ON;
      UPDATE sqlite_schema SET sql = 'CREATE TABLE t (a TEXT)'; PRAGMA writable_schema = RESET;
      INSERT INTO t VALUES (NULL);
      PRAGMA writable_schema = ON;
      UPDATE sqlite_schema SET sql = 'CREATE TABLE t (a TEXT NOT NULL)'`;
    await inFolder(async (folder) => {
      const path = join(folder, 'legacy.db');
      const { default: Database } = await import('better-sqlite3');
      const db = new Database(path);
      db.unsafeMode(true);
      db.exec(sql);
      db.close();
      await withDatabase(path, async (opened) => {
        const proposal = await propose(opened, 'keep');
        expect(decided(proposal)).toContain('null-in-not-null t.a');
        expect(moduleOf(proposal, 't').fields['a']).toEqual({ column: 'a', type: 'string' });
        expect(await rejections(opened, proposal)).toEqual([]);
      });
    });
  });

  it('is refused for a source without tables', () => {
    const empty = { ...INPUT, schema: { tables: [] }, profiles: [] };
    expect(() => proposeMapping(empty)).toThrow(Failure);
  });

  it('names the source where it is not the default one', async () => {
    const table = memoryTable(['a'], '');
    const reader: SourceReader = { async *read() {}, close: async () => undefined };
    const profiles = [await profileTable(reader, table, [], INPUT.declared)];
    const input = { ...INPUT, sourceName: 'old', schema: { tables: [table] }, profiles };
    const { project, modules } = proposeMapping(input);
    expect(modules[0]?.source).toEqual({ name: 'old', table: 't' });
    expect(project.sources).toEqual({ old: { url: 'sqlite:x' } });
  });
});

const INPUT = {
  sourceName: 'main',
  url: 'sqlite:x',
  projectName: 'x',
  ids: 'keep',
  declared: sqliteAdapter.declared,
} as const;

function memoryTable(names: readonly string[], declaredType: string): TableSchema {
  const columns = names.map((name) => ({ name, declaredType, notNull: false, generated: false }));
  return { name: 't', kind: 'table', columns, primaryKey: [], unique: [], foreignKeys: [] };
}
