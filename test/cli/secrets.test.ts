/** sealift secrets: a rotation from its beginning to its end, and all that is refused on the way. */

import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createHash } from 'node:crypto';
import { join } from 'node:path';

import { beforeEach, describe, expect, it } from 'vitest';

import { newProject } from '../fault/fixture.ts';
import { workFolder } from '../kit/project.ts';
import { sealift, type Ran } from '../kit/run.ts';
import {
  endpointProject,
  HOUR,
  KEY,
  promoted,
  secretOf,
  WINDOW,
  type EndpointProject,
} from '../secrets/endpoint.ts';

const work = workFolder('secrets');
const [FIRST, SECOND, THIRD] = [1, 2, 3].map((number) => secretOf('stripe', number)) as [
  string,
  string,
  string,
];
let made = 0;
let endpoint: EndpointProject;

beforeEach(() => {
  endpoint = endpointProject(join(work, `p${(made += 1)}`));
});

interface Facts {
  readonly facts: { readonly endpoints: readonly { readonly secrets: readonly Shown[] }[] };
}
interface Shown {
  readonly id: string;
  readonly state: string;
  readonly live: boolean;
  readonly neededAlone: number;
}

/** The states of the secrets of `stripe`, by id; those that are not live in brackets. */
async function states(): Promise<string> {
  const ran = await endpoint.run('status', 'stripe', '--json');
  expect(ran.code, ran.stderr).toBe(0);
  const { facts } = JSON.parse(ran.stdout) as Facts;
  const secrets = facts.endpoints[0]?.secrets ?? [];
  return secrets
    .map(({ id, state, live }) => (live ? `${id} ${state}` : `(${id} ${state})`))
    .join(', ');
}

function refused(ran: Ran, code: number, why: string): void {
  expect([ran.code, ran.stderr]).toEqual([code, expect.stringContaining(why)]);
}

