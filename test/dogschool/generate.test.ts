/** The generated databases are what they say: clean, complete, the same each time. */

import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { shared } from '../shared.ts';
import { dateOf, dayOf } from './calendar.ts';
import { generateDogSchool } from './generate.ts';
import { generateOrders } from './orders.ts';

const LEGACY = shared('data/legacy/a10k.db');
const TABLES = [
  'anwesenheit',
  'buchungen',
  'hunde',
  'kalender',
  'kommunikation',
  'kunden',
  'kurse',
  'positionen',
  'trainer',
  'waren',
  'zahlungen',
];

const CODED = TABLES.filter((table) => !['anwesenheit', 'buchungen', 'positionen'].includes(table));

let folder = '';
let db: Database.Database;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'dogschool-'));
  generateDogSchool(join(folder, 'school.db'));
  db = new Database(join(folder, 'school.db'), { readonly: true });
});

afterAll(() => {
  db.close();
  rmSync(folder, { recursive: true });
});

/** Rows that break a rule of a clean school. */
const RULES: Readonly<Record<string, string>> = {
  'ids are unique': CODED.map(
    (table) => `SELECT id FROM ${table} GROUP BY id HAVING count(*) > 1 OR id IS NULL`,
  ).join(' UNION ALL '),
  'codes are unique': CODED.map(
    (table) => `SELECT code FROM ${table} GROUP BY code HAVING count(*) > 1`,
  ).join(' UNION ALL '),
  'bookings are counted': `SELECT id FROM kurse k WHERE bookedCount > capacity OR bookedCount <>
    (SELECT count(*) FROM buchungen WHERE kursId = k.id) OR bookedCount <>
    json_array_length(hundIds)`,
  'a list of dogs holds the booked ones': `SELECT 1 FROM kurse k, json_each(k.hundIds) j
    WHERE NOT EXISTS (SELECT 1 FROM buchungen WHERE kursId = k.id AND hundId = j.value)`,
  'an amount is the sum of its lines': `SELECT id FROM zahlungen z WHERE round(betrag * 100) IS NOT
    (SELECT sum(menge * round(einzelpreis * 100)) FROM positionen WHERE zahlungId = z.id)`,
  'a trainer has the name of the course': `SELECT 1 FROM kurse k JOIN trainer t ON t.id = trainerId
    WHERE t.name <> trainerName`,
  'an event is a course': `SELECT 1 FROM kalender e JOIN kurse k ON k.id = kursId
    WHERE e.start <> k.date || 'T' || k.startTime || ':00'
    OR e."end" <> k.date || 'T' || k.endTime || ':00' OR e."end" <= e.start`,
  'dates exist': `SELECT 1 FROM hunde WHERE date(geburtsdatum) IS NOT geburtsdatum
    OR date(createdAt) IS NULL OR updatedAt < createdAt OR createdAt < geburtsdatum`,
  'a reply follows': `SELECT 1 FROM kommunikation a JOIN kommunikation b ON b.id = a.antwortAuf
    WHERE a.gesendetAm <= b.gesendetAm OR a.kundenId <> b.kundenId`,
  'numbers of customers and dogs are unique': `SELECT ahvNr FROM kunden WHERE ahvNr IS NOT NULL
    GROUP BY ahvNr HAVING count(*) > 1
    UNION ALL SELECT chipNummer FROM hunde GROUP BY 1 HAVING count(*) > 1`,
  'cells have one type': `SELECT 1 FROM hunde WHERE typeof(gewichtKg) <> 'real'
    OR typeof(groesseCm) <> 'integer' OR kastriert NOT IN (0, 1)
    OR typeof(foto) NOT IN ('blob', 'null')`,
};

function breaches(database: Database.Database, rule: string): number {
  return database.prepare(RULES[rule] ?? '').all().length;
}

