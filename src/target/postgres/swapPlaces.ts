/** Finds what is live in a database and what would go live: schemas, by the ledgers in them. */

import { Failure } from '../../outcome/failure.ts';
import { counted } from '../../outcome/counted.ts';
import { quoteName } from '../../outcome/quoteName.ts';
import type { Connection } from '../../postgres/connect.ts';
import { quote } from '../../sql/quote.ts';
import type { Placed, SwapEntry, SwapOptions } from '../swap.ts';
import { placesBefore } from '../swapHistory.ts';
import { identifier, LEDGER, MAX_NAME } from './ddl.ts';
import { MOVES_SCHEMA } from './movesLedger.ts';
import { DIGITS } from './ownSchema.ts';

/** A schema, and the seals that its ledger says are loaded; the last one last. */
interface Holder {
  readonly schema: string;
  readonly seals: readonly string[];
}

export interface Places {
  readonly live: string;
  readonly now: Placed | null;
  readonly next: Placed | null;
}

/** Finds the places of a move. @throws Failure TARGET or USAGE */
export async function findPlaces(
  connection: Connection,
  moves: readonly SwapEntry[],
  given: Pick<SwapOptions, 'sealId' | 'schema' | 'live'>,
): Promise<Places> {
  const schemas = await readSchemas(connection);
  const { label } = connection;
  const options = withoutMoved(schemas, moves, given);
  const live = liveName(schemas, moves, options, label);
  assertName(live, label);
  const { sealId } = options;
  const there = schemas.get(live);
  const isLiveAlready = sealId !== null && (there?.includes(sealId) ?? false);
  const next =
    sealId === null
      ? placeBefore(schemas, moves, live, label)
      : isLiveAlready && options.schema === null
        ? null
        : { name: placeOf(schemas, moves, { ...options, sealId, live }, label), sealId };
  const now = there === undefined ? null : shelved(there, live, next, moves);
  if (now !== null && schemas.has(now.name)) throw nameTaken(now.name, label);
  return { live, now, next };
}

/** Leaves out the schema that is named if it is live already, by another name; the command is given again then. */
function withoutMoved<T extends Pick<SwapOptions, 'sealId' | 'schema' | 'live'>>(
  schemas: ReadonlyMap<string, readonly string[]>,
  moves: readonly SwapEntry[],
  options: T,
): T {
  const { sealId, schema, live } = options;
  if (schema === null || schemas.has(schema)) return options;
  const last = moves.findLast(({ to }) => to.name === schema && to.sealId === sealId);
  return last === undefined ? options : { ...options, schema: null, live: live ?? last.live };
}

/**
 * Lists all schemas, and whether a load has left a ledger there that can be read. Anyone may have made a
 * table of that name.
 */
const SCHEMAS = `
  SELECT n.nspname, coalesce(pg_catalog.has_schema_privilege(n.oid, 'USAGE')
      AND pg_catalog.has_table_privilege(c.oid, 'SELECT') AND NOT pg_catalog.row_security_active(c.oid)
      AND (SELECT count(*) = 3 FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND NOT a.attisdropped
        AND (a.attname, a.atttypid) IN (('seal_id', 'text'::regtype), ('state', 'text'::regtype),
          ('completed_at', 'timestamptz'::regtype))), false)
  FROM pg_catalog.pg_namespace n
    LEFT JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = '${LEDGER}' AND c.relkind = 'r'
  WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' ORDER BY n.nspname COLLATE "C"`;

/** Reads all schemas with the seals that are loaded into them. */
async function readSchemas(
  connection: Connection,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const rows = await connection.query(SCHEMAS);
  const schemas = new Map<string, readonly string[]>();
  for (const [schema, hasLedger] of rows) {
    const name = String(schema);
    schemas.set(name, hasLedger === 't' ? await sealsIn(connection, name) : []);
  }
  return schemas;
}

async function sealsIn(connection: Connection, schema: string): Promise<string[]> {
  // Without operators, which may be those of another role.
  const rows = await connection.query(
    `SELECT completed_at, seal_id, state FROM ${quote(schema)}.${LEDGER}`,
    `${schema}.${LEDGER}`,
  );
  return rows
    .flatMap(([at, seal, state]) => (state === 'complete' ? [[String(at), String(seal)]] : []))
    .toSorted((one, other) => (one.join(' ') < other.join(' ') ? -1 : 1))
    .map(([, seal]) => String(seal));
}

function holdersOf(schemas: ReadonlyMap<string, readonly string[]>, sealId: string): Holder[] {
  return [...schemas]
    .filter(([, seals]) => seals.includes(sealId))
    .map(([schema, seals]) => ({ schema, seals }));
}

/** The ending that a load gives to the name of a schema of its own. */
function firstPart(schema: string, sealId: string): string | null {
  const ending = `__${sealId.slice(0, DIGITS)}`;
  return schema.endsWith(ending) ? schema.slice(0, -ending.length) : null;
}

/** Returns the name that applications read: as given, of the schema that is to go live, or of earlier moves. */
function liveName(
  schemas: ReadonlyMap<string, readonly string[]>,
  moves: readonly SwapEntry[],
  { sealId, schema, live }: Pick<SwapOptions, 'sealId' | 'schema' | 'live'>,
  where: string,
): string {
  if (live !== null) return live;
  const moved = [...new Set(moves.map((entry) => entry.live))];
  const found =
    sealId === null
      ? moved
      : holdersOf(schemas, sealId)
          .filter((holder) => schema === null || holder.schema === schema)
          .flatMap((holder) => {
            if (moved.includes(holder.schema)) return [holder.schema];
            return firstPart(holder.schema, sealId) ?? [];
          });
  const [name, ...others] = [...new Set(found)];
  if (name !== undefined && others.length === 0) return name;
  if (sealId === null && name === undefined) throw neverMoved(where);
  if (sealId !== null && holdersOf(schemas, sealId).length === 0) throw notLoaded(sealId, where);
  throw new Failure('USAGE', {
    what: 'it does not follow which schema applications read',
    where,
    hint: 'name it with --live',
  });
}

