/**
 * Checks that the views that a mapping reads yield the same rows of the same tables each time. A function
 * of the user's is taken at its word, IMMUTABLE or STABLE, unless its body can be read and says otherwise.
 */

import type { Connection, TextRow } from '../../postgres/connect.ts';
import { calledFunctions, readsClockByName } from '../../sql/postgresQuery.ts';
import { quoteText } from '../../sql/quote.ts';
import { nameOf } from './tableName.ts';
import { READS_CLOCK, readRule } from './viewRule.ts';

/** Reason why a view is refused, a clause, and what to do. */
export interface Unsteady {
  readonly what: string;
  readonly hint: string;
}

const VIEWS = `
  SELECT n.nspname, c.relname, c.relkind, r.ev_action
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN pg_catalog.pg_rewrite r ON r.ev_class = c.oid AND c.relkind = 'v' AND r.rulename = '_RETURN'
  WHERE`;

const IDENTIFIER = `'"' || replace(n.nspname, '"', '""') || '"."' || replace(c.relname, '"', '""') || '"'`;

const FUNCTIONS = `
  SELECT p.oid, n.nspname, p.proname, p.provolatile, p.pronargs, p.prosqlbody,
    CASE WHEN l.lanname IN ('sql', 'plpgsql') THEN p.prosrc ELSE '' END
  FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
    JOIN pg_catalog.pg_language l ON l.oid = p.prolang
  WHERE `;

/** Functions of the server that are STABLE and read the clock, the session or the server's state. */
const OF_THE_MOMENT =
  /^(?:now|transaction_timestamp|statement_timestamp|version|(?:current|session|system)_.*|pg_.*|txid_.*|inet_.*|has_.*|mxid_age|getpgusername|row_security_active|(?:query|table|cursor|schema|database)_to_xml.*)$/;

/** Volatile, and yet the same of the same large object. */
const STEADY: ReadonlySet<string> = new Set(['lo_get']);

const OF_SERVER = 'pg_catalog';
const CLOCK_HINT = 'map the tables that it reads, or write its query into the mapping without that';

/** Returns why one of the views is refused; null if none is. Names are identifiers with their schema. */
export async function unsteadyView(
  connection: Connection,
  identifiers: ReadonlySet<string>,
): Promise<Unsteady | null> {
  if (identifiers.size === 0) return null;
  const names = [...identifiers].map(quoteText).join(', ');
  const seen = new Set<string>();
  let next = await connection.query(`${VIEWS} ${IDENTIFIER} IN (${names})`);
  // Views of views are in the next round.
  while (next.length > 0) {
    const relations = new Set<string>();
    for (const row of next) {
      const { why, reads } = await judged(connection, row);
      if (why !== null) return why;
      for (const oid of reads) if (!seen.has(oid)) relations.add(oid);
    }
    for (const oid of relations) seen.add(oid);
    next =
      relations.size === 0 ? [] : await connection.query(`${VIEWS} c.oid ${isOneOf(relations)}`);
  }
  return null;
}

interface Judged {
  readonly why: Unsteady | null;
  readonly reads: readonly string[];
}

/** Judges one relation that a view reads, or a view itself. */
async function judged(connection: Connection, row: TextRow): Promise<Judged> {
  const [schema = '', name = '', kind, tree] = row;
  const shown = JSON.stringify(nameOf(String(schema), String(name)));
  if (schema === OF_SERVER || schema === 'information_schema') {
    const what = `a view that it reads, or itself, reads ${shown}, a table of the server itself`;
    return { why: { what, hint: CLOCK_HINT }, reads: [] };
  }
  if (kind !== 'v' || tree === null || tree === undefined) return { why: null, reads: [] };
  const used = readRule(tree);
  const found =
    used.unsteady === null
      ? await unsteadyCall(connection, used.functions, used.operators)
      : { does: used.unsteady, hint: CLOCK_HINT };
  const why = found === null ? null : { what: `view ${shown} ${found.does}`, hint: found.hint };
  return { why, reads: used.relations };
}

interface Call {
  /** A verb and its object. */
  readonly does: string;
  readonly hint: string;
}

async function unsteadyCall(
  connection: Connection,
  functions: readonly string[],
  operators: readonly string[],
): Promise<Call | null> {
  const seen = new Set<string>();
  let wanted: string[] = [];
  if (functions.length > 0) wanted.push(`p.oid ${isOneOf(functions)}`);
  if (operators.length > 0) {
    wanted.push(
      `p.oid IN (SELECT oprcode FROM pg_catalog.pg_operator WHERE oid ${isOneOf(operators)})`,
    );
  }
  // Functions in the bodies of functions are in the next round.
  while (wanted.length > 0) {
    const rows = await connection.query(`${FUNCTIONS}${wanted.join(' OR ')}`);
    wanted = [];
    for (const [oid, schema, name, volatile, count, tree, body] of rows) {
      if (seen.has(String(oid))) continue;
      seen.add(String(oid));
      const own = { name: String(name), isVolatile: volatile === 'v', isStable: volatile === 's' };
      if (schema === OF_SERVER) {
        const ofClock = own.name === 'age' && count === '1';
        if (isOfTheMoment(own) || ofClock) return { does: READS_CLOCK, hint: CLOCK_HINT };
        continue;
      }
      const shown = JSON.stringify(nameOf(String(schema), own.name));
      if (own.isVolatile) return isVolatile(shown);
      const inside = readRule(tree ?? '');
      const reads = inside.unsteady !== null || (await readsClock(connection, body ?? ''));
      if (reads) return { does: `calls ${shown}, which ${READS_CLOCK}`, hint: CLOCK_HINT };
      if (inside.functions.length > 0) wanted.push(`p.oid ${isOneOf(inside.functions)}`);
    }
  }
  return null;
}

interface Declared {
  readonly name: string;
  readonly isVolatile: boolean;
  readonly isStable: boolean;
}

function isOfTheMoment({ name, isVolatile, isStable }: Declared): boolean {
  return isVolatile ? !STEADY.has(name) : isStable && OF_THE_MOMENT.test(name);
}

function isVolatile(shown: string): Call {
  return {
    does: `calls ${shown}, which is VOLATILE: it may give something else each time`,
    hint: 'declare the function IMMUTABLE or STABLE if it is so, or map the tables that the view reads',
  };
}

/** Whether the text of a function names what is of the moment. A text that is put together hides it. */
async function readsClock(connection: Connection, body: string): Promise<boolean> {
  if (readsClockByName(body)) return true;
  const called = [...calledFunctions(body)];
  if (called.length === 0) return false;
  if (called.includes('age')) return true;
  const names = called.map(quoteText).join(', ');
  const rows = await connection.query(
    `SELECT p.proname, bool_and(p.provolatile = 'v'), bool_and(p.provolatile = 's')
    FROM pg_catalog.pg_proc p
    WHERE p.pronamespace = 'pg_catalog'::pg_catalog.regnamespace AND p.proname IN (${names})
    GROUP BY p.proname`,
  );
  return rows.some(([name, volatile, stable]) => {
    return isOfTheMoment({
      name: String(name),
      isVolatile: volatile === 't',
      isStable: stable === 't',
    });
  });
}

function isOneOf(oids: Iterable<string>): string {
  return `IN (${[...oids].join(', ')})`;
}