describe('a rotation', () => {
  it('goes from the first secret to the second, and each step is in the journal', async () => {
    expect((await endpoint.rotate('stripe', FIRST, '--who', 'ada')).code).toBe(0);
    expect(await states()).toBe('stripe-1 active');
    expect((await endpoint.rotate('stripe', SECOND)).code).toBe(0);
    expect(await states()).toBe('stripe-1 active, stripe-2 pending');
    expect((await endpoint.run('promote', 'stripe')).code).toBe(0);
    expect(await states()).toBe('stripe-1 retiring, stripe-2 active');
    endpoint.match('stripe', 'stripe-1');
    endpoint.now += WINDOW;
    expect((await endpoint.run('retire', 'stripe', '--who', 'ada')).code).toBe(0);
    expect(await states()).toBe('(stripe-1 revoked), stripe-2 active');
    const events = endpoint.journal().slice(1);
    const told = events.map(({ event, ids, who, forced }) => [event, ids, who, forced]);
    expect(told.filter((_, at) => at % 2 === 0)).toEqual([
      ['secret-rotate-intended', ['stripe-1'], 'ada', undefined],
      ['secret-rotate-intended', ['stripe-2'], undefined, undefined],
      ['secret-promote-intended', ['stripe-1', 'stripe-2'], undefined, undefined],
      ['secret-retire-intended', ['stripe-1'], 'ada', undefined],
    ]);
    expect(events.map(({ event }) => String(event).endsWith('-done'))).toEqual(
      events.map((_, at) => at % 2 === 1),
    );
    const digest = createHash('sha256').update(endpoint.file('stripe')).digest('hex');
    expect(events.at(-1)?.['file']).toBe(digest);
  });

  it('is not begun again before it has ended, unless it is forced by name', async () => {
    await endpoint.rotate('stripe', FIRST);
    await endpoint.rotate('stripe', SECOND);
    const before = endpoint.file('stripe');
    refused(await endpoint.rotate('stripe', THIRD), 64, '"stripe-2" is pending');
    refused(await endpoint.rotate('stripe', THIRD, '--force'), 64, 'needs the name');
    expect(endpoint.file('stripe')).toBe(before);
    expect((await endpoint.rotate('stripe', THIRD, '--force', '--who', 'ada')).code).toBe(0);
    expect(await states()).toBe('stripe-1 active, (stripe-2 revoked), stripe-3 pending');
    expect(endpoint.journal().at(-1)).toMatchObject({ forced: true, who: 'ada' });
    await endpoint.run('promote', 'stripe');
    refused(await endpoint.rotate('stripe', secretOf('stripe', 4)), 64, '"stripe-1" is retiring');
  });

  it('waits for the retry window after the last delivery that needed the old secret', async () => {
    await promoted(endpoint, 'stripe');
    endpoint.now += 10 * HOUR;
    endpoint.match('stripe', 'stripe-1');
    endpoint.now += 70 * HOUR;
    endpoint.match('stripe', 'stripe-1');
    const before = endpoint.file('stripe');
    const waiting = await endpoint.run('retire', 'stripe', '--json');
    refused(waiting, 3, '"stripe-1", for 3 days (until 2023-11-21T06:13:20.000Z)');
    expect(JSON.parse(waiting.stdout)).toMatchObject({ failure: { code: 'WAITING' } });
    endpoint.now += WINDOW - 1;
    refused(await endpoint.run('retire', 'stripe'), 3, 'for 1 second');
    expect(endpoint.file('stripe')).toBe(before);
    expect((await endpoint.run('status')).stdout).toContain('needed alone 2 times');
    endpoint.now += 1;
    const done = await endpoint.run('retire', 'stripe');
    expect([done.code, done.stdout]).toEqual([
      0,
      expect.stringContaining('2 deliveries needed it'),
    ]);
  });

  it('does not end while nobody would report what the old secret is needed for', async () => {
    await promoted(endpoint, 'stripe');
    endpoint.now += 2 * WINDOW;
    refused(await endpoint.run('retire', 'stripe'), 1, 'nothing reports');
    expect((await endpoint.run('status')).stdout).toContain('nothing reports');
    writeFileSync(join(endpoint.project, 'storage_secrets/stripe.matches.ndjson'), '{"at":17');
    refused(await endpoint.run('retire', 'stripe'), 1, 'line 1 of the matches');
    writeFileSync(join(endpoint.project, 'storage_secrets/stripe.matches.ndjson'), '');
    expect((await endpoint.run('retire', 'stripe')).code).toBe(0);
  });

  it('takes the matches from where they are declared', async () => {
    endpoint = endpointProject(join(work, 'elsewhere'), { matches: 'logs/matches.ndjson' });
    mkdirSync(join(endpoint.project, 'logs'));
    await promoted(endpoint, 'stripe');
    writeFileSync(
      join(endpoint.project, 'logs/matches.ndjson'),
      '{"at":1700000000,"id":"stripe-1"}\n',
    );
    refused(await endpoint.run('retire', 'stripe'), 3, 'may still need');
    expect((await endpoint.run('status')).stdout).toContain('needed alone 1 time,');
  });

  it('retires at once if that is forced by name', async () => {
    await promoted(endpoint, 'stripe');
    refused(await endpoint.run('retire', 'stripe', '--force'), 64, 'needs the name');
    expect((await endpoint.run('retire', 'stripe', '--force', '--who', 'ada')).code).toBe(0);
    expect(await states()).toBe('(stripe-1 revoked), stripe-2 active');
    expect(endpoint.journal().at(-1)).toMatchObject({
      event: 'secret-retire-done',
      forced: true,
      who: 'ada',
    });
  });

  it('is over at once in an emergency: the new secret is the only one', async () => {
    await promoted(endpoint, 'stripe');
    refused(await endpoint.rotate('stripe', THIRD, '--emergency'), 64, 'needs the name');
    expect((await endpoint.rotate('stripe', THIRD, '--emergency', '--who', 'ada')).code).toBe(0);
    expect(await states()).toBe('(stripe-1 revoked), (stripe-2 revoked), stripe-3 active');
    expect(endpoint.journal().at(-1)).toMatchObject({
      event: 'secret-replace-done',
      ids: ['stripe-1', 'stripe-2', 'stripe-3'],
      forced: true,
    });
  });

  it('of one endpoint leaves the others as they are', async () => {
    await endpoint.rotate('standard', secretOf('standard', 1));
    const before = endpoint.file('standard');
    await promoted(endpoint, 'stripe');
    expect(endpoint.file('standard')).toBe(before);
    expect((await endpoint.run('status')).stdout).toContain('standard-1  active');
  });

  it('needs a promoted secret to retire, and a pending one to promote', async () => {
    refused(await endpoint.run('promote', 'stripe'), 64, 'no secret is pending');
    refused(await endpoint.run('retire', 'stripe'), 64, 'no secret is retiring');
    expect(existsSync(join(endpoint.project, 'storage_secrets'))).toBe(false);
    expect(existsSync(join(endpoint.project, 'storage_journal'))).toBe(false);
  });
});

