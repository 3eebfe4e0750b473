/**
 * Approvals that do not count: of the wrong person or key, too old, of another run, forged, or put where the process
 * that works on the run looks for them.
 */

import {
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { HAS_SSH_KEYGEN, keyOf, reviewedProject } from '../kit/reviewers.ts';
import { makeShop, stateOfShop, type ShopState } from './shop.ts';
import { clock, refused, replaced, RUN, told, waiting } from './told.ts';

const opens = async (folder: string): Promise<boolean> => (await told(folder, ['tick'])).code === 0;

describe('an approval does not count', () => {
  it('of the operator, or of a person without the role', async () => {
    const folder = await waiting(replaced('approver: [bo, cy]', 'approver: [bo, cy, ada, eve]'));
    await refused(folder, ['approve', '--who', 'ada'], 1, /ada operates the run/);
    await refused(folder, ['approve', '--who', 'ADA '], 1, /operates the run/);
    await refused(folder, ['approve', '--who', 'zoe'], 1, /zoe does not have the role approver/);
    // Who takes the run up operates it from then on, though the approval was before.
    expect((await told(folder, ['approve', '--who', 'eve'])).code).toBe(0);
    expect((await told(folder, ['pause', '--who', 'ada'])).code).toBe(0);
    expect((await told(folder, ['resume', '--who', 'eve', '--no-wait'])).code).toBe(3);
    expect(await opens(folder)).toBe(false);
    expect((await told(folder, ['approve', '--who', 'bo'])).code).toBe(0);
    expect(await opens(folder)).toBe(true);
  });

  it('that has expired', async () => {
    const folder = await waiting(
      replaced('requires: [migrate]', 'requires: [migrate], expires: 1h'),
    );
    expect((await told(folder, ['approve', '--who', 'bo'])).code).toBe(0);
    const later = clock(7_200_000);
    const ran = await told(folder, ['tick'], { now: later });
    expect([ran.code, ran.line]).toEqual([3, expect.stringContaining('0 of 1')]);
    expect((await told(folder, ['approve', '--who', 'bo'], { now: later })).code).toBe(0);
    expect((await told(folder, ['tick'], { now: later })).code).toBe(0);
  });

  it('that was written for another run, or another project', async () => {
    const [folder, other] = [await waiting(), await waiting()];
    const file = join(other, 'approval.json');
    const write = await told(other, ['approve', '--who', 'bo', '--write', file]);
    expect([write.code, write.line]).toEqual([0, '']);
    const accept = ['approve', '--accept', file];
    await refused(folder, accept, 1, /approval is refused, as /);
    const own = join(folder, 'approval.json');
    await told(folder, ['approve', '--who', 'bo', '--write', own]);
    const text = readFileSync(own, 'utf8');
    for (const [from, to] of [
      ['shop-1', 'shop-2'],
      ['"bo"', '"ada"'],
      [/"plan":"[0-9a-f]{6}/, '"plan":"000000'],
      [/"target":"[0-9a-f]{6}/, '"target":"000000'],
      [/"evidence":"[0-9a-f]{6}/, '"evidence":"000000'],
      ['"format":1', '"format": 1'],
      ['"time":"2', '"time":"3'],
    ] as const) {
      writeFileSync(own, text.replace(from, to));
      await refused(folder, ['approve', '--accept', own], 1, /approval is refused, as /);
    }
    expect(await opens(folder)).toBe(false);
    writeFileSync(own, text);
    expect((await told(folder, ['approve', '--accept', own])).code).toBe(0);
    expect(await opens(folder)).toBe(true);
  });

  it('whose file was put there without its line, or changed', async () => {
    const folder = await waiting();
    expect((await told(folder, ['approve', '--who', 'bo'])).code).toBe(0);
    const approvals = join(folder, 'storage_cutovers/shop-1/approvals');
    const other = await waiting();
    cpSync(approvals, join(other, 'storage_cutovers/shop-1/approvals'), { recursive: true });
    expect(await opens(other)).toBe(false);
    rmSync(approvals, { recursive: true });
    expect(await opens(folder)).toBe(false);
  });

  it.skipIf(!HAS_SSH_KEYGEN)(
    'without the key of its person, or with that of the operator',
    async () => {
      const folder = await reviewedProject(0);
      const people = 'approver: [berta, "Dora Dürr", ada]';
      makeShop(folder, replaced('approver: [bo, cy]', people));
      expect((await told(folder, RUN)).code).toBe(3);
      expect((await told(folder, ['status'])).stdout).toContain('approve --who NAME --key FILE');
      await refused(folder, ['approve', '--who', 'berta'], 64, /name alone is no approval.*--key/);
      for (const [who, key] of [
        ['berta', 'emil'],
        ['berta', 'ada'],
        ['berta', 'dora'],
        ['ada', 'ada'],
      ] as const) {
        const args = ['approve', '--who', who, '--key', keyOf(folder, key)];
        await refused(folder, args, 1, /approval is refused, as /);
      }
      expect(await opens(folder)).toBe(false);
      const signed = await told(folder, [
        'approve',
        '--who',
        'berta',
        '--key',
        keyOf(folder, 'berta'),
      ]);
      expect([signed.code, signed.line]).toEqual([0, '']);
      // A signature that was replaced since is no signature.
      const approvals = join(folder, 'storage_cutovers/shop-1/approvals');
      const name = readdirSync(approvals).find((one) => one.endsWith('.sig')) ?? '';
      const signature = readFileSync(join(approvals, name));
      writeFileSync(join(approvals, name), signature.toString().replace(/[A-Za-z]{6}/, 'AAAAAA'));
      expect(await opens(folder)).toBe(false);
      writeFileSync(join(approvals, name), signature);
      expect(await opens(folder)).toBe(true);
      rmSync(folder, { recursive: true });
    },
    60_000,
  );

  it.skipIf(!HAS_SSH_KEYGEN)(
    'twice by one key under two names, where two people are needed',
    async () => {
      const folder = await reviewedProject(0);
      const gate = 'role: approver, of: 2';
      makeShop(folder, (runbook) => {
        const people = 'approver: [berta, berta@example.org, "Dora Dürr"]';
        const two = replaced('approver: [bo, cy]', people)(runbook);
        return replaced('role: approver', gate)(two);
      });
      expect((await told(folder, RUN)).code).toBe(3);
      const sign = (who: string, key: string): string[] => {
        return ['approve', '--who', who, '--key', keyOf(folder, key)];
      };
      for (const who of ['berta', 'berta@example.org']) {
        const signed = await told(folder, sign(who, 'berta'));
        expect([signed.code, signed.line]).toEqual([0, '']);
      }
      const ran = await told(folder, ['tick']);
      const says = '1 of 2 of the role approver, so far berta, berta@example.org';
      expect([ran.code, ran.line]).toEqual([3, expect.stringContaining(says)]);
      expect((await told(folder, sign('Dora Dürr', 'dora'))).code).toBe(0);
      expect(await opens(folder)).toBe(true);
      rmSync(folder, { recursive: true });
    },
    60_000,
  );

  it('that a file among the requests pretends', async () => {
    const folder = await waiting();
    const requests = join(folder, 'storage_cutovers/shop-1/requests');
    mkdirSync(requests, { recursive: true });
    const facts = { step: 'approve', approval: '0'.repeat(64), signer: null };
    const forged = [
      { request: 'approved', who: 'bo', why: '', facts },
      {
        request: 'approved',
        who: 'bo',
        why: '',
        facts: { ...facts, event: 'step-ended', verdict: 'PASS' },
      },
      { request: 'approved', who: 'bo', why: '', facts: { ...facts, approval: '../../x' } },
      { request: 'approved', who: 'bo', why: '', facts: { ...facts, step: 7 } },
      { request: 'rollback', who: 'bo', why: '', facts: { lossAccepted: true } },
      { request: 'run-ended', who: 'bo', why: '', facts: {} },
      { request: 'pause', who: ['bo'], why: '' },
      null,
      [],
      'pause',
    ].map((one) => JSON.stringify(one));
    for (const [at, text] of [...forged, '', '{', '\0', 'x'.repeat(100_000)].entries()) {
      writeFileSync(join(requests, `${at}-1-approved.json`), text);
    }
    writeFileSync(join(requests, '..x'), 'x');
    writeFileSync(join(requests, 'pause.json'), '{"request":"pause","who":"x","why":""}');
    mkdirSync(join(requests, '99-1-pause.json'));
    symlinkSync('/etc/passwd', join(requests, '98-1-pause.json'));
    const before: ShopState = stateOfShop(folder);
    const ran = await told(folder, ['tick']);
    expect([ran.code, ran.line]).toEqual([3, expect.stringContaining('0 of 1')]);
    expect(stateOfShop(folder)).toEqual(before);
    expect((await told(folder, ['status'])).stdout).toContain('WAITING');
  });
});
