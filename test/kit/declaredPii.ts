/** A policy that says of each field what it holds, and leaves it as it is. */

import type { ModuleMapping } from '../../src/mapping/model.ts';

export function declaredPii(classes: Readonly<Record<string, string>>): Pick<ModuleMapping, 'pii'> {
  const fields = Object.entries(classes).map(
    ([field, of]) => [field, { class: of, treatment: 'plain' }] as const,
  );
  return { pii: { policy: 1, default: 'allow', fields: Object.fromEntries(fields) } };
}
