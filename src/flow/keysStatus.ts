/** keys status: which keys values name, and what the runs have done. Opens nothing and writes nothing. */

import { columnName } from '../keys/columnFinding.ts';
import { countKids, type KidCounts } from '../keys/countKids.ts';
import { KEYS_LOG, readLine, type LogStep } from '../keys/logLine.ts';
import { counted, grouped } from '../outcome/counted.ts';
import { actionOutcome, type Outcome } from '../outcome/outcome.ts';
import { openKeys, type OpenColumn, type OpenKeys } from '../project/openKeys.ts';
import type { Environment } from '../run/environment.ts';

type RunSteps = Map<LogStep, number>;

/** Counts values by the key that they name, and the lines of the log by run. */
export async function keysStatus(project: string, env: Environment): Promise<Outcome> {
  const open = await openKeys({ project, changes: false }, env);
  try {
    const columns: { readonly column: OpenColumn; readonly counts: KidCounts }[] = [];
    for (const column of open.columns) columns.push({ column, counts: await countKids(column) });
    const runs = await readRuns(open);
    const names = namesOf(open);
    const nameOf = (kid: string): string => names.get(kid) ?? 'no declared key';
    return actionOutcome({
      command: 'keys status',
      facts: {
        database: open.database.label,
        columns: columns.map(({ column: { declared }, counts }) => ({
          table: declared.table,
          column: declared.column,
          key: declared.key,
          ...counts,
          kids: [...counts.kids].map(([kid, values]) => ({ kid, key: names.get(kid), values })),
        })),
        runs: [...runs].map(([run, steps]) => ({ run, steps: Object.fromEntries(steps) })),
      },
      notes: [
        `database   ${open.database.label}`,
        ...columns.flatMap(({ column, counts }) => notesOf(column, counts, nameOf)),
        ...[...runs].map(([run, steps]) => {
          const parts = [...steps].map(([step, lines]) => `${grouped(lines)} ${step}`);
          return `run ${run}: ${parts.join(', ')}`;
        }),
        ...(runs.size === 0 ? ['no run yet: begin with sealift keys plan'] : []),
      ],
    });
  } finally {
    await open.close();
  }
}

function namesOf({ file, keyOf }: OpenKeys): ReadonlyMap<string, string> {
  return new Map([...file.keys.keys()].map((name) => [keyOf(name).kid, name]));
}

async function readRuns({ database }: OpenKeys): Promise<ReadonlyMap<string, RunSteps>> {
  const runs = new Map<string, RunSteps>();
  for await (const page of database.readLog(KEYS_LOG)) {
    for (const cells of page) {
      const line = readLine(cells);
      if (line === null) continue;
      const steps: RunSteps = runs.get(line.run) ?? new Map<LogStep, number>();
      runs.set(line.run, steps.set(line.step, (steps.get(line.step) ?? 0) + 1));
    }
  }
  return runs;
}

function notesOf(
  column: OpenColumn,
  { rows, null: nulls, empty, kids, other, bare }: KidCounts,
  nameOf: (kid: string) => string,
): string[] {
  return [
    `${columnName(column)}: ${counted(rows, 'row')}, ${grouped(nulls)} null, ${grouped(empty)} empty`,
    ...[...kids].map(([kid, values]) => `  ${grouped(values)} name ${kid} (${nameOf(kid)})`),
    ...(other > 0 ? [`  ${grouped(other)} in another form with the prefix enc:v1:`] : []),
    ...(bare > 0 ? [`  ${grouped(bare)} without prefix`] : []),
  ];
}
