/** Names of people that the candidate's own name fields hold, by which they are found in other texts. */

import { compileModule } from '../../mapping/compile/module.ts';
import {
  columnsOfField,
  isReference,
  type Mapping,
  type ModuleMapping,
} from '../../mapping/model.ts';
import { piiOf } from '../../mapping/piiPolicy.ts';
import { namePart, personNames, type NamePart } from '../../pii/personNames.ts';
import type { PersonNames } from '../../pii/piiClass.ts';
import { memberOf, readRecords, recordFile } from '../../seal/candidateReader.ts';

/** Most different names of each kind: with more, most pairs of words would be names. */
const MOST = 500_000;

/** Reads the names; null if the policies declare no field of class PERSON that is plain. */
export async function knownNames(folder: string, mapping: Mapping): Promise<PersonNames | null> {
  const first = new Set<string>();
  const last = new Set<string>();
  const whole = new Set<string>();
  for (const module of mapping.modules) {
    const fields = nameFields(mapping, module);
    if (fields.length === 0) continue;
    for await (const { records } of readRecords(recordFile(folder, module.module))) {
      for (const record of records) {
        for (const { field, part } of record === null ? [] : fields) {
          const value = record === null ? null : memberOf(record, field);
          if (typeof value !== 'string') continue;
          if (part === 'first') add(first, value);
          else if (part === 'last') add(last, value);
          else add(whole, wholeName(value));
        }
      }
    }
  }
  const none = first.size + last.size + whole.size === 0;
  return none ? null : personNames(first, last, whole);
}

function add(names: Set<string>, name: string | null): void {
  if (name !== null && names.size < MOST) names.add(name);
}

/** Returns the first and the last word of a name; null for what is not one name of two to four words. */
function wholeName(value: string): string | null {
  const words = value.trim().split(/\s+/u);
  const [first = '', last = ''] = [words[0], words.at(-1)];
  return words.length >= 2 && words.length <= 4 ? `${first} ${last}` : null;
}

interface NameField {
  readonly field: string;
  readonly part: NamePart;
}

/** Returns the plain fields of class PERSON, and what their names say they hold. */
function nameFields(mapping: Mapping, module: ModuleMapping): NameField[] {
  const isName = (field: string): boolean => {
    const declared = piiOf(module, field);
    return declared?.class === 'PERSON' && declared.treatment === 'plain';
  };
  return compileModule(mapping, module.module)
    .fields.filter(({ name, type }) => type.kind === 'string' && isName(name))
    .map(({ name, mapping: field }) => {
      const columns = isReference(field) ? [] : columnsOfField(field);
      return { field: name, part: namePart([name, ...columns]) };
    });
}
