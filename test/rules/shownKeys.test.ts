/** What was found in a row never tells whose row it was. */

import { describe, expect, it } from 'vitest';

import { reportFiles, terminalLines } from '../../src/report/summary.ts';
import { dryRunOf, migrateOf, projectOf, scanAllOf, type Said, type Source } from './flows.ts';

describe('a key that may be the name of a person', () => {
  const K = { column: 'k', type: 'string' };
  const name = "'Ada SECRET', 'x' || char(7)";
  const source: Source = {
    sql: `CREATE TABLE m (k TEXT, v TEXT); INSERT INTO m VALUES ('A', 'x'), (${name});`,
    modules: {
      m: {
        source: { table: 'm' },
        key: [K],
        id: { rule: 'keep' },
        fields: { k: K, v: { column: 'v', type: 'string' } },
      },
    },
  };

  it('is in no report on what was found in its row', async () => {
    const project = projectOf(source);
    const dry = await dryRunOf(project);
    const built = await migrateOf(project);
    const scanned = await scanAllOf(project);
    for (const said of [dry, built, scanned]) {
      expect(reported(said)).toContain('text-control');
      expect(reported(said)).not.toContain('SECRET');
    }
    expect(scanned.findings).toMatchObject([{ rule: 'text-control', module: 'm', line: 2 }]);
  });
});

/** All that a command leaves and prints. */
function reported({ outcome, findings, line }: Said): string {
  if (outcome === null) throw new Error(line);
  const own = { ...outcome, findings };
  const files = [...reportFiles(own, { startedAt: '', milliseconds: 1 })].map(([, content]) =>
    typeof content === 'string' ? content : Buffer.concat([...content]).toString(),
  );
  return [...files, ...terminalLines(own, null, (path) => path)].join('\n');
}
