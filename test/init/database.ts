/** Databases for the tests of init, and what becomes of them. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { mappingFiles } from '../../src/init/mappingFiles.ts';
import { profileTable, type TableProfile } from '../../src/init/profile.ts';
import { baseTables, proposeMapping, type Proposal } from '../../src/init/propose.ts';
import { writeMapping } from '../../src/init/writeMapping.ts';
import { checkAgainstSource } from '../../src/mapping/check/againstSource.ts';
import { compileModule } from '../../src/mapping/compile/module.ts';
import { loadMapping } from '../../src/mapping/loadMapping.ts';
import { isReference, type Mapping, type ModuleMapping } from '../../src/mapping/model.ts';
import { rowMapper } from '../../src/mapping/compile/rowMapper.ts';
import type { PreparedSource, SourceReader } from '../../src/source/source.ts';
import { sqliteAdapter } from '../../src/source/sqlite.ts';
import { prepareAt, readerOf, waiting } from '../contract/opening.ts';

export interface Opened {
  readonly source: PreparedSource;
  readonly reader: SourceReader;
}

/** Runs `work` with a folder that is removed afterwards. */
export async function inFolder<T>(work: (folder: string) => T | Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'sealift-init-'));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export async function withDatabase<T>(
  path: string,
  work: (opened: Opened) => Promise<T>,
): Promise<T> {
  return inFolder(async (scratch) => {
    const source = await prepareAt(sqliteAdapter, path, { scratch, ...waiting(1000) });
    const reader = await readerOf(sqliteAdapter, source);
    try {
      return await work({ source, reader });
    } finally {
      await reader.close();
      await source.close();
    }
  });
}

/** A new database file; foreign keys are not enforced, as in most legacy databases. */
export function makeDatabase(path: string, sql: string): void {
  const db = new Database(path);
  db.pragma('foreign_keys = OFF');
  db.exec(sql);
  db.close();
}

export async function propose({ source, reader }: Opened, ids: 'keep' | 'uuid'): Promise<Proposal> {
  const { schema } = source;
  const { declared } = sqliteAdapter;
  const profiles: TableProfile[] = [];
  for (const table of baseTables(schema)) {
    profiles.push(await profileTable(reader, table, await source.plan(table.name, 1000), declared));
  }
  const named = { sourceName: 'main', url: 'sqlite:legacy.db', projectName: 'test' };
  return proposeMapping({ schema, profiles, declared, ids, ...named });
}

/** The proposal for a database made by `sql`, after it has passed {@link rejections} empty. */
export async function proposalFor(sql: string, ids: 'keep' | 'uuid'): Promise<Proposal> {
  return inFolder(async (folder) => {
    const path = join(folder, 'legacy.db');
    makeDatabase(path, sql);
    return withDatabase(path, async (opened) => {
      const proposal = await propose(opened, ids);
      const refused = await rejections(opened, proposal);
      if (refused.length > 0) throw new Error(`rejected: ${refused.join('; ')}`);
      return proposal;
    });
  });
}

/**
 * Does with a proposal what `migrate` would do: writes it, loads it, checks it against the source
 * and maps every row. Returns why rows were rejected, and keys that came twice.
 */
export async function rejections(opened: Opened, proposal: Proposal): Promise<string[]> {
  return inFolder(async (folder) => {
    writeMapping(join(folder, 'mapping'), mappingFiles(proposal));
    const mapping = await loadMapping(folder);
    checkAgainstSource(mapping, new Map([['main', opened.source.schema]]));
    const refused: string[] = [];
    for (const { module } of mapping.modules) {
      refused.push(...(await moduleRejections(opened, mapping, module)));
    }
    return refused;
  });
}

async function moduleRejections(
  { source, reader }: Opened,
  mapping: Mapping,
  name: string,
): Promise<string[]> {
  const module = compileModule(mapping, name);
  const mapper = rowMapper(module, { mapping, secrets: new Map(), registries: new Map() });
  const refused: string[] = [];
  const keys = new Set<string>();
  let rows = 0;
  for (const range of await source.plan(module.table, 1000)) {
    for await (const page of reader.read(module.table, module.columns, range)) {
      for (const row of page) {
        rows += 1;
        if (!mapper.map(row)) {
          refused.push(...mapper.diagnostics.map((no) => `${name}.${no.field}: ${no.rule}`));
        } else if (module.mapping.id.rule !== 'keyless') {
          const key = JSON.stringify(mapper.out.key);
          if (keys.has(key)) refused.push(`${name}: key twice`);
          keys.add(key);
        }
      }
    }
  }
  if (rows < module.minimumRows) refused.push(`${name}: too few rows`);
  return refused;
}

export function moduleOf(proposal: Proposal, name: string): ModuleMapping {
  const module = proposal.modules.find((candidate) => candidate.module === name);
  if (module === undefined) throw new Error(`no module ${name}`);
  return module;
}

/** `rule table[.column]` of each decision, in order. */
export function decided(proposal: Proposal): string[] {
  return proposal.decisions.map(({ rule, table, column }) => {
    return `${rule} ${table}${column === undefined ? '' : `.${column}`}`;
  });
}

/** Types of a module's fields; of a reference what it refers to. */
export function typesOf(proposal: Proposal, name: string): Record<string, string> {
  const fields = Object.entries(moduleOf(proposal, name).fields);
  return Object.fromEntries(
    fields.map(([field, of]) => {
      return [field, isReference(of) ? `→ ${of.reference}(${of.columns.join(',')})` : of.type];
    }),
  );
}
