/** Lists functions, views, triggers, rules and policies. */

import { enabling, inSchema, optionsOf, statements, type KindGroup } from './parityKind.ts';

/** Definition of a view without the last semicolon, given its oid. */
export function viewText(oid: string): string {
  return `rtrim(pg_get_viewdef(${oid}), E' ;\\n')`;
}

/** What CREATE POLICY has after its command; `y` is the row of pg_policy. */
export const POLICY = `concat(
  (SELECT 'TO ' || string_agg(CASE WHEN role = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(role)) END, ', ' ORDER BY pg_get_userbyid(role))
    FROM unnest(y.polroles) role),
  ' USING (' || pg_get_expr(y.polqual, y.polrelid) || ')',
  ' WITH CHECK (' || pg_get_expr(y.polwithcheck, y.polrelid) || ')')`;

export const FUNCTION_KINDS: readonly KindGroup[] = [
  {
    kinds: ['function', 'aggregate'],
    query: (place) => `${inSchema(place)}, seen AS (
      SELECT p.oid, p.name, CASE WHEN p.prokind = 'p' THEN 'PROCEDURE' ELSE 'FUNCTION' END AS word,
        CASE WHEN p.prokind <> 'a' THEN pg_get_functiondef(p.oid) END AS definition,
        place.name || '.' AS schema
      FROM proc p, place WHERE p.prokind <> 'a'
    ), made AS (
      SELECT s.*, format('CREATE OR REPLACE %s ', s.word) AS start,
        rtrim(substr(s.definition, length(format('CREATE OR REPLACE %s ', s.word) || s.schema) + 1), E' \\n') AS rest
      FROM seen s
    )
    SELECT json_build_object(
      'kind', 'function', 'key', m.name, 'what', lower(m.word) || ' ' || m.name, 'node', 'pg_proc:' || m.oid,
      'definition', m.word || m.rest, 'sql', m.start || m.rest)
    FROM made m
    UNION ALL
    SELECT json_build_object(
      'kind', 'aggregate', 'key', p.name, 'what', 'aggregate ' || p.name, 'node', 'pg_proc:' || p.oid,
      'definition', concat_ws(' ', format_type(p.prorettype, NULL), a.aggtransfn::regproc, a.aggfinalfn::regproc,
        a.aggcombinefn::regproc, format_type(a.aggtranstype, NULL), a.agginitval),
      'hand', 'create the aggregate as the live one is')
    FROM proc p JOIN pg_aggregate a ON a.aggfnoid = p.oid`,
  },
];

export const VIEW_KINDS: readonly KindGroup[] = [
  {
    kinds: ['view', 'materialized view'],
    query: (place) => `${inSchema(place)}, seen AS (
      SELECT r.*, ${viewText('r.oid')} AS text, ' WITH (' || ${optionsOf('r.reloptions')} || ')' AS options
      FROM rel r WHERE r.relkind IN ('v', 'm')
    )
    SELECT json_build_object(
      'kind', lower(s.word), 'key', s.name, 'alias', 'relation ' || s.name, 'what', lower(s.word) || ' ' || s.name, 'node', 'pg_class:' || s.oid,
      'definition', concat(s.options, ' ', s.text),
      'sql', concat('CREATE ', CASE s.relkind WHEN 'v' THEN 'OR REPLACE ' END, s.word, ' ', s.name, s.options, E' AS\\n', s.text,
        CASE s.relkind WHEN 'm' THEN CASE WHEN s.relispopulated THEN E'\\nWITH DATA' ELSE E'\\nWITH NO DATA' END END),
      'change', CASE s.relkind WHEN 'v' THEN concat('CREATE OR REPLACE VIEW ', s.name, s.options, E' AS\\n', s.text) END,
      'hand', 'drop the materialized view of the new schema, and let this list be made again')
    FROM seen s ORDER BY s.oid`,
  },
];

