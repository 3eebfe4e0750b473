import { createHash } from 'node:crypto';
import { declaredPii } from '../kit/declaredPii.ts';
import {
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadMapping, mappingDigest } from '../../src/mapping/loadMapping.ts';
import { Failure } from '../../src/outcome/failure.ts';
import { changed, NAMESPACE, validFiles, writeProject, type Files } from './project.ts';

async function failureOf(project: string): Promise<Failure> {
  const error: unknown = await loadMapping(project).then(
    () => 'loaded',
    (reason: unknown) => reason,
  );
  if (!(error instanceof Failure)) throw new Error('not a failure', { cause: error });
  expect(error.code).toBe('MAPPING');
  return error;
}

const line = async (files: Files): Promise<string> => (await failureOf(writeProject(files))).line();

const CUSTOMERS = 'modules/customers.json';
const ORDERS = 'modules/orders.json';
const LINES = 'modules/lines.json';
const DOGS = 'modules/dogs.json';
const PLAIN = { class: 'EMAIL', treatment: 'plain' };
const COARSE = { class: 'DOB', treatment: 'generalised' };
const ACCEPTED = {
  fp: 'f:0123456789abcdef',
  rule: 'pii-undeclared',
  reason: 'public',
  by: 'Ada',
  until: '2026-12-31',
};
const VISITS = 'modules/visits.json';
const MAIL = [VISITS, 'pii', 'fields', 'mail'];
const PATHS = [{ path: '/*', module: 'visits' }];
const DAY = [VISITS, 'fields', 'day', 'transforms'];
const PLACE = [VISITS, 'fields', 'place'];
const DAY_RULE = [VISITS, 'invariants', 0];
const LABEL = [VISITS, 'fields', 'label'];
const SITE = [VISITS, 'fields', 'site'];
const BASE = { table: 'visits', key: { nr: 'nr' } };

function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

/** The text of a file of the valid mapping. */
function text(name: string): string {
  return JSON.stringify(validFiles()[name], null, 2);
}

describe('loadMapping', () => {
  it('loads a whole mapping, modules and files ascending', async () => {
    const mapping = await loadMapping(writeProject(validFiles()));
    expect(mapping.modules.map(({ module }) => module)).toEqual([
      'customers',
      'dogs',
      'lines',
      'orders',
      'visits',
    ]);
    expect(mapping.project).toEqual(validFiles()['project.json']);
    expect(mapping.modules[0]).toEqual(validFiles()[CUSTOMERS]);
    expect([...mapping.registries]).toEqual([['dogs', 'registries/dogs.ndjson']]);
    expect(mapping.files.map(({ name }) => name)).toEqual([
      CUSTOMERS,
      DOGS,
      LINES,
      ORDERS,
      VISITS,
      'project.json',
      'registries/dogs.ndjson',
    ]);
    expect(structuredClone(mapping)).toEqual(mapping);
  });

  it('digests the bytes of the files, which anybody can do again', async () => {
    const mapping = await loadMapping(writeProject(validFiles()));
    const listing = mapping.files.map(({ name, bytes }) => {
      const onDisk = readFileSync(join(mapping.folder, name));
      if (bytes !== null) expect(onDisk.equals(bytes)).toBe(true);
      return `{"file":"${name}","sha256":"${sha256(onDisk)}"}`;
    });
    expect(mapping.digest).toBe(sha256(`[${listing.join(',')}]`));
    expect(mappingDigest(mapping.files.slice(1))).not.toBe(mapping.digest);
  });

  it('has one digest whatever lies beside its files, and another one for other bytes', async () => {
    const files = validFiles();
    const { digest } = await loadMapping(writeProject(files));
    const asides = { 'schema/module.schema.json': '{}', 'modules/README.md': 'x' };
    const same = writeProject({ ...files, ...asides });
    expect((await loadMapping(same)).digest).toBe(digest);
    const order = files[ORDERS] as Record<string, unknown>;
    const reversed = JSON.stringify(Object.fromEntries(Object.entries(order).reverse()));
    const layout = writeProject({ ...files, [ORDERS]: reversed });
    expect((await loadMapping(layout)).digest).not.toBe(digest);
    for (const path of [
      [ORDERS, 'fields', 'customer', 'required'],
      ['project.json', 'asOf'],
    ]) {
      const other = await loadMapping(writeProject(changed(files, path, undefined)));
      expect(other.digest).not.toBe(digest);
    }
    const entry = '{"legacyId":"2","targetUuid":"6ba7b810-9dad-41d1-80b4-00c04fd430c9"}';
    const registry = writeProject({ ...files, 'registries/dogs.ndjson': entry });
    expect((await loadMapping(registry)).digest).not.toBe(digest);
  });

  it('digests the allowed signers where there are any, and has the digest of before without', async () => {
    const { digest } = await loadMapping(writeProject(validFiles()));
    const project = writeProject(validFiles());
    const signers = `ada ssh-ed25519 ${'A'.repeat(68)}\n`;
    writeFileSync(join(project, 'mapping/allowed_signers'), signers);
    const mapping = await loadMapping(project);
    expect(mapping.files[0]).toMatchObject({ name: 'allowed_signers', sha256: sha256(signers) });
    expect(mapping.digest).not.toBe(digest);
    rmSync(join(project, 'mapping/allowed_signers'));
    expect((await loadMapping(project)).digest).toBe(digest);
    symlinkSync('project.json', join(project, 'mapping/allowed_signers'));
    expect((await failureOf(project)).line()).toContain('the file is a symbolic link');
  });

  it('takes a registry as a JSON array, too', async () => {
    const files = changed(validFiles(), ['registries/dogs.ndjson'], undefined);
    const entries = [{ legacyId: 'a', targetUuid: NAMESPACE, version: 3 }];
    const mapping = await loadMapping(writeProject({ ...files, 'registries/dogs.json': entries }));
    expect(mapping.files.at(-1)?.sha256).toBe(sha256(JSON.stringify(entries, null, 2)));
  });

  it('says where there is no mapping at all', async () => {
    expect(await line({})).toBe(
      'there is no mapping (mapping/project.json): ' +
        'create one with sealift init, or name the project folder with --project',
    );
    const alone = { 'project.json': validFiles()['project.json'] };
    expect(await line(alone)).toContain('no modules (mapping/modules)');
  });
});

