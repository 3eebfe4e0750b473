/**
 * A dog school's legacy database, generated: eleven tables, clean (every id unique, every reference
 * found, every sum right), fictional, and the same for the same seed and number of rows.
 *
 *     node test/dogschool/generate.ts OUT.db --rows 10000 --seed 1
 */

import { parseArgs } from 'node:util';
import { type Insert, writeDatabase } from './bulk.ts';
import { DAY_SECONDS, dateOf, dayOf, timeOf } from './calendar.ts';
import { chipNumber, iban, noteOrNull, photo, socialSecurityNumber } from './identity.ts';
import { type Random, randomOf } from './random.ts';
import { INDEXES, TABLES } from './schema.ts';
import * as words from './words.ts';

export interface DogSchoolOptions {
  /** About how many rows all tables have together; default 10,000, at least 500. */
  readonly rows?: number;
  /** Default 1. */
  readonly seed?: number;
}

interface School {
  readonly seed: number;
  readonly insert: Insert;
  readonly counts: Counts;
}

interface Counts {
  readonly trainers: number;
  readonly customers: number;
  readonly dogs: number;
  readonly courses: number;
  readonly events: number;
  readonly payments: number;
  readonly goods: number;
  readonly messages: number;
}

interface Course {
  readonly id: string;
  readonly title: string;
  readonly place: string;
  readonly day: number;
  readonly startHour: number;
  readonly dogs: readonly number[];
}

/** Writes a new database; a file that is there is replaced. */
export function generateDogSchool(file: string, options: DogSchoolOptions = {}): void {
  const { rows = 10_000, seed = 1 } = options;
  const schema = { tables: TABLES, indexes: INDEXES };
  writeDatabase(file, schema, (insert) => {
    writeRows({ seed, counts: countsFor(rows), insert });
  });
}

function writeRows(school: School): void {
  const trainers = writeTrainers(school);
  writeCustomers(school);
  writeDogs(school);
  const courses = writeCourses(school, trainers);
  writeBookings(school, courses);
  writeCalendar(school, courses);
  writePayments(school);
  writeGoods(school);
  writeMessages(school);
}

/** Shares of a real school's tables; bookings, attendance and invoice lines follow from them. */
function countsFor(rows: number): Counts {
  const share = (part: number): number => Math.max(1, Math.round(rows * part));
  return {
    trainers: share(0.003),
    customers: share(0.112),
    dogs: Math.max(20, share(0.131)),
    courses: share(0.02),
    events: share(0.03),
    payments: share(0.111),
    goods: share(0.03),
    messages: share(0.07),
  };
}

function writeTrainers({ seed, counts, insert }: School): readonly string[] {
  const random = randomOf(seed, 'trainer');
  const names: string[] = [];
  for (let n = 1; n <= counts.trainers; n++) {
    const female = random.chance(0.5);
    const given = random.pick(female ? words.WOMEN : words.MEN);
    const name = `${given} ${random.pick(words.SURNAMES)}`;
    names.push(name);
    const [createdAt, updatedAt] = createdAndUpdated(random);
    const hours = { weekday: random.integer(1, 5), startTime: '08:30', endTime: '16:00' };
    insert('trainer', [
      `t${n}`,
      `TR-${String(n).padStart(3, '0')}`,
      name,
      female ? 'Trainerin' : 'Trainer',
      `trainer${n}@example.org`,
      phone(random),
      iban(random),
      random.pick(words.NOTES),
      JSON.stringify(random.chance(0.3) ? [hours, { ...hours, weekday: 6 }] : [hours]),
      n === 1 ? null : `t${random.integer(1, Math.ceil(n / 3))}`,
      createdAt,
      updatedAt,
    ]);
  }
  return names;
}

function writeCustomers({ seed, counts, insert }: School): void {
  const random = randomOf(seed, 'kunden');
  for (let n = 1; n <= counts.customers; n++) {
    const female = random.chance(0.5);
    const [createdAt, updatedAt] = createdAndUpdated(random);
    insert('kunden', [
      `k${n}`,
      `K-${String(n).padStart(5, '0')}`,
      random.pick(female ? words.WOMEN : words.MEN),
      random.pick(words.SURNAMES),
      female ? 'weiblich' : 'männlich',
      `kunde${n}@${random.pick(['example.com', 'example.net', 'post.example.org'])}`,
      phone(random),
      `${random.pick(words.STREETS)} ${random.integer(1, 160)}, ${random.pick(words.ADDRESSED_TOWNS)}`,
      dateOf(random.integer(dayOf(1941, 1, 1), dayOf(2004, 12, 31))),
      random.chance(0.3) ? socialSecurityNumber(n) : null,
      random.pick(['aktiv', 'passiv', 'deaktiviert']),
      random.chance(0.6) ? random.pick(words.NOTES) : '',
      n > 1 && random.chance(0.8) ? `k${random.integer(1, n - 1)}` : null,
      createdAt,
      updatedAt,
    ]);
  }
}

