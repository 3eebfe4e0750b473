/** init: an unknown source → a mapping that works, and what a person should decide. */

import { mkdirSync } from 'node:fs';
import { relative, resolve, sep } from 'node:path';

import { onDisk } from '../disk/errors.ts';
import { openScratch } from '../disk/scratch.ts';
import { decisionLines } from '../init/decisionsText.ts';
import type { IdMode } from '../init/foreignKeys.ts';
import { mappingFiles } from '../init/mappingFiles.ts';
import { suggestProjectName } from '../init/fieldNames.ts';
import { profileTable, type TableProfile } from '../init/profile.ts';
import { baseTables, proposeMapping } from '../init/propose.ts';
import { assertNoMapping, writeMapping } from '../init/writeMapping.ts';
import { counted } from '../outcome/counted.ts';
import type { Outcome } from '../outcome/outcome.ts';
import type { PreparedSource, SourceAdapter, SourceReader } from '../source/source.ts';
import type { Environment, Progress } from '../run/environment.ts';
import { integrityRun, type IntegrityRun } from '../project/integrity.ts';
import { remarksOf } from '../project/sourceObjects.ts';
import { projectPaths } from '../project/paths.ts';
import { parseSourceOption, parseSourceUrl, type SourceUrl } from '../project/sourceUrl.ts';
import { LOCK_TIMEOUT_MS } from '../project/sources.ts';

export interface InitOptions {
  readonly project: string;
  readonly here: string;
  /** `[NAME=]URL` */
  readonly source: string;
  readonly ids: IdMode;
  /** The source is read without a look for damage beside it. */
  readonly skipIntegrityCheck?: boolean;
}

const ROWS_PER_RANGE = 1_000_000;

/** Reads the whole source once and writes the mapping; never over one that is there. */
export async function init(options: InitOptions, env: Environment): Promise<Outcome> {
  const paths = projectPaths(options.project);
  const { name, url } = parseSourceOption(options.source);
  const source = parseSourceUrl(url, options.here, env.adapters);
  assertNoMapping(paths.mapping);
  const since = env.now().toISOString();
  const scratch = openScratch(env.temporary, { command: 'init', pid: env.pid, since });
  const forget = env.onInterrupt(scratch.drop);
  try {
    const adapter = env.adapters.get(source.scheme) as SourceAdapter;
    const prepared = await adapter.prepare(source.location, {
      scratch: scratch.path,
      lockTimeoutMs: LOCK_TIMEOUT_MS,
      explore: true,
    });
    const integrity = integrityRun([{ name, prepared }], { command: 'init', options }, env);
    const location = prepared.told?.location ?? source.location;
    try {
      const snapshot = (): Promise<void> => integrity.begin(name);
      const open = await openReader(prepared, adapter, snapshot);
      integrity.start();
      const profiles = await profile(open, prepared, integrity, env.progress);
      await integrity.finish();
      await prepared.assertUnchanged();
      const proposal = proposeMapping({
        schema: prepared.schema,
        profiles,
        sourceName: name,
        url: mappingUrl({ ...source, location }, paths.root),
        remarks: prepared.told?.remarks ?? [],
        ids: options.ids,
        projectName: suggestProjectName(url),
      });
      await onDisk(paths.mapping, () => {
        mkdirSync(paths.root, { recursive: true });
        writeMapping(paths.mapping, mappingFiles(proposal));
      });
      const unchecked = integrity.findings().map(({ reason }) => reason);
      return outcome(profiles, [
        ...remarksOf([{ name, scheme: source.scheme, prepared }]),
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

/** The one reader, in the snapshot of the check. */
async function openReader(
  prepared: PreparedSource,
  adapter: SourceAdapter,
  beginCheck: () => Promise<void>,
): Promise<SourceReader> {
  let reader: SourceReader | null = null;
  try {
    await prepared.inOneSnapshot(async () => {
      await reader?.close();
      reader = await adapter.open(prepared.handle);
      await beginCheck();
    });
  } catch (error) {
    await (reader as SourceReader | null)?.close();
    throw error;
  }
  const open = reader as SourceReader | null;
  if (open === null) throw new Error('the source opened no reader');
  return open;
}

async function profile(
  open: SourceReader,
  prepared: PreparedSource,
  integrity: IntegrityRun,
  progress: Progress,
): Promise<TableProfile[]> {
  const profiles: TableProfile[] = [];
  try {
    for (const table of baseTables(prepared.schema)) {
      const ranges = await prepared.plan(table.name, ROWS_PER_RANGE);
      progress.begin(table.name, await prepared.count(table.name));
      let rows = 0;
      const profile = await profileTable(open, table, ranges, (more) => {
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

/** The URL as the mapping holds it: relative where the source lies near the project. */
function mappingUrl({ scheme, location }: SourceUrl, root: string): string {
  const path = relative(resolve(root), location);
  const near = path.split(sep).filter((part) => part === '..').length <= 3;
  return `${scheme}:${(near ? path : location).split(sep).join('/')}`;
}

function outcome(profiles: readonly TableProfile[], decisions: readonly string[]): Outcome {
  const rows = profiles.reduce((sum, table) => sum + table.rows, 0);
  return {
    command: 'init',
    status: 'DONE',
    modules: [],
    findings: [],
    counts: { BLOCKER: 0, WARNING: 0, INFO: 0 },
    notes: [
      `${counted(profiles.length, 'table')}, ${counted(rows, 'row')} read`,
      ...decisions,
      'next: read mapping/DECISIONS.md, then run sealift migrate',
    ],
  };
}
