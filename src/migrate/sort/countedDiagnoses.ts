/** Counts diagnoses of kept records by field and rule. */

import type { CountedDiagnosis } from '../calls.ts';

export interface CountedDiagnoses {
  add(counted: CountedDiagnosis): void;
  list(): CountedDiagnosis[];
}

/** Makes empty counts, to which others are added. */
export function countedDiagnoses(): CountedDiagnoses {
  const counts = new Map<string, CountedDiagnosis>();
  return {
    add([field, rule, count]) {
      const key = `${rule} ${field}`;
      counts.set(key, [field, rule, (counts.get(key)?.[2] ?? 0) + count]);
    },
    list: () => [...counts.values()],
  };
}
