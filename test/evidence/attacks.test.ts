/** What passes for evidence and is none, and honest evidence that is refused: each test is an attack. */

import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { makePeople } from '../cutover/wien/bags.ts';
import { makeShop, SHOP_ENV } from '../cutover/shop.ts';
import { succeed, workFolder } from '../kit/project.ts';
import { HAS_SSH_KEYGEN, rebag } from '../kit/reviewers.ts';
import { sealift, type Ran } from '../kit/run.ts';

const work = workFolder('attacks');
const shop = join(work, 'shop');
const keys = join(work, 'keys');
const signers = join(keys, 'allowed_signers');
const pem = join(keys, 'evidence.pem');
const SSH = ['--who', 'ada', '--key', join(keys, 'ada')];

const build = (folder: string, ...more: readonly string[]): Promise<Ran> =>
  succeed(['evidence', 'build', folder, '--run', 'shop-1', '--project', shop, ...more], {
    env: SHOP_ENV,
  });

beforeAll(async () => {
  if (!HAS_SSH_KEYGEN) return;
  makePeople(keys, ['ada', 'bo']);
  makeShop(shop);
  mkdirSync(join(shop, 'mapping'));
  cpSync(signers, join(shop, 'mapping/allowed_signers'));
  const cutover = (...args: string[]): Promise<Ran> =>
    sealift(['cutover', ...args], { cwd: shop, env: SHOP_ENV });
  await cutover('run', 'shop.yaml', '--who', 'ada', '--no-wait');
  await cutover('approve', 'shop.yaml', '--who', 'bo', '--key', join(keys, 'bo'));
  await cutover('tick', 'shop.yaml');
  await succeed(['evidence', 'key', pem]);
  await build(join(work, 'both'), ...SSH, '--signing-key', pem);
  await build(join(work, 'ssh'), ...SSH);
});

let bag = '';
let made = 0;
const copy = (of: 'both' | 'ssh'): void => cpSync(join(work, of), bag, { recursive: true });
const path = (file: string): string => join(bag, file);
const sha256 = (file: string): string =>
  createHash('sha256')
    .update(readFileSync(path(file)))
    .digest('hex');

function write(file: string, text: string): void {
  mkdirSync(dirname(path(file)), { recursive: true });
  writeFileSync(path(file), text);
}

function edit(file: string, change: (text: string) => string): void {
  const text = readFileSync(path(file), 'utf8');
  expect(change(text)).not.toBe(text);
  write(file, change(text));
}

const verify = (...more: readonly string[]): Promise<Ran> =>
  sealift(['evidence', 'verify', bag, ...more]);
const WITH_SIGNERS = ['--allowed-signers', signers];
const WITH_KEYS = [...WITH_SIGNERS, '--public-key', `${pem}.pub`];