describe('the generated dog school', () => {
  it.each(Object.keys(RULES))('keeps the rule: %s', (rule) => {
    expect(breaches(db, rule)).toBe(0);
  });

  it('breaks the rules when rows are spoilt (negative control)', () => {
    const spoilt = new Database(db.serialize());
    spoilt.pragma('foreign_keys = OFF');
    spoilt.exec(`UPDATE kurse SET bookedCount = bookedCount + 1 WHERE id = 'course-3';
      UPDATE zahlungen SET betrag = betrag + 0.05 WHERE id = 'pay-4';
      UPDATE hunde SET geburtsdatum = '2019-02-30' WHERE id = 'hund-5';
      UPDATE kunden SET id = 'k1' WHERE id = 'k2';`);
    const broken = Object.keys(RULES).filter((rule) => breaches(spoilt, rule) > 0);
    spoilt.close();
    expect(broken).toEqual([
      'ids are unique',
      'bookings are counted',
      'an amount is the sum of its lines',
      'dates exist',
    ]);
  });

  it('has no reference without its row', () => {
    const references = TABLES.flatMap((table) => orphanQueries(table));
    expect(references.length).toBe(14);
    for (const sql of references) expect([sql, db.prepare(sql).pluck().get()]).toEqual([sql, 0]);
  });

  it('fills every table, about 10,000 rows in all', () => {
    const counts = TABLES.map((table) => count(table));
    expect(Math.min(...counts)).toBeGreaterThan(20);
    const total = counts.reduce((sum, rows) => sum + rows, 0);
    expect(Math.abs(total - 10_000)).toBeLessThan(300);
  });

  it('has photos that are absent, small and beyond 64 KiB', () => {
    const sizes = db.prepare('SELECT length(foto) FROM hunde WHERE foto IS NOT NULL').pluck().all();
    expect(sizes.length).toBeGreaterThan(5);
    expect(sizes.length).toBeLessThan(100);
    expect(Math.max(...(sizes as number[]))).toBeGreaterThan(65_536);
  });

  it('is the same for the same seed, another for another', () => {
    expect(contentOf('again.db', 1)).toBe(contentOf('school.db', 1));
    expect(contentOf('other.db', 2)).not.toBe(contentOf('school.db', 1));
  });

  it.skipIf(LEGACY === null)('has the table shapes of the legacy database', () => {
    const legacy = new Database(LEGACY ?? '', { readonly: true });
    for (const table of TABLES) {
      for (const pragma of ['table_xinfo', 'foreign_key_list', 'index_list']) {
        const sql = `PRAGMA ${pragma}(${table})`;
        expect([sql, db.prepare(sql).all()]).toEqual([sql, legacy.prepare(sql).all()]);
      }
    }
    legacy.close();
  });
});

describe('the generated orders', () => {
  it('has a fifth as many customers, and every order has one', () => {
    const file = join(folder, 'orders.db');
    generateOrders(file, 1000, 7);
    const orders = new Database(file, { readonly: true });
    const one = (sql: string): unknown => orders.prepare(sql).pluck().get();
    expect(one('SELECT count(*) FROM orders')).toBe(1000);
    expect(one('SELECT count(*) FROM customers')).toBe(200);
    const known = 'customer_id IN (SELECT id FROM customers)';
    expect(one(`SELECT count(*) FROM orders WHERE ${known}`)).toBe(1000);
    expect(one('SELECT max(parcel) FROM orders')).toBeLessThan(Number.MAX_SAFE_INTEGER);
    expect(one(`SELECT count(*) FROM pragma_table_info('orders')`)).toBe(12);
    orders.close();
  });
});

describe('days and dates', () => {
  it('agree with the platform for every day of four centuries', () => {
    for (let day = dayOf(1900, 1, 1); day <= dayOf(2300, 1, 1); day++) {
      const date = new Date(day * 86_400_000).toISOString().slice(0, 10);
      if (dateOf(day) !== date) expect(dateOf(day)).toBe(date);
    }
    expect(dateOf(dayOf(2024, 2, 29))).toBe('2024-02-29');
  });
});

function count(table: string): number {
  return db.prepare(`SELECT count(*) FROM ${table}`).pluck().get() as number;
}

interface ForeignKeyRow {
  readonly id: number;
  readonly table: string;
  readonly from: string;
  readonly to: string;
}

function orphanQueries(table: string): string[] {
  const rows = db.prepare(`PRAGMA foreign_key_list(${table})`).all() as ForeignKeyRow[];
  const keys = [...Map.groupBy(rows, (row) => row.id).values()];
  return keys.map((parts) => {
    const some = parts.map((part) => `c.${part.from} IS NOT NULL`).join(' AND ');
    const same = parts.map((part) => `p.${part.to} = c.${part.from}`).join(' AND ');
    const parent = `SELECT 1 FROM ${parts[0]?.table ?? ''} p WHERE ${same}`;
    return `SELECT count(*) FROM ${table} c WHERE ${some} AND NOT EXISTS (${parent})`;
  });
}

function contentOf(name: string, seed: number): string {
  const file = join(folder, name);
  if (!existsSync(file)) generateDogSchool(file, { seed });
  const other = new Database(file, { readonly: true });
  const hash = createHash('sha256');
  for (const table of TABLES) {
    hash.update(JSON.stringify(other.prepare(`SELECT * FROM ${table}`).raw().all()));
  }
  other.close();
  return hash.digest('hex');
}