function writeDogs({ seed, counts, insert }: School): void {
  const random = randomOf(seed, 'hunde');
  for (let n = 1; n <= counts.dogs; n++) {
    const name = random.pick(words.DOGS);
    const [createdAt, updatedAt] = createdAndUpdated(random);
    insert('hunde', [
      `hund-${n}`,
      `H-${String(n).padStart(5, '0')}`,
      random.chance(0.7) ? `${name} ${random.pick(words.KENNELS)}` : name,
      name,
      random.pick(words.BREEDS),
      random.pick(['Rüde', 'Hündin']),
      dateOf(random.integer(dayOf(2010, 1, 1), dayOf(2015, 12, 31))),
      random.pick(words.ORIGINS),
      random.integer(0, 1),
      chipNumber(n),
      random.integer(18, 650) / 10,
      random.integer(22, 80),
      `k${random.integer(1, counts.customers)}`,
      `${random.pick(words.GOALS)}, ${random.pick(words.GOALS)}`,
      noteOrNull(random, 0.4),
      photo(random, n),
      createdAt,
      updatedAt,
    ]);
  }
}

function writeCourses({ seed, counts, insert }: School, trainers: readonly string[]): Course[] {
  const random = randomOf(seed, 'kurse');
  const courses: Course[] = [];
  for (let n = 1; n <= counts.courses; n++) {
    const course = newCourse(random, n, counts.dogs);
    courses.push(course);
    const trainer = random.integer(1, trainers.length);
    const capacity = course.dogs.length + (random.chance(0.4) ? 0 : random.integer(1, 3));
    const full = capacity === course.dogs.length;
    const [createdAt, updatedAt] = createdAndUpdated(random);
    insert('kurse', [
      course.id,
      `KS-${String(n).padStart(4, '0')}`,
      course.title,
      trainers[trainer - 1] ?? null,
      `t${trainer}`,
      dateOf(course.day),
      timeOf(course.startHour * 3600).slice(0, 5),
      timeOf(course.startHour * 3600 + 5400).slice(0, 5),
      course.place,
      full ? 'ausgebucht' : random.pick(['geplant', 'offen', 'abgesagt']),
      capacity,
      course.dogs.length,
      random.pick(words.LEVELS),
      random.integer(12, 50) * 5,
      random.pick(words.NOTES),
      JSON.stringify(course.dogs.map((dog) => `hund-${dog}`)),
      createdAt,
      updatedAt,
    ]);
  }
  return courses;
}

function newCourse(random: Random, n: number, dogCount: number): Course {
  const dogs = new Set<number>();
  const places = random.integer(7, 9);
  while (dogs.size < places) dogs.add(random.integer(1, dogCount));
  return {
    id: `course-${n}`,
    title: random.pick(words.COURSES),
    place: `Platz Süd, ${random.pick(words.TOWNS)}`,
    day: random.integer(dayOf(2016, 6, 1), dayOf(2025, 10, 31)),
    startHour: random.integer(8, 18),
    dogs: [...dogs],
  };
}

/** Bookings, and the attendance of each: a first lesson always, a second now and then. */
function writeBookings({ seed, insert }: School, courses: readonly Course[]): void {
  const random = randomOf(seed, 'buchungen');
  for (const course of courses) {
    for (const dog of course.dogs) {
      const key = [course.id, `hund-${dog}`];
      const day = course.day - random.integer(1, 90);
      insert('buchungen', [...key, dateOf(day), random.pick([0, 0.1, 0.15, null])]);
      insert('anwesenheit', [...key, 1, random.integer(0, 1)]);
      if (random.chance(0.25)) insert('anwesenheit', [...key, 2, random.integer(0, 1)]);
    }
  }
}

function writeCalendar({ seed, counts, insert }: School, courses: readonly Course[]): void {
  const random = randomOf(seed, 'kalender');
  for (let n = 1; n <= counts.events; n++) {
    const course = random.pick(courses);
    const date = dateOf(course.day);
    insert('kalender', [
      `cal-${n}`,
      `CAL-${String(n).padStart(5, '0')}`,
      course.id,
      course.title,
      `${date}T${timeOf(course.startHour * 3600)}`,
      `${date}T${timeOf(course.startHour * 3600 + 5400)}`,
      course.place,
      random.pick(words.NOTES),
    ]);
  }
}

