/** init: an unknown source → a mapping that works, and what a person should decide. */

import { mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { relative, resolve, sep } from 'node:path';

import { onDisk } from '../disk/errors.ts';
import { openScratch } from '../disk/scratch.ts';
import { decisionLines } from '../init/decisionsText.ts';
import type { IdMode } from '../init/foreignKeys.ts';
import { mappingFiles } from '../init/mappingFiles.ts';
import { suggestProjectName } from '../init/names.ts';
import { profileTable, type TableProfile } from '../init/profile.ts';
import { baseTables, proposeMapping } from '../init/propose.ts';
import { assertNoMapping, writeMapping } from '../init/writeMapping.ts';
import { counted } from '../outcome/counted.ts';
import type { Outcome } from '../outcome/outcome.ts';
import type { PreparedSource, SourceAdapter, SourceReader } from '../source/source.ts';
import type { Environment, Progress } from './environment.ts';
import { projectPaths } from './project.ts';
import { parseSourceOption, parseSourceUrl, type SourceUrl } from './sourceUrl.ts';
import { LOCK_TIMEOUT_MS } from './sources.ts';

export interface InitOptions {
  readonly project: string;
  readonly here: string;
  /** `[NAME=]URL` */
  readonly source: string;
  readonly ids: IdMode;
}

const ROWS_PER_RANGE = 1_000_000;

/** Reads the whole source once and writes the mapping; never over one that is there. */
export async function init(options: InitOptions, env: Environment): Promise<Outcome> {
  const paths = projectPaths(options.project);
  const { name, url } = parseSourceOption(options.source);
  const source = parseSourceUrl(url, options.here, env.adapters);
  assertNoMapping(paths.mapping);
  const since = env.now().toISOString();
  const scratch = openScratch(tmpdir(), { command: 'init', pid: env.pid, since });
  const forget = env.onInterrupt(scratch.drop);
  try {
    const adapter = env.adapters.get(source.scheme) as SourceAdapter;
    const prepared = await adapter.prepare(source.location, {
      scratch: scratch.path,
      lockTimeoutMs: LOCK_TIMEOUT_MS,
      explore: true,
    });
    const location = prepared.told?.location ?? source.location;
    try {
      const profiles = await profile(prepared, adapter, env.progress);
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
      return outcome(profiles, decisionLines(proposal));
    } finally {
      await prepared.close();
    }
  } finally {
    scratch.drop();
    forget();
  }
}

async function profile(
  prepared: PreparedSource,
  adapter: SourceAdapter,
  progress: Progress,
): Promise<TableProfile[]> {
  let reader: SourceReader | null = null;
  await prepared.inOneSnapshot(async () => {
    await reader?.close();
    reader = await adapter.open(prepared.handle);
  });
  const open = reader as SourceReader | null;
  if (open === null) throw new Error('the source opened no reader');
  const profiles: TableProfile[] = [];
  try {
    for (const table of baseTables(prepared.schema)) {
      const ranges = await prepared.plan(table.name, ROWS_PER_RANGE);
      progress.begin(table.name, await prepared.count(table.name));
      let rows = 0;
      profiles.push(
        await profileTable(open, table, ranges, (more) => {
          rows += more;
          progress.update(rows);
        }),
      );
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
