import { describe, expect, it } from 'vitest';
import { checkAgainstSource } from '../../src/mapping/check/againstSource.ts';
import { loadMapping } from '../../src/mapping/loadMapping.ts';
import { Failure } from '../../src/outcome/failure.ts';
import type { SourceSchema, TableSchema } from '../../src/source/source.ts';
import { changed, validFiles, writeProject, type Files } from './project.ts';

function table(name: string, columns: string[], kind: TableSchema['kind'] = 'table'): TableSchema {
  return {
    name,
    kind,
    columns: columns.map((column) => ({
      name: column,
      declaredType: '',
      notNull: false,
      generated: false,
    })),
    primaryKey: [],
    unique: [],
    foreignKeys: [],
  };
}

const MAIN: readonly TableSchema[] = [
  table('customers', ['nr', 'name', 'since', 'state', 'photo', 'parent_nr', 'notes']),
  table('lines', ['order_year', 'order_nr', 'tags']),
  table('log', ['text']),
  table('orders', ['year', 'nr', 'customer_nr']),
  table('overview', ['x'], 'view'),
  table('visits', [
    'nr',
    'day',
    'at',
    'paid',
    'kind',
    'place',
    'mail',
    'customer_nr',
    'name',
    'earlier',
    'others',
  ]),
];
const EXTRA: readonly TableSchema[] = [table('dogs', ['chip', 'name'], 'file')];

function schemas(main = MAIN, extra = EXTRA): ReadonlyMap<string, SourceSchema> {
  return new Map([
    ['main', { tables: main }],
    ['extra', { tables: extra }],
  ]);
}

/** The mapping, with one table more that is dropped. */
function dropping(table: string): Files {
  return changed(
    validFiles(),
    ['project.json', 'dropped'],
    [LOG, OVERVIEW, { table, reason: 'x' }],
  );
}

async function lineOf(files: Files, source: ReadonlyMap<string, SourceSchema>): Promise<string> {
  const mapping = await loadMapping(writeProject(files));
  try {
    checkAgainstSource(mapping, source);
  } catch (error) {
    if (error instanceof Failure && error.code === 'SOURCE_SCHEMA') return error.line();
    throw error;
  }
  return 'agrees';
}

const LOG = { table: 'log', reason: 'of no use' };
const OVERVIEW = { table: 'overview', reason: 'its rows come from the tables' };
const CUSTOMERS = 'modules/customers.json';

/** With a module of a table of codes, which are its key and in no field. */
const spelled = (more: object, transforms?: readonly string[]): Files => ({
  ...validFiles(),
  'modules/codes.json': {
    module: 'codes',
    source: { table: 'codes' },
    key: [{ column: 'code', type: 'string', ...(transforms && { transforms }) }],
    id: { rule: 'uuid' },
    fields: { name: { column: 'name', type: 'string' } },
    ...more,
  },
});

