/** A small project on disk for the tests of the mapping. */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';

export type Files = Readonly<Record<string, unknown>>;

export const NAMESPACE = '6ba7b810-9dad-41d1-80b4-00c04fd430c8';

/** A mapping with every id rule, both kinds of reference, and every option. */
export function validFiles(): Record<string, unknown> {
  return {
    'project.json': {
      $schema: './schema/project.schema.json',
      format: 1,
      name: 'Dog school',
      namespace: NAMESPACE,
      asOf: '2025-01-31',
      sources: { main: { url: 'sqlite:legacy.db' }, extra: { url: 'csv:export/' } },
      dropped: [
        { table: 'log', reason: 'of no use' },
        { table: 'overview', reason: 'its rows come from the tables' },
      ],
      severities: [
        { rule: 'format', severity: 'INFO' },
        { rule: 'type', module: 'visits', field: 'day', severity: 'WARNING' },
      ],
    },
    'modules/customers.json': {
      module: 'customers',
      source: { table: 'customers' },
      key: [{ column: 'nr', type: 'integer' }],
      id: { rule: 'uuid' },
      fields: {
        name: { column: 'name', type: 'string', required: true, maxLength: 80 },
        since: { column: 'since', type: 'timestamptz(3)', zone: 'Europe/Zurich' },
        state: { column: 'state', type: 'enum', values: ['new', 'old'] },
        photo: { column: 'photo', type: 'blob', encoding: 'hex' },
        parent: { reference: 'customers', columns: ['parent_nr'] },
      },
      dropped: { notes: 'empty' },
      unique: [['name', 'since']],
      minimumRows: 0,
      blind: 'customers-2025',
    },
    'modules/orders.json': {
      module: 'orders',
      source: { name: 'main', table: 'orders' },
      key: [
        { column: 'year', type: 'integer' },
        { column: 'nr', type: 'decimal(0)' },
      ],
      id: { rule: 'keep' },
      fields: {
        year: { column: 'year', type: 'integer' },
        nr: { column: 'nr', type: 'decimal(0)' },
        customer: { reference: 'customers', columns: ['customer_nr'], required: true },
      },
    },
    'modules/lines.json': {
      module: 'lines',
      source: { table: 'lines' },
      key: [],
      id: { rule: 'keyless', key: 'lines-1' },
      fields: {
        year: { column: 'order_year', type: 'integer' },
        nr: { column: 'order_nr', type: 'decimal(0)' },
        tags: { column: 'tags', type: 'array(string)' },
      },
      references: [{ fields: ['year', 'nr'], module: 'orders', to: ['year', 'nr'] }],
    },
    'modules/dogs.json': {
      module: 'dogs',
      source: { name: 'extra', table: 'dogs' },
      key: [{ column: 'chip', type: 'string' }],
      id: { rule: 'registry', registry: 'dogs', field: 'dog_id' },
      fields: { name: { column: 'name', type: 'string' } },
    },
    'modules/visits.json': visits(),
    'registries/dogs.ndjson': `{"legacyId":"1","targetUuid":"${NAMESPACE}"}\n`,
  };
}

/** A module with every transform, every check, every kind of field and of condition. */
function visits(): unknown {
  return {
    module: 'visits',
    source: { table: 'visits' },
    where: [
      { column: 'kind', in: ['w', 's', 1] },
      { column: 'place', notIn: ['?'] },
      { column: 'day', isNull: false },
      { column: 'nr', atLeast: 0 },
      { column: 'day', below: '2026' },
    ],
    merge: 'equal',
    key: [{ column: 'nr', type: 'integer' }],
    id: { rule: 'keep' },
    fields: {
      nr: { column: 'nr', type: 'integer' },
      day: {
        column: 'day',
        type: 'date',
        transforms: [
          'trim',
          { sentinels: ['0000-00-00', 0] },
          { date: { pattern: 'yyyy-MM-dd', fallbacks: ['dd.MM.yyyy'] } },
        ],
      },
      at: { column: 'at', type: 'time(0)', transforms: [{ time: { pattern: 'HH:mm' } }] },
      paid: {
        column: 'paid',
        type: 'boolean',
        transforms: [{ booleans: { true: ['ja'], false: ['nein'] } }],
      },
      kind: {
        column: 'kind',
        type: 'enum',
        values: ['walk', 'class'],
        transforms: ['lower', { lookup: { s: 'walk', k: 'class' }, otherwise: 'keep' }],
      },
      place: {
        column: 'place',
        type: 'string',
        transforms: [{ split: '/', part: 1 }, { replace: ' ', with: '' }, { prefix: 'p' }],
        nonBlank: true,
        pattern: 'p[a-z]*',
        longText: 20,
      },
      mail: { column: 'mail', type: 'string', format: 'email' },
      customer: {
        reference: 'customers',
        columns: ['customer_nr'],
        onFilteredParent: 'null',
        onMissing: 'null',
      },
      others: {
        column: 'others',
        type: 'json',
        references: [
          { path: '/with/*', module: 'customers' },
          { path: '/after', module: 'visits' },
        ],
        onMissing: 'block',
      },
      label: {
        columns: ['kind', 'place'],
        combine: { join: ', ' },
        type: 'string',
        transforms: ['upper'],
      },
      either: { columns: ['mail', 'place'], combine: 'coalesce', type: 'string' },
      site: { constant: 'Bern', type: 'string', required: true },
      name: { column: 'name', type: 'string', copyOf: { via: 'customer', field: 'name' } },
      earlier: { column: 'earlier', type: 'array(integer)', references: 'visits' },
    },
    pii: {
      policy: 1,
      default: 'allow',
      regions: ['CH'],
      fields: { mail: { class: 'EMAIL', treatment: 'plain', purpose: 'invitations' } },
      notPii: { site: { shape: '[A-Z][a-z]+', reason: 'one town' } },
      quasi: { fields: ['day'], k: 2, severity: 'INFO' },
    },
    invariants: [
      {
        id: 'visits-day',
        holds: 'No visit is in the future',
        sql: 'SELECT nr FROM visits, project WHERE day > as_of',
        modules: ['visits'],
        fields: ['day'],
        severity: 'WARNING',
      },
    ],
  };
}

/** Writes mapping files (objects as JSON, texts and bytes as they are); returns the project. */
export function writeProject(files: Files): string {
  const project = mkdtempSync(join(tmpdir(), 'sealift-mapping-'));
  onTestFinished(() => {
    rmSync(project, { recursive: true, force: true });
  });
  for (const [name, content] of Object.entries(files)) {
    const path = join(project, 'mapping', name);
    mkdirSync(dirname(path), { recursive: true });
    const raw = typeof content === 'string' || content instanceof Uint8Array;
    writeFileSync(path, raw ? content : JSON.stringify(content, null, 2));
  }
  return project;
}

/** A deep copy with the value at a path replaced; `undefined` removes it. */
export function changed(files: Files, path: readonly (string | number)[], value: unknown): Files {
  const copy = structuredClone(files) as Record<string | number, unknown>;
  let at = copy;
  for (const token of path.slice(0, -1)) at = at[token] as Record<string | number, unknown>;
  const last = path.at(-1) ?? '';
  if (value === undefined) delete at[last];
  else at[last] = value;
  return copy;
}