describe('a new secret', () => {
  it.each([
    ['without its prefix', 'a-secret-without-it', 'does not begin with whsec_'],
    ['that is short', 'whsec_abc', 'too short'],
    ['with a space', `${FIRST.slice(0, 30)} ${FIRST.slice(30)}`, 'a space'],
    ['with a line feed inside', `${FIRST}\n${SECOND}`, 'a line feed'],
    ['that is empty', '\n', 'is empty'],
  ])('%s is refused for Stripe', async (_, secret, why) => {
    const ran = await endpoint.rotate('stripe', secret);
    refused(ran, 64, why);
    if (secret.length > 10) expect(ran.stderr).not.toContain(secret.slice(8, 20));
    expect(existsSync(endpoint.path('stripe'))).toBe(false);
  });

  it.each([
    ['that is not base64', 'whsec_not!base64', 'not base64'],
    ['that is short', 'whsec_c2hvcnQ=', 'not 24 to 64 bytes'],
  ])('%s is refused for Standard Webhooks', async (_, secret, why) => {
    refused(await endpoint.rotate('standard', secret), 64, why);
  });

  it('that is there already is refused: nothing would be rotated', async () => {
    await endpoint.rotate('stripe', FIRST);
    refused(await endpoint.rotate('stripe', FIRST), 64, '"stripe-1" is already');
  });

  it('is read from a file of its owner alone, with a line feed at its end', async () => {
    const path = join(endpoint.project, 'new.txt');
    writeFileSync(path, `${FIRST}\n`, { mode: 0o644 });
    chmodSync(path, 0o644);
    const from = ['rotate', 'stripe', '--from', 'file:new.txt'];
    refused(await endpoint.run(...from), 64, 'others can open');
    chmodSync(path, 0o600);
    expect((await endpoint.run(...from)).code).toBe(0);
    refused(await endpoint.rotate('stripe', FIRST), 64, '"stripe-1" is already');
  });

  it('is read from a descriptor', async () => {
    const ran = await sealift(['secrets', 'rotate', 'stripe', '--from', 'fd:0', '--project', '.'], {
      process: true,
      cwd: endpoint.project,
      env: { WEBHOOK_KEY: KEY },
      wrap: ['sh', '-c', `echo ${FIRST} | "$@"`, 'sh'],
    });
    expect(ran.code, ran.stderr).toBe(0);
    refused(await endpoint.rotate('stripe', FIRST), 64, '"stripe-1" is already');
  });

  it('is never an argument, nor derived', async () => {
    const given = await endpoint.run('rotate', 'stripe', '--from', FIRST);
    refused(given, 64, 'not understood');
    expect(given.stderr).not.toContain(FIRST.slice(6));
    refused(
      await endpoint.run('rotate', 'stripe', '--from', 'derived:paperscraper'),
      64,
      'not understood',
    );
    refused(await endpoint.run('rotate', 'stripe', '--from', 'env:NOWHERE'), 64, 'is missing');
  });
});

describe('the file of secrets', () => {
  it('is for its owner alone, whatever the umask, and leaves nothing beside it', async () => {
    const before = process.umask(0);
    await promoted(endpoint, 'stripe');
    process.umask(before);
    const folder = join(endpoint.project, 'storage_secrets');
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(statSync(endpoint.path('stripe')).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder).toSorted()).toEqual(['.lock', 'stripe.json']);
  });

  it('that was put back from elsewhere is refused, but not by an emergency', async () => {
    await promoted(endpoint, 'stripe');
    const leaked = endpoint.file('stripe');
    await endpoint.run('retire', 'stripe', '--force', '--who', 'ada');
    writeFileSync(endpoint.path('stripe'), leaked);
    refused(await endpoint.run('status'), 1, 'not the one that the journal records');
    refused(await endpoint.run('retire', 'stripe'), 1, 'not the one that the journal records');
    rmSync(endpoint.path('stripe'));
    refused(await endpoint.rotate('stripe', THIRD), 1, 'is gone');
    writeFileSync(endpoint.path('stripe'), 'x');
    expect((await endpoint.rotate('stripe', THIRD, '--emergency', '--who', 'a')).code).toBe(0);
    // No id means two secrets, though those before are lost.
    expect(await states()).toBe('stripe-3 active');
  });

  it('may be the old or the new one after a command was killed between its lines', async () => {
    await endpoint.rotate('stripe', FIRST);
    const old = endpoint.file('stripe');
    await endpoint.rotate('stripe', SECOND);
    const journal = join(endpoint.project, 'storage_journal/journal.ndjson');
    const lines = readFileSync(journal, 'utf8').trimEnd().split('\n');
    // As if killed before the last line.
    writeFileSync(journal, `${lines.slice(0, -1).join('\n')}\n`);
    expect(await states()).toBe('stripe-1 active, stripe-2 pending');
    writeFileSync(endpoint.path('stripe'), old);
    expect(await states()).toBe('stripe-1 active');
    expect((await endpoint.rotate('stripe', SECOND)).code).toBe(0);
    expect(await states()).toBe('stripe-1 active, stripe-3 pending');
  });

  it('is not followed where it is a link', async () => {
    await endpoint.rotate('stripe', FIRST);
    const path = endpoint.path('stripe');
    const content = endpoint.file('stripe');
    rmSync(path);
    writeFileSync(join(endpoint.project, 'else.json'), content);
    symlinkSync(join(endpoint.project, 'else.json'), path);
    const ran = await endpoint.run('status');
    expect(ran.code).not.toBe(0);
  });

  it('is changed by one command at a time', async () => {
    const rotations = await Promise.all(
      [1, 2, 3].map((number) =>
        sealift(['secrets', 'rotate', 'stripe', '--from', 'env:NEW', '--project', '.'], {
          process: true,
          cwd: endpoint.project,
          env: { WEBHOOK_KEY: KEY, NEW: secretOf('stripe', number) },
        }),
      ),
    );
    const codes = rotations.map(({ code }) => code);
    expect(codes).toContain(0);
    const done = codes.filter((code) => code === 0).length;
    expect((await states()).split(', ')).toHaveLength(done);
    expect(done).toBeLessThan(3);
  });
});