const MAKE_TRIGGER = statements(
  's.definition',
  `'ALTER TABLE ' || s.of || ' ' || s.enabling || ' TRIGGER ' || s.name`,
);
const MAKE_RULE = statements(
  's.definition',
  `'ALTER TABLE ' || s.of || ' ' || s.enabling || ' RULE ' || s.name`,
);
const MAKE_POLICY = `format('CREATE POLICY %s ON %s %s', s.name, s.of, s.definition)`;

export const TRIGGER_KINDS: readonly KindGroup[] = [
  {
    kinds: ['trigger', 'rule'],
    query: (place) => `${inSchema(place)}, trigger AS (
      SELECT r.name AS of, quote_ident(g.tgname) AS name, g.oid, pg_get_triggerdef(g.oid, true) AS definition,
        ${enabling('g.tgenabled')} AS enabling
      FROM pg_trigger g JOIN rel r ON r.oid = g.tgrelid
      WHERE NOT g.tgisinternal AND g.tgparentid = 0
    ), rule AS (
      SELECT r.name AS of, quote_ident(w.rulename) AS name, w.oid,
        'CREATE OR REPLACE' || substr(rtrim(pg_get_ruledef(w.oid, true), ';'), length('CREATE') + 1) AS definition,
        ${enabling('w.ev_enabled')} AS enabling
      FROM pg_rewrite w JOIN rel r ON r.oid = w.ev_class
      WHERE w.rulename <> '_RETURN'
    )
    SELECT json_build_object(
      'kind', 'trigger', 'key', s.of || '.' || s.name, 'what', format('trigger %s of %s', s.name, s.of),
      'node', 'pg_trigger:' || s.oid, 'definition', concat_ws(' ', s.definition, s.enabling),
      'sql', ${MAKE_TRIGGER},
      'change', ${statements(`format('DROP TRIGGER %s ON %s', s.name, s.of)`, MAKE_TRIGGER)})
    FROM trigger s
    UNION ALL
    SELECT json_build_object(
      'kind', 'rule', 'key', s.of || '.' || s.name, 'what', format('rule %s of %s', s.name, s.of),
      'node', 'pg_rewrite:' || s.oid, 'definition', concat_ws(' ', s.definition, s.enabling),
      'sql', ${MAKE_RULE},
      'change', ${statements(`format('DROP RULE %s ON %s', s.name, s.of)`, MAKE_RULE)})
    FROM rule s`,
  },
];

export const POLICY_KINDS: readonly KindGroup[] = [
  {
    kinds: ['policy', 'row security'],
    query: (place) => `${inSchema(place)}, seen AS (
      SELECT r.name AS of, quote_ident(y.polname) AS name, y.oid, concat('AS ',
        CASE WHEN y.polpermissive THEN 'PERMISSIVE' ELSE 'RESTRICTIVE' END, ' FOR ',
        CASE y.polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE' ELSE 'ALL' END,
        ' ', ${POLICY}) AS definition
      FROM pg_policy y JOIN rel r ON r.oid = y.polrelid
    )
    SELECT json_build_object(
      'kind', 'policy', 'key', s.of || '.' || s.name, 'what', format('policy %s of table %s', s.name, s.of),
      'node', 'pg_policy:' || s.oid, 'definition', s.definition, 'sql', ${MAKE_POLICY},
      'change', ${statements(`format('DROP POLICY %s ON %s', s.name, s.of)`, MAKE_POLICY)})
    FROM seen s
    UNION ALL
    SELECT json_build_object(
      'kind', 'row security', 'key', r.name, 'what', 'row level security of table ' || r.name,
      'definition', concat_ws(' ', r.relrowsecurity::text, r.relforcerowsecurity::text),
      'implied', NOT r.relrowsecurity AND NOT r.relforcerowsecurity,
      'sql', format('ALTER TABLE %s %s ROW LEVEL SECURITY, %s ROW LEVEL SECURITY', r.name,
        CASE WHEN r.relrowsecurity THEN 'ENABLE' ELSE 'DISABLE' END,
        CASE WHEN r.relforcerowsecurity THEN 'FORCE' ELSE 'NO FORCE' END))
    FROM rel r WHERE r.relkind IN ('r', 'p')`,
  },
];