/** Payments with their lines; an amount is the sum of its lines. */
function writePayments({ seed, counts, insert }: School): void {
  const random = randomOf(seed, 'zahlungen');
  for (let n = 1; n <= counts.payments; n++) {
    let rappen = 0;
    const lines = random.chance(0.17) ? 2 : 1;
    for (let pos = 1; pos <= lines; pos++) {
      const quantity = random.integer(1, 2);
      const price = random.integer(100, 5000) * 5;
      rappen += quantity * price;
      insert('positionen', [`pay-${n}`, pos, random.pick(words.COURSES), quantity, price / 100]);
    }
    insert('zahlungen', [
      `pay-${n}`,
      `PAY-${String(n).padStart(6, '0')}`,
      `k${random.integer(1, counts.customers)}`,
      random.chance(0.6) ? `course-${random.integer(1, counts.courses)}` : null,
      random.pick(['zahlung', 'offen']),
      rappen / 100,
      'CHF',
      dateOf(random.integer(dayOf(2016, 1, 1), dayOf(2025, 10, 31))),
      1_000_000_000_000 + n * 7919 + random.integer(0, 7918),
      random.chance(0.3) ? iban(random) : null,
      random.pick(words.BILLED),
    ]);
  }
}

function writeGoods({ seed, counts, insert }: School): void {
  const random = randomOf(seed, 'waren');
  for (let n = 1; n <= counts.goods; n++) {
    insert('waren', [
      `ware-${n}`,
      `WAR-${String(n).padStart(5, '0')}`,
      `k${random.integer(1, counts.customers)}`,
      random.pick(words.PRODUCTS),
      random.integer(1, 4),
      (random.integer(50, 2000) * 5) / 100,
      dateOf(random.integer(dayOf(2016, 1, 1), dayOf(2025, 10, 31))),
      random.pick(words.NOTES),
    ]);
  }
}

/** A reply goes to the customer of the message that it answers, and comes after it. */
function writeMessages({ seed, counts, insert }: School): void {
  const random = randomOf(seed, 'kommunikation');
  const customers: number[] = [];
  const first = dayOf(2012, 1, 1) * DAY_SECONDS;
  const step = Math.floor((13 * 365 * DAY_SECONDS) / counts.messages);
  for (let n = 1; n <= counts.messages; n++) {
    const answers = n > 1 && random.chance(0.3) ? random.integer(1, n - 1) : null;
    const customer = customers[(answers ?? 0) - 1] ?? random.integer(1, counts.customers);
    customers.push(customer);
    insert('kommunikation', [
      `msg-${n}`,
      `M-${String(n).padStart(6, '0')}`,
      `k${customer}`,
      random.pick(words.CHANNELS),
      random.pick(words.SUBJECTS),
      random.pick(['gesendet', 'entwurf', 'gelesen']),
      random.pick(words.MESSAGES),
      instantOf(first + n * step),
      answers === null ? null : `msg-${answers}`,
    ]);
  }
}

function createdAndUpdated(random: Random): [string, string] {
  const created = random.integer(dayOf(2016, 1, 1) * DAY_SECONDS, dayOf(2021, 1, 1) * DAY_SECONDS);
  return [instantOf(created), instantOf(created + random.integer(0, 4 * 365 * DAY_SECONDS))];
}

function instantOf(second: number): string {
  const day = Math.floor(second / DAY_SECONDS);
  return `${dateOf(day)}T${timeOf(second - day * DAY_SECONDS)}.000Z`;
}

function phone(random: Random): string {
  const prefix = random.pick(['31', '44', '76', '78', '79']);
  return `+41 ${prefix} ${random.digits(3)} ${random.digits(2)} ${random.digits(2)}`;
}

function main(): void {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { rows: { type: 'string' }, seed: { type: 'string' } },
  });
  const [file] = positionals;
  const rows = Number(values.rows ?? 10_000);
  const seed = Number(values.seed ?? 1);
  if (file === undefined || !Number.isSafeInteger(rows + seed)) {
    process.stderr.write('usage: node test/dogschool/generate.ts OUT.db [--rows N] [--seed S]\n');
    process.exitCode = 64;
    return;
  }
  generateDogSchool(file, { rows, seed });
}

if (import.meta.main) main();
