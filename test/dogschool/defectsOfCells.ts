/** Kinds of defects that are one wrong cell, each with the columns where it may happen. */

import { readFileSync } from 'node:fs';

import type { Cell } from './bulk.ts';
import type { Random } from './random.ts';

/** Bytes that are stored as text, valid or not. */
export class TextBytes {
  readonly bytes: Uint8Array;
  constructor(bytes: readonly number[]) {
    this.bytes = Buffer.from(bytes);
  }
}

export interface CellPlace {
  /** `table.column` */
  readonly where: string;
  /** Only rows that have something there. */
  readonly filled: boolean;
  /** What else is wrong because of it. */
  readonly also?: string;
  /** The line of a payment: where one is wrong, the payment's sum cannot be checked. */
  readonly line?: boolean;
}

export interface CellKind {
  readonly kind: string;
  readonly scan: string;
  readonly severity: 'BLOCKER' | 'WARNING' | 'INFO';
  readonly places: readonly CellPlace[];
  /** The wrong value for the n-th one, made from the right one. */
  readonly value: (random: Random, old: Cell, n: number) => Cell | TextBytes;
}

type Value = CellKind['value'];

const BLOCKER = 'BLOCKER';
const WARNING = 'WARNING';

const NAMES = places('kunden.nachname kunden.adresse hunde.name kunden.vorname kurse.title');
const TEXTS = places(
  'kommunikation.text hunde.notizen kunden.adresse waren.beschreibung kalender.notes positionen.text',
);
const DATES = places(
  'hunde.geburtsdatum zahlungen.datum waren.datum kunden.geburtsdatum buchungen.gebuchtAm',
);
const AMOUNTS: readonly CellPlace[] = [
  { where: 'zahlungen.betrag', filled: true, also: 'sum_mismatch' },
  ...places('waren.preis kurse.price'),
];
const LINE: CellPlace = { where: 'positionen.einzelpreis', filled: true, line: true };

export const CELL_KINDS: readonly CellKind[] = [
  // Text that does not mean what it says
  kind('enc_mojibake', 'encoding', WARNING, NAMES, oneOf(MISREAD())),
  kind('enc_nfd', 'encoding', WARNING, NAMES, (random) =>
    random.pick(['Zürcher', 'Nägeli-Ruf', 'Peñalosa', 'Lüthi', 'Çelik']).normalize('NFD'),
  ),
  kind('enc_control', 'encoding', WARNING, TEXTS, (random, old, n) =>
    inserted(random, old, CONTROLS[n % CONTROLS.length] ?? '\u0007'),
  ),
  kind('enc_nul', 'encoding', BLOCKER, TEXTS, (random, old) => inserted(random, old, '\0')),
  kind('enc_invalid_utf8', 'encoding', BLOCKER, [...NAMES, ...TEXTS], (random) => {
    const before = [...Buffer.from(random.pick(['Gr', 'Stra', 'M']))];
    return new TextBytes([...before, ...random.pick(INVALID), ...Buffer.from('e ')]);
  }),
  kind('huge_text', 'schema', 'INFO', places('kommunikation.text hunde.notizen'), (random, old) => {
    const text = `${String(old)} `;
    return text.repeat(Math.ceil(random.integer(120_000, 260_000) / text.length));
  }),
  // What is not of the form
  kind(
    'email_invalid',
    'schema',
    WARNING,
    places('kunden.email kunden.email trainer.email'),
    badAddress,
  ),
  kind(
    'phone_invalid',
    'schema',
    WARNING,
    places('kunden.telefon'),
    oneOf(['unbekannt', '+41 79 12', '044 123 4', '+999 55 222 11 00', '0', 'siehe Notiz']),
  ),
  kind(
    'enum_unknown',
    'schema',
    BLOCKER,
    places(
      'kunden.status kurse.status hunde.herkunft kommunikation.channel zahlungen.typ kurse.level ' +
        'hunde.geschlecht kommunikation.status',
    ),
    (random, old) => random.pick(['0', `${String(old)} `, String(old).toUpperCase(), 'weiss?']),
  ),
  kind(
    'type_mix',
    'schema',
    BLOCKER,
    places(
      'hunde.gewichtKg hunde.kastriert hunde.groesseCm kurse.capacity kurse.bookedCount ' +
        'anwesenheit.anwesend buchungen.rabatt waren.menge',
    ),
    oneOf(['n/a', 'ja', 'ca. 12', '8,5 kg', 'mittel', '?']),
  ),
  kind(
    'blob_in_text',
    'schema',
    BLOCKER,
    places('hunde.rufname kommunikation.title kurse.location kunden.adresse'),
    (random) => Buffer.from(Array.from({ length: 16 }, () => random.integer(0, 255))),
  ),
  kind('json_invalid', 'schema', BLOCKER, places('kurse.hundIds'), (random, old) =>
    random.pick(BROKEN)(String(old)),
  ),
  kind(
    'json_proto',
    'schema',
    WARNING,
    places('trainer.verfuegbarkeiten'),
    oneOf([
      '{"__proto__":{"isAdmin":true},"weekday":2}',
      '[{"weekday":4,"constructor":{"prototype":{"x":1}}}]',
      '[{"weekday":5,"slots":[{"__proto__":null}]}]',
    ]),
  ),
  // What is not there
  kind(
    'required_null',
    'schema',
    BLOCKER,
    places('kunden.nachname kunden.vorname hunde.name kurse.title waren.produktName'),
    () => null,
  ),
  kind(
    'required_empty',
    'schema',
    BLOCKER,
    places('kunden.vorname waren.produktName hunde.name kurse.title'),
    oneOf(['', '  ', '\t', '\u00A0']),
  ),
  kind(
    'fk_required_missing',
    'schema',
    BLOCKER,
    places(
      'hunde.kundenId zahlungen.kundenId waren.kundenId kurse.trainerId kommunikation.kundenId',
    ),
    oneOf([null, '']),
  ),
  kind(
    'fk_orphan_simple',
    'fk',
    BLOCKER,
    places(
      'hunde.kundenId kurse.trainerId zahlungen.kundenId waren.kundenId kommunikation.kundenId ' +
        'kalender.kursId zahlungen.kursId',
    ),
    (random, old) => `${String(old).replace(/\d+$/, '')}7${random.digits(7)}`,
  ),
  kind(
    'fk_orphan_self',
    'fk',
    BLOCKER,
    places('kunden.geworbenVon kommunikation.antwortAuf'),
    (random, old) => `${String(old).replace(/\d+$/, '')}6${random.digits(7)}`,
  ),
  // Dates
  kind(
    'date_impossible',
    'schema',
    BLOCKER,
    [...DATES, ...places('kurse.date')],
    oneOf(['30.02.2019', '2021-02-29', '2018-00-10', '31.06.2020', '2020-11-31', '20190231']),
  ),
  kind(
    'date_sentinel',
    'schema',
    WARNING,
    DATES,
    oneOf(['0000-00-00', '0001-01-01', '9999-12-31']),
  ),
  kind('date_other_format', 'schema', WARNING, DATES, (random, old) => {
    const [year = '', month = '', day = ''] = String(old).split('-');
    return random.pick([`${day}.${month}.${year}`, `${year}/${month}/${day}`, year + month + day]);
  }),
  kind(
    'date_ambiguous',
    'schema',
    BLOCKER,
    places('zahlungen.datum waren.datum'),
    oneOf(['03/09/2022', '04.05.17', '1655555555123', '07/07/2020', '11.11.11']),
  ),
  kind(
    'date_future_birth',
    'invariant',
    BLOCKER,
    places('hunde.geburtsdatum kunden.geburtsdatum'),
    (random) => `${random.integer(2100, 2999)}-06-15`,
  ),
  // Numbers
  kind('amount_negative', 'invariant', BLOCKER, AMOUNTS, (_, old) => -Number(old)),
  kind(
    'amount_scale',
    'schema',
    BLOCKER,
    [...AMOUNTS, LINE],
    (random, old) => Number(old) + random.pick([0.005, 0.001, 0.0001]),
  ),
  kind(
    'amount_text',
    'schema',
    BLOCKER,
    [...places('waren.preis kurse.price'), LINE],
    oneOf(['19,90', 'Fr. 20.--', '1’050.00', 'gratis', '30.—']),
  ),
  kind(
    'bigint',
    'schema',
    BLOCKER,
    places('zahlungen.transaktionsNr zahlungen.transaktionsNr hunde.groesseCm'),
    (random) => random.pick([2n ** 53n, 2n ** 62n + 1n, -(2n ** 53n) - 5n, 2n ** 63n - 1n]),
  ),
  kind('sum_mismatch', 'invariant', BLOCKER, places('zahlungen.betrag'), (random, old) =>
    Number((Number(old) + random.integer(1, 900) / 20).toFixed(2)),
  ),
  kind(
    'count_mismatch',
    'invariant',
    WARNING,
    places('kurse.bookedCount'),
    (random, old) => Number(old) + random.pick([-1, 1, 3]),
  ),
];

