/** keys discover: sweeps the database for columns with ciphertexts that are not declared. */

import type { FindingStore } from '../findings/findingStore.ts';
import { undeclaredFinding } from '../keys/columnFinding.ts';
import { sweepColumns } from '../keys/sweepColumns.ts';
import { counted, grouped } from '../outcome/counted.ts';
import { Failure } from '../outcome/failure.ts';
import { checkOutcome, type Outcome } from '../outcome/outcome.ts';
import { openKeys } from '../project/openKeys.ts';
import type { Environment } from '../run/environment.ts';

/** Discovers; every column that is found is a finding. */
export async function keysDiscover(
  project: string,
  env: Environment,
  found: FindingStore,
): Promise<Outcome> {
  const open = await openKeys({ project, changes: false }, env);
  try {
    const { database, columns, file, keyOf } = open;
    env.progress.begin('discover', 0, { unit: 'table' });
    const swept = await sweepColumns({
      database,
      columns,
      keys: [...file.keys.keys()].map(keyOf),
      stopping: env.stopping,
      onTable: (tables) => {
        env.progress.update(tables);
      },
    });
    env.progress.end();
    if (swept.tables === 0) {
      const hint = 'check the URL, and what its user may see';
      throw new Failure('EMPTY', { what: 'no table was found', where: database.label, hint });
    }
    for (const one of swept.undeclared) found.add(undeclaredFinding(one));
    const { length } = swept.undeclared;
    return checkOutcome({
      command: 'keys discover',
      modules: [],
      findings: found.list,
      facts: { database: database.label, ...swept, undeclared: length, declared: columns.length },
      notes: [
        `database   ${database.label}`,
        `${counted(swept.tables, 'table')}, ${counted(swept.columns, 'column')}, ${counted(swept.values, 'text')} swept beside ${counted(columns.length, 'declared column')}`,
        `${grouped(length)} undeclared`,
      ],
    });
  } finally {
    await open.close();
  }
}
