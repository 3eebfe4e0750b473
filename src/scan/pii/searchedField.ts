/** What the search for personal data knows of each field before it reads a value. Survives JSON. */

import { cellType, type CompiledModule } from '../../mapping/compile/module.ts';
import { columnsOfField, isReference, type Mapping } from '../../mapping/model.ts';
import { piiOf } from '../../mapping/piiPolicy.ts';
import { classesNamed } from '../../pii/columnEvidence.ts';
import { PII_CLASSES, type PiiClass } from '../../pii/piiClass.ts';
import type { FieldType } from '../../record/type.ts';
import type { TreatedField } from '../../treatment/treatment.ts';

/** A field whose values are searched. */
export interface SearchedField {
  readonly name: string;
  /** A text has places; a structure has texts, with names in it. */
  readonly holds: 'text' | 'number' | 'structure';
  /** Class that the policy declares; null for none. */
  readonly declared: string | null;
  /** Classes that may be in it: its own, and those that the policy allows besides. */
  readonly allowed: readonly string[];
  /** Classes that its declaration or a name suggests. */
  readonly expected: readonly PiiClass[];
  /** Form that the policy states for a field without personal data; null for none. */
  readonly shape: string | null;
  /** Form in which its values are stored; null for as they are. */
  readonly treated: TreatedField | null;
  /** Members of the key that its stored form depends on; none if that was made before the id. */
  readonly recordKey: readonly string[];
  /** Id of the key of the policy; null for none. */
  readonly keyId: string | null;
  /** Countries of national telephone numbers; null for those that are taken by default. */
  readonly regions: readonly string[] | null;
  /** Patterns of the project's own classes. */
  readonly patterns: Readonly<Record<string, string>>;
}

/** Returns the fields that contain text or numbers, by name. */
export function searchedFields(
  module: CompiledModule,
  { project }: Pick<Mapping, 'project'>,
): SearchedField[] {
  const { pii } = module.mapping;
  const { regions = null, notPii = {} } = pii ?? {};
  const keyId = pii?.keyId ?? null;
  return module.fields.flatMap((field) => {
    const { name, mapping, type, treated } = field;
    const holds = holdsOf(type);
    if (isReference(mapping) || holds === null) return [];
    const declared = piiOf(module.mapping, name);
    const own = declared === undefined ? [] : [declared.class];
    const named = columnsOfField(mapping).flatMap((column) => classesNamed(column));
    const suggested = new Set([...own, ...classesNamed(name), ...named]);
    // A number alone is nothing: only what its column says makes it personal data.
    const isText = holdsOf(cellType(field)) !== 'number';
    const expected = PII_CLASSES.filter((of) => suggested.has(of));
    return [
      {
        name,
        holds,
        declared: declared?.class ?? null,
        allowed: [...own, ...(declared?.mayContain ?? [])],
        expected: isText ? expected : PII_CLASSES.filter((of) => own.includes(of)),
        shape: (Object.hasOwn(notPii, name) ? notPii[name]?.shape : undefined) ?? null,
        treated,
        recordKey: module.mapping.id.rule === 'keyless' ? [] : module.orderFields,
        keyId,
        regions,
        patterns: project.piiPatterns ?? {},
      },
    ];
  });
}

/** Returns null for types whose every value has a closed form, such as a date, and for bytes. */
function holdsOf(type: FieldType): SearchedField['holds'] | null {
  switch (type.kind) {
    case 'string':
    case 'enum':
      return 'text';
    case 'integer':
    case 'bigint':
    case 'decimal':
    case 'float':
      return 'number';
    case 'json':
    case 'tagged':
      return 'structure';
    case 'array':
      return holdsOf(type.of) === null ? null : 'structure';
    default:
      return null;
  }
}
