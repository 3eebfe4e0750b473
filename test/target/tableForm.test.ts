/** Tables that are derived from sealed forms, and the names and constraints that PostgreSQL gets of them. */

import { describe, expect, it } from 'vitest';

import {
  collision,
  constraintsOf,
  createTable,
  identifier,
} from '../../src/target/postgres/ddl.ts';
import { tableForms, type TableForm } from '../../src/target/tableForm.ts';

interface Sealed {
  readonly fields: Record<string, { type: string; nullable: boolean }>;
  readonly order?: readonly string[];
  readonly unique?: readonly (readonly string[])[];
  readonly references?: readonly object[];
}

function formsOf(modules: Readonly<Record<string, Sealed>>): TableForm[] {
  return tableForms(
    Object.entries(modules).map(([module, { fields, ...rest }]) => {
      const form = { order: ['id'], unique: [], references: [], ...rest, fields };
      return { module, count: 1, schema: { properties: {}, 'x-sealift': { form } } };
    }),
  );
}

const of = (type: string, nullable = true): { type: string; nullable: boolean } => {
  return { type, nullable };
};

describe('the table of a module', () => {
  it('has its fields, but not what keeps a leaf from being guessed', () => {
    const [form] = formsOf({ m: { fields: { '~': of('blind', false), id: of('uuid', false) } } });
    expect(form?.columns.map(({ name }) => name)).toEqual(['id']);
    expect(form?.unwritten).toEqual(['~']);
  });

  it('has a foreign key where one can hold, and says why there is none elsewhere', () => {
    const target = {
      fields: { id: of('integer', false), name: of('string'), code: of('string') },
      unique: [['code']],
    };
    const [, form] = formsOf({
      a: target,
      b: {
        fields: {
          id: of('uuid', false),
          a: of('integer'),
          list: of('array(integer)'),
          name: of('string'),
          code: of('string'),
          date: of('date'),
        },
        references: [
          { fields: ['a'], module: 'a' },
          { fields: ['code'], module: 'a', to: ['code'], match: 'full' },
          { fields: ['list'], module: 'a', each: true },
          { fields: ['name'], module: 'a', to: ['name'] },
          { fields: ['date'], module: 'a', to: ['code'] },
          { fields: ['a'], module: 'gone' },
        ],
      },
    });
    expect(form?.references).toEqual([
      { fields: ['a'], module: 'a', to: ['id'], full: false },
      { fields: ['code'], module: 'a', to: ['code'], full: true },
    ]);
    expect(form?.unenforced).toEqual([
      'list → a: the ids are inside of the field',
      'name → a: name are not declared unique there',
      'date → a: the types differ',
      'a → gone: the module has no such key',
    ]);
  });

  it('does not repeat its key as a unique set', () => {
    const fields = { a: of('integer', false), b: of('integer', false) };
    const [form] = formsOf({ m: { fields, order: ['b', 'a'], unique: [['a', 'b'], ['a']] } });
    expect(form?.unique).toEqual([['a']]);
  });

  it('is refused where a type is none', () => {
    expect(() => formsOf({ m: { fields: { id: of('no type') } } })).toThrow('field id has no type');
  });
});

describe('a name in PostgreSQL', () => {
  it('is cut after the last character that fits into 63 bytes', () => {
    expect(identifier('a'.repeat(63))).toBe('a'.repeat(63));
    expect(identifier(`${'a'.repeat(62)}é`)).toBe('a'.repeat(62));
    expect(identifier('😀'.repeat(20))).toBe('😀'.repeat(15));
  });

  it('collides with one that has the same beginning', () => {
    expect(collision([`${'x'.repeat(63)}1`, 'y', `${'x'.repeat(63)}2`])).toEqual([
      `${'x'.repeat(63)}1`,
      `${'x'.repeat(63)}2`,
    ]);
    expect(collision(['a', 'b'])).toBeNull();
  });

  it('of a constraint is never longer, and never one of another', () => {
    const long = 'f'.repeat(60);
    const fields = {
      id: of('integer', false),
      [`${long}1`]: of('string'),
      [`${long}2`]: of('string'),
    };
    const tables = formsOf({ m: { fields, unique: [[`${long}1`], [`${long}2`]] } });
    const names = constraintsOf('s', tables).map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) expect(Buffer.byteLength(name)).toBeLessThan(64);
  });

  it('is quoted', () => {
    const [form] = formsOf({ m: { fields: { id: of('uuid', false), 'a"; DROP': of('string') } } });
    if (form === undefined) throw new Error('there is a form');
    expect(createTable('s"x', form)).toBe(
      'CREATE TABLE "s""x"."m" (\n  "a""; DROP" text,\n  "id" uuid NOT NULL\n)',
    );
  });
});
