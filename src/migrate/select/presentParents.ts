/** Which modules' keys have to be known before rows are mapped: references to what is not there become null. */

import type { CompiledModule } from '../../mapping/compile/module.ts';
import { nestedReferences } from '../../mapping/idPath.ts';
import { isReference, type FieldMapping } from '../../mapping/model.ts';

/** Modules of which it matters to the rows of this one whether a key is there. */
export function presentParents(module: CompiledModule): Set<string> {
  return new Set(module.fields.flatMap(({ mapping }) => askedBy(mapping)));
}

/** The modules that a field asks about. */
export function askedBy(field: FieldMapping): string[] {
  if (field.onMissing !== 'null') return [];
  if (isReference(field)) return [field.reference];
  return nestedReferences(field).map(({ module }) => module);
}
