/** Defects of personal data: in policies, in what they keep out, and in stored forms. */

import { rmSync } from 'node:fs';
import { join } from 'node:path';

import { forgeLines } from '../fault/forgeLines.ts';
import { KEY_ID, type Source } from './flows.ts';
import type { RowPlant } from './rowPlants.ts';
import type { SealPlant } from './sealPlants.ts';

const K = { column: 'k', type: 'integer' };

/** Rows of table m (key k, text v, text w), under a policy; `more` belongs to the module. */
function policed(rows: string, pii: object, more: object = {}): Source {
  const m = {
    source: { table: 'm' },
    key: [K],
    id: { rule: 'keep' },
    fields: { k: K, v: { column: 'v', type: 'string' }, w: { column: 'w', type: 'string' } },
    pii: { policy: 1, default: 'allow', keyId: KEY_ID, ...pii },
    ...more,
  };
  const sql = `CREATE TABLE m (k INTEGER PRIMARY KEY, v TEXT, w TEXT); INSERT INTO m VALUES ${rows};`;
  return { sql, modules: { m } };
}

const inRecords = (source: Source): RowPlant => ({ ...source, stage: 'scan', rejects: false });

const DROPPED = {
  fields: { k: K, v: { column: 'v', type: 'string' } },
  dropped: { w: 'not needed any more' },
};
const HIDDEN = { fields: { w: { class: 'PERSON', treatment: 'dropped' } } };
const BORN = { fields: { v: { class: 'DOB', treatment: 'generalised', to: 'year' } } };
const MAILS = { fields: { v: { class: 'EMAIL', treatment: 'plain' } } };
const NUMBERS = { notPii: { v: { shape: '[0-9 ]+', reason: 'a number of ours' } } };

/** A record whose id is made from the text k, which is in no field. */
function keyedBy(k: string): Source {
  const m = {
    source: { table: 'm' },
    key: [{ column: 'k', type: 'string' }],
    id: { rule: 'uuid' },
    fields: { v: { column: 'v', type: 'string' } },
  };
  const sql = `CREATE TABLE m (k TEXT PRIMARY KEY, v TEXT); INSERT INTO m VALUES ('${k}', 'a');`;
  return { sql, modules: { m } };
}

/** A record whose text k is its id, and declared harmless, so that findings may name it. */
function shown(k: string): Source {
  const m = {
    source: { table: 'm' },
    key: [{ column: 'k', type: 'string' }],
    id: { rule: 'keep' },
    fields: {
      k: { column: 'k', type: 'string', harmless: true },
      v: { column: 'v', type: 'string' },
    },
  };
  const sql = `CREATE TABLE m (k TEXT PRIMARY KEY, v TEXT); INSERT INTO m VALUES ('${k}', 'a');`;
  return { sql, modules: { m } };
}

/** By rule. */
export const PII_ROW_PLANTS: Readonly<Record<string, RowPlant>> = {
  'pii-coverage': inRecords(
    policed("(1, 'a', 'b')", {
      default: 'deny',
      notPii: { k: { reason: 'a number of ours' }, v: { reason: 'a letter' } },
    }),
  ),
  'pii-undeclared': inRecords(policed("(1, 'ada.lovelace@example.org', 'a')", {})),
  'pii-id': inRecords(keyedBy('ada.lovelace@example.org')),
  'pii-dropped': {
    ...inRecords(policed("(1, 'seen with Ada Lovelace', 'Ada Lovelace')", HIDDEN, DROPPED)),
    allowed: 'proof',
  },
  'pii-treatment': {
    ...policed("(1, '1984-03-05', 'a'), (2, 'in spring', 'b')", BORN),
    stage: 'map',
    rejects: true,
  },
  'pii-shape': inRecords(policed("(1, '12', 'a'), (2, 'x2', 'b')", NUMBERS)),
  'pii-class-mismatch': inRecords(
    policed("(1, 'ada.lovelace@example.org', 'a'), (2, 'none', 'b')", MAILS),
  ),
  'pii-misdeclared': inRecords(
    policed("(1, '4111 1111 1111 1111', 'a'), (2, '5500 0000 0000 0004', 'b')", NUMBERS),
  ),
  'pii-quasi': inRecords(
    policed("(1, 'a', 'x'), (2, 'a', 'x'), (3, 'b', 'x')", { quasi: { fields: ['v', 'w'], k: 2 } }),
  ),
  // The finding on its text would name the record by its key.
  'pii-report': inRecords(shown('ada.lovelace@example.org')),
};

/** By rule, what is planted without its defect. */
export const PII_CONTROLS: Readonly<Record<string, Source>> = {
  'pii-coverage': policed("(1, 'a', 'b')", {
    default: 'deny',
    fields: { w: { class: 'PERSON', treatment: 'plain' } },
    notPii: { k: { reason: 'a number of ours' }, v: { reason: 'a letter' } },
  }),
  'pii-undeclared': policed("(1, 'ada.lovelace@example.org', 'a')", {
    fields: { v: { class: 'EMAIL', treatment: 'plain' } },
  }),
  'pii-id': keyedBy('ada'),
  'pii-dropped': policed("(1, 'seen with Ada', 'Ada Lovelace')", HIDDEN, DROPPED),
  'pii-treatment': policed("(1, '1984-03-05', 'a'), (2, '1985-03-05', 'b')", BORN),
  'pii-shape': policed("(1, '12', 'a'), (2, '22', 'b')", NUMBERS),
  'pii-class-mismatch': policed(
    "(1, 'ada.lovelace@example.org', 'a'), (2, 'bo@example.org', 'b')",
    MAILS,
  ),
  'pii-misdeclared': policed("(1, '4111 1111 1111 1112', 'a'), (2, '12', 'b')", NUMBERS),
  'pii-quasi': policed("(1, 'a', 'x'), (2, 'a', 'x')", { quasi: { fields: ['v', 'w'], k: 2 } }),
  'pii-report': shown('ada'),
};

const TREATED = policed("(1, 'Ada Lovelace', 'a')", {
  fields: { v: { class: 'PERSON', treatment: 'pseudonymised' } },
});

/** By rule. */
export const PII_SEAL_PLANTS: Readonly<Record<string, readonly SealPlant[]>> = {
  'pii-treatment': [
    {
      stage: 'scan',
      source: TREATED,
      harm: (project) =>
        forgeLines(project, 'm', (lines) => lines.map((line) => line.replace(/.(?=","w")/, ''))),
    },
  ],
  'pii-unproven': [
    {
      stage: 'scan',
      source: TREATED,
      severity: 'WARNING',
      inSource: 'cannot be reached',
      harm: (project) => rmSync(join(project, 'legacy.db')),
    },
  ],
};
