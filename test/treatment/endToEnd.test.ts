/**
 * Each treatment from the source to databases that a candidate is loaded into: what is stored, that it is
 * the same in every run, that it opens with the key, and that scan-all finds each value that was exchanged.
 */

import { cpSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { compileModule } from '../../src/mapping/compile/module.ts';
import { loadMapping } from '../../src/mapping/loadMapping.ts';
import { canonicalJson } from '../../src/record/canonical.ts';
import { RawJson } from '../../src/record/converted.ts';
import { openStored } from '../../src/treatment/stored.ts';
import { treatmentKeys, type TreatedField } from '../../src/treatment/treatment.ts';
import { forgeLines } from '../fault/forgeLines.ts';
import { startPostgres, type Postgres } from '../kit/postgres.ts';
import {
  linesOf,
  migrate,
  recordsOf,
  runFileOf,
  succeed,
  workFolder,
  type Json,
} from '../kit/project.ts';
import { sealift } from '../kit/run.ts';
import { change, projectOf, scanAllOf, SECRETS } from '../rules/flows.ts';
import { KEPT_OUT, NOTES, PEOPLE, SOURCE, type Person } from './people.ts';

const OTHER = { SEALIFT_KEY_RULES: 'fedcba9876543210'.repeat(4) } as const;

const work = workFolder('treated');
const project = projectOf(SOURCE);
let first: Awaited<ReturnType<typeof migrate>>;

/** The project with its mapping and its source, and nothing that was built. */
function copied(name: string): string {
  const copy = join(work, name);
  for (const part of ['mapping', 'legacy.db']) {
    cpSync(join(project, part), join(copy, part), { recursive: true });
  }
  return copy;
}

beforeAll(async () => {
  first = await migrate(project, [], { env: SECRETS });
});

/** The records of people by their legacy id. */
function people(of: string): ReadonlyMap<number, Json> {
  return new Map(recordsOf(of, 'person').map((record) => [Number(record['id']), record]));
}

function text(record: Json | undefined, name: string): string {
  return String(record?.[name]);
}

describe('a project with each treatment', () => {
  it('is green from dry-run to promote', async () => {
    const options = { env: SECRETS };
    for (const command of ['dry-run', 'scan-all', 'scan-pii']) {
      const { stdout } = await succeed([command, '--project', project], options);
      expect(stdout).toContain(`${command}: PASS`);
    }
    const copy = copied('promoted');
    await migrate(copy, [], options);
    await succeed(['scan-all', '--project', copy], options);
    await succeed(['promote', '--project', copy], options);
  });

  it('stores the forms that the policy declares', () => {
    const { name, phone, login, ahv, iban, born, plz, mail, ...rest } =
      people(project).get(1) ?? {};
    expect([name, phone].every((stored) => /^ps:1:rules:[\w-]{22}$/.test(String(stored)))).toBe(
      true,
    );
    expect(login).toMatch(/^hs:1:rules:[\w-]{22}$/);
    expect([ahv, rest['salary'], rest['health']].map(String)).toEqual(
      Array.from({ length: 3 }, () => expect.stringMatching(/^en:1:rules:[\w-]{39,}$/) as string),
    );
    expect(iban).toBe(masked(PEOPLE[0]));
    expect([born, plz, mail]).toEqual(['1930', '10', 'person0@example.org']);
    expect('fax' in rest).toBe(false);
  });

  it('has one pseudonym for a value of a class in both modules', () => {
    const names = recordsOf(project, 'person').map((record) => text(record, 'name'));
    const authors = recordsOf(project, 'note').map((record) => text(record, 'author'));
    expect(new Set(names).size).toBe(PEOPLE.length);
    expect(authors.toSorted()).toEqual(names.toSorted());
  });

  it('has no value that is kept out in any file but the source', () => {
    const folders = readdirSync(project).filter((name) => name.startsWith('storage_'));
    const files = folders.flatMap((folder) =>
      readdirSync(join(project, folder), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8')),
    );
    expect(files.length).toBeGreaterThan(10);
    const all = files.join('\n');
    expect(KEPT_OUT.filter((value) => all.includes(value))).toEqual([]);
    expect(all).toContain('person0@example.org');
  });
});

/** Letters and digits of an IBAN as `*`, but for the last four. */
function masked(person: Person | undefined): string {
  const iban = person?.iban ?? '';
  let left = iban.replaceAll(' ', '').length;
  return iban.replaceAll(/\w/g, (character) => ((left -= 1) >= 4 ? '*' : character));
}

describe('runs', () => {
  it('with one key give the same roots', async () => {
    const again = copied('again');
    expect((await migrate(again, [], { env: SECRETS })).dataRoot).toBe(first.dataRoot);
    expect(runFileOf(again).modules).toEqual(runFileOf(project).modules);
  });

  it('with another key give other names and roots, and the same where no key is needed', async () => {
    const other = copied('other');
    expect((await migrate(other, [], { env: OTHER })).dataRoot).not.toBe(first.dataRoot);
    const [ours, theirs] = [people(project), people(other)];
    const differ = (name: string): number =>
      PEOPLE.filter(({ id }) => text(ours.get(id), name) !== text(theirs.get(id), name)).length;
    const keyed = ['name', 'phone', 'login', 'ahv', 'salary', 'health'];
    expect(keyed.map(differ)).toEqual(keyed.map(() => PEOPLE.length));
    expect(['iban', 'born', 'plz', 'mail', 'uuid'].map(differ)).toEqual([0, 0, 0, 0, 0]);
    const [root, changed] = [project, other].map((of) =>
      runFileOf(of).modules.map((one) => one.root),
    );
    expect(changed?.filter((one) => root?.includes(one))).toEqual([]);
  });
});

/** What encrypted values of a field open to, by the legacy id of their records. */
async function opened(module: string, field: string): Promise<(record: Json) => unknown> {
  const compiled = compileModule(await loadMapping(project), module);
  const treated = compiled.fields.find(({ name }) => name === field)?.treated as TreatedField;
  const open = openStored(treated, treatmentKeys(Buffer.from(SECRETS.SEALIFT_KEY_RULES, 'hex')));
  const order = module === 'note' ? [] : compiled.orderFields;
  return (record) => {
    const value = open(
      text(record, field),
      order.map((name) => text(record, name)),
    );
    return value instanceof RawJson ? value.text : value;
  };
}

describe('encrypted values', () => {
  it.each(['ahv', 'salary', 'health'] as const)(
    'of %s open to what the source holds',
    async (field) => {
      const open = await opened('person', field);
      const values = recordsOf(project, 'person').map((record) => [record['id'], open(record)]);
      expect(new Map(values as [number, string][])).toEqual(
        new Map(PEOPLE.map((person) => [person.id, person[field]])),
      );
    },
  );

  it('of records without keys open as well', async () => {
    const open = await opened('note', 'pin');
    const values = recordsOf(project, 'note').map((record) => String(open(record)));
    expect(values.toSorted()).toEqual(NOTES.map(({ pin }) => pin).toSorted());
  });
});

describe('a candidate with each treatment', () => {
  let server: Postgres;
  beforeAll(async () => {
    server = await startPostgres();
    await server.create('people');
  });
  afterAll(() => server.stop());

  it.each(['SQLite', 'PostgreSQL'])('is in %s what it is in the seal', async (kind) => {
    const isFile = kind === 'SQLite';
    const target = isFile ? `sqlite:${join(work, 'target.db')}` : server.source('people');
    // What is stored is compared, so no key of a policy is needed.
    const env = isFile ? {} : server.env;
    await succeed(['scan-all', '--project', project], { env: SECRETS });
    await succeed(['load', '--project', project, '--target', target], { env });
    const { stdout } = await succeed(['reconcile', '--project', project, '--target', target], {
      env,
    });
    expect(stdout).toContain('reconcile: PASS');
  });
});

describe('a key that is missing', () => {
  it.each(['dry-run', 'migrate', 'scan-all', 'scan-pii'])('is one line of %s', async (command) => {
    const { code, stderr } = await sealift([command, '--project', project]);
    const what = 'the secret key "rules" is missing (SEALIFT_KEY_RULES)';
    const hint =
      'set SEALIFT_KEY_RULES, or SEALIFT_KEY_RULES_FILE to the path of a file that holds it';
    // A scan verifies the checksums of the sealed mapping before it reads which key it names.
    const said = stderr.split('\n').filter((line) => !line.startsWith('checksums:'));
    expect([code, said]).toEqual([64, [`sealift ${command}: ${what}: ${hint}`, '']]);
  });
});

const KEYED = ['name', 'phone', 'login', 'ahv', 'salary', 'health'] as const;
const UNKEYED = ['iban', 'born', 'plz'] as const;

type Edit = (values: string[], other: readonly string[]) => void;

/** What can be done to the values of a field, of which the first two are different. */
const HARMS: Readonly<Record<string, Edit>> = {
  'swapped with that of another record'(values) {
    [values[0] = '', values[1] = ''] = [values[1] ?? '', values[0] ?? ''];
  },
  truncated(values) {
    values[0] = values[0]?.slice(0, -1) ?? '';
  },
  'made with other bytes of the key'(values, other) {
    values[0] = other[0] ?? '';
  },
  'of another key id'(values) {
    values[0] = values[0]?.replace(':rules:', ':rule5:') ?? '';
  },
  'the value of the source'(values) {
    values[0] = 'Ada Lovelace';
  },
};

const swapped = 'swapped with that of another record';
const CASES = [
  ...KEYED.flatMap((field) => Object.keys(HARMS).map((harm) => [field, harm] as const)),
  ...UNKEYED.flatMap((field) =>
    [swapped, 'the value of the source'].map((harm) => [field, harm] as const),
  ),
];

describe('a sealed value of a treated field', () => {
  let harmed: string;
  let other: ReadonlyMap<number, Json>;
  let original: readonly string[];

  beforeAll(async () => {
    harmed = copied('harmed');
    await migrate(harmed, [], { env: SECRETS });
    const keyed = copied('keyed');
    await migrate(keyed, [], { env: OTHER });
    other = people(keyed);
    original = linesOf(harmed, 'person');
  });

  /** Forges the values of a field. */
  async function forge(field: string, edit: Edit): Promise<void> {
    await forgeLines(harmed, 'person', () => {
      const records = original.map((line) => JSON.parse(line) as Json);
      // Of years and postcodes, some are equal.
      const last = records.findIndex((record) => record[field] !== records[0]?.[field]);
      const chosen = [0, last];
      const values = chosen.map((at) => text(records[at], field));
      const others = chosen.map((at) => text(other.get(Number(records[at]?.['id'])), field));
      edit(values, others);
      for (const [index, at] of chosen.entries()) {
        records[at] = { ...records[at], [field]: values[index] };
      }
      return records.map((record) => canonicalJson(record));
    });
  }

  /** Says what scan-all finds of personal data, each once. */
  async function found(): Promise<string[]> {
    const { findings } = await scanAllOf(harmed);
    const pii = findings.filter(({ rule }) => rule.startsWith('pii-'));
    const said = pii.map(({ severity, rule, field = '' }) => `${severity} ${rule} ${field}`);
    return [...new Set(said)].sort();
  }

  it('is as it should be in the candidate that migrate makes (negative control)', async () => {
    expect(await found()).toEqual([]);
  });

  it.each(CASES)('%s that is %s is a BLOCKER', async (field, harm) => {
    await forge(field, HARMS[harm] ?? (() => {}));
    expect(await found()).toContain(`BLOCKER pii-treatment ${field}`);
  });

  it.each(['salary', 'health'])(
    '%s that is the encrypted value of another field is a BLOCKER',
    async (field) => {
      await forgeLines(harmed, 'person', () =>
        original.map((line) => {
          const record = JSON.parse(line) as Json;
          return canonicalJson({ ...record, [field]: record['ahv'] });
        }),
      );
      expect(await found()).toEqual([`BLOCKER pii-treatment ${field}`]);
    },
  );

  it('mail that is not treated may be another (negative control)', async () => {
    await forge('mail', HARMS[swapped] ?? (() => {}));
    expect(await found()).toEqual([]);
  });

  it('mail that holds a value of a dropped column is found as this', async () => {
    const fax = PEOPLE[7]?.fax ?? '';
    await forge('mail', (values) => {
      values[0] = `now ${fax}`;
    });
    expect(await found()).toContain('BLOCKER pii-dropped mail');
  });

  describe('without the source', () => {
    beforeAll(() => renameSync(join(harmed, 'legacy.db'), join(harmed, 'away.db')));
    afterAll(() => renameSync(join(harmed, 'away.db'), join(harmed, 'legacy.db')));

    it.each(['name', 'iban'])('%s that is swapped is not proven', async (field) => {
      await forge(field, HARMS[swapped] ?? (() => {}));
      expect(await found()).toEqual(['WARNING pii-unproven ']);
    });

    it.each(['ahv', 'salary', 'health'])('%s that is swapped does not open', async (field) => {
      await forge(field, HARMS[swapped] ?? (() => {}));
      expect(await found()).toEqual([`BLOCKER pii-treatment ${field}`, 'WARNING pii-unproven ']);
    });
  });
});

describe('a sealed value of a record without key', () => {
  it.each(['author', 'pin'])('%s that no row of the source gives is a BLOCKER', async (field) => {
    const [ours, theirs] = [copied(`ours-${field}`), copied(`theirs-${field}`)];
    await migrate(ours, [], { env: SECRETS });
    await migrate(theirs, [], { env: OTHER });
    const [other] = recordsOf(theirs, 'note');
    await forgeLines(ours, 'note', (lines) =>
      lines.map((line, at) => {
        const record = JSON.parse(line) as Json;
        return at === 0 ? canonicalJson({ ...record, [field]: other?.[field] }) : line;
      }),
    );
    const { findings } = await scanAllOf(ours);
    const told = findings.map((one) => `${one.severity} ${one.rule} ${one.field ?? ''}`);
    expect(told).toContain(`BLOCKER pii-treatment ${field}`);
  });
});

describe('a source that is in another place', () => {
  it.each(['scan-all', 'scan-pii', 'scan-module'])('is read there by %s', async (command) => {
    const moved = copied(`moved-${command}`);
    await migrate(moved, [], { env: SECRETS });
    renameSync(join(moved, 'legacy.db'), join(moved, 'elsewhere.db'));
    const args = [command, ...(command === 'scan-module' ? ['person'] : []), '--project', moved];
    const without = await sealift(args, { env: SECRETS });
    expect([without.code, without.stdout]).toEqual([1, expect.stringContaining('pii-unproven')]);
    const place = ['--source', `sqlite:${join(moved, 'elsewhere.db')}`];
    const { stdout } = await succeed([...args, ...place], { env: SECRETS });
    expect(stdout).toContain(`${command}: PASS`);
  });
});

describe('a source that has changed since', () => {
  it('proves nothing of values that it no longer has: a WARNING', async () => {
    const later = copied('later');
    await migrate(later, [], { env: SECRETS });
    change(later, "UPDATE person SET name = 'Zeta Zulu' WHERE id = 3");
    const { status, findings } = await scanAllOf(later);
    expect(status).toBe('WARN');
    expect(findings.map(({ rule, field }) => [rule, field])).toContainEqual([
      'pii-unproven',
      'name',
    ]);
  });
});