describe('the key', () => {
  it('has to open what is there before something is added under it', async () => {
    await endpoint.rotate('stripe', FIRST);
    const other = createHash('sha256').update('another').digest('hex');
    const ran = await sealift(
      ['secrets', 'rotate', 'stripe', '--from', 'env:NEW', '--project', endpoint.project],
      { env: { WEBHOOK_KEY: other, NEW: SECOND } },
    );
    refused(ran, 64, '"stripe-1" is sealed under another key');
    expect(ran.stderr).not.toContain(other.slice(0, 8));
  });

  it('is not needed to promote, to retire and to show', async () => {
    await endpoint.rotate('stripe', FIRST);
    await endpoint.rotate('stripe', SECOND);
    for (const args of [
      ['promote', 'stripe'],
      ['status'],
      ['retire', 'stripe', '--force', '--who', 'a'],
    ]) {
      const ran = await sealift(['secrets', ...args, '--project', endpoint.project], {
        now: () => new Date(endpoint.now * 1000),
      });
      expect(ran.code, ran.stderr).toBe(0);
    }
  });

  it('that is missing is told by its variable', async () => {
    const ran = await sealift(
      ['secrets', 'rotate', 'stripe', '--from', 'env:NEW', '--project', endpoint.project],
      { env: { NEW: FIRST } },
    );
    refused(ran, 64, 'WEBHOOK_KEY');
  });
});

function declare(text: string): void {
  writeFileSync(join(endpoint.project, 'mapping/secrets.json'), text);
}

describe('the declaration', () => {
  const secret = { name: 'stripe', kind: 'stripe', key: 'env:K', retryHours: 72 };

  it.each([
    ['a kind that there is not', { ...secret, kind: 'stirpe' }, 'did you mean "stripe"?'],
    ['a name with a slash', { ...secret, name: '../x' }, 'lower-case letters'],
    ['a key in place of where it is', { ...secret, key: FIRST }, 'file:PATH, env:NAME'],
    ['no retry window', { ...secret, retryHours: 0 }, 'not below 1'],
    ['a member that there is not', { ...secret, retryHour: 1 }, 'retryHours'],
  ])('with %s is refused', async (_, written, why) => {
    declare(JSON.stringify({ format: 1, secrets: [written] }));
    const ran = await endpoint.run('status');
    refused(ran, 64, why);
    expect(ran.stderr).not.toContain(FIRST.slice(6, 20));
  });

  it('with a name twice is refused, and so is a name that is not in it', async () => {
    declare(JSON.stringify({ format: 1, secrets: [secret, secret] }));
    refused(await endpoint.run('status'), 64, 'stands here twice');
    declare(JSON.stringify({ format: 1, secrets: [secret] }));
    refused(await endpoint.run('status', 'stirpe'), 64, 'did you mean "stripe"?');
  });

  it('is frozen with the mapping', async () => {
    endpoint = endpointProject(await newProject(5));
    const freeze = ['freeze', '--who', 'ada', '--why', 'as agreed', '--project', endpoint.project];
    expect((await sealift(freeze)).code).toBe(0);
    expect((await endpoint.rotate('stripe', FIRST)).code).toBe(0);
    declare(JSON.stringify({ format: 1, secrets: [{ ...secret, retryHours: 1 }] }));
    refused(await endpoint.run('status'), 64, 'not the one that was frozen');
    expect((await sealift(freeze)).code).toBe(0);
    expect((await endpoint.run('status')).code).toBe(0);
    declare('{');
    expect((await sealift(freeze)).code).toBe(64);
    rmSync(endpoint.project, { recursive: true });
  });
});
