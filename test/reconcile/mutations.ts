/** Single changes of a loaded target, each with what reconcile has to say of it. */

import { shuffled, type Random } from '../dogschool/random.ts';
import { literal, type Cell, type Item, type Target } from './fixture.ts';

export interface Mutation {
  readonly kind: string;
  readonly sql: readonly string[];
  /** As `rule module recordId field`. */
  readonly found: readonly string[];
}

/** Gives records that no mutation has had before. */
export interface Records {
  /** Returns the next record that fits. */
  take(fits?: (item: Item) => boolean): Item;
}

/** Where ranges of the module `item` end, by the seal: the ids of their last records. */
export type Boundaries = readonly number[];

export function recordsOf(items: readonly Item[], random: Random): Records {
  const left = shuffled(items, random);
  return {
    take(fits = () => true) {
      const at = left.findIndex(fits);
      const [item] = left.splice(at, 1);
      if (at === -1 || item === undefined) throw new Error('no record of the test fits');
      return item;
    },
  };
}

type Field = keyof Item;
type Change = Readonly<Partial<Record<Field, string>>>;

interface Context {
  readonly target: Pick<Target, 'table' | 'kind'>;
  readonly records: Records;
  readonly random: Random;
  readonly boundaries: Boundaries;
}

type Made = Omit<Mutation, 'kind'>;
type Make = (context: Context) => Made;

const changed = ({ id }: Item, fields: readonly string[]): string => {
  return `target-changed item [${id}] ${fields.join('+')}`;
};

/** Sets fields of a record to other SQL expressions. */
function set({ target }: Context, item: Item, change: Change): Made {
  const cells = Object.entries(change).map(([name, sql]) => `"${name}" = ${sql}`);
  return {
    sql: [`UPDATE ${target.table('item')} SET ${cells.join(', ')} WHERE id = ${item.id}`],
    found: [changed(item, Object.keys(change).sort())],
  };
}

/** Inserts a record with this id, whose other fields are those of `item`. */
function insert({ target }: Context, item: Item, id: number | string): string {
  const table = target.table('item');
  const others = (Object.keys(item) as Field[])
    .filter((name) => name !== 'id')
    .map((name) => `"${name}"`);
  return `INSERT INTO ${table} ("id", ${others.join(', ')})
    SELECT ${id}, ${others.join(', ')} FROM ${table} WHERE "id" = ${item.id} LIMIT 1`;
}

function extra(context: Context, id: number): Made {
  const item = context.records.take();
  return { sql: [insert(context, item, id)], found: [`target-extra item [${id}] -`] };
}

const text = (item: Item, field: Field): string => String(item[field]);
const isText = (cell: Cell): boolean => typeof cell === 'string' && cell !== '';

function byACent(context: Context): Made {
  const item = context.records.take();
  const more = BigInt(text(item, 'cents').replace('.', '')) + 1n;
  const digits = String(more).padStart(3, '0');
  return set(context, item, { cents: `'${digits.slice(0, -2)}.${digits.slice(-2)}'` });
}

function byAMicrosecond(context: Context): Made {
  const item = context.records.take(({ at }) => !String(at).includes('.999999'));
  const [whole = '', fraction = ''] = text(item, 'at').slice(0, -1).split('.');
  const more = String(Number(fraction) + 1).padStart(6, '0');
  return set(context, item, { at: `'${whole}.${more}Z'` });
}

function swapped(context: Context): Made {
  const one = context.records.take();
  const names = (Object.keys(one) as Field[]).filter((name) => name !== 'id');
  const other = context.records.take((item) => item.cents !== one.cents);
  const differing = names.filter((name) => one[name] !== other[name]).sort();
  const to = (item: Item): string =>
    differing.map((name) => `"${name}" = ${literal(item[name])}`).join(', ');
  const table = context.target.table('item');
  return {
    sql: [
      `UPDATE ${table} SET ${to(other)} WHERE id = ${one.id}`,
      `UPDATE ${table} SET ${to(one)} WHERE id = ${other.id}`,
    ],
    found: [changed(one, differing), changed(other, differing)],
  };
}

function lost(context: Context): Made {
  const item = context.records.take();
  const table = context.target.table('item');
  const found = [`target-missing item [${item.id}] -`];
  return { sql: [`DELETE FROM ${table} WHERE id = ${item.id}`], found };
}

/** The last record of a range, or an id next to it. */
function onBoundary(context: Context): Made {
  const ends = context.boundaries.slice(0, -1);
  const end = context.random.pick(ends);
  const step = context.random.pick([-1, 1]);
  try {
    return set(
      context,
      context.records.take(({ id }) => id === end),
      { n: '77' },
    );
  } catch {
    return extra(context, once(context, end + step));
  }
}

/** An odd id that no mutation has had before. */
const odd = new WeakMap<Records, Set<number>>();
function once({ records, random }: Context, wanted: number): number {
  const used = odd.get(records) ?? new Set();
  odd.set(records, used);
  let id = wanted;
  while (used.has(id)) id = random.integer(0, 20_000) * 2 + 1;
  used.add(id);
  return id;
}