describe.skipIf(!HAS_SSH_KEYGEN)('evidence', () => {
  beforeEach(() => {
    bag = join(work, String((made += 1)));
  });

  it('is refused whose signatures were taken off, with other bag-info.txt and more files', async () => {
    copy('both');
    const head = /head (\w{64})/.exec((await verify(...WITH_KEYS)).stdout)?.[1] ?? '';
    for (const kind of ['sig', 'minisig']) rmSync(path(`tagmanifest-sha256.txt.${kind}`));
    edit('bag-info.txt', (text) =>
      text.replace(/^Sealift-Signatures: .*\n/m, '').replace('Name: ada', 'Name: bo'),
    );
    const more = 'data/cutover/artifacts/penetration_test.json';
    write(more, '{"findings":0}\n');
    const tags = [
      'attestations/run.intoto.jsonl',
      'bag-info.txt',
      'bagit.txt',
      more,
      'manifest-sha256.txt',
    ];
    write('tagmanifest-sha256.txt', tags.map((file) => `${sha256(file)}  ${file}\n`).join(''));
    const ran = await verify(...WITH_KEYS, '--expect-head', head);
    expect(ran.code, ran.stdout).toBe(2);
  });

  it('that a person signed is not taken as it is without that signature', async () => {
    copy('ssh');
    write('data/reports/cutover-run/report.html', 'all is well');
    rebag(bag);
    const ran = await verify(...WITH_SIGNERS);
    expect(ran.code, ran.stdout).not.toBe(0);
  });

  it('that names another version is not taken with documents that say anything', async () => {
    copy('ssh');
    for (const file of ['checklist.md', 'report.html', 'artifacts/approval_record.json', 'more']) {
      write(`data/cutover/${file}`, 'GO');
    }
    edit('bag-info.txt', (text) => text.replace(/^(Bag-Software-Agent: sealift) .*$/m, '$1 0.0.1'));
    rebag(bag);
    const ran = await verify();
    expect(ran.code, ran.stdout).not.toBe(0);
  });

  it.each(['data/seal/x.note', 'data/journal/x', 'data/cutover/x.sig', 'data/reconciles/x.json'])(
    'of a run does not have %s, which nothing explains',
    async (file) => {
      copy('ssh');
      write(file, 'x');
      rebag(bag);
      const ran = await verify();
      expect(ran.code, ran.stdout).not.toBe(0);
    },
  );

  it.each(['reserved', 'S + L'])('has one SSH signature only (%s)', async (what) => {
    copy('both');
    edit('tagmanifest-sha256.txt.sig', (text) => otherSignature(text, what === 'reserved'));
    expect((await verify(...WITH_KEYS)).code).toBe(2);
  });

  it('with a time that is none is refused, and is no defect', async () => {
    copy('ssh');
    edit('data/cutover/journal.ndjson', (text) => {
      let prev = '0'.repeat(64);
      return text.replaceAll(/^.*\n/gm, (line) => {
        const chained = line
          .replace(/"prev":"\w+"/, `"prev":"${prev}"`)
          .replace(/^\{"at":"\d{4}-\d\d(?=.*"seq":2[0-9]\b)/, '{"at":"2026-99');
        prev = createHash('sha256').update(chained).digest('hex');
        return chained;
      });
    });
    rebag(bag);
    const ran = await verify();
    expect([ran.code, ran.stderr]).toEqual([2, '']);
  });

  it('is verified by itself if a person was allowed after the run', async () => {
    const own = join(shop, 'mapping/allowed_signers');
    const before = readFileSync(own, 'utf8');
    writeFileSync(own, `${before}${before.replace('ada ', 'eve ').split('\n')[0]}\n`);
    try {
      await build(bag);
    } finally {
      writeFileSync(own, before);
    }
    const ran = await verify();
    expect(ran.code, ran.stdout).toBe(0);
  });

  it('key leaves no private key where the public one cannot be written', async () => {
    const file = join(work, 'half.pem');
    writeFileSync(`${file}.pub`, '');
    expect((await sealift(['evidence', 'key', file])).code).toBe(64);
    expect(existsSync(file)).toBe(false);
  });

  it('build names a project without runs as that, not as a disk to check', async () => {
    mkdirSync(bag);
    const args = ['evidence', 'build', join(work, 'no'), '--run', 'shop-1', '--project', bag];
    const ran = await sealift(args);
    expect([ran.code, ran.stderr]).toEqual([64, expect.stringContaining('no such run')]);
  });

  it('build does not say that it searched for a secret that is too short to be looked for', async () => {
    const args = ['evidence', 'build', bag, '--run', 'shop-1', '--project', shop];
    const ran = await sealift(args, { env: { SHOP_DB: '4711' } });
    expect(ran.stdout).not.toContain('searched for 1 secret');
  });

  it('is not made in the storage folders of its project', async () => {
    const target = join(shop, 'storage_cutovers/shop-2');
    const args = ['evidence', 'build', target, '--run', 'shop-1', '--project', shop];
    const ran = await sealift(args, { env: SHOP_ENV });
    rmSync(target, { recursive: true, force: true });
    expect(ran.code, ran.stdout).toBe(64);
  });
});

const big = (bytes: Buffer): bigint => BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`);
const L = 2n ** 252n + 27742317777372353535851937790883648493n;

/** Another signature that ssh-keygen accepts: with a text in its reserved field, or S + L for S (RFC 8032). */
function otherSignature(text: string, reserved: boolean): string {
  const blob = Buffer.from(text.split('\n').slice(1, -2).join(''), 'base64');
  const endOf = (at: number): number => at + 4 + blob.readUInt32BE(at);
  const field = endOf(endOf(10));
  const other = (big(blob.subarray(-32)) + L).toString(16).padStart(64, '0');
  const changed = reserved
    ? [blob.subarray(0, field), Buffer.from([0, 0, 0, 3]), 'any', blob.subarray(field + 4)]
    : [blob.subarray(0, -32), Buffer.from(other, 'hex').reverse()];
  const base64 = Buffer.concat(changed.map((part) => Buffer.from(part))).toString('base64');
  const lines = base64.match(/.{1,70}/g) ?? [];
  return `-----BEGIN SSH SIGNATURE-----\n${lines.join('\n')}\n-----END SSH SIGNATURE-----\n`;
}
