/** Lists the comments on objects. Those of constraints and indexes go by their definitions, not their names. */

import { INDEX } from './constraintKinds.ts';
import { inSchema, targetName, type KindGroup } from './parityKind.ts';

/**
 * What can have a comment: catalog, oid, column; its key if that is not its name; and how COMMENT ON
 * names it: word, name, and what it is on.
 */
const SUBJECTS: readonly string[] = [
  `SELECT 'pg_class'::regclass, r.oid, 0, NULL, r.word, r.name, NULL FROM rel r
    WHERE r.relkind IN ('r', 'p', 'f', 'v', 'm', 'S')`,
  `SELECT 'pg_class'::regclass, c.attrelid, c.attnum, NULL, 'COLUMN', c.of || '.' || c.name, NULL FROM col c`,
  `SELECT 'pg_class'::regclass, a.attrelid, a.attnum, NULL, 'COLUMN', t.name || '.' || quote_ident(a.attname), NULL
    FROM typ t JOIN pg_attribute a ON a.attrelid = t.typrelid WHERE a.attnum > 0 AND NOT a.attisdropped`,
  `SELECT 'pg_class'::regclass, x.oid, 0, concat_ws(' ', 'index', r.name, i.indisunique::text, ${INDEX}), 'INDEX', quote_ident(x.relname), NULL
    FROM pg_index i JOIN rel r ON r.oid = i.indrelid JOIN pg_class x ON x.oid = i.indexrelid`,
  `SELECT 'pg_constraint'::regclass, k.oid, 0, concat_ws(' ', 'constraint', r.name, pg_get_constraintdef(k.oid)), 'CONSTRAINT', quote_ident(k.conname), r.name
    FROM pg_constraint k JOIN rel r ON r.oid = k.conrelid`,
  `SELECT 'pg_constraint'::regclass, k.oid, 0, NULL, 'CONSTRAINT', quote_ident(k.conname), 'DOMAIN ' || t.name
    FROM pg_constraint k JOIN typ t ON t.oid = k.contypid`,
  `SELECT 'pg_proc'::regclass, p.oid, 0, NULL, CASE p.prokind WHEN 'a' THEN 'AGGREGATE' ELSE 'ROUTINE' END, p.name, NULL FROM proc p`,
  `SELECT 'pg_type'::regclass, t.oid, 0, NULL, 'TYPE', t.name, NULL FROM typ t`,
  `SELECT 'pg_trigger'::regclass, g.oid, 0, NULL, 'TRIGGER', quote_ident(g.tgname), r.name
    FROM pg_trigger g JOIN rel r ON r.oid = g.tgrelid WHERE NOT g.tgisinternal`,
  `SELECT 'pg_rewrite'::regclass, w.oid, 0, NULL, 'RULE', quote_ident(w.rulename), r.name
    FROM pg_rewrite w JOIN rel r ON r.oid = w.ev_class`,
  `SELECT 'pg_policy'::regclass, y.oid, 0, NULL, 'POLICY', quote_ident(y.polname), r.name
    FROM pg_policy y JOIN rel r ON r.oid = y.polrelid`,
  `SELECT 'pg_statistic_ext'::regclass, x.oid, 0, NULL, 'STATISTICS', quote_ident(x.stxname), NULL
    FROM pg_statistic_ext x JOIN place ON place.oid = x.stxnamespace`,
];

export const COMMENT_KINDS: readonly KindGroup[] = [
  {
    kinds: ['comment'],
    query: (place) => `${inSchema(place)}, subject(catalog, oid, sub, key, word, name, of) AS (
      SELECT 'pg_namespace'::regclass, place.oid, 0, 'schema', 'SCHEMA', ${targetName(place)}, NULL FROM place
      UNION ALL ${SUBJECTS.join(' UNION ALL ')}
    )
    SELECT json_build_object(
      'kind', 'comment', 'key', coalesce(s.key, concat_ws(' ', s.word, s.name, s.of)),
      'what', 'comment on ' || CASE s.key WHEN 'schema' THEN 'the schema' ELSE concat_ws(' ', lower(s.word), s.name, 'of ' || s.of) END,
      'definition', d.description,
      'sql', format('COMMENT ON %s IS %L', concat_ws(' ', s.word, s.name, 'ON ' || s.of), d.description))
    FROM subject s JOIN pg_description d ON d.classoid = s.catalog AND d.objoid = s.oid AND d.objsubid = s.sub`,
  },
];
