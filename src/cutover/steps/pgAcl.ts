/**
 * `pg.acl`: grants on tables, views, sequences, functions and schemas, right for any role that reads the
 * catalogue. The list is kept; what is said has the number, and the first of them.
 */

import { counted } from '../../outcome/counted.ts';
import { quoteName } from '../../outcome/quoteName.ts';
import { COUNT_OBJECTS, LIST_GRANTS } from '../databases/grantList.ts';
import { onPostgres } from '../databases/withSql.ts';
import { TEXT, TEXTS, about } from '../schema/runbookParts.ts';
import { codeOf } from '../world/sqlErrors.ts';
import type { SqlClient } from '../world/world.ts';
import { requiredText, textsOf } from './stepMembers.ts';
import type { DoneStep, StepResult, StepWork } from './stepType.ts';

/** Grants that are listed; more are as bad. */
const MOST = 100_000;
const SHOWN = 3;
const NO_PERMISSION = '42501';

export const pgAcl: DoneStep = {
  text: 'Grants on tables, sequences, functions and schemas.',
  members: {
    grantee: about(TEXT, 'Whose grants: PUBLIC, or the name of a role.'),
    expect: about({ enum: ['empty'] }, 'empty: there are none.'),
    schemas: about(TEXTS, 'Schemas; all but those of the system if left out.'),
  },
  required: ['grantee', 'expect'],
  kind: 'check',
  place: 'database',
  plan: (members) => `check that ${requiredText(members, 'grantee')} has no grants`,
  apply: (work) =>
    onPostgres(work, { readOnly: true }, async (client) => {
      try {
        return await client.transaction(() => judge(client, work));
      } catch (error) {
        if (codeOf(error) !== NO_PERMISSION) throw error;
        return cannotTell('this role may not read the catalogue');
      }
    }),
};

function cannotTell(says: string): StepResult {
  return { verdict: 'INCONCLUSIVE', says };
}

async function judge(client: SqlClient, { id, members, world }: StepWork): Promise<StepResult> {
  // So that no operator of another schema takes part.
  await client.query(`SET LOCAL search_path = ''`);
  const grantee = requiredText(members, 'grantee');
  const isPublic = /^public$/i.test(grantee);
  if (!isPublic) {
    const { rows } = await client.query('SELECT FROM pg_catalog.pg_roles WHERE rolname = $1', [
      grantee,
    ]);
    if (rows.length === 0) return cannotTell(`there is no role ${quoteName(grantee)}`);
  }
  const named = textsOf(members, 'schemas');
  const schemas = arrayText(named);
  const { rows: counts } = await client.query(COUNT_OBJECTS, [schemas]);
  const [objects, there] = (counts[0] ?? []).map(Number);
  if (there !== new Set(named).size) return cannotTell('a schema that is named is not there');
  if (objects === 0) return cannotTell('there is no object to judge');
  const found = await client.query(
    LIST_GRANTS,
    [schemas, isPublic ? '' : grantee, String(MOST)],
    MOST,
  );
  const grants = found.rows.map(([kind, name, privilege]) => ({ kind, name, privilege }));
  world.artifacts.keep(`${id}-grants.json`, Buffer.from(`${JSON.stringify(grants, null, 1)}\n`));
  const results = { failed: grants.length, count: Number(objects) };
  const of = counted(Number(objects), 'object');
  if (grants.length === 0)
    return { verdict: 'PASS', says: `no grant to ${grantee} on ${of}`, results };
  const first = grants.slice(0, SHOWN).map(({ kind, name, privilege }) => {
    return `${String(privilege)} on ${String(kind)} ${quoteName(String(name))}`;
  });
  const more = grants.length > SHOWN ? ', …' : '';
  const says = `${counted(grants.length, 'grant')} to ${grantee} on ${of}: ${first.join(', ')}${more}`;
  return { verdict: 'FAIL', says, results };
}

/** Writes texts as PostgreSQL writes an array. */
function arrayText(texts: readonly string[]): string {
  return `{${texts.map((text) => `"${text.replaceAll(/["\\]/g, '\\$&')}"`).join(',')}}`;
}
