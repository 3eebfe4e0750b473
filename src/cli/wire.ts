/** Names the adapters. No other module does. */

import type { DatabaseAdapters } from '../database/database.ts';
import type { StoreAdapters } from '../objects/objectStore.ts';
import { folderStore } from '../objects/folder.ts';
import { s3Store } from '../objects/s3.ts';
import { postgresDatabase } from '../database/postgres.ts';
import { sqliteDatabase } from '../database/sqlite.ts';
import { csvAdapter } from '../source/csv.ts';
import { jsonAdapter } from '../source/json.ts';
import { ndjsonAdapter } from '../source/ndjson.ts';
import { postgresAdapter } from '../source/postgres.ts';
import type { SourceAdapter } from '../source/source.ts';
import { sqliteAdapter } from '../source/sqlite.ts';
import { postgresTarget } from '../target/postgres.ts';
import { sqliteTarget } from '../target/sqlite.ts';
import type { TargetAdapters } from '../target/target.ts';

/** Adapters of sources by the scheme of their URLs. */
export const ADAPTERS: ReadonlyMap<string, SourceAdapter> = new Map(
  [sqliteAdapter, postgresAdapter, csvAdapter, ndjsonAdapter, jsonAdapter].map((adapter) => [
    adapter.scheme,
    adapter,
  ]),
);

/** Adapters of targets by the scheme of their URLs. */
export const TARGETS: TargetAdapters = new Map(
  [sqliteTarget, postgresTarget].map((adapter) => [adapter.scheme, adapter]),
);

/** Adapters of databases that are changed in place, by the scheme of their URLs. */
export const DATABASES: DatabaseAdapters = new Map(
  [sqliteDatabase, postgresDatabase].map((adapter) => [adapter.scheme, adapter]),
);

/** Adapters of object stores by the scheme of their URLs. */
export const STORES: StoreAdapters = new Map(
  [folderStore, s3Store].map((adapter) => [adapter.scheme, adapter]),
);
