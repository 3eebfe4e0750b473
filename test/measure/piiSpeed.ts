/**
 * Cells a second that the search for personal data reads: `npm run measure:pii-speed`. The filter
 * alone, and the whole search, over cells of the kinds that a legacy database has.
 */

import { findPii, mayHoldPii } from '../../src/pii/findPii.ts';
import { randomOf, type Random } from '../dogschool/random.ts';

const CELLS = 200_000;
const SECONDS = 1;

const NOTES = [
  'Zahlt meist bar am Platz.',
  'Prüfung bestanden mit 87 von 100 Punkten.',
  'Allergie gegen Huhn beim Futter beachten.',
  'Treffpunkt ist 15 Minuten vor Beginn beim Parkplatz.',
];
const KINDS: Readonly<Record<string, (random: Random) => string>> = {
  words: (random) => random.pick(['weiblich', 'aktiv', 'Bern', 'Französische Bulldogge', 'offen']),
  notes: (random) => random.pick(NOTES),
  codes: (random) => `PAY-${random.digits(6)}`,
  dates: (random) => `20${random.digits(2)}-0${random.integer(1, 9)}-1${random.digits(1)}`,
  times: (random) => `2016-05-1${random.digits(1)}T10:22:${random.digits(2)}.000Z`,
  prices: (random) => `${random.integer(1, 999)}.${random.digits(2)}`,
  chips: (random) => `276${random.digits(12)}`,
  'e-mail': (random) => `vreni.oettinger${random.digits(2)}@example.com`,
  phones: (random) => `+41 79 ${random.digits(3)} ${random.digits(2)} ${random.digits(2)}`,
};

/** Calls a second, of at least {@link SECONDS} seconds. */
function rate(cells: readonly string[], search: (cell: string) => unknown): number {
  for (const cell of cells) search(cell);
  const began = process.hrtime.bigint();
  let [calls, seconds] = [0, 0];
  while (seconds < SECONDS) {
    for (const cell of cells) search(cell);
    calls += cells.length;
    seconds = Number(process.hrtime.bigint() - began) / 1e9;
  }
  return calls / seconds;
}

function main(): void {
  const random = randomOf(1, 'speed');
  const kinds = Object.entries(KINDS).map(([kind, make]) => {
    return [kind, Array.from({ length: CELLS / 20 }, () => make(random))] as const;
  });
  const all = kinds.flatMap(([, cells]) => cells);
  for (const [kind, cells] of [...kinds, ['all', all] as const]) {
    const filtered = rate(cells, mayHoldPii) / 1e6;
    const searched = rate(cells, (cell) => findPii(cell)) / 1e6;
    const passed = cells.filter((cell) => mayHoldPii(cell)).length / cells.length;
    process.stdout.write(
      `${kind.padEnd(8)} filter ${filtered.toFixed(2)}M/s, of which ${(passed * 100).toFixed(0)} % pass; search ${searched.toFixed(2)}M/s\n`,
    );
  }
}

main();