interface Wanted {
  readonly sealId: string;
  readonly schema: string | null;
  readonly live: string;
}

/** Returns the schema into which a seal was loaded, other than one that is live under some name. */
function placeOf(
  schemas: ReadonlyMap<string, readonly string[]>,
  moves: readonly SwapEntry[],
  { sealId, schema, live }: Wanted,
  where: string,
): string {
  const isLive = (name: string): boolean => {
    return name === live || moves.some((entry) => entry.live === name);
  };
  if (schema !== null) {
    const seals = schemas.get(schema);
    if (seals === undefined) throw noSchema(schema, where);
    if (!seals.includes(sealId)) throw notLoaded(sealId, `${where}, schema ${quoteName(schema)}`);
    if (isLive(schema)) throw liveAlready(schema, where);
    return schema;
  }
  const [first, ...others] = holdersOf(schemas, sealId).filter((holder) => !isLive(holder.schema));
  if (first === undefined) throw notLoaded(sealId, where);
  if (others.length === 0) return first.schema;
  throw new Failure('USAGE', {
    what: `the seal is loaded into ${counted(others.length + 1, 'schema')}`,
    where,
    hint: 'name the one that is to go live with --schema',
  });
}

/** Returns what a rollback goes to. @throws Failure TARGET */
function placeBefore(
  schemas: ReadonlyMap<string, readonly string[]>,
  moves: readonly SwapEntry[],
  live: string,
  where: string,
): Placed {
  const last = placesBefore(moves, live).at(-1);
  if (last === undefined) throw neverMoved(`${where}, schema ${quoteName(live)}`);
  const seals = schemas.get(last.name);
  if (seals === undefined) throw noSchema(last.name, where);
  if (last.sealId === null || seals.includes(last.sealId)) return last;
  throw new Failure('TARGET', {
    what: `the schema ${quoteName(last.name)}, which was live before, does not hold the seal any more that was loaded into it`,
    where,
    hint: 'find out who changed it, or load and promote a candidate',
  });
}

/**
 * Returns what is live, with the name that it gets: the one that it had before it went live, else one from
 * its seal, else one from the seal that replaces it.
 */
function shelved(
  seals: readonly string[],
  live: string,
  next: Placed | null,
  moves: readonly SwapEntry[],
): Placed {
  const sealId = seals.at(-1) ?? null;
  const last = moves.findLast((entry) => entry.live === live);
  if (last !== undefined && last.to.sealId === sealId) return { name: last.to.name, sealId };
  const by = next?.sealId ?? null;
  const ending =
    sealId !== null
      ? `__${sealId.slice(0, DIGITS)}`
      : by === null
        ? '__before'
        : `__before_${by.slice(0, DIGITS)}`;
  return { name: `${identifier(live, MAX_NAME - ending.length)}${ending}`, sealId };
}

/** @throws Failure USAGE if no schema of applications can have this name */
function assertName(live: string, where: string): void {
  if (live === MOVES_SCHEMA) throw reserved(where);
  if (live === '' || live.startsWith('pg_') || live === 'information_schema') throw ofServer(live);
  if (identifier(live) !== live) throw tooLong(live);
}

function ofServer(live: string): Failure {
  return new Failure('USAGE', {
    what: `no schema of applications can be called ${quoteName(live)}`,
    where: '--live',
    hint: 'name the schema that applications read',
  });
}

function tooLong(live: string): Failure {
  return new Failure('USAGE', {
    what: `the name ${quoteName(live)} has more than ${MAX_NAME} bytes, and PostgreSQL keeps no more`,
    where: '--live',
    hint: 'give the name as the server has it',
  });
}

function notLoaded(sealId: string, where: string): Failure {
  return new Failure('TARGET', {
    what: `no load of the seal ${sealId.slice(0, DIGITS)} is complete there, as far as this role may read`,
    where,
    hint: 'load it with sealift load, then reconcile',
  });
}

function noSchema(schema: string, where: string): Failure {
  return new Failure('TARGET', {
    what: `there is no schema ${quoteName(schema)}`,
    where,
    hint: 'list the schemas of the database, and name one of them',
  });
}

function nameTaken(schema: string, where: string): Failure {
  return new Failure('TARGET', {
    what: `what is live would get the name ${quoteName(schema)}, which another schema has`,
    where,
    hint: 'drop or rename that one, once it is known what it is for',
  });
}

function liveAlready(schema: string, where: string): Failure {
  return new Failure('USAGE', {
    what: `applications read the schema ${quoteName(schema)} already`,
    where,
    hint: 'load into another schema, or name what applications read with --live',
  });
}

function neverMoved(where: string): Failure {
  return new Failure('TARGET', {
    what: 'nothing was live there before, as its ledger says',
    where,
    hint: 'name the schema that applications read with --live, or promote a candidate',
  });
}

function reserved(where: string): Failure {
  return new Failure('USAGE', {
    what: `the schema ${quoteName(MOVES_SCHEMA)} is the ledger of Sealift itself`,
    where,
    hint: 'name another one with --live',
  });
}
