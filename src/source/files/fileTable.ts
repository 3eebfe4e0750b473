/** A file as a table: its schema, and lookups of the names in a mapping. */

import { Failure } from '../../outcome/failure.ts';
import type { SourceFile } from './file.ts';
import type { DeclaredType } from '../declared.ts';
import type { TableSchema } from '../source.ts';

/** A file whose columns are known. */
export interface TableFile extends SourceFile {
  readonly columns: readonly string[];
}

/** Returns the schema of a file, which declares only the names of its columns. */
export function schemaOf({ table, columns }: TableFile): TableSchema {
  return {
    name: table,
    kind: 'file',
    columns: columns.map((name) => {
      return { name, declaredType: '', notNull: false, generated: false };
    }),
    primaryKey: [],
    unique: [],
    foreignKeys: [],
  };
}

/** Returns the declared type of a column of a file, which declares none. */
export function declaredOfFile(): DeclaredType {
  return { family: 'unknown' };
}

/** Finds the file of a table. @throws Failure SOURCE_SCHEMA */
export function fileOf<F extends SourceFile>(files: readonly F[], table: string): F {
  const found = files.find((file) => file.table === table);
  if (found !== undefined) return found;
  throw new Failure('SOURCE_SCHEMA', {
    what: `the source has no table ${JSON.stringify(table.slice(0, 80))}`,
    hint: 'check the mapping against the files',
  });
}

/** Finds the places of columns in a file. @throws Failure SOURCE_SCHEMA */
export function placesOf({ columns, file }: TableFile, wanted: readonly string[]): number[] {
  const places = new Map(columns.map((name, index) => [name, index]));
  return wanted.map((column) => {
    const place = places.get(column);
    if (place !== undefined) return place;
    throw new Failure('SOURCE_SCHEMA', {
      what: `the file has no column ${JSON.stringify(column.slice(0, 80))}`,
      where: file,
      hint: 'check the mapping against the file',
    });
  });
}
