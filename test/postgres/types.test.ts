/**
 * Every built-in type arrives exactly: records beside what the server writes for the same cells by a cast
 * to text and by its own functions, which share nothing with COPY and with how Sealift reads it.
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { times } from '../kit/long.ts';
import { PASSWORD, postgresHome, startPostgres, type Postgres } from '../kit/postgres.ts';
import { migrate, succeed, workFolder } from '../kit/project.ts';
import { OWN_TYPES, TYPE_TABLES, tableOf, tableSql } from './typeTables.ts';

const MADE = times('SEALIFT_TYPE_VALUES', 60, 1000);

/** SQL of the text that a field of this type has to hold, of column v. */
function expectedSql(fieldType: string): string {
  const kind = fieldType.replace(/\(.*$/, '');
  const digits = Number(/\((\d+)\)/.exec(fieldType)?.[1] ?? 0);
  const fraction = digits === 0 ? '' : `.US`;
  const cut = digits === 0 ? '' : `, 1, ${20 + digits}`;
  const text = (of: string, zone: string): string => {
    const whole = `to_char(${of}, 'YYYY-MM-DD"T"HH24:MI:SS${fraction}')`;
    return cut === '' ? `${whole} || '${zone}'` : `substr(${whole}${cut}) || '${zone}'`;
  };
  switch (kind) {
    case 'timestamp':
      return text('v', '');
    case 'timestamptz':
      return text(`v AT TIME ZONE 'UTC'`, 'Z');
    case 'time':
      return `substr(${text(`date '2000-01-01' + v`, '')}, 12)`;
    case 'bytes':
      return `replace(encode(v, 'base64'), E'\\n', '')`;
    case 'json':
      return `to_jsonb(v)::text`;
    default:
      // A cast would strip the blanks of a character(n), and add a mask to an inet.
      return `CASE WHEN v IS DISTINCT FROM NULL THEN format('%s', v) END`;
  }
}

/** What a record's value is, as the text that the server has to write for it. */
function held(fieldType: string, value: unknown): unknown {
  if (value === null) return null;
  if (fieldType === 'json') return canonical(value);
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** JSON with its members in order; numbers of an array of numerics are texts, as their digits count. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, inner]) => `${JSON.stringify(name)}:${canonical(inner)}`).join()}}`;
}

interface Module {
  readonly fields: { readonly v: { readonly type: string } };
}

const VERSIONS = [18, 15].filter((version) => postgresHome(version) !== null);

describe.each(VERSIONS)('a table of each type in PostgreSQL %i', (version) => {
  const project = workFolder(`types-${version}`);
  let server: Postgres;

  beforeAll(async () => {
    server = await startPostgres({ version });
    const tables = TYPE_TABLES.map((table, at) => tableSql(table, at, MADE));
    const url = await server.create('types', `${OWN_TYPES}${tables.join('\n')}`);
    const env = { PGPASSWORD: PASSWORD };
    const source = url.replace(/:[^:@]*@/, '@');
    await succeed(['init', '--project', project, '--source', source], { env });
    await migrate(project, ['--allow-blockers'], { env });
  });
  afterAll(() => server.stop());

  it.each(TYPE_TABLES.map((table, at) => [table.type, table, at] as const))(
    '%s arrives exactly',
    async (type, table, at) => {
      const name = tableOf(table, at);
      const { fields } = JSON.parse(
        readFileSync(join(project, `mapping/modules/${name}.json`), 'utf8'),
      ) as Module;
      const fieldType = fields.v.type;
      const sql = type.endsWith('[]') ? arraySql(type) : expectedSql(fieldType);
      const expected = await server.run(
        'types',
        `SET TimeZone TO 'UTC'; SET IntervalStyle TO iso_8601; SET lc_monetary TO 'C';
        SELECT t.id, ${sql} FROM ${name} t ORDER BY t.id`,
      );
      const lines = readFileSync(
        join(project, `storage_candidate/v1/${name}/data.ndjson`),
        'utf8',
      ).trimEnd();
      const records = lines
        .split('\n')
        .map((line) => JSON.parse(line) as { id: number; v: unknown });
      expect(records.length).toBe(1 + table.edges.length + MADE);
      const found = records.map(({ id, v }) => [String(id), held(fieldType, v)]);
      const wanted = expected.map(([id, text]) => [id, asHeld(fieldType, text ?? null)]);
      expect(found).toEqual(wanted);
    },
  );
});

/** Elements of arrays are texts but for booleans and numbers that JSON holds. */
function arraySql(type: string): string {
  return /^(?:integer|boolean|double precision)/.test(type)
    ? 'array_to_json(v)::text'
    : 'array_to_json(v::text[])::text';
}

function asHeld(fieldType: string, text: string | null): unknown {
  if (text === null) return null;
  // JSON's null and SQL's NULL are one in a record.
  if (fieldType === 'json') return text === 'null' ? null : canonical(JSON.parse(text));
  if (fieldType === 'float') return String(Number(text));
  if (fieldType === 'boolean') return String(text === 't');
  return text;
}