describe('checkAgainstSource', () => {
  it('takes a mapping that accounts for every table, view and column', async () => {
    expect(await lineOf(validFiles(), schemas())).toBe('agrees');
  });

  it.each<[(string | number)[], unknown, string]>([
    [
      [CUSTOMERS, 'fields', 'name', 'column'],
      'nmae',
      'no column "nmae" (mapping/modules/customers',
    ],
    [[CUSTOMERS, 'fields', 'name', 'column'], 'nmae', 'did you mean "name"?'],
    [[CUSTOMERS, 'fields', 'name', 'column'], 'Name', 'did you mean "name"?'],
    [[CUSTOMERS, 'fields', 'parent', 'columns', 0], 'parent', 'has no column "parent"'],
    [[CUSTOMERS, 'key', 0, 'column'], 'nro', 'has no column "nro"'],
    [[CUSTOMERS, 'dropped', 'note'], 'x', 'has no column "note"'],
    [[CUSTOMERS, 'dropped', 'name'], 'x', 'column "name" is both dropped and used'],
    [[CUSTOMERS, 'dropped', 'nr'], 'x', 'column "nr" is both dropped and used'],
    [[CUSTOMERS, 'dropped'], undefined, 'column "notes" of table "customers" is not mapped'],
    [[CUSTOMERS, 'source', 'table'], 'customer', 'has no table "customer" (mapping/modules/custo'],
    [[CUSTOMERS, 'source', 'table'], 'customer', 'did you mean "customers"?'],
    [
      ['modules/visits.json', 'where', 1, 'column'],
      'plaec',
      'no column "plaec" (mapping/modules/vi',
    ],
    [['modules/visits.json', 'where', 1, 'column'], 'plaec', 'did you mean "place"?'],
    [['modules/visits.json', 'fields', 'label', 'columns', 1], 'plce', 'did you mean "place"?'],
    [[CUSTOMERS, 'where'], [{ column: 'notes', isNull: true }], 'agrees'],
    [[CUSTOMERS, 'where'], [{ column: 'nots', isNull: true }], 'did you mean "notes"?'],
    [['project.json', 'dropped', 0, 'table'], 'logs', 'no table "logs" (mapping/project.json:'],
    [['project.json', 'dropped'], [], 'tables "log", "overview" of source "main" are not mapped'],
    [['project.json', 'dropped'], [OVERVIEW], 'table "log" of source "main" is not mapped'],
    [['project.json', 'dropped'], [LOG], 'view "overview" of source "main" is not mapped'],
    [['project.json', 'sources', 'third'], { url: 'sqlite:x' }, 'source "third" was not opened'],
  ])('%j = %j', async (path, value, expected) => {
    expect(await lineOf(changed(validFiles(), path, value), schemas())).toContain(expected);
  });

  it('waives columns of external modules, and counts what a condition reads as neither', async () => {
    const external = changed(
      changed(validFiles(), [CUSTOMERS, 'external'], true),
      [CUSTOMERS, 'fields'],
      {},
    );
    const bare = changed(
      changed(external, [CUSTOMERS, 'dropped'], undefined),
      [CUSTOMERS, 'unique'],
      [],
    );
    const copy = ['modules/visits.json', 'fields', 'name', 'copyOf'];
    expect(await lineOf(changed(bare, copy, undefined), schemas())).toBe('agrees');
    const where = [{ column: 'notes', isNull: true }];
    const read = changed(
      changed(validFiles(), [CUSTOMERS, 'where'], where),
      [CUSTOMERS, 'dropped'],
      {},
    );
    expect(await lineOf(read, schemas())).toContain('column "notes" of table "customers" is not');
  });

  it('names the first of many tables and columns that are not accounted for', async () => {
    const many = 'abcdefgh'.split('').map((name) => table(name, ['x']));
    expect(await lineOf(validFiles(), schemas([...MAIN, ...many]))).toContain(
      'tables "a", "b", "c", "d", "e" and 3 more of source "main" are not mapped',
    );
    const files = [...EXTRA, table('cats', ['x'], 'file')];
    expect(await lineOf(validFiles(), schemas(MAIN, files))).toContain(
      'table "cats" of source "ex',
    );
  });

  describe('a key with transforms', () => {
    const main = schemas([...MAIN, table('codes', ['code', 'name'])]);
    const lost =
      'column "code" of table "codes" is not mapped, but for the key, which holds it as compared, not as spelled';

    it('does not hold its column, which has to be a field or dropped', async () => {
      const steps = ['trim', 'lower'];
      const fields = {
        code: { column: 'code', type: 'string' },
        n: { column: 'name', type: 'string' },
      };
      expect(await lineOf(spelled({}, steps), main)).toContain(lost);
      expect(await lineOf(spelled({ fields }, steps), main)).toBe('agrees');
      const dropped = { code: 'its spelling says nothing' };
      expect(await lineOf(spelled({ dropped }, steps), main)).toBe('agrees');
      expect(await lineOf(spelled({ fields, dropped }, steps), main)).toContain(
        'both dropped and used',
      );
    });

    it('does so as it is without them (negative control)', async () => {
      expect(await lineOf(spelled({}), main)).toBe('agrees');
    });

    it('does not hold it either where it is the key of the base of a query', async () => {
      const base = { table: 'codes', key: { code: 'code' } };
      const source = { sql: 'SELECT code, name FROM codes', base };
      const schema = table('query codes', ['code', 'name'], 'query');
      const query = { schema, locates: 'query codes', unread: [], filtering: [] };
      const relations = new Map([['query codes', query]]);
      const tables = [...MAIN, table('codes', ['code', 'name'])];
      const extra = { tables: EXTRA, relations: new Map() };
      const both = new Map([
        ['main', { tables, relations }],
        ['extra', extra],
      ]);
      expect(await lineOf(spelled({ source }), both)).toBe('agrees');
      expect(await lineOf(spelled({ source }, ['lower']), both)).toContain(
        'column "code" of the result of query codes is not mapped, but for the key',
      );
    });
  });

  describe('a module from SQL', () => {
    const base = { table: 'orders', key: { year: 'y', nr: 'n' } };
    const source = { sql: 'SELECT year AS y, nr AS n, customer_nr AS c FROM orders', base };
    const query = {
      schema: table('query orders', ['y', 'n', 'c'], 'query'),
      locates: 'query orders',
      unread: ['year'],
      filtering: [],
    };
    const known = new Map([['query orders', query]]);
    const withQuery = new Map([
      ['main', { tables: MAIN, relations: known }],
      ['extra', { tables: EXTRA }],
    ]);
    const module = {
      module: 'orders',
      source,
      key: [
        { column: 'y', type: 'integer' },
        { column: 'n', type: 'decimal(0)' },
      ],
      id: { rule: 'keep' },
      fields: {
        year: { column: 'y', type: 'integer' },
        nr: { column: 'n', type: 'decimal(0)' },
        customer: { reference: 'customers', columns: ['c'] },
      },
      dropped: { year: 'is y' },
    };
    const files = (more: object): Files => {
      return { ...validFiles(), 'modules/orders.json': { ...module, ...more } };
    };
    const view = { table: 'overview', base };
    const kept = [LOG];

    it('accounts for its base table, result columns and columns that it does not name', async () => {
      expect(await lineOf(files({}), withQuery)).toBe('agrees');
    });

    it('asks for columns that it only filters or joins by, be a result column called the same', async () => {
      const filtering = { ...query, unread: [], filtering: ['year', 'nr'] };
      const main = { tables: MAIN, relations: new Map([['query orders', filtering]]) };
      const both = new Map([
        ['main', main],
        ['extra', { tables: EXTRA, relations: new Map() }],
      ]);
      expect(await lineOf(files({}), both)).toContain(
        'column "nr" of table "orders" is not mapped, only filtered, joined, grouped or ordered by',
      );
      expect(await lineOf(files({ dropped: { year: 'is y', nr: 'is n' } }), both)).toBe('agrees');
    });

    it.each<[object, string]>([
      [{ dropped: {} }, 'column "year" of table "orders" is not mapped'],
      [
        { dropped: { year: 'is y', nr: 'is n', nrr: 'x' } },
        'the result of query orders has no column "nrr"',
      ],
      [{ dropped: { year: 'is y', c: 'used' } }, 'column "c" is both dropped and used'],
      [{ where: [{ column: 'x', isNull: true }] }, 'the result of query orders has no column "x"'],
      [{ source: { ...source, base: { ...base, table: 'order' } } }, 'no base table "order"'],
      [{ source: { ...source, base: { ...base, table: 'order' } } }, 'did you mean "orders"?'],
      [{ source: { ...source, base: { ...base, table: 'overview' } } }, 'no base table "overview"'],
      [
        { source: { ...source, base: { ...base, key: { yaer: 'y' } } } },
        'table "orders" has no column "yaer" (mapping/modules/orders',
      ],
      [
        { source: { ...source, base: { ...base, key: { year: 'yy' } } } },
        'the result of query orders has no column "yy" (mapping/modules/orders',
      ],
      [{ source: { table: 'orders', base } }, 'table "orders" is not a view and needs no base'],
      [{ source: view }, 'table "overview" has no column "y"'],
    ])('%j: %s', async (more, expected) => {
      // What is read is not dropped as well.
      const read = JSON.stringify(more).includes('"overview"');
      const all = read ? changed(files(more), ['project.json', 'dropped'], kept) : files(more);
      expect(await lineOf(all, withQuery)).toContain(expected);
    });

    it('needs a source that has prepared it', async () => {
      expect(await lineOf(files({}), schemas())).toContain('has no table "query orders"');
    });
  });

  describe('what the source cannot read', () => {
    const why = 'SQLite says no such module';
    const other = {
      name: 'places',
      kind: 'virtual table',
      why,
      partOf: null,
      derived: true,
    } as const;
    const withOther = (more: object): ReadonlyMap<string, SourceSchema> =>
      new Map([
        ['main', { tables: MAIN, others: [{ ...other, ...more }] }],
        ['extra', { tables: EXTRA }],
      ]);

    it('has to be dropped by name, where it is no part of another', async () => {
      expect(await lineOf(validFiles(), withOther({}))).toContain(
        'virtual table "places" of source "main" cannot be read, as SQLite says no such module (mapping/project.json:1:1): list it under "dropped"',
      );
      expect(await lineOf(dropping('places'), withOther({}))).toBe('agrees');
      expect(await lineOf(validFiles(), withOther({ partOf: 'log' }))).toBe('agrees');
      expect(await lineOf(dropping('place'), withOther({}))).toContain('has no table "place"');
    });

    it('cannot be mapped', async () => {
      const mapped = changed(validFiles(), [CUSTOMERS, 'source', 'table'], 'places');
      expect(await lineOf(mapped, withOther({}))).toContain(
        'virtual table "places" cannot be read by its name, as SQLite says no such module (mapping/modules/customers.json:',
      );
    });

    it('has to be dropped, too, where it is a column, and can be nothing else', async () => {
      const unreadable = [{ name: 'year', why: 'SQLite says unknown function', computed: true }];
      const [customers, ...others] = MAIN;
      const tables = customers === undefined ? [] : [{ ...customers, unreadable }, ...others];
      const open = await lineOf(validFiles(), schemas(tables));
      expect(open).toContain(
        'column "year" of table "customers" cannot be read, as SQLite says unknown function (mapping/modules/customers.json:',
      );
      const dropped = changed(validFiles(), [CUSTOMERS, 'dropped', 'year'], 'computed');
      expect(await lineOf(dropped, schemas(tables))).toBe('agrees');
      const read = changed(validFiles(), [CUSTOMERS, 'fields', 'name', 'column'], 'year');
      expect(await lineOf(read, schemas(tables))).toContain('column "year" of table "customers" c');
    });
  });

  it('finds the file without positions when it has no texts', async () => {
    const mapping = await loadMapping(writeProject(validFiles()));
    const { files: _, ...bare } = mapping;
    expect(() => checkAgainstSource(bare, schemas([]))).toThrow(
      expect.objectContaining({ where: 'mapping/modules/customers.json' }),
    );
  });
});
