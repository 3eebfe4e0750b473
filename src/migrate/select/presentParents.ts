/** Finds modules whose keys have to be known for mapping, as missing references become null. */

import type { CompiledModule } from '../../mapping/compile/module.ts';
import { nestedReferences } from '../../mapping/idPath.ts';
import { isReference, type FieldMapping } from '../../mapping/model.ts';

/** Names of modules whose existing keys affect the rows of this one. */
export function presentParents(module: CompiledModule): Set<string> {
  return new Set(module.fields.flatMap(({ mapping }) => parentsNeededBy(mapping)));
}

/** Names of modules whose existing keys affect a field. */
export function parentsNeededBy(field: FieldMapping): string[] {
  if (field.onMissing !== 'null') return [];
  if (isReference(field)) return [field.reference];
  return nestedReferences(field).map(({ module }) => module);
}