describe('a mapping file', () => {
  it.each<[string, string, string]>([
    [
      'with a syntax error',
      text(CUSTOMERS).replace('"source":', '"source"'),
      'the file is not JSON, expected ":" (mapping/modules/customers.json:3:12): ',
    ],
    [
      'with a duplicate key',
      text(CUSTOMERS).replace('"source":', '"module": "x",\n  "source":'),
      'the file is not JSON, duplicate key (mapping/modules/customers.json:3:3)',
    ],
    [
      'with __proto__ as a key',
      text(CUSTOMERS).replace('"notes":', '"__proto__":'),
      'the key "__proto__" is not allowed (mapping/modules/customers.json:',
    ],
    [
      'with an escaped __proto__ as a key',
      text(CUSTOMERS).replace('"notes":', '"\\u005f_proto__":'),
      'the key "__proto__" is not allowed (mapping/modules/customers.json:',
    ],
    [
      'with a number that a double changes',
      text(CUSTOMERS).replace('"minimumRows": 0', '"minimumRows": 9007199254740993'),
      'the number cannot be represented exactly (mapping/modules/customers.json:',
    ],
    [
      'that is empty',
      '',
      'expected a value, but the text ends (mapping/modules/customers.json:1:1)',
    ],
    ['with a byte order mark', `\uFEFF${text(CUSTOMERS)}`, 'byte order mark'],
    [
      'that is an array',
      '[]',
      'expected an object with members (mapping/modules/customers.json:1:1)',
    ],
    [
      'that is null',
      'null',
      'expected an object with members (mapping/modules/customers.json:1:1)',
    ],
    [
      'with a field of a lone surrogate',
      text(CUSTOMERS).replace('"parent":', '"\\ud800":'),
      'lone surrogate in a string',
    ],
  ])('%s is refused with its place', async (_name, content, expected) => {
    expect(await line({ ...validFiles(), [CUSTOMERS]: content })).toContain(expected);
  });

  it('that is not UTF-8 is refused', async () => {
    const bytes = Buffer.from([0x7b, 0xff, 0x7d]);
    expect(await line({ ...validFiles(), [CUSTOMERS]: bytes })).toContain('not valid UTF-8');
  });

  it('that is a symbolic link, too large, a folder or of another kind is refused', async () => {
    const linked = writeProject(validFiles());
    renameSync(join(linked, 'mapping', CUSTOMERS), join(linked, 'elsewhere.json'));
    symlinkSync(join(linked, 'elsewhere.json'), join(linked, 'mapping', CUSTOMERS));
    expect((await failureOf(linked)).message).toBe('the file is a symbolic link');

    const large = writeProject(validFiles());
    truncateSync(join(large, 'mapping', CUSTOMERS), 16 * 1024 * 1024 + 1);
    expect((await failureOf(large)).message).toBe('the file is larger than 16 MiB');

    const folder = writeProject(validFiles());
    mkdirSync(join(folder, 'mapping/modules/x.json'));
    expect((await failureOf(folder)).message).toBe('this is not a file');

    const other = writeProject(validFiles());
    writeFileSync(join(other, 'mapping/modules/customers.yaml'), '');
    expect((await failureOf(other)).line()).toContain('(mapping/modules/customers.yaml)');
  });

  it('folder that is a symbolic link is refused', async () => {
    const linked = writeProject(validFiles());
    renameSync(join(linked, 'mapping/modules'), join(linked, 'elsewhere'));
    symlinkSync(join(linked, 'elsewhere'), join(linked, 'mapping/modules'));
    expect((await failureOf(linked)).message).toBe('this is not a folder');
  });
});

