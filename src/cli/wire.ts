/** Names the adapters. No other module does. */

import { csvAdapter } from '../source/csv.ts';
import { jsonAdapter } from '../source/json.ts';
import { ndjsonAdapter } from '../source/ndjson.ts';
import { postgresAdapter } from '../source/postgres.ts';
import type { SourceAdapter } from '../source/source.ts';
import { sqliteAdapter } from '../source/sqlite.ts';

/** Adapters by the scheme of their URLs. */
export const ADAPTERS: ReadonlyMap<string, SourceAdapter> = new Map(
  [sqliteAdapter, postgresAdapter, csvAdapter, ndjsonAdapter, jsonAdapter].map((adapter) => [
    adapter.scheme,
    adapter,
  ]),
);
