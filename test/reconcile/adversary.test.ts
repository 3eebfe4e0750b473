/** What tries to make a wrong target pass: other tables, other types, other rights, another seal. */

import { createHash } from 'node:crypto';
import { cpSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { quote } from '../../src/sql/quote.ts';
import { formatSums, parseSums, SUMS_FILE } from '../../src/seal/format.ts';
import { hasPostgres, startPostgres, type Postgres } from '../kit/postgres.ts';
import { candidateOf, recordsOf, succeed, workFolder } from '../kit/project.ts';
import { sealift } from '../kit/run.ts';
import {
  postgresTarget,
  reconciled,
  sealedProject,
  SECRETS,
  sqliteTarget,
  type Target,
} from './fixture.ts';

const PATIENCE = 300_000;
const work = workFolder('adversary');
const project = join(work, 'project');
let file: Target;

beforeAll(async () => {
  await sealedProject(project, 60);
  file = await sqliteTarget(project, join(work, 'new.db'));
}, PATIENCE);

async function found(target: Target, args: string[] = []): Promise<string[]> {
  const { findings, stderr, code } = await reconciled(project, target, args);
  expect(stderr).not.toContain('sealift reconcile:');
  expect(code).toBe(findings.length === 0 ? 0 : 2);
  return findings
    .map(({ rule, module = '', recordId = '', field, reason }) => {
      const why =
        rule === 'target-incomparable' ? reason.replace(/^.*compared: /, '') : (field ?? '');
      return `${rule} ${module} ${recordId} ${why}`.trim();
    })
    .sort();
}

describe.skipIf(!hasPostgres())('in PostgreSQL', () => {
  let server: Postgres;
  let loaded: Target;
  beforeAll(async () => {
    server = await startPostgres();
    loaded = await postgresTarget(server, project, 'adversary');
  }, PATIENCE);
  afterAll(() => server.stop());

  /** Changes a copy; `{item}` and the like stand for tables. */
  async function after(sql: string): Promise<string[]> {
    const target = await loaded.copy();
    await target.run(sql.replaceAll(/\{(\w+)\}/g, (_, module: string) => target.table(module)));
    return found(target);
  }

  it(
    'passes where nothing was changed (negative control)',
    async () => {
      expect(await after('SELECT 1')).toEqual([]);
    },
    PATIENCE,
  );

  it(
    'looks at no table of the same name elsewhere',
    async () => {
      const decoy = `CREATE TABLE public.item AS SELECT * FROM {item};
      CREATE SCHEMA decoy; CREATE TABLE decoy.item AS SELECT * FROM {item};
      CREATE TABLE public."x.item" AS SELECT * FROM {item};
      DO $$BEGIN EXECUTE format('ALTER DATABASE %I SET search_path = decoy', current_database()); END$$`;
      expect(await after(decoy)).toEqual([]);
      expect(await after(`${decoy}; UPDATE {item} SET n = 99 WHERE id = 4`)).toEqual([
        'target-changed item [4] n',
      ]);
      expect(await after(`${decoy}; DROP TABLE {item}`)).toEqual([
        'target-incomparable item  the target has no such table',
      ]);
    },
    PATIENCE,
  );

  it(
    'looks at no partition of another table, and reads all partitions of one',
    async () => {
      const columns = `CREATE TABLE public.whole (LIKE {item}) PARTITION BY RANGE (id)`;
      expect(
        await after(`${columns}; ALTER TABLE {item} DROP CONSTRAINT item_pkey;
        ALTER TABLE {item} ALTER COLUMN id DROP IDENTITY;
        ALTER TABLE public.whole ATTACH PARTITION {item} DEFAULT`),
      ).toEqual(['target-incomparable item  the target has no such table']);
      const split = `CREATE TABLE public.old AS SELECT * FROM {item}; DROP TABLE {item};
      CREATE TABLE {item} (LIKE public.old) PARTITION BY RANGE (id);
      CREATE TABLE public.a PARTITION OF {item} FOR VALUES FROM (MINVALUE) TO (0);
      CREATE TABLE public.b PARTITION OF {item} DEFAULT; INSERT INTO {item} SELECT * FROM public.old`;
      expect(await after(split)).toEqual([]);
      expect(
        await after(
          `${split}; UPDATE public.a SET n = 99 WHERE id = -4; DELETE FROM public.b WHERE id = 4`,
        ),
      ).toEqual(['target-changed item [-4] n', 'target-missing item [4]']);
    },
    PATIENCE,
  );

  it(
    'knows that rows of a table that inherits are seen by all who read',
    async () => {
      const heir = `CREATE TABLE public.heir () INHERITS ({item})`;
      const [line = ''] = await after(
        `${heir}; INSERT INTO public.heir SELECT * FROM {item} WHERE id = 4`,
      );
      expect(line).toContain('its table has the rows of heir in it, by inheritance');
    },
    PATIENCE,
  );

  it.each<[string, string, string]>([
    [
      'text for an integer',
      'ALTER COLUMN n TYPE text',
      'the column n is of text, which the field is not',
    ],
    [
      'text for a float',
      'ALTER COLUMN ratio TYPE text',
      'the column ratio is of text, which the field is not',
    ],
    [
      'real for a double',
      'ALTER COLUMN ratio TYPE real',
      'the column ratio is a float of 32 bits, and the field is a double',
    ],
    [
      'a double for a decimal',
      'ALTER COLUMN cents TYPE double precision',
      'the column cents is a float, which the field is not',
    ],
  ])(
    'takes no column of %s',
    async (_, change, says) => {
      expect(await after(`ALTER TABLE {item} ${change}`)).toEqual([
        `target-incomparable item  ${says}`,
      ]);
    },
    PATIENCE,
  );

  it(
    'takes types that return the same values, and finds other spellings in texts',
    async () => {
      const text = 'ALTER TABLE {item} ALTER COLUMN cents TYPE text';
      expect(await after(text)).toEqual([]);
      expect(await after(`${text}; UPDATE {item} SET cents = cents || '0' WHERE id = 4`)).toEqual([
        'target-changed item [4] cents',
      ]);
      expect(
        await after(
          'CREATE DOMAIN public.word AS text; ALTER TABLE {item} ALTER COLUMN a TYPE public.word',
        ),
      ).toEqual([]);
      const blanks = await after('ALTER TABLE {item} ALTER COLUMN note TYPE char(9)');
      expect(blanks).toContain('target-changed item [-96] note');
      const local = await after(`ALTER TABLE {item} ALTER COLUMN at TYPE timestamp(6)`);
      expect(local).toHaveLength(60);
      const short = await after(`ALTER TABLE {item} ALTER COLUMN at TYPE timestamptz(3)`);
      expect(short.length).toBeGreaterThan(50);
    },
    PATIENCE,
  );

  it(
    'takes a rule, a trigger or a generated column for what the rows are',
    async () => {
      expect(
        await after(`CREATE FUNCTION public.same() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.n := 77; RETURN NEW; END';
        CREATE TRIGGER same BEFORE UPDATE ON {item} FOR EACH ROW EXECUTE FUNCTION public.same();
        CREATE RULE quiet AS ON DELETE TO {item} DO INSTEAD NOTHING;
        DELETE FROM {item}; UPDATE {item} SET a = a WHERE id = 4`),
      ).toEqual(['target-changed item [4] n']);
      expect(
        await after(`ALTER TABLE {pair} DROP COLUMN "text";
        ALTER TABLE {pair} ADD COLUMN "text" text GENERATED ALWAYS AS (word || part::text) STORED`),
      ).toEqual([]);
    },
    PATIENCE,
  );

  it(
    'refuses to read what a policy hides',
    async () => {
      const target = await loaded.copy();
      const schema = target.table('item').split('.')[0] ?? '';
      await target.run(`CREATE ROLE reader LOGIN PASSWORD 'r'; GRANT USAGE ON SCHEMA ${schema} TO reader;
      GRANT SELECT ON ALL TABLES IN SCHEMA ${schema} TO reader;
      ALTER TABLE ${target.table('item')} ENABLE ROW LEVEL SECURITY;
      CREATE POLICY few ON ${target.table('item')} USING (id < 10);
      DELETE FROM ${target.table('item')} WHERE id = 14`);
      const url = new URL(target.url);
      url.username = 'reader';
      const env = { ...SECRETS, PGPASSWORD: 'r' };
      const { code, stderr, stdout } = await reconciled(project, { url: String(url), env });
      expect([code, stdout.includes('PASS')]).toEqual([2, false]);
      expect(stderr).toMatch(/policy|row.security/i);
      await target.run('DROP OWNED BY reader; DROP ROLE reader');
    },
    PATIENCE,
  );

  it(
    'finds the schema of the seal by its ledger, and one without a ledger only by name',
    async () => {
      const target = await loaded.copy();
      await target.run(`ALTER SCHEMA ${target.table('item').split('.')[0]} RENAME TO renamed`);
      expect(await found(target)).toEqual([]);
      await target.run('DROP TABLE renamed.sealift_ledger');
      const gone = await reconciled(project, target);
      expect([gone.code, gone.stderr]).toEqual([
        64,
        expect.stringContaining('no schema into which'),
      ]);
      expect(await found(target, ['--schema', 'renamed'])).toEqual([]);
    },
    PATIENCE,
  );
});

/** Makes SHA256SUMS anew after a change, as a program that hides it would. */
function resum(folder: string): void {
  const path = join(folder, SUMS_FILE);
  const lines = (parseSums(readFileSync(path, 'utf8')) ?? []).map((line) => {
    const bytes = readFileSync(join(folder, line.path));
    return { path: line.path, sha256: createHash('sha256').update(bytes).digest('hex') };
  });
  writeFileSync(path, formatSums(lines));
}

describe.skipIf(!hasPostgres())('columns of text in PostgreSQL', () => {
  let server: Postgres;
  beforeAll(async () => {
    server = await startPostgres();
  }, PATIENCE);
  afterAll(() => server.stop());

  it(
    'hold an id in capitals that is another one, and a JSON null that is none',
    async () => {
      const target = await postgresTarget(server, project, 'texts');
      const [line, item] = [target.table('line'), target.table('item')];
      await target.run(`ALTER TABLE ${line} ALTER COLUMN id TYPE text;
        ALTER TABLE ${item} ALTER COLUMN data TYPE text, ALTER COLUMN code TYPE text`);
      expect(await found(target)).toEqual([]);
      const [first] = recordsOf(project, 'line').map(({ id }) => String(id));
      await target.run(`UPDATE ${line} SET id = upper(id) WHERE id = '${first}';
        UPDATE ${item} SET code = upper(code) WHERE id = 2;
        UPDATE ${item} SET data = 'null' WHERE id = (SELECT min(id) FROM ${item} WHERE data IS NULL)`);
      expect(await found(target)).toEqual([
        'target-changed item [-100] data',
        'target-changed item [2] code',
        'target-extra line',
        `target-missing line ${first}`,
      ]);
    },
    PATIENCE,
  );
});

describe.skipIf(!hasPostgres())('tables that a load has filled', () => {
  let server: Postgres;
  beforeAll(async () => {
    server = await startPostgres();
  }, PATIENCE);
  afterAll(() => server.stop());

  it(
    'are compared by the name of their schema',
    async () => {
      const { sealId } = builtOf(await succeed(['status', '--json', '--project', project]));
      const made = await postgresTarget(server, project, 'made');
      for (const schema of ['public', 'app.main']) {
        const name = quote(schema);
        const modules = ['item', 'pair', 'nothing', 'member', 'line'];
        const tables = modules.map((module) => {
          return `CREATE TABLE ${name}.${module} (LIKE ${made.table(module)})`;
        });
        await made.run(`CREATE SCHEMA IF NOT EXISTS ${name}; ${tables.join('; ')}`);
        const args = ['--project', project, '--target', made.url];
        await succeed(['load', ...args, '--into', schema], { env: made.env });
        expect(await found(made, ['--schema', schema])).toEqual([]);
        await made.run(`UPDATE ${name}.item SET n = 99 WHERE id = 4`);
        expect(await found(made, ['--schema', schema])).toEqual(['target-changed item [4] n']);
      }
      expect(await found(made, ['--expect-seal', sealId])).toEqual([]);
    },
    PATIENCE,
  );
});

/** The candidate that status says is built. */
function builtOf({ stdout }: { readonly stdout: string }): { readonly sealId: string } {
  return (JSON.parse(stdout) as { facts: { built: { sealId: string } } }).facts.built;
}

describe('the seal', () => {
  const PAIR = 'pair/checksums/ranges.ndjson';

  /** A copy of the candidate whose list of ranges is that of a target that lacks a row. */
  async function forged(name: string): Promise<{ target: Target; folder: string }> {
    const target = await file.copy();
    await target.run(`UPDATE pair SET "text" = 'forged' WHERE word = 'a' AND part = 1`);
    const folder = join(work, name);
    cpSync(candidateOf(project), folder, { recursive: true, dereference: true });
    const before = readFileSync(join(folder, 'pair/data.ndjson'), 'utf8');
    const lines = before
      .trimEnd()
      .split('\n')
      .map((line) => {
        const record = JSON.parse(line) as { part: number; word: string };
        const isIt = record.word === 'a' && record.part === 1;
        return isIt ? line.replace('"text":"a1"', '"text":"forged"') : line;
      });
    expect(lines.join('\n')).toContain('forged');
    const hash = createHash('sha256');
    for (const line of lines) {
      hash.update(createHash('sha256').update('\0').update(line).digest());
    }
    const range = JSON.parse(readFileSync(join(folder, PAIR), 'utf8')) as Record<string, unknown>;
    const { digest: _, ...rest } = range;
    writeFileSync(
      join(folder, PAIR),
      `${JSON.stringify({ count: rest['count'], digest: hash.digest('hex'), ...rest })}\n`,
    );
    return { target, folder };
  }

  it(
    'whose ranges were changed is refused, or is not the one that was kept',
    async () => {
      const { target, folder } = await forged('forged');
      const changed = await reconciled(project, target, ['--candidate', folder]);
      expect([changed.code, changed.stderr]).toEqual([
        2,
        expect.stringContaining('does not verify'),
      ]);
      resum(folder);
      const { sealId } = JSON.parse(
        (await succeed(['status', '--json', '--project', project])).stdout,
      ).facts.built as { sealId: string };
      const expected = await reconciled(project, target, [
        '--candidate',
        folder,
        '--expect-seal',
        sealId,
      ]);
      expect([expected.code, expected.stderr]).toEqual([
        2,
        expect.stringContaining('--expect-seal names'),
      ]);
      const own = await reconciled(project, file, ['--expect-seal', sealId]);
      expect([own.code, own.stdout.includes('consistent in itself only')]).toEqual([0, false]);
    },
    PATIENCE,
  );

  it(
    'that vouches for itself alone is said to (what the option above is for)',
    async () => {
      const { target, folder } = await forged('self');
      resum(folder);
      const { stdout } = await reconciled(project, target, ['--candidate', folder]);
      expect(stdout).toContain('consistent in itself only: give --expect-seal');
    },
    PATIENCE,
  );

  it(
    'that was put in the place of the candidate is refused',
    async () => {
      const copy = join(work, 'replaced');
      cpSync(project, copy, { recursive: true, verbatimSymlinks: true });
      const { target, folder } = await forged('other');
      resum(folder);
      const own = candidateOf(copy);
      expect(existsSync(own)).toBe(true);
      const real = join(copy, 'storage_candidate/sealed');
      const [name = ''] = JSON.parse(
        (await succeed(['status', '--json', '--project', copy])).stdout,
      ).facts.candidates as string[];
      rmSync(join(real, name), { recursive: true });
      renameSync(folder, join(real, name));
      const args = ['reconcile', '--project', copy, '--target', target.url];
      const { code, stderr } = await sealift(args, { env: SECRETS });
      expect([code, stderr]).toEqual([2, expect.stringContaining("in its folder's name")]);
    },
    PATIENCE,
  );
});

describe('the journal and status', () => {
  it(
    'hold how the last comparison ended, and how long ago',
    async () => {
      const status = async (): Promise<string> =>
        (await succeed(['status', '--project', project])).stdout;
      await reconciled(project, file);
      expect(await status()).toMatch(
        /^reconciled PASS, \d+ seconds? ago, at 20.*\n +seal \w{8}, .*new\.db$/m,
      );
      const target = await file.copy();
      await target.run('DELETE FROM item WHERE id = 4; DROP TABLE line');
      await reconciled(project, target);
      expect(await status()).toMatch(
        /^reconciled FAIL, 1 missing, 0 extra, 0 changed, 1 not compared, \d+ /m,
      );
      const journal = readFileSync(join(project, 'storage_journal/journal.ndjson'), 'utf8');
      const {
        at: _,
        prev: __,
        seq: ___,
        ...last
      } = JSON.parse(journal.trimEnd().split('\n').at(-1) ?? '') as Record<string, unknown>;
      expect(last).toMatchObject({
        event: 'reconciled',
        verdict: 'FAIL',
        counts: { missing: 1, extra: 0, changed: 0, incomparable: 1 },
      });
    },
    PATIENCE,
  );
});
