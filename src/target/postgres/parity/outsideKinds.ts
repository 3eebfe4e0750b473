/**
 * Lists objects of other schemas, and of the database, that are bound to something in the schema: they
 * stay with it when it is renamed. Their statements bind them to what has the same name in the target.
 */

import { POLICY, viewText } from './codeKinds.ts';
import { boundTo } from './homes.ts';
import { enabling, optionsOf, statements, type KindGroup } from './parityKind.ts';

/** Objects that depend on the schema, of one catalog. */
function dependents(catalog: string): string {
  return `(SELECT DISTINCT objid AS oid FROM bound WHERE classid = '${catalog}'::regclass)`;
}

/** Whether one of these types (an array of oids) is bound to the schema, or an array of one that is. */
function ofSchema(types: string): string {
  return `EXISTS (SELECT FROM unnest(${types}) used JOIN pg_type t ON t.oid = used JOIN place ON place.oid = t.typnamespace)`;
}

/** As the server describes it, which says of the constraint of a domain its name only. */
const DESCRIBED = `pg_describe_object(s.classid, s.oid, s.sub) || coalesce(
  (SELECT ' of domain ' || format_type(k.contypid, NULL) FROM pg_constraint k
    WHERE s.classid = 'pg_constraint'::regclass AND k.oid = s.oid AND k.contypid <> 0), '')`;

/** Makes the comment of an object again that was dropped; null if it has none. */
function comment(subject: string, catalog: string, oid: string): string {
  return `'COMMENT ON ' || ${subject} || ' IS ' || quote_literal(obj_description(${oid}, '${catalog}'))`;
}

/** Each part returns catalog, oid, column, kind, statements (or null), and what to do by hand. */
const CONSTRAINTS = `SELECT 'pg_constraint'::regclass::oid, k.oid, 0, 'constraint of another schema',
    ${statements(
      `format('ALTER %s %s DROP CONSTRAINT %I', p.word, p.name, k.conname)`,
      `format('ALTER %s %s ADD CONSTRAINT %I %s', p.word, p.name, k.conname, pg_get_constraintdef(k.oid))`,
      comment(
        `format('CONSTRAINT %I ON %s', k.conname, concat(CASE p.word WHEN 'DOMAIN' THEN 'DOMAIN ' END, p.name))`,
        'pg_constraint',
        'k.oid',
      ),
    )}, NULL
  FROM pg_constraint k JOIN ${dependents('pg_constraint')} d ON d.oid = k.oid, LATERAL (
    SELECT CASE WHEN k.contypid <> 0 THEN 'DOMAIN' ELSE 'TABLE' END AS word,
      CASE WHEN k.contypid <> 0 THEN format_type(k.contypid, NULL) ELSE k.conrelid::regclass::text END AS name
  ) p
  WHERE k.conparentid = 0 AND k.coninhcount = 0`;

const VIEWS = `SELECT 'pg_class'::regclass::oid, v.oid, 0, 'view of another schema',
    CASE WHEN v.relkind = 'v' AND NOT ${ofSchema('ARRAY(SELECT a.atttypid FROM pg_attribute a WHERE a.attrelid = v.oid AND a.attnum > 0)')}
      THEN concat('CREATE OR REPLACE VIEW ', v.oid::regclass, ' WITH (' || ${optionsOf('v.reloptions')} || ')', E' AS\\n', ${viewText('v.oid')}) END,
    'drop it and create it again, with what depends on it and its grants'
  FROM pg_rewrite w JOIN ${dependents('pg_rewrite')} d ON d.oid = w.oid JOIN pg_class v ON v.oid = w.ev_class
  WHERE w.rulename = '_RETURN'`;

const RULES = `SELECT 'pg_rewrite'::regclass::oid, w.oid, 0, 'rule of another schema',
    'CREATE OR REPLACE' || substr(rtrim(pg_get_ruledef(w.oid, true), ';'), length('CREATE') + 1), NULL
  FROM pg_rewrite w JOIN ${dependents('pg_rewrite')} d ON d.oid = w.oid
  WHERE w.rulename <> '_RETURN'`;

const FUNCTIONS = `SELECT 'pg_proc'::regclass::oid, p.oid, 0, 'function of another schema',
    CASE WHEN p.prokind <> 'a' AND NOT ${ofSchema('p.proargtypes::oid[] || coalesce(p.proallargtypes, ARRAY[]::oid[]) || p.prorettype')}
      THEN rtrim(pg_get_functiondef(p.oid), E' \\n') END,
    'drop it and create it again, with what depends on it and its grants'
  FROM pg_proc p JOIN ${dependents('pg_proc')} d ON d.oid = p.oid`;

const TRIGGERS = `SELECT 'pg_trigger'::regclass::oid, g.oid, 0, 'trigger of another schema',
    ${statements(
      `format('DROP TRIGGER %I ON %s', g.tgname, g.tgrelid::regclass)`,
      `pg_get_triggerdef(g.oid, true)`,
      `'ALTER TABLE ' || g.tgrelid::regclass || ' ' || ${enabling('g.tgenabled')} || ' TRIGGER ' || quote_ident(g.tgname)`,
      comment(`format('TRIGGER %I ON %s', g.tgname, g.tgrelid::regclass)`, 'pg_trigger', 'g.oid'),
    )}, NULL
  FROM pg_trigger g JOIN ${dependents('pg_trigger')} d ON d.oid = g.oid
  WHERE NOT g.tgisinternal AND g.tgparentid = 0`;

const POLICIES = `SELECT 'pg_policy'::regclass::oid, y.oid, 0, 'policy of another schema',
    format('ALTER POLICY %I ON %s %s', y.polname, y.polrelid::regclass, ${POLICY}), NULL
  FROM pg_policy y JOIN ${dependents('pg_policy')} d ON d.oid = y.oid`;

