/**
 * `sql.migrate`: files of SQL in order, each in one transaction with its row in the ledger, so that a file is
 * applied as a whole and once, whenever the run is killed. What cannot run in a transaction has its row
 * written before, and a query that tells whether its effect is whole.
 */

import { counted } from '../../outcome/counted.ts';
import { Failure } from '../../outcome/failure.ts';
import { quoteName } from '../../outcome/quoteName.ts';
import {
  missingText,
  readMigration,
  refusalIn,
  standingOf,
  type MigrationFile,
  type Standing,
} from '../databases/migrationFiles.ts';
import {
  finishRow,
  lockMigrations,
  makeLedger,
  readLedger,
  writeRow,
} from '../databases/migrationLedger.ts';
import { withSql } from '../databases/withSql.ts';
import { QUERY, TEXT, TEXTS, about } from '../schema/runbookParts.ts';
import { isRefused, sqliteFailure } from '../world/sqlErrors.ts';
import type { SqlClient } from '../world/world.ts';
import { requiredText } from './stepMembers.ts';
import type { DoneStep, Presence, StepResult, StepWork } from './stepType.ts';

const PROBES = {
  type: 'object',
  minProperties: 1,
  additionalProperties: about(
    QUERY,
    'Query that returns true once the effect of the file is whole.',
  ),
};

export const sqlMigrate: DoneStep = {
  text: 'Files of SQL in order, each in a transaction with its line in the ledger.',
  members: {
    keepsWrites: about(
      { type: 'boolean' },
      'As a way back: true if nothing is lost by it that was written meanwhile.',
    ),
    files: about(TEXT, 'Files, or a pattern of them with "*" in its last part; ordered by name.'),
    outside: {
      description:
        'Files that cannot run in a transaction, each with a query that returns true once its effect is whole; or their names alone, if a person tells.',
      if: { type: 'array' },
      // oxlint-disable-next-line unicorn/no-thenable -- a keyword of JSON Schema
      then: TEXTS,
      else: PROBES,
    },
  },
  required: ['files'],
  kind: 'change',
  place: 'database',
  resumes: true,
  reads: (members) => [requiredText(members, 'files')],
  plan: (members) => `apply ${requiredText(members, 'files')} in order, each in a transaction`,
  dryRun: (work) => withSql(work, { readOnly: true }, (client) => preview(client, work)),
  apply: (work) => withSql(work, { readOnly: false }, (client) => migrate(client, work)),
  probe: (work) => withSql(work, { readOnly: true }, (client) => presence(client, work)),
};

interface Read {
  readonly files: readonly MigrationFile[];
  readonly standing: Standing;
}

/** Reads files and ledger; a result if they do not fit. */
async function read(client: SqlClient, { members, world }: StepWork): Promise<Read | StepResult> {
  const files = readMigration(members, world.files);
  const refusal = refusalIn(files, client.dialect);
  if (refusal !== null) return failed(refusal, 0);
  const standing = standingOf(files, await readLedger(client), requiredText(members, 'files'));
  return standing.misfit === null ? { files, standing } : failed(standing.misfit, 0);
}

function failed(says: string, applied: number): StepResult {
  return { verdict: 'FAIL', says, results: { failed: 1, applied } };
}

async function preview(client: SqlClient, work: StepWork): Promise<StepResult> {
  const found = await read(client, work);
  if ('verdict' in found) return found;
  const { open, missing } = found.standing;
  const names = open.slice(0, 5).map(({ name }) => quoteName(name));
  const list = open.length === 0 ? '' : `: ${names.join(', ')}${open.length > 5 ? ', …' : ''}`;
  return {
    verdict: missing.length === 0 ? 'PASS' : 'WARN',
    says: `${open.length} of ${counted(found.files.length, 'file')} would be applied${list}${missingText(missing)}`,
    results: { count: found.files.length },
  };
}

