/**
 * Digest of the checks and severities of a scan. It shows whether a scan that passed is still valid
 * after the mapping was edited. Pure.
 */

import { hash } from 'node:crypto';

import type { Mapping, ModuleMapping } from '../mapping/model.ts';
import { RULES } from '../outcome/rules.ts';
import { canonicalJson } from '../record/canonical.ts';

/** Members about the origin of rows and values, which a scan of sealed records does not use. */
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
 * Computes the SHA-256, lower-case hex, of the canonical JSON (RFC 8785) of the names of the
 * checks, the rules with their default severities, the project's severities and date, and all
 * modules without the members about their source. Unknown members are included: a scan too many is
 * the safer error. Acceptances of findings that have ended `now` do not count.
 */
export function checksDigest(
  mapping: Pick<Mapping, 'project' | 'modules'>,
  checks: readonly string[],
  now: Date,
): string {
  const today = now.toISOString().slice(0, 10);
  const { severities = [], asOf = null, piiPatterns = {} } = mapping.project;
  const modules = mapping.modules.map((module) => checkedOf(module, today));
  const rules = Object.entries(RULES).map(([rule, { severity }]) => [rule, severity] as const);
  const all = {
    asOf,
    checks,
    modules,
    piiPatterns,
    rules: Object.fromEntries(rules),
    severities,
  };
  return hash('sha256', canonicalJson(all), 'hex');
}

function checkedOf(module: ModuleMapping, today: string): Record<string, unknown> {
  const { fields, ...rest } = module;
  const pii = inForce(module.pii, today);
  const checked = Object.entries(fields).map(([name, field]) => [name, without(field, OF_FIELD)]);
  const policy = pii === undefined ? {} : { pii };
  return { ...without(rest, OF_MODULE), ...policy, fields: Object.fromEntries(checked) };
}

/** Leaves out acceptances that have ended: a scan that counted on one is no longer valid. */
function inForce(pii: ModuleMapping['pii'], today: string): ModuleMapping['pii'] {
  if (pii?.accept === undefined) return pii;
  return { ...pii, accept: pii.accept.filter(({ until }) => until >= today) };
}

function without(object: object, names: ReadonlySet<string>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(object).filter(([name]) => !names.has(name)));
}
