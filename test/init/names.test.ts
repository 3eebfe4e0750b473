import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fieldNames, moduleNames, suggestProjectName } from '../../src/init/fieldNames.ts';

describe('moduleNames', () => {
  it.each([
    ['Order Details', 'order_details'],
    ['Größe', 'groesse'],
    ['Gro\u0308ße', 'groesse'],
    ['Ærøskøbing', 'aeroskobing'],
    ['Crème brûlée', 'creme_brulee'],
    ['2020 sales', 't_2020_sales'],
    ['checksums', 't_checksums'],
    ['mapping', 't_mapping'],
    ['../../etc/passwd', 'etc_passwd'],
    ['日本', 'table'],
    ['', 'table'],
    ['a-b_c', 'a-b_c'],
  ])('makes of %j %j', (table, module) => {
    expect(moduleNames([table]).get(table)).toBe(module);
  });

  it('numbers names that are equal, in the order of the tables', () => {
    const names = moduleNames(['A', 'A_2', 'a', 'ä', 'á']);
    expect([...names.values()]).toEqual(['a', 'a_2', 'a_3', 'ae', 'a_4']);
  });

  it('makes different and allowed names of any tables', () => {
    const tables = fc.uniqueArray(fc.string({ unit: 'binary', maxLength: 80 }));
    fc.assert(
      fc.property(tables, (names) => {
        const modules = [...moduleNames(names).values()];
        expect(new Set(modules).size).toBe(names.length);
        for (const module of modules) expect(module).toMatch(/^[a-z][a-z0-9_-]{0,62}$/);
        expect(modules).not.toContain('checksums');
        expect(modules).not.toContain('mapping');
      }),
    );
  });
});

describe('fieldNames', () => {
  it('changes only what a record cannot hold, and never into a name that is taken', () => {
    const columns = ['__proto__', 'proto', 'proto_2', '~', '', '10', ' x '];
    expect([...fieldNames(columns).values()]).toEqual([
      'proto_3',
      'proto',
      'proto_2',
      'tilde',
      'unnamed',
      '10',
      ' x ',
    ]);
  });
});

describe('suggestProjectName', () => {
  it.each([
    ['/srv/old/Chinook.db', 'chinook'],
    ['db.example/export/', 'export'],
    ['C:\\old\\Hundeschule Müller.sqlite', 'hundeschule_mueller'],
    ['.db', 'db'],
    ['日本.db', 'migration'],
  ])('makes of %s %s', (label, name) => {
    expect(suggestProjectName(label)).toBe(name);
  });
});
