/** Values that are right, though they look like defects. */

import type { Cell } from './bulk.ts';

export interface Decoys {
  readonly table: string;
  readonly column: string;
  readonly values: readonly Cell[];
}

export const DECOYS: readonly Decoys[] = [
  {
    table: 'kunden',
    column: 'nachname',
    values: ['Ã', 'Null', 'São Tomé', 'NÃO', "O'Ähm", 'undefined', 'Łukasz', 'Nguyễn'],
  },
  { table: 'kunden', column: 'geburtsdatum', values: ['1970-01-01', '1964-02-29'] },
  { table: 'kunden', column: 'email', values: ["o'hara+hund@post.example.museum"] },
  { table: 'kunden', column: 'telefon', values: ['079 123 45 67', '0041 44 668 18 00'] },
  { table: 'hunde', column: 'name', values: ['Zoë 👨‍👩‍👧', '🏳️‍🌈', 'क्‍ष', 'x'] },
  { table: 'hunde', column: 'geburtsdatum', values: ['2020-02-29', '2000-02-29'] },
  { table: 'kommunikation', column: 'text', values: ['Zeile\nund\tTab\r\nund «Ende» – ½ ©'] },
  { table: 'zahlungen', column: 'transaktionsNr', values: [9_007_199_254_740_991, 0] },
  { table: 'waren', column: 'preis', values: [0, 0.05, 1e6] },
  { table: 'trainer', column: 'verfuegbarkeiten', values: ['[{"prototypes":1,"weekday":1}]'] },
];
