/** The one place that names adapters. */

import { csvAdapter } from '../source/csv.ts';
import { jsonAdapter } from '../source/json.ts';
import { ndjsonAdapter } from '../source/ndjson.ts';
import type { SourceAdapter } from '../source/source.ts';
import { sqliteAdapter } from '../source/sqlite.ts';

/** By the scheme of their URLs. A PostgreSQL adapter has its place here. */
export const ADAPTERS: ReadonlyMap<string, SourceAdapter> = new Map(
  [sqliteAdapter, csvAdapter, ndjsonAdapter, jsonAdapter].map((adapter) => [
    adapter.scheme,
    adapter,
  ]),
);