async function migrate(client: SqlClient, work: StepWork): Promise<StepResult> {
  const refused = await read(client, work);
  if ('verdict' in refused) return refused;
  await lockMigrations(client, work.signal);
  await makeLedger(client);
  // Another run may have applied some before it gave the lock back.
  const found = await read(client, work);
  if ('verdict' in found) return found;
  const { files, standing } = found;
  let applied = 0;
  for (const file of standing.open) {
    try {
      if (file.outside === null) await applyWithin(file, work);
      else await applyOutside(client, file, standing.begun.has(file.name), work);
    } catch (error) {
      if (file.outside !== null || !isRefused(error)) throw error;
      const before = applied === 0 ? '' : `; ${counted(applied, 'file')} before it applied`;
      return failed(`${error.message} (${error.where ?? quoteName(file.name)})${before}`, applied);
    }
    applied += 1;
  }
  const { missing } = standing;
  return {
    verdict: missing.length === 0 ? 'PASS' : 'WARN',
    says: `${applied} of ${counted(files.length, 'file')} applied, ${files.length - applied} were before${missingText(missing)}`,
    results: { applied, failed: 0, count: files.length },
    kept: { migration: files.at(-1)?.name ?? '' },
  };
}

/**
 * The file and its row commit together, or neither does. Each file has a session of its own, so that what one
 * sets, such as a search path or a role, is not there for the next.
 */
function applyWithin(file: MigrationFile, work: StepWork): Promise<void> {
  const { runId: run, now } = work.world;
  return withSql(work, { readOnly: false }, (client) =>
    client.transaction(async () => {
      // The key of the ledger refuses a second row, before anything of the file has run.
      await writeRow(client, file, { run, now });
      const broken = await brokenReferences(client);
      await client.script(file.text, quoteName(file.name));
      if ((await brokenReferences(client)) > broken) {
        throw sqliteFailure('SQLITE_CONSTRAINT_FOREIGNKEY', quoteName(file.name));
      }
    }),
  );
}

/** Rows of SQLite that refer to none: a migration runs without its checks, as it may build a table anew. */
async function brokenReferences(client: SqlClient): Promise<bigint> {
  if (client.dialect === 'postgresql') return 0n;
  const { rows } = await client.query('SELECT count(*) FROM pragma_foreign_key_check');
  return BigInt(String(rows[0]?.[0] ?? 0));
}

async function applyOutside(
  client: SqlClient,
  file: MigrationFile,
  isBegun: boolean,
  work: StepWork,
): Promise<void> {
  const { runId: run, now } = work.world;
  if (!isBegun) await writeRow(client, file, { run, now });
  const isWhole = isBegun ? await askProbe(client, file) : false;
  if (isWhole === null) throw cannotTell(file);
  if (!isWhole) {
    await withSql(work, { readOnly: false }, (own) => own.script(file.text, quoteName(file.name)));
    if ((await askProbe(client, file)) === false) throw notWhole(file);
  }
  await finishRow(client, file.name, now);
}

/** Whether the effect of a file is whole; null if nothing tells. */
async function askProbe(
  client: SqlClient,
  { name, outside }: MigrationFile,
): Promise<boolean | null> {
  const probe = outside?.probe ?? null;
  if (probe === null) return null;
  const cells: unknown[] = [];
  for await (const { rows } of client.pages(probe)) cells.push(...rows.flat());
  if (cells.length === 1) return cells[0] === true || cells[0] === 1n;
  throw new Failure('USAGE', {
    what: 'the query that tells whether a file is applied returns more or less than one value',
    where: quoteName(name),
    hint: 'write one that returns true or false',
  });
}

function notWhole({ name }: MigrationFile): Failure {
  return new Failure('TARGET', {
    what: 'the file has run, and its query says that its effect is not whole',
    where: quoteName(name),
    hint: 'remove what is left of it, such as an index that is not valid, then resume',
  });
}

function cannotTell({ name }: MigrationFile): Failure {
  return new Failure('TARGET', {
    what: 'the file was begun outside of a transaction, and nothing tells whether its effect is whole',
    where: quoteName(name),
    hint: 'find out; then set finished_at in its row of sealift_migrations, or delete the row, and resume',
  });
}

async function presence(client: SqlClient, { members, world }: StepWork): Promise<Presence> {
  const files = readMigration(members, world.files);
  const ledger = await readLedger(client);
  const { open, begun, misfit } = standingOf(files, ledger, requiredText(members, 'files'));
  if (misfit !== null) return 'unclear';
  if (open.length === 0) return 'there';
  for (const file of open) {
    if (begun.has(file.name) && (file.outside?.probe ?? null) === null) return 'unclear';
  }
  return open.length === files.length && begun.size === 0 ? 'absent' : 'begun';
}