const CONTROLS_TEXT = '0007 200B FFFD 2028 FEFF 001B 0085 202E 2029 0001 009D';
const CONTROLS = CONTROLS_TEXT.split(' ').map((code) => String.fromCodePoint(parseInt(code, 16)));

/** Latin-1, half a surrogate pair, an overlong form, a stray byte, a sequence that is cut off. */
const INVALID: readonly (readonly number[])[] = [
  [0xfc],
  [0xed, 0xa0, 0x80],
  [0xc0, 0xaf],
  [0x81],
  [0xe2, 0x82],
];

const BROKEN: readonly ((json: string) => string)[] = [
  (json) => json.slice(0, -1),
  (json) => json.replaceAll('"', "'"),
  (json) => json.replace(']', ',]'),
  (json) => json.replaceAll(/["[\]]/g, ''),
];

function kind(
  name: string,
  scan: string,
  severity: CellKind['severity'],
  where: readonly CellPlace[],
  value: Value,
): CellKind {
  return { kind: name, scan, severity, places: where, value };
}

function places(where: string): CellPlace[] {
  return where.split(' ').map((name) => ({ where: name, filled: true }));
}

function oneOf(values: readonly Cell[]): Value {
  return (random) => random.pick(values);
}

function inserted(random: Random, old: Cell, what: string): string {
  const text = String(old);
  // Behind a letter, so that it does not part the code points of an emoji.
  const seams = [...text.matchAll(/[a-z]/g)].map(({ index }) => index + 1);
  const at = random.pick(seams);
  return text.slice(0, at) + what + text.slice(at);
}

function badAddress(random: Random, old: Cell): string {
  const [name = '', host = ''] = String(old).split('@');
  return random.pick([
    `${name}@${host}.`,
    `${name}@@${host}`,
    `${name}@-${host}`,
    `${name}@${host};${name}@${host}`,
    `${name} at ${host}`,
    `${name}..x@${host}`,
    `@${host}`,
    'keine',
  ]);
}

/** UTF-8 that was read as any encoding, once or twice; without what is a control character besides. */
function MISREAD(): string[] {
  const file = new URL('../record/misread.txt', import.meta.url);
  const texts = readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => line.split('\t')[3] ?? '');
  return texts.filter((text) => !/[\x80-\xa0\xad]/.test(text));
}