describe('a wrong mapping', () => {
  it.each<[(string | number)[], unknown, string]>([
    [[CUSTOMERS, 'module'], '../x', 'module name "../x" is not allowed (mapping/modules/customers'],
    [[CUSTOMERS, 'module'], 'checksums', 'module name "checksums" is reserved'],
    [[CUSTOMERS, 'module'], 'mapping', 'module name "mapping" is reserved'],
    [[CUSTOMERS, 'module'], 'customer', 'call the file "customer.json"'],
    [[CUSTOMERS, 'module'], 3, 'wrong value, expected a name of a-z'],
    [
      [CUSTOMERS, 'fields', 'name', 'requred'],
      true,
      'unknown property "requred" (mapping/modules/customers.json:21:7): did you mean "required"?',
    ],
    [[CUSTOMERS, 'minimumRow'], 1, 'did you mean "minimumRows"?'],
    [[CUSTOMERS, 'xyzzy'], 1, 'allowed are $schema, module, source,'],
    [['project.json', 'sources', 'main'], { ulr: 'sqlite:x' }, 'unknown property "ulr"'],
    [['project.json', 'sources', 'main'], {}, 'property "url" is missing'],
    [['project.json', 'format'], 2, 'this version of Sealift reads mappings of format 1 only'],
    [['project.json', 'namespace'], 'ABC', 'expected a lower-case UUID'],
    [['project.json', 'asOf'], '2025-02-30', 'asOf is not a calendar date'],
    [['project.json', 'dropped', 0, 'reason'], ' ', 'expected a reason'],
    [['project.json', 'dropped', 0, 'source'], 'extar', 'did you mean "extra"?'],
    [
      ['project.json', 'dropped', 0, 'table'],
      'orders',
      'is both dropped and mapped by module "orders"',
    ],
    [['project.json', 'dropped', 1], { table: 'log', reason: 'x' }, 'table "log" is dropped twice'],
    [[CUSTOMERS, 'source', 'name'], 'man', 'did you mean "main"?'],
    [[CUSTOMERS, 'fields', 'name', 'type'], 'sting', 'unknown type "sting" (mapping/modules/cu'],
    [[CUSTOMERS, 'fields', 'name', 'type'], 'sting', 'did you mean "string"?'],
    [[CUSTOMERS, 'fields', 'name', 'type'], 'String', 'did you mean "string"?'],
    [[CUSTOMERS, 'fields', 'name', 'type'], 'VARCHAR(3)', 'use one of array, bigint'],
    [[CUSTOMERS, 'fields', 'name', 'type'], 'decimal(1001)', 'wrong parameter in type'],
    [[CUSTOMERS, 'fields', 'name', 'type'], 'timestamp(13)', 'wrong parameter in type'],
    [[CUSTOMERS, 'fields', 'name', 'type'], 'array(blob)', 'wrong parameter in type'],
    [
      [CUSTOMERS, 'fields', 'name', 'type'],
      'integer',
      '"maxLength" does not belong to type integer',
    ],
    [[CUSTOMERS, 'fields', 'name', 'maxLength'], -1, 'expected a number not below 0'],
    [[CUSTOMERS, 'fields', 'name', 'zone'], 'UTC', '"zone" does not belong to type string'],
    [[CUSTOMERS, 'fields', 'name', 'encoding'], 'hex', '"encoding" does not belong to type'],
    [[CUSTOMERS, 'fields', 'name', 'encoding'], 'hax', 'did you mean "hex"?'],
    [[CUSTOMERS, 'fields', 'name', 'values'], ['a'], '"values" does not belong to type string'],
    [[CUSTOMERS, 'fields', 'name', 'values'], ['a', 'a'], 'expected no item twice'],
    [[CUSTOMERS, 'fields', 'state', 'values'], undefined, 'an enum needs its values'],
    [[CUSTOMERS, 'fields', 'state', 'values'], [], 'expected at least 1 items'],
    [[CUSTOMERS, 'fields', 'since', 'zone'], 'Europe/Zurch', 'did you mean "Europe/Zurich"?'],
    [[CUSTOMERS, 'fields', 'since', 'zone'], '+02:00', 'expected an IANA zone'],
    [[CUSTOMERS, 'fields', ''], { column: 'x', type: 'string' }, 'the name "" is not allowed here'],
    [[CUSTOMERS, 'fields', '~'], { column: 'x', type: 'string' }, 'the name "~" is not allowed'],
    [
      [CUSTOMERS, 'fields', 'id'],
      { column: 'x', type: 'string' },
      'field "id" has the name of the id',
    ],
    [
      [CUSTOMERS, 'fields', 'too'],
      { type: 'enum', values: ['new', 'old'], column: 'state' },
      'fields "state" and "too" are the same',
    ],
    [[CUSTOMERS, 'fields', 'parent', 'reference'], 'customer', 'did you mean "customers"?'],
    [[CUSTOMERS, 'fields', 'parent', 'reference'], 'lines', 'module "lines" has no key'],
    [
      [CUSTOMERS, 'fields', 'parent', 'columns'],
      ['a', 'b'],
      '2 columns refer to module "customers"',
    ],
    [
      [CUSTOMERS, 'fields', 'parent'],
      { reference: 'orders', columns: ['a', 'b'] },
      'module "orders" keeps a key of 2 parts',
    ],
    [[CUSTOMERS, 'fields', 'parent', 'type'], 'integer', 'unknown property "type"'],
    [[CUSTOMERS, 'unique', 0, 1], 'sinse', 'module "customers" has no field "sinse"'],
    [[CUSTOMERS, 'unique', 1], ['name', 'since'], 'this unique set is declared twice'],
    [[CUSTOMERS, 'minimumRows'], 1.5, 'expected a whole number'],
    [[CUSTOMERS, 'blind'], 'A_b', 'expected a key id'],
    [[CUSTOMERS, 'id', 'rule'], 'uid', 'did you mean "uuid"?'],
    [[CUSTOMERS, 'id', 'registry'], 'dogs', 'property "registry" does not belong to this id rule'],
    [
      [CUSTOMERS, 'key'],
      Array.from({ length: 1001 }, (_, i) => ({ column: `c${i}`, type: 'integer' })),
      'expected at most 1000 items',
    ],
    [[CUSTOMERS, 'key'], [], 'id rule "uuid" needs a key'],
    [[CUSTOMERS, 'key', 0, 'type'], 'blob', 'a key part cannot be of type blob'],
    [[ORDERS, 'key', 0, 'type'], 'float', 'a key part cannot be of type float'],
    [[ORDERS, 'key', 0, 'type'], 'decimal', 'a key part cannot be of type decimal'],
    [[ORDERS, 'key', 0, 'type'], 'timestamp', 'a key part cannot be of type timestamp'],
    [[ORDERS, 'key', 0, 'type'], 'tagged', 'a key part cannot be of type tagged'],
    [[ORDERS, 'key', 0, 'type'], 'array(integer)', 'a key part cannot be of type array(integer)'],
    [[ORDERS, 'key', 0, 'type'], 'bigint', 'key column "year" and its field have different'],
    [[ORDERS, 'key', 0, 'type'], 'intger', 'did you mean "integer"?'],
    [[ORDERS, 'key', 1, 'column'], 'year', 'column "year" is in the key twice'],
    [[ORDERS, 'fields', 'year', 'column'], 'yr', 'key column "year" is not a field'],
    [[LINES, 'key'], [{ column: 'nr', type: 'integer' }], 'id rule "keyless" has no key'],
    [[LINES, 'references', 0, 'module'], 'order', 'did you mean "orders"?'],
    [
      [LINES, 'references', 0, 'to', 1],
      'no',
      'module "orders" has no field "no" (mapping/modules/l',
    ],
    [[LINES, 'references', 0, 'fields', 1], 'no', 'module "lines" has no field "no"'],
    [[LINES, 'references', 0, 'to'], ['nr'], '2 fields refer to 1'],
    [[DOGS, 'id', 'registry'], 'dog', 'unknown registry "dog"'],
    [[DOGS, 'id', 'registry'], undefined, 'property "registry" is missing'],
    [[DOGS, 'key', 1], { column: 'b', type: 'string' }, 'needs a key of one part'],
    [[DOGS, 'feilds'], {}, 'unknown property "feilds"'],
    [[DOGS, 'source', 'table'], 'x\u001b[31m', 'loaded'],
    [
      ['project.json', 'severities', 0, 'rule'],
      'formt',
      '"formt" is not allowed here (mapping/project.json:',
    ],
    [['project.json', 'severities', 0, 'rule'], 'formt', 'did you mean "format"?'],
    [['project.json', 'severities', 0, 'rule'], 'accounting', 'are always BLOCKER'],
    [['project.json', 'severities', 0, 'severity'], 'WARN', 'use one of BLOCKER, WARNING, INFO'],
    [['project.json', 'severities', 1, 'module'], 'visit', 'did you mean "visits"?'],
    [['project.json', 'severities', 1, 'field'], 'days', 'module "visits" has no field "days"'],
    [
      ['project.json', 'severities', 1],
      { rule: 'type', field: 'x', severity: 'INFO' },
      'no module',
    ],
    [[...DAY, 0], 'trimm', '"trimm" is not allowed here (mapping/modules/visits.json:53:9)'],
    [[...DAY, 0], 'trimm', 'did you mean "trim"?'],
    [[...DAY, 0], 5, 'expected an object with members'],
    [DAY, [], 'expected at least 1 items'],
    [[...DAY, 1], {}, 'expected at least 1 members'],
    [[...DAY, 1], { sentinel: ['x'] }, 'did you mean "sentinels"?'],
    [[...DAY, 1, 'sentinels'], [], 'expected at least 1 items'],
    [[...DAY, 1, 'sentinels', 0], true, 'expected a text or a number'],
    [[...DAY, 1, 'sentinels', 1], '0000-00-00', 'expected no item twice'],
    [[...DAY, 1, 'prefix'], 'x', '"sentinels" and "prefix" are in one transform'],
    [[...DAY, 2, 'date', 'pattern'], 'yyyy-mm-dd', 'the month is missing'],
    [[...DAY, 2, 'date', 'pattern'], 'dd.MM.yy', '"yy" is not a pattern token'],
    [
      [...DAY, 2, 'date', 'fallbacks', 0],
      'dd.MMMM.yyyy',
      'pattern "dd.MMMM.yyyy" of a date is wrong: "MMMM" is not a pattern token',
    ],
    [[...DAY, 2, 'date', 'pattern'], undefined, 'property "pattern" is missing'],
    [[...DAY, 2, 'date', 'patern'], 'x', 'did you mean "pattern"?'],
    [[VISITS, 'fields', 'at', 'transforms', 0, 'time', 'pattern'], 'HH', 'the minute is missing'],
    [
      [VISITS, 'fields', 'paid', 'transforms', 0, 'booleans', 'false', 0],
      'ja',
      'a word means both true and false',
    ],
    [[VISITS, 'fields', 'paid', 'transforms', 0, 'booleans', 'true'], undefined, 'is missing'],
    [[VISITS, 'fields', 'kind', 'transforms', 1, 'lookup'], {}, 'expected at least 1 members'],
    [[VISITS, 'fields', 'kind', 'transforms', 1, 'lookup', 's'], 5, 'expected a text'],
    [[VISITS, 'fields', 'kind', 'transforms', 1, 'lookup'], undefined, 'needs "lookup" beside it'],
    [[VISITS, 'fields', 'kind', 'transforms', 1, 'otherwise'], 'drop', 'use one of keep, refuse'],
    [[...PLACE, 'transforms', 0, 'split'], '', 'expected at least 1 characters'],
    [[...PLACE, 'transforms', 0, 'part'], 0, 'expected a number not below 1'],
    [[...PLACE, 'transforms', 0, 'split'], undefined, 'property "part" needs "split" beside it'],
    [[...PLACE, 'transforms', 1, 'with'], undefined, 'property "replace" needs "with" beside it'],
    [[...PLACE, 'pattern'], '(', 'pattern "(" is not valid RE2 syntax'],
    [[...PLACE, 'pattern'], '(a)\\1', 'is not valid RE2 syntax'],
    [[...PLACE, 'pattern'], 'a(?=b)', 'is not valid RE2 syntax'],
    [[...PLACE, 'pattern'], '((a{1000}){1000}){1000}', 'is not valid RE2 syntax'],
    [[...PLACE, 'pattern'], '', 'expected a pattern of 1 to 1000 characters'],
    [[...PLACE, 'longText'], 0, 'expected a number not below 1'],
    [[VISITS, 'fields', 'day', 'nonBlank'], true, '"nonBlank" does not belong to type date'],
    [[VISITS, 'fields', 'earlier', 'format'], 'uuid', '"format" does not belong to type array('],
    [[VISITS, 'fields', 'mail', 'format'], 'mail', 'did you mean "email"?'],
    [[...MAIL, 'class'], 'e-mail', 'expected a kind in capital letters'],
    [[...MAIL, 'treatment'], 'hidden', 'use one of plain, pseudonymised, hashed, encrypted'],
    [[...MAIL, 'treatment'], 'pseudonymised', 'need a key, and names none'],
    [[...MAIL, 'treatment'], 'generalised', 'a generalised field needs "to"'],
    [[...MAIL, 'treatment'], 'dropped', 'there is a field of this name'],
    [[...MAIL, 'to'], 'year', '"to" does not belong to plain'],
    [[...MAIL, 'mask'], { first: 1, last: 1 }, '"mask" does not belong to plain'],
    [[VISITS, 'pii', 'fields', 'mial'], PLAIN, 'did you mean "mail"?'],
    [[VISITS, 'pii', 'fields', 'customer'], PLAIN, 'is a reference, which holds an id'],
    [[VISITS, 'pii', 'fields', 'site'], PLAIN, 'both personal data and not'],
    [[VISITS, 'pii', 'fields', 'nr'], { ...PLAIN, treatment: 'masked' }, 'reads key column "nr"'],
    [[VISITS, 'pii', 'fields', 'age'], { ...PLAIN, treatment: 'dropped' }, 'not under "dropped"'],
    [[VISITS, 'pii', 'fields', 'day'], { ...COARSE, to: { step: 5 } }, 'has no such coarser form'],
    [[VISITS, 'pii', 'fields', 'day'], { ...COARSE, to: 'year' }, 'loaded'],
    [[VISITS, 'pii', 'fields', 'others'], { ...PLAIN, treatment: 'masked' }, 'cannot be masked'],
    [[VISITS, 'pii', 'fields', 'place'], { ...PLAIN, treatment: 'masked' }, 'holds it as it is'],
    [[VISITS, 'pii', 'notPii', 'sit'], { reason: 'x' }, 'did you mean "site"?'],
    [[VISITS, 'pii', 'notPii', 'site', 'shape'], '(?=a)', 'is not valid RE2 syntax'],
    [[VISITS, 'pii', 'quasi', 'fields', 0], 'dya', 'did you mean "day"?'],
    [[VISITS, 'pii', 'keyId'], 'Key 1', 'expected a key id'],
    [[VISITS, 'pii', 'accept'], [ACCEPTED], 'need a key, and names none'],
    [[VISITS, 'pii', 'accept'], [{ ...ACCEPTED, until: '2026-02-30' }], 'not a calendar date'],
    [['project.json', 'piiPatterns'], { BADGE: '(?=a)' }, 'is not valid RE2 syntax'],
    [[VISITS, 'fields', 'mail', 'harmless'], true, 'declared harmless and as personal data'],
    [[VISITS, 'fields', 'mail', 'harmless'], 'yes', 'expected true or false'],
    [[VISITS, 'fields', 'mail', 'references'], 'visits', '"references" does not belong to type'],
    [[VISITS, 'fields', 'earlier', 'references'], 'visit', 'did you mean "visits"?'],
    [
      [VISITS, 'fields', 'earlier', 'references'],
      'customers',
      'the ids of module "customers" are UUIDs, not of type array(integer)',
    ],
    [[VISITS, 'fields', 'earlier', 'references'], 'orders', 'has no key of one part'],
    [[VISITS, 'fields', 'earlier', 'references'], PATHS, 'do not belong to type array(integer)'],
    [[VISITS, 'fields', 'mail', 'onMissing'], 'null', '"onMissing" does not belong to type string'],
    [[VISITS, 'fields', 'customer', 'onMissing'], 'nul', 'did you mean "null"?'],
    [[VISITS, 'fields', 'customer', 'match'], 'ful', 'did you mean "full"?'],
    [[LINES, 'references', 0, 'match'], 'full', 'loaded'],
    [[VISITS, 'fields', 'others', 'references'], null, 'expected'],
    [[VISITS, 'fields', 'others', 'references'], [], 'expected at least 1'],
    [[VISITS, 'fields', 'others', 'references', 0, 'path'], 'with', 'expected a JSON pointer'],
    [[VISITS, 'fields', 'others', 'references', 0, 'path'], '/a~2', 'expected a JSON pointer'],
    [[VISITS, 'fields', 'others', 'references', 0, 'path'], '/*', 'paths "/*" and "/after" match'],
    [[VISITS, 'fields', 'others', 'references', 0, 'module'], 'customer', 'mean "customers"?'],
    [[VISITS, 'fields', 'others'], { column: 'o', type: 'json', onMissing: 'null' }, 'no ids'],
    [
      [VISITS, 'fields', 'others'],
      { constant: '[1]', type: 'json', references: 'customers' },
      'a constant cannot hold ids of module "customers"',
    ],
    [[VISITS, 'fields', 'name', 'copyOf', 'via'], 'custom', 'did you mean "customer"?'],
    [[VISITS, 'fields', 'name', 'copyOf', 'via'], 'day', 'field "day" does not refer to a record'],
    [[VISITS, 'fields', 'name', 'copyOf', 'field'], 'nam', 'module "customers" has no field "nam"'],
    [
      [VISITS, 'fields', 'nr', 'transforms'],
      ['trim'],
      'key column "nr" and its field have different transforms',
    ],
    [[...DAY_RULE, 'id'], 'Visits Day', 'expected a name of a-z'],
    [[...DAY_RULE, 'sql'], ' ', 'expected a query'],
    [[...DAY_RULE, 'holds'], '', 'expected a sentence'],
    [[...DAY_RULE, 'modules', 0], 'visit', 'unknown module "visit" (mapping/modules/visits.json:'],
    [[...DAY_RULE, 'modules'], [], 'expected at least 1 items'],
    [[...DAY_RULE, 'fields', 0], 'dai', 'did you mean "day"?'],
    [[...DAY_RULE, 'severity'], 'blocker', 'did you mean "BLOCKER"?'],
    [
      [VISITS, 'invariants', 1],
      { id: 'visits-day', holds: 'x', sql: 'x', modules: ['visits'], fields: ['nr'] },
      'invariant "visits-day" is declared twice',
    ],
    [[...LABEL, 'columns'], ['kind'], 'expected at least 2 items'],
    [[...LABEL, 'columns'], ['kind', 'kind'], 'expected no item twice'],
    [[...LABEL, 'columns'], undefined, 'property "columns" is missing'],
    [[...LABEL, 'combine'], undefined, 'property "combine" is missing'],
    [[...LABEL, 'combine'], 'colaesce', 'expected "coalesce" or {"join": text}'],
    [[...LABEL, 'combine'], {}, 'property "join" is missing'],
    [[...LABEL, 'combine', 'sep'], ',', 'unknown property "sep"'],
    [[...LABEL, 'column'], 'kind', 'unknown property "column"'],
    [[...LABEL, 'type'], 'sting', 'did you mean "string"?'],
    [[...LABEL, 'type'], 'integer', 'loaded'],
    [[...LABEL, 'maxLenght'], 3, 'did you mean "maxLength"?'],
    [[...LABEL], { refrence: 'customers', columns: ['kind'] }, 'did you mean "reference"?'],
    [[...SITE, 'constant'], null, 'expected a text, a number or a boolean'],
    [[...SITE, 'constant'], 5, 'the field rejects its constant, as the value is not text'],
    [[...SITE, 'maxLength'], 3, 'its constant, as the text is longer than 3 characters'],
    [[...SITE, 'format'], 'email', 'rejects its constant, as the text is not a valid email'],
    [
      [...SITE, 'transforms'],
      [{ sentinels: ['Bern'] }],
      'its constant, as the value is a sentinel for null',
    ],
    [[...SITE, 'type'], 'decimal(2)', 'rejects its constant'],
    [[...SITE, 'type'], 'blob', 'a constant cannot be of type blob'],
    [[...SITE, 'type'], undefined, 'property "type" is missing'],
    [[...SITE, 'column'], 'x', 'unknown property "column"'],
    [[...SITE], { constant: 5, type: 'decimal(2)' }, 'loaded'],
    [[...SITE], { constant: false, type: 'boolean' }, 'loaded'],
    [[VISITS, 'fields', 'nr'], { constant: 1, type: 'integer' }, 'key column "nr" is not a field'],
    [
      [VISITS, 'fields', 'nr'],
      { columns: ['nr', 'kind'], combine: 'coalesce', type: 'integer' },
      'key column "nr" is not a field',
    ],
    [[VISITS, 'where'], [], 'expected at least 1 items'],
    [[VISITS, 'where', 0, 'is'], 1, 'unknown property "is"'],
    [[VISITS, 'where', 0], { column: 'x' }, 'expected a "column" and one of "in", "notIn"'],
    [[VISITS, 'where', 0, 'notIn'], ['x'], 'expected a "column" and one of "in", "notIn"'],
    [[VISITS, 'where', 0], { in: ['x'] }, 'property "column" is missing'],
    [[VISITS, 'where', 0, 'in'], [], 'expected at least 1 items'],
    [[VISITS, 'where', 0, 'in', 0], null, 'expected a text or a number'],
    [[VISITS, 'where', 2, 'isNull'], 'no', 'expected true or false'],
    [[VISITS, 'where', 3, 'atLeast'], true, 'expected a text or a number'],
    [[VISITS, 'merge'], 'equals', 'did you mean "equal"?'],
    [[LINES, 'merge'], 'equal', 'rows without a key cannot be merged'],
    [[CUSTOMERS, 'external'], false, 'expected true'],
    [[CUSTOMERS, 'external'], true, 'holds ids only, but has a field "name" (mapping/modules/cu'],
    [[LINES, 'external'], true, 'an external module needs a key for others to refer to'],
    [[ORDERS, 'external'], true, 'holds ids only, but has a field "customer"'],
    [
      [DOGS],
      {
        module: 'dogs',
        external: true,
        source: { table: 'dogs' },
        key: [{ column: 'chip', type: 'string' }],
        id: { rule: 'keep' },
        fields: { chip: { column: 'chip', type: 'string' } },
        ...declaredPii({ chip: 'CHIP' }),
      },
      'an external module cannot hold personal data, as field "chip" does',
    ],
    [[VISITS, 'fields', 'customer', 'onFilteredParent'], 'filtr', 'did you mean "filter"?'],
    [[VISITS, 'source'], { sql: 'SELECT 1 AS nr', base: BASE }, 'loaded'],
    [[VISITS, 'source'], { sql: 'SELECT 1 AS nr' }, 'property "base" is missing'],
    [[VISITS, 'source'], { sql: ' ', base: BASE }, 'expected a query'],
    [[VISITS, 'source', 'base'], BASE, 'loaded'],
    [[VISITS, 'source', 'base'], { table: 'visits', key: {} }, 'expected at least 1 members'],
    [[VISITS, 'source', 'base'], { ...BASE, lost: 'drop' }, 'use one of block, filter'],
    [[VISITS, 'source', 'sql'], 'SELECT 1', 'unknown property "table"'],
    [
      ['project.json', 'dropped', 0, 'table'],
      'visits',
      'is both dropped and mapped by module "visits"',
    ],
    [['registries/dogs.json'], [], 'the registry exists twice'],
    [['registries/Dogs.json'], [], 'the name of a registry is not allowed'],
  ])('%j = %j', async (path, value, expected) => {
    const project = writeProject(changed(validFiles(), path, value));
    if (expected === 'loaded') {
      expect((await loadMapping(project)).modules.length).toBe(5);
      return;
    }
    const shown = (await failureOf(project)).line();
    expect(shown).toContain(expected);
    expect(shown).toMatch(/\(mapping\/[a-zA-Z]+[^)]*\): ./);
    expect(shown).not.toMatch(/\p{Cc}/u);
  });

  it('in which modules filter each other in a circle is refused, in a circle of one not', async () => {
    const own = { reference: 'visits', columns: ['nr'], onFilteredParent: 'filter' };
    const self = changed(validFiles(), [VISITS, 'fields', 'before'], own);
    expect((await loadMapping(writeProject(self))).modules).toHaveLength(5);
    const there = changed(self, [VISITS, 'fields', 'customer', 'onFilteredParent'], 'filter');
    const back = { ...own, columns: ['state'] };
    expect(await line(changed(there, [CUSTOMERS, 'fields', 'visit'], back))).toMatch(
      /^modules "customers" → "visits" → "customers" filter each other in a circle \(mapping\/modules\/visits.json:/,
    );
    const nulls = changed(there, [CUSTOMERS, 'fields', 'visit'], {
      ...back,
      onFilteredParent: 'null',
    });
    expect((await loadMapping(writeProject(nulls))).modules).toHaveLength(5);
  });

  it('does not print what a terminal would obey, nor long names', async () => {
    const name = `\u001b[31m\u202e${'x'.repeat(500)}`;
    const shown = await line(changed(validFiles(), [CUSTOMERS, 'fields', 'name', name], 1));
    expect(shown).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    expect(shown.length).toBeLessThan(400);
  });
});
