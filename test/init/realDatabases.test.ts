import { describe, expect, it } from 'vitest';
import { mappingFiles } from '../../src/init/mappingFiles.ts';
import type { Proposal } from '../../src/init/propose.ts';
import { shared } from '../shared.ts';
import { decided, moduleOf, propose, rejections, typesOf, withDatabase } from './database.ts';

const chinook = shared('data/sqlite/chinook.db');
const northwind = shared('data/sqlite/northwind.db');
const sakila = shared('data/sqlite/sakila.db');
const a10k = shared('data/legacy/a10k.db');

/** The proposal, after every row of the database has been mapped with it. */
async function proved(path: string | null, ids: 'keep' | 'uuid'): Promise<Proposal> {
  return withDatabase(path ?? '', async (opened) => {
    const proposal = await propose(opened, ids);
    expect(await rejections(opened, proposal)).toEqual([]);
    return proposal;
  });
}

describe.skipIf(chinook === null)('chinook', () => {
  it('makes references of foreign keys, of parts of the key and to the own table, too', async () => {
    const proposal = await proved(chinook, 'uuid');
    expect(proposal.modules).toHaveLength(11);
    const { key, id, fields } = moduleOf(proposal, 'playlisttrack');
    expect(key).toEqual([
      { column: 'PlaylistId', type: 'integer' },
      { column: 'TrackId', type: 'integer' },
    ]);
    expect(id).toEqual({ rule: 'uuid' });
    expect(fields).toEqual({
      PlaylistId: { reference: 'playlist', columns: ['PlaylistId'], required: true },
      TrackId: { reference: 'track', columns: ['TrackId'], required: true },
    });
    const employee = moduleOf(proposal, 'employee');
    expect(employee.fields['EmployeeId']).toMatchObject({ column: 'EmployeeId', type: 'integer' });
    expect(employee.fields['ReportsTo']).toEqual({ reference: 'employee', columns: ['ReportsTo'] });
  });

  it('keeps keys as fields, and foreign keys as references by value', async () => {
    const proposal = await proved(chinook, 'keep');
    const { id, fields, references } = moduleOf(proposal, 'invoiceline');
    expect(id).toEqual({ rule: 'keep' });
    expect(fields).toEqual({
      InvoiceLineId: { column: 'InvoiceLineId', type: 'integer', required: true },
      InvoiceId: { column: 'InvoiceId', type: 'integer', required: true },
      TrackId: { column: 'TrackId', type: 'integer', required: true },
      UnitPrice: { column: 'UnitPrice', type: 'decimal(2)', required: true },
      Quantity: { column: 'Quantity', type: 'integer', required: true },
    });
    expect(references).toContainEqual({ fields: ['TrackId'], module: 'track', to: ['TrackId'] });
    expect(typesOf(proposal, 'employee')['BirthDate']).toBe('timestamp(0)');
    expect(moduleOf(proposal, 'album').fields['Title']).toHaveProperty('maxLength', 160);
  });

  it('gives the same bytes each time, and another namespace for another schema', async () => {
    const [first, second] = [await proved(chinook, 'uuid'), await proved(chinook, 'uuid')];
    expect(mappingFiles(second)).toEqual(mappingFiles(first));
    if (northwind === null) return;
    const other = await proved(northwind, 'uuid');
    expect(other.project.namespace).not.toBe(first.project.namespace);
  });
});

describe.skipIf(northwind === null)('northwind', () => {
  it('keeps natural keys as fields besides the new ids, and says so', async () => {
    const proposal = await proved(northwind, 'uuid');
    expect(typesOf(proposal, 'customers')['CustomerID']).toBe('string');
    expect(typesOf(proposal, 'orders')['CustomerID']).toBe('→ customers(CustomerID)');
    expect(decided(proposal)).toContain('natural-key Customers.CustomerID');
    expect(typesOf(proposal, 'order_details')).toEqual({
      OrderID: '→ orders(OrderID)',
      ProductID: '→ products(ProductID)',
      UnitPrice: 'decimal',
      Quantity: 'integer',
      Discount: 'float',
    });
    expect(typesOf(proposal, 'categories')['Picture']).toBe('blob');
  });

  it('lists views, and lets empty tables be empty', async () => {
    const proposal = await proved(northwind, 'keep');
    expect(decided(proposal).filter((text) => text.startsWith('view '))).toHaveLength(16);
    expect(moduleOf(proposal, 'customercustomerdemo').minimumRows).toBe(0);
    expect(decided(proposal)).toContain('empty-table CustomerCustomerDemo');
    expect(proposal.decisions.filter(({ severity }) => severity === 'WARNING')).toEqual([]);
  });
});

describe.skipIf(sakila === null)('sakila', () => {
  it('takes cycles of references', async () => {
    const proposal = await proved(sakila, 'uuid');
    expect(typesOf(proposal, 'store')['manager_staff_id']).toBe('→ staff(manager_staff_id)');
    expect(typesOf(proposal, 'staff')['store_id']).toBe('→ store(store_id)');
    expect(moduleOf(proposal, 'rental').unique).toEqual([
      ['rental_date', 'inventory_id', 'customer_id'],
    ]);
  });

  it('keeps text of digits as text, and an empty table with the types that it declares', async () => {
    const proposal = await proved(sakila, 'keep');
    expect(typesOf(proposal, 'address')['postal_code']).toBe('string');
    expect(typesOf(proposal, 'film_text')).toEqual({
      film_id: 'integer',
      title: 'string',
      description: 'string',
    });
    expect(moduleOf(proposal, 'film_text').minimumRows).toBe(0);
    expect(typesOf(proposal, 'payment')['amount']).toBe('decimal(2)');
    expect(decided(proposal)).toContain('no-values address.address2');
  });
});

describe.skipIf(a10k === null)('a legacy database full of defects', () => {
  it('makes a table without declared key keyless, and refers to it by value', async () => {
    const proposal = await proved(a10k, 'uuid');
    const kunden = moduleOf(proposal, 'kunden');
    expect(kunden.key).toEqual([]);
    expect(kunden.id).toEqual({ rule: 'keyless', field: 'recordId' });
    expect(decided(proposal)).toContain('keyless kunden');
    expect(moduleOf(proposal, 'waren').references).toEqual([
      { fields: ['kundenId'], module: 'kunden', to: ['id'] },
    ]);
  });

  it('loses no part of a composite key that no reference covers', async () => {
    const proposal = await proved(a10k, 'uuid');
    expect(typesOf(proposal, 'anwesenheit')).toEqual({
      lektion: 'integer',
      anwesend: 'integer',
      buchungen: '→ buchungen(kursId,hundId)',
    });
  });

  it('keeps mixed columns without loss, and counts what is odd', async () => {
    const proposal = await proved(a10k, 'keep');
    expect(typesOf(proposal, 'kunden')['nachname']).toBe('tagged');
    expect(typesOf(proposal, 'waren')['preis']).toBe('tagged');
    const decision = proposal.decisions.find(
      ({ table, column }) => table === 'waren' && column === 'preis',
    );
    expect(decision?.what).toMatch(/^holds \d+ numbers, \d+ texts?: /);
    expect(typesOf(proposal, 'zahlungen')['betrag']).toBe('decimal');
    expect(decided(proposal)).toContain('too-long zahlungen.betrag');
    expect(decided(proposal)).toContain('looks-like kunden.createdAt');
  });
});
