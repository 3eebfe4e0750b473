/**
 * Values of columns that a policy drops, pasted elsewhere: each is found at its place, whole or inside a
 * text, by dry-run and by scan-all; and nothing is found where nothing was pasted.
 */

import { describe, expect, it } from 'vitest';

import type { Finding } from '../../../src/outcome/finding.ts';
import { randomOf, type Random } from '../../dogschool/random.ts';
import { times } from '../../kit/long.ts';
import { change, dryRunOf, migrateOf, projectOf, scanAllOf } from '../../rules/flows.ts';
import { customersOf, KEPT_OUT, shopOf, textOf, type Customer } from './shop.ts';

const PASTES = times('SEALIFT_PASTES', 200, 1000);
const CLEAN = times('SEALIFT_CLEAN', 10, 100);

/** Spells a value as another person might: the words stay, case and what is between them may not. */
function respelled(value: string, random: Random): string {
  const cased = random.chance(0.3) ? value.toUpperCase() : value;
  return random.chance(0.3) ? cased.replaceAll(' ', random.pick([' ', '-', '/', '  '])) : cased;
}

function pasted(value: string, random: Random): string {
  const before = random.pick(['', '(', 'called ', 'see: ']);
  return `${textOf(random)} ${before}${respelled(value, random)}${random.pick(['', ')', '.', ' ?'])} ${textOf(random)}`;
}

function valueOf(customers: readonly Customer[], random: Random): string {
  return random.pick(customers)[random.pick(KEPT_OUT)];
}

const isPaste = ({ rule, module, field }: Finding): boolean =>
  rule === 'pii-dropped' && module === 'orders' && field === 'note';

describe('a value that a policy keeps out', () => {
  it('is found inside texts of another module, each at its row, by dry-run', async () => {
    const random = randomOf(1, 'pastes');
    const customers = customersOf(1, 300);
    const notes = Array.from({ length: PASTES * 2 }, (_, at) =>
      at % 2 === 0 ? pasted(valueOf(customers, random), random) : textOf(random),
    );
    const { status, findings } = await dryRunOf(projectOf(shopOf(customers, notes)));
    expect(status).toBe('FAIL');
    const rows = new Set(findings.filter(isPaste).map(({ source }) => source?.row));
    const expected = new Set(notes.flatMap((_, at) => (at % 2 === 0 ? [at + 1] : [])));
    process.stdout.write(`pastes inside texts: ${rows.size} of ${expected.size} found\n`);
    expect(rows).toEqual(expected);
    expect(JSON.stringify(findings)).not.toContain(customers[0]?.fax);
  });

  it('is found whole in a field of a candidate that was made of other notes, by scan-all', async () => {
    const random = randomOf(2, 'pastes');
    const customers = customersOf(2, 300);
    const notes = Array.from({ length: PASTES }, () => textOf(random));
    const project = projectOf(
      shopOf(
        customers,
        notes.map(() => valueOf(customers, random)),
      ),
    );
    expect((await migrateOf(project, { allowBlockers: true })).status).toBe('DONE');
    const again = notes.map(
      (note, at) => `UPDATE orders SET note = '${note}' WHERE id = ${at + 1};`,
    );
    change(project, again.join('\n'));
    const { status, findings } = await scanAllOf(project);
    expect(status).toBe('FAIL');
    const found = new Set(findings.filter(isPaste).map(({ recordId }) => recordId));
    process.stdout.write(`whole values: ${found.size} of ${notes.length} found\n`);
    expect(found.size).toBe(notes.length);
  });

  it('is not found where none was pasted', async () => {
    for (let seed = 0; seed < CLEAN; seed += 1) {
      const random = randomOf(seed, 'clean');
      const customers = customersOf(seed, 40);
      const notes = Array.from({ length: 60 }, () => textOf(random));
      const { findings } = await dryRunOf(projectOf(shopOf(customers, notes)));
      expect(findings.filter(({ rule }) => rule === 'pii-dropped')).toEqual([]);
    }
    process.stdout.write(`clean candidates: ${CLEAN}, no finding\n`);
  });

  it('stops migrate, which publishes nothing', async () => {
    const customers = customersOf(3, 20);
    const project = projectOf(shopOf(customers, [`fax ${customers[4]?.fax ?? ''}`]));
    expect(await migrateOf(project)).toMatchObject({ code: 'REJECTED' });
    const allowed = await migrateOf(project, { allowBlockers: true });
    expect(allowed.status).toBe('DONE');
    expect((await scanAllOf(project)).status).toBe('FAIL');
  });

  it('is told of where a column that stays is a copy of the one that is dropped', async () => {
    const customers = customersOf(4, 30);
    const { findings } = await dryRunOf(
      projectOf(
        shopOf(
          customers,
          customers.map(({ fax }) => fax),
        ),
      ),
    );
    expect(findings.filter(isPaste)).toMatchObject([
      {
        severity: 'BLOCKER',
        reason: expect.stringContaining('half or more of its values') as string,
      },
    ]);
  });
});