const DEFAULTS = `SELECT 'pg_attrdef'::regclass::oid, f.oid, 0, 'default of another schema',
    CASE WHEN a.attgenerated = '' THEN format('ALTER TABLE %s ALTER COLUMN %I SET DEFAULT %s',
      f.adrelid::regclass, a.attname, pg_get_expr(f.adbin, f.adrelid)) END,
    'drop the generated column and add it again'
  FROM pg_attrdef f JOIN ${dependents('pg_attrdef')} d ON d.oid = f.oid
    JOIN pg_attribute a ON a.attrelid = f.adrelid AND a.attnum = f.adnum`;

/** An enum and a domain pass through a text; what of a type of rows is meant, a person has to say. */
const COLUMNS = `SELECT b.classid, b.objid, b.objsubid, 'column of another schema',
    CASE WHEN t.typtype IN ('e', 'd') AND r.relkind IN ('r', 'p') THEN
      concat_ws(E';\\n', 'ALTER TABLE ' || r.oid::regclass || ' ALTER COLUMN ' || quote_ident(a.attname) || ' DROP DEFAULT',
        format('ALTER TABLE %s ALTER COLUMN %I TYPE %s USING %2$I::text::%3$s',
          r.oid::regclass, a.attname, format_type(a.atttypid, a.atttypmod)),
        'ALTER TABLE ' || r.oid::regclass || ' ALTER COLUMN ' || quote_ident(a.attname) || ' SET DEFAULT '
          || (SELECT pg_get_expr(f.adbin, f.adrelid) FROM pg_attrdef f WHERE f.adrelid = r.oid AND f.adnum = a.attnum)) END,
    'give the column the type of the new schema'
  FROM bound b JOIN pg_class r ON r.oid = b.objid JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum = b.objsubid
    JOIN pg_type t ON t.oid = a.atttypid
  WHERE b.classid = 'pg_class'::regclass AND b.refclassid = 'pg_type'::regclass AND r.relkind NOT IN ('v', 'm', 'c')`;

const INDEXES = `SELECT 'pg_class'::regclass::oid, x.oid, 0, 'index of another schema',
    CASE WHEN NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = x.oid) THEN
      ${statements(
        `'DROP INDEX ' || x.oid::regclass`,
        'pg_get_indexdef(x.oid)',
        comment(`'INDEX ' || x.oid::regclass`, 'pg_class', 'x.oid'),
      )} END,
    'drop the constraint of the index and add it again'
  FROM pg_class x JOIN ${dependents('pg_class')} d ON d.oid = x.oid
  WHERE x.relkind IN ('i', 'I') AND NOT x.relispartition`;

const EVENT_TRIGGERS = `SELECT 'pg_event_trigger'::regclass::oid, v.oid, 0, 'event trigger',
    ${statements(
      `format('DROP EVENT TRIGGER %I', v.evtname)`,
      `format('CREATE EVENT TRIGGER %I ON %s%s EXECUTE FUNCTION %s()', v.evtname, v.evtevent,
        (SELECT format(' WHEN TAG IN (%s)', string_agg(quote_literal(tag), ', ')) FROM unnest(v.evttags) tag HAVING count(*) > 0),
        v.evtfoid::regproc)`,
      `'ALTER EVENT TRIGGER ' || quote_ident(v.evtname) || ' ' || ${enabling('v.evtenabled')}`,
      `format('ALTER EVENT TRIGGER %I OWNER TO %I', v.evtname, pg_get_userbyid(v.evtowner))`,
      comment(`format('EVENT TRIGGER %I', v.evtname)`, 'pg_event_trigger', 'v.oid'),
    )}, NULL
  FROM pg_event_trigger v JOIN ${dependents('pg_event_trigger')} d ON d.oid = v.oid`;

/** All else, by the server's own description. */
const REST = `SELECT DISTINCT b.classid, b.objid, b.objsubid, 'other of another schema', NULL,
    'bind it to the new schema, or do without it'
  FROM bound b LEFT JOIN pg_class r ON b.classid = 'pg_class'::regclass AND r.oid = b.objid
  WHERE CASE WHEN r.oid IS NULL
    THEN b.classid <> ALL (ARRAY['pg_constraint', 'pg_rewrite', 'pg_proc', 'pg_policy', 'pg_attrdef', 'pg_event_trigger', 'pg_trigger']::regclass[]::oid[])
    ELSE r.relkind NOT IN ('i', 'I') AND (b.refclassid <> 'pg_type'::regclass OR r.relkind = 'c' OR b.objsubid = 0) END`;

export const OUTSIDE_KINDS: readonly KindGroup[] = [
  {
    kinds: [
      'constraint of another schema',
      'column of another schema',
      'function of another schema',
      'default of another schema',
      'view of another schema',
      'index of another schema',
      'trigger of another schema',
      'rule of another schema',
      'policy of another schema',
      'event trigger',
      'other of another schema',
    ],
    query: (place) => `${boundTo(place)}, seen(classid, oid, sub, kind, sql, hand) AS (
      ${[CONSTRAINTS, COLUMNS, FUNCTIONS, DEFAULTS, VIEWS, INDEXES, TRIGGERS, RULES, POLICIES, EVENT_TRIGGERS, REST].join(' UNION ALL ')}
    )
    SELECT DISTINCT json_build_object(
      'kind', s.kind, 'key', ${DESCRIBED}, 'what', ${DESCRIBED}, 'definition', '', 'bound', true, 'sql', s.sql, 'hand', s.hand)::text
    FROM seen s`,
  },
];
