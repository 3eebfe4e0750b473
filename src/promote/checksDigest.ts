/**
 * What a scan looked for, as one digest: equal digests, equal checks with equal severities. It tells
 * whether a scan that passed is still worth something after the mapping was edited. Pure.
 */

import { hash } from 'node:crypto';

import type { Mapping, ModuleMapping } from '../mapping/model.ts';
import { RULES } from '../outcome/rules.ts';
import { canonicalJson } from '../record/canonical.ts';

/** Where rows and values come from: what a scan of sealed records does not look at. */
const OF_MODULE = new Set(['$schema', 'source', 'where', 'dropped']);
const OF_FIELD = new Set([
  'column',
  'columns',
  'combine',
  'constant',
  'transforms',
  'encoding',
  'zone',
]);

/**
 * SHA-256, lower-case hex, of RFC 8785 of the names of the checks, the rules with their own
 * severities, the project's severities and date, and of all modules what is not about the source.
 * Members of a mapping that are not known here count: it is safer to scan once too often.
 */
export function checksDigest(
  mapping: Pick<Mapping, 'project' | 'modules'>,
  checks: readonly string[],
): string {
  const { severities = [], asOf = null } = mapping.project;
  const modules = mapping.modules.map(checkedOf);
  const rules = Object.entries(RULES).map(([rule, { severity }]) => [rule, severity] as const);
  const all = { asOf, checks, modules, rules: Object.fromEntries(rules), severities };
  return hash('sha256', canonicalJson(all), 'hex');
}

function checkedOf(module: ModuleMapping): Record<string, unknown> {
  const { fields, ...rest } = module;
  const checked = Object.entries(fields).map(([name, field]) => [name, without(field, OF_FIELD)]);
  return { ...without(rest, OF_MODULE), fields: Object.fromEntries(checked) };
}

function without(object: object, names: ReadonlySet<string>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(object).filter(([name]) => !names.has(name)));
}
