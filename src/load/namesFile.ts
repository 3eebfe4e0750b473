/**
 * The file of `--names`: under which names the tables and columns of a schema hold modules and fields,
 * `{"<module>": {"table": "<name>", "columns": {"<field>": "<column>"}}}`. All of it is optional.
 */

import { MAX_SEAL_FILE, readPlainFile } from '../seal/files.ts';
import { didYouMean } from '../outcome/nearest.ts';
import { Failure } from '../outcome/failure.ts';
import { decodeUtf8, parseJson } from '../record/jsonText.ts';
import { JsonSyntaxError } from '../record/jsonSyntaxError.ts';
import type { JsonObject, JsonValue } from '../record/value.ts';
import type { DeclaredNames } from '../target/targetNames.ts';

/** A module and its fields. */
export interface NamedTable {
  readonly module: string;
  readonly columns: readonly { readonly name: string }[];
}

/** Reads the file. @throws Failure USAGE if it is not what it has to be, or names what the seal has not */
export function readNames(
  path: string,
  tables: readonly NamedTable[],
): ReadonlyMap<string, DeclaredNames> {
  const names = new Map<string, DeclaredNames>();
  for (const [module, value] of objectIn(parsed(path), path, 'the file')) {
    const form = tables.find((table) => table.module === module);
    if (form === undefined) {
      const known = tables.map((table) => table.module);
      throw refused(
        path,
        `the seal has no module ${JSON.stringify(module)} to load`,
        didYouMean(module, known, HINT),
      );
    }
    names.set(module, namesOf(form, value, path));
  }
  assertDifferent(
    tables.map(({ module }) => names.get(module)?.table ?? module),
    path,
    'tables',
  );
  return names;
}

const HINT = 'write {"MODULE": {"table": "NAME", "columns": {"FIELD": "COLUMN"}}}';

function refused(path: string, what: string, hint: string = HINT): Failure {
  return new Failure('USAGE', { what, where: `--names ${path}`, hint });
}

function parsed(path: string): JsonValue {
  const bytes = readPlainFile(path, MAX_SEAL_FILE);
  const text = bytes === null ? null : decodeUtf8(bytes);
  if (text === null) throw refused(path, 'the file of names is missing, or is no text');
  try {
    return parseJson(text);
  } catch (error) {
    if (error instanceof JsonSyntaxError) throw refused(path, 'the file of names is not JSON');
    throw error;
  }
}

function objectIn(value: JsonValue | undefined, path: string, what: string): JsonObject {
  if (value instanceof Map) return value as JsonObject;
  throw refused(path, `${what} must be an object`);
}

function namesOf({ module, columns }: NamedTable, value: JsonValue, path: string): DeclaredNames {
  const members = objectIn(value, path, `module ${module}`);
  const extra = [...members.keys()].find((name) => name !== 'table' && name !== 'columns');
  if (extra !== undefined) throw refused(path, `module ${module} has a member that is not known`);
  const table = members.get('table');
  const declared = new Map<string, string>();
  const given = members.has('columns') ? members.get('columns') : new Map<string, JsonValue>();
  for (const [field, column] of objectIn(given, path, `"columns" of module ${module}`)) {
    if (!columns.some(({ name }) => name === field)) {
      const known = columns.map(({ name }) => name);
      const what = `module ${module} has no field ${JSON.stringify(field)}`;
      throw refused(path, what, didYouMean(field, known, HINT));
    }
    declared.set(field, textOf(column, path));
  }
  assertDifferent(
    columns.map(({ name }) => declared.get(name) ?? name),
    path,
    `columns of ${module}`,
  );
  return {
    ...(table === undefined ? {} : { table: textOf(table, path) }),
    columns: Object.fromEntries(declared),
  };
}

function textOf(value: JsonValue, path: string): string {
  if (typeof value === 'string' && value !== '') return value;
  throw refused(path, 'a name must be a text that is not empty');
}

function assertDifferent(names: readonly string[], path: string, what: string): void {
  if (new Set(names).size < names.length) throw refused(path, `two ${what} have one name`);
}
