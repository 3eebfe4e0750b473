/**
 * The example application takes deliveries before, within and after a rotation: none that is signed as
 * agreed is lost, none has two effects, and none that is signed otherwise has one.
 */

import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import Database from 'better-sqlite3';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { openRows } from '../../examples/app/rows.ts';
import { startApp, type App } from '../../examples/app/server.ts';
import { settingsOf } from '../../examples/app/settings.ts';
import { workFolder } from '../kit/project.ts';
import { hasPostgres, startPostgres, type Postgres } from '../kit/postgres.ts';
import {
  delivery,
  endpointProject,
  HOUR,
  KEY,
  promoted,
  secretOf,
  WINDOW,
  type EndpointProject,
  type Kind,
  type Signed,
} from '../secrets/endpoint.ts';

const work = workFolder('webhooks');
let made = 0;

describe.each<Kind>(['stripe', 'standard'])('the application with webhooks of kind %s', (kind) => {
  let endpoint: EndpointProject;
  let app: App;
  let database: Database.Database;
  let events = 0;
  const [old, fresh] = [secretOf(kind, 1), secretOf(kind, 2)];

  beforeEach(async () => {
    endpoint = endpointProject(join(work, `p${(made += 1)}`));
    const file = join(endpoint.project, 'app.db');
    database = new Database(file);
    database.exec(`CREATE TABLE attachments (id INTEGER PRIMARY KEY, disk_path TEXT,
      storage_key TEXT, content_type TEXT)`);
    const settings = settingsOf({
      DATABASE_URL: `sqlite:${file}`,
      ATTACHMENTS_ROOT: join(endpoint.project, 'uploads'),
      WEBHOOK_SECRETS: join(endpoint.project, 'storage_secrets'),
      WEBHOOK_SECRETS_KEY: KEY,
    });
    app = await startApp(settings, () => endpoint.now * 1000);
    return async () => {
      await app.close();
      database.close();
    };
  });

  async function post({ headers, body }: Signed): Promise<number> {
    const answer = await fetch(`${app.url}/webhooks/${kind}`, { method: 'POST', headers, body });
    // Nothing tells why a delivery was refused.
    expect(await answer.json()).toEqual({ ok: answer.status === 200 });
    return answer.status;
  }

  const signedBy = (...secrets: readonly string[]): Signed =>
    delivery(kind, `evt_${(events += 1)}`, { secrets, time: endpoint.now });

  /** How many events had an effect. */
  function handled(): number {
    const sql = 'SELECT handled FROM webhook_totals WHERE endpoint = ?';
    return Number(database.prepare(sql).pluck().get(kind) ?? 0);
  }

  const matches = (): string[] => {
    const text = readFileSync(
      join(endpoint.project, `storage_secrets/${kind}.matches.ndjson`),
      'utf8',
    );
    return text.split('\n').slice(0, -1);
  };

  it('has no endpoint before there is a secret, and needs no restart when there is one', async () => {
    expect(await post(signedBy(old))).toBe(404);
    await endpoint.rotate(kind, old);
    expect(await post(signedBy(old))).toBe(200);
    expect(handled()).toBe(1);
  });

  it('takes deliveries before, within and after a rotation', async () => {
    await endpoint.rotate(kind, old);
    // Before: the new secret is none.
    expect([await post(signedBy(old)), await post(signedBy(fresh))]).toEqual([200, 400]);
    // Within: either of them, and both.
    await endpoint.rotate(kind, fresh);
    const both = async (): Promise<number[]> => [
      await post(signedBy(old)),
      await post(signedBy(fresh)),
      await post(signedBy(fresh, old)),
    ];
    expect(await both()).toEqual([200, 200, 200]);
    expect(matches()).toEqual([]);
    expect((await endpoint.run('promote', kind)).code).toBe(0);
    expect(await both()).toEqual([200, 200, 200]);
    expect(matches()).toEqual([`{"at":${endpoint.now},"id":"${kind}-1"}`]);
    expect((await endpoint.run('retire', kind)).code).toBe(3);
    // A delivery that still needs the old secret makes it live for longer.
    endpoint.now += 71 * HOUR;
    expect(await post(signedBy(old))).toBe(200);
    endpoint.now += 71 * HOUR;
    expect((await endpoint.run('retire', kind)).code).toBe(3);
    expect(await post(signedBy(old))).toBe(200);
    endpoint.now += WINDOW;
    expect(await both()).toEqual([400, 200, 200]);
    expect((await endpoint.run('retire', kind)).code).toBe(0);
    // After: the new one alone.
    expect(await both()).toEqual([400, 200, 200]);
    expect(handled()).toBe(1 + 3 + 3 + 2 + 2 + 2);
  });

  it('gives a delivery that arrives again one effect, whatever it is signed with', async () => {
    await promoted(endpoint, kind);
    const first = delivery(kind, 'evt_again', { secrets: [old], time: endpoint.now });
    expect([await post(first), await post(first)]).toEqual([200, 200]);
    endpoint.now += HOUR;
    const again = delivery(kind, 'evt_again', { secrets: [fresh], time: endpoint.now });
    expect(await post(again)).toBe(200);
    expect(handled()).toBe(1);
    const burst = signedBy(old);
    const codes = await Promise.all(Array.from({ length: 20 }, () => post(burst)));
    expect(new Set(codes)).toEqual(new Set([200]));
    expect(handled()).toBe(2);
  });

  it('refuses an old delivery that is replayed, and one whose clock is fast', async () => {
    await promoted(endpoint, kind);
    // The secrets are older than a clock that is slow.
    endpoint.now += HOUR;
    const sent = signedBy(old, fresh);
    endpoint.now += 301;
    expect(await post(sent)).toBe(400);
    endpoint.now -= 602;
    expect(await post(sent)).toBe(400);
    expect(handled()).toBe(0);
    endpoint.now += 1;
    expect(await post(sent)).toBe(200);
    expect(handled()).toBe(1);
  });

  it('refuses the old secret at once after an emergency', async () => {
    await promoted(endpoint, kind);
    expect(await post(signedBy(old))).toBe(200);
    const third = secretOf(kind, 3);
    await endpoint.rotate(kind, third, '--emergency', '--who', 'ada');
    const codes = [old, fresh, third].map((secret) => post(signedBy(secret)));
    expect(await Promise.all(codes)).toEqual([400, 400, 200]);
  });

  it('refuses the old secret at once after it was retired by force', async () => {
    await promoted(endpoint, kind);
    await endpoint.run('retire', kind, '--force', '--who', 'ada');
    expect([await post(signedBy(old)), await post(signedBy(fresh))]).toEqual([400, 200]);
  });

  it('refuses a body that was changed, a header that is missing, a body that is too large', async () => {
    await promoted(endpoint, kind);
    const { headers, body } = signedBy(fresh);
    expect(await post({ headers, body: body.replaceAll('  ', ' ') })).toBe(400);
    expect(await post({ headers: {}, body })).toBe(400);
    const large = await fetch(`${app.url}/webhooks/${kind}`, {
      method: 'POST',
      headers,
      body: Buffer.alloc(2 ** 20 + 1),
    });
    expect(large.status).toBe(413);
    expect(handled()).toBe(0);
    expect(await post({ headers, body })).toBe(200);
  });

  it('acknowledges nothing that it could not report or apply', async () => {
    await promoted(endpoint, kind);
    const sent = signedBy(old);
    database.exec('ALTER TABLE webhook_totals RENAME TO away');
    expect(await post(sent)).toBe(500);
    database.exec('ALTER TABLE away RENAME TO webhook_totals');
    // The id was not kept without its effect.
    expect(await post(sent)).toBe(200);
    expect(handled()).toBe(1);
    // A file of secrets that is damaged is no reason to drop deliveries.
    writeFileSync(endpoint.path(kind), 'x');
    expect(await post(signedBy(fresh))).toBe(500);
  });

  it('makes the file of matches for its owner alone, before there is a match', async () => {
    await endpoint.rotate(kind, old);
    expect(await post(signedBy(old))).toBe(200);
    const path = join(endpoint.project, `storage_secrets/${kind}.matches.ndjson`);
    expect([statSync(path).mode & 0o777, statSync(path).size]).toEqual([0o600, 0]);
  });
});