/** Kinds of changes that any target can suffer. */
export const KINDS: Readonly<Record<string, Make>> = {
  'a cent': byACent,
  'a microsecond': byAMicrosecond,
  'an empty text that was null': (context) =>
    set(
      context,
      context.records.take(({ note }) => note === null),
      { note: `''` },
    ),
  'null that was an empty text': (context) =>
    set(
      context,
      context.records.take(({ note }) => note === ''),
      { note: 'NULL' },
    ),
  'a trailing blank': (context) => {
    const item = context.records.take(({ note }) => isText(note));
    return set(context, item, { note: literal(`${text(item, 'note')} `) });
  },
  'NFD that was NFC': (context) => {
    const item = context.records.take(({ note }) => note === 'Café');
    return set(context, item, { note: literal('Café'.normalize('NFD')) });
  },
  'swapped rows': swapped,
  'a lost row': lost,
  'an extra row at the beginning': (context) =>
    extra(context, once(context, -context.random.integer(60, 99_999) * 2 - 1)),
  'an extra row at the end': (context) =>
    extra(context, once(context, context.random.integer(30_000, 99_999) * 2 + 1)),
  'an extra row between': (context) =>
    extra(context, once(context, context.random.integer(0, 20_000) * 2 + 1)),
  'a change on the boundary of a range': onBoundary,
  'a point that is elsewhere': (context) =>
    set(
      context,
      context.records.take(({ cents }) => cents === '1.11'),
      { cents: `'11.10'` },
    ),
  'texts that are cut elsewhere': (context) =>
    set(
      context,
      context.records.take(({ a, b }) => a === 'ab' && b === 'c'),
      { a: `'a'`, b: `'bc'` },
    ),
  'JSON null that was null': (context) =>
    set(
      context,
      context.records.take(({ data }) => data === null),
      { data: `'null'` },
    ),
  'another element of JSON': (context) => {
    const item = context.records.take(({ data }) => data !== null);
    return set(context, item, { data: literal(text(item, 'data').replace('"é"', '"e"')) });
  },
  'another sign': (context) => {
    const item = context.records.take(({ n }) => n !== null && n !== 0);
    return set(context, item, { n: String(-Number(item.n)) });
  },
  'the next double': (context) => {
    const item = context.records.take();
    return set(context, item, { ratio: nextDouble(Number(item.ratio)) });
  },
  'another digit of a UUID': (context) => {
    const item = context.records.take();
    const code = text(item, 'code');
    return set(context, item, { code: `'${code.slice(0, -1)}${code.endsWith('0') ? '1' : '0'}'` });
  },
};

function nextDouble(value: number): string {
  const bits = new BigInt64Array(new Float64Array([value]).buffer);
  bits[0] = (bits[0] ?? 0n) + 1n;
  return String(new Float64Array(bits.buffer)[0]);
}

/** Kinds that need a table without its constraints: see `loosen`. */
export const LOOSE_KINDS: Readonly<Record<string, Make>> = {
  'a row that is there twice': (context) => {
    const item = context.records.take();
    return {
      sql: [insert(context, item, Number(item.id))],
      found: [`target-extra item [${item.id}] -`],
    };
  },
  'a row of the same key with other values': (context) => {
    const item = context.records.take(({ note }) => note === 'a note');
    const { sql } = set(context, item, { note: `'first'` });
    return {
      sql: [
        insert(context, item, Number(item.id)),
        ...sql,
        ...set(context, item, { note: `'both'` }).sql,
      ],
      found: [changed(item, ['note']), `target-extra item [${item.id}] -`],
    };
  },
  'a row that has lost its key': (context) => {
    const item = context.records.take();
    const { sql } = set(context, item, { id: 'NULL' });
    return { sql, found: [`target-missing item [${item.id}] -`, 'target-extra item - -'] };
  },
};

/** Values that are none of their fields, by the kind of target. */
export const NO_VALUES: Readonly<Record<Target['kind'], Readonly<Record<string, Change>>>> = {
  postgres: {
    'NaN for a decimal': { cents: `'NaN'` },
    'NaN for a float': { ratio: `'NaN'` },
    'infinity for a float': { ratio: `'-Infinity'` },
    'minus zero for a float': { ratio: `'-0'` },
    'infinity for an instant': { at: `'infinity'` },
    'an instant before the year 1': { at: `'0044-03-15 12:00:00+00 BC'` },
    'a number in JSON that a double changes': { data: `'{"n":9007199254740993.1}'` },
  },
  sqlite: {
    'text for an integer': { n: `'x'` },
    'bytes for a text': { note: `x'41'` },
    'a fraction for an integer': { n: '1.5' },
    'infinity for a float': { ratio: '9e999' },
    'text that is no UTF-8': { note: `CAST(x'ff' AS TEXT)` },
    'a decimal with other digits': { cents: `"cents" || '0'` },
    'a decimal with fewer digits': { cents: `rtrim("cents", '0')` },
    'an instant in another form': { at: `replace("at", 'T', ' ')` },
    'an instant with an offset': { at: `replace("at", 'Z', '+00:00')` },
    'a UUID in capitals': { code: `upper("code")` },
    'text that is no JSON': { data: `'{'` },
    'JSON with a key twice': { data: `'{"at":1,"at":1}'` },
    'an integer beyond 2^53': { n: '9007199254740993' },
  },
};

/** Makes `count` mutations, of all these kinds in turn. */
export function mutations(
  count: number,
  kinds: Readonly<Record<string, Make>>,
  context: Context,
): Mutation[] {
  const makers = Object.entries(kinds);
  return Array.from({ length: count }, (_, at) => {
    const [kind, make] = makers[at % makers.length] ?? [];
    if (kind === undefined || make === undefined) throw new Error('there are no kinds');
    const { sql, found } = make(context);
    return { kind, sql, found };
  });
}

/** Makes a mutation for each value that is none of its field. */
export function noValues(context: Context): Mutation[] {
  return Object.entries(NO_VALUES[context.target.kind]).map(([kind, change]) => {
    const fewer = kind === 'a decimal with fewer digits';
    const isFit = ({ cents }: Item): boolean => !fewer || String(cents).endsWith('0');
    const { sql, found } = set(context, context.records.take(isFit), change);
    return { kind, sql, found };
  });
}
