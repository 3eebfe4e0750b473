/** init: writes a working mapping for an unknown source, and lists decisions for a person. */

import { ROWS_PER_LONG_RANGE } from '../run/rowsPerRange.ts';
import { mkdirSync } from 'node:fs';

import { onDisk } from '../disk/errors.ts';
import { openScratch } from '../disk/scratch.ts';
import { decisionLines } from '../init/decisionsText.ts';
import type { IdMode } from '../init/foreignKeys.ts';
import { RUNBOOK_SCHEMA_FILE } from '../cutover/schema/runbookSchema.ts';
import { mappingFiles } from '../init/mappingFiles.ts';
import { suggestProjectName } from '../init/fieldNames.ts';
import { profileTable, type TableProfile } from '../init/profile.ts';
import { baseTables, proposeMapping } from '../init/propose.ts';
import { assertNoMapping, writeMapping } from '../init/writeMapping.ts';
import { counted } from '../outcome/counted.ts';
import { actionOutcome, type Outcome } from '../outcome/outcome.ts';
import type {
  PreparedSource,
  SourceAdapter,
  SourceHandle,
  SourceReader,
} from '../source/source.ts';
import type { Environment, Progress } from '../run/environment.ts';
import { integrityRun, type IntegrityRun } from '../project/integrity.ts';
import { sourceNotes } from '../project/sourceObjects.ts';
import { projectPaths } from '../project/paths.ts';
import {
  adapterOf,
  formatSourceUrl,
  parseSourceOption,
  parseSourceUrl,
} from '../project/sourceUrl.ts';
import { timeoutsOf } from '../project/timeouts.ts';

export interface InitOptions {
  readonly project: string;
  /** Folder to which the source's path is relative. */
  readonly cwd: string;
  /** `[NAME=]URL` */
  readonly source: string;
  readonly ids: IdMode;
  /** Whether the source is read without an integrity check alongside. */
  readonly skipIntegrityCheck?: boolean;
}

/** Reads the whole source once and writes the mapping. Never overwrites an existing one. */
export async function init(options: InitOptions, env: Environment): Promise<Outcome> {
  const paths = projectPaths(options.project);
  const { name, url } = parseSourceOption(options.source);
  const source = parseSourceUrl(url, options.cwd, env);
  assertNoMapping(paths.mapping);
  const since = env.now().toISOString();
  const scratch = openScratch(env.temporary, { command: 'init', pid: env.pid, since });
  const forget = env.onInterrupt(scratch.drop);
  try {
    const adapter = adapterOf(source, env);
    const prepared = await adapter.prepare(source, {
      scratch: scratch.path,
      variables: env.variables,
      timeouts: timeoutsOf(env.variables),
      signal: env.signal,
      explore: true,
    });
    const integrity = integrityRun([{ name, prepared }], { command: 'init', options }, env);
    try {
      const open = await openReader(
        prepared,
        (handle) => adapter.open(handle, env.signal),
        () => integrity.begin(name),
      );
      integrity.start();
      const profiles = await profile(open, prepared, adapter.declared, integrity, env.progress);
      await integrity.finish();
      await prepared.assertUnchanged();
      const proposal = proposeMapping({
        schema: prepared.schema,
        profiles,
        declared: adapter.declared,
        sourceName: name,
        url: formatSourceUrl(prepared.told?.location ?? source, paths.root, env),
        notes: prepared.told?.notes ?? [],
        ids: options.ids,
        projectName: suggestProjectName(prepared.label),
      });
      await onDisk(paths.mapping, () => {
        mkdirSync(paths.root, { recursive: true });
        writeMapping(paths.mapping, mappingFiles(proposal, [RUNBOOK_SCHEMA_FILE]));
      });
      const unchecked = integrity.findings().map(({ reason }) => reason);
      return outcome(profiles, [
        ...sourceNotes([{ name, scheme: source.scheme, prepared }]),
        ...unchecked,
        ...decisionLines(proposal),
      ]);
    } finally {
      integrity.close();
      await prepared.close();
    }
  } finally {
    scratch.drop();
    forget();
  }
}

/** Opens the only reader, in the same snapshot as the integrity check. */
async function openReader(
  prepared: PreparedSource,
  open: (handle: SourceHandle) => Promise<SourceReader>,
  beginCheck: () => Promise<void>,
): Promise<SourceReader> {
  let reader: SourceReader | null = null;
  try {
    return await prepared.inOneSnapshot(async (handle) => {
      await reader?.close();
      const opened = await open(handle);
      reader = opened;
      await beginCheck();
      return opened;
    });
  } catch (error) {
    await (reader as SourceReader | null)?.close();
    throw error;
  }
}

async function profile(
  open: SourceReader,
  prepared: PreparedSource,
  declared: SourceAdapter['declared'],
  integrity: IntegrityRun,
  progress: Progress,
): Promise<TableProfile[]> {
  const profiles: TableProfile[] = [];
  try {
    for (const table of baseTables(prepared.schema)) {
      const ranges = await prepared.plan(table.name, ROWS_PER_LONG_RANGE);
      progress.begin(table.name, await prepared.count(table.name));
      let rows = 0;
      const profile = await profileTable(open, table, ranges, declared, (more) => {
        rows += more;
        integrity.assertSoFar();
        progress.update(rows);
      });
      const otherDigits = prepared.otherDigits?.(table.name);
      profiles.push(otherDigits === undefined ? profile : { ...profile, otherDigits });
      progress.end();
    }
    return profiles;
  } finally {
    await open.close();
  }
}

function outcome(profiles: readonly TableProfile[], decisions: readonly string[]): Outcome {
  const rows = profiles.reduce((sum, table) => sum + table.rows, 0);
  return actionOutcome({
    command: 'init',
    notes: [
      `${counted(profiles.length, 'table')}, ${counted(rows, 'row')} read`,
      ...decisions,
      'next: read mapping/DECISIONS.md, then run sealift migrate',
    ],
  });
}