describe('its settings', () => {
  it('of webhooks need each other', () => {
    const others = { DATABASE_URL: 'sqlite:x', ATTACHMENTS_ROOT: 'x' };
    expect(() => settingsOf({ ...others, WEBHOOK_SECRETS: 'x' })).toThrow(/need each other/);
  });
});

describe.runIf(hasPostgres())('its events in PostgreSQL', () => {
  let server: Postgres;
  beforeAll(async () => {
    server = await startPostgres();
    await server.create('app');
  }, 60_000);
  afterAll(() => server.stop());

  it('have one effect each, also when they arrive at the same time', async () => {
    const rows = openRows(server.url('app'));
    await rows.prepareEvents();
    await rows.prepareEvents();
    const ids = Array.from({ length: 60 }, (_, index) => `evt_${index % 6}`);
    const applied = await Promise.all(ids.map((id) => rows.applyOnce('stripe', id)));
    expect(applied.filter(Boolean)).toHaveLength(6);
    expect(await server.run('app', 'SELECT handled FROM webhook_totals')).toEqual([['6']]);
    await server.run('app', 'ALTER TABLE webhook_totals RENAME TO away');
    await expect(rows.applyOnce('stripe', 'evt_new')).rejects.toThrow(/webhook_totals/);
    await server.run('app', 'ALTER TABLE away RENAME TO webhook_totals');
    expect(await rows.applyOnce('stripe', 'evt_new')).toBe(true);
    await rows.close();
  });
});
