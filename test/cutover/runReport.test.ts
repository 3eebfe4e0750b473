/** The report that the commands of a cutover write: of the run as its journal has it, the same by each command. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { shopJournal } from './shop.ts';
import { replaced, RESUME, RUN, shop, told, waiting } from './told.ts';

const reportOf = (folder: string, command: string, file = 'report.html'): string =>
  readFileSync(join(folder, `storage_reports/latest-cutover-${command}`, file), 'utf8');

/** Writes the report by `status`. */
async function pageOf(folder: string, name: string): Promise<string> {
  const ran = await told(folder, ['status', '--report', name]);
  expect([ran.code, ran.stderr]).toEqual([0, '']);
  return readFileSync(join(folder, name), 'utf8');
}

describe('the report of a cutover run', () => {
  it('that waits says for what, and what comes next', async () => {
    const folder = await waiting();
    const page = reportOf(folder, 'run');
    expect(page).toContain('shop-1 is waiting');
    expect(page).toContain('It waits for people at approve (0 of 1 of the role approver)');
    expect(page).toContain('sealift cutover approve shop.yaml approve --who NAME');
    const summary: unknown = JSON.parse(reportOf(folder, 'run', 'summary.json'));
    expect(summary).toMatchObject({ facts: { cutover: { status: 'WAITING' } } });
    expect(summary).not.toHaveProperty('story');
  });

  it('that has ended is the same by tick and by status, byte for byte, at any time', async () => {
    const folder = await waiting();
    expect((await told(folder, ['approve', '--who', 'bo'])).code).toBe(0);
    expect((await told(folder, ['tick'])).code).toBe(0);
    const page = reportOf(folder, 'tick');
    expect(page).toContain('shop-1 was completed');
    expect(page).toContain('Approved by bo.');
    expect(page).toContain(shopJournal(folder).head);
    expect(await pageOf(folder, 'one.html')).toBe(page);
    expect(await pageOf(folder, 'two.html')).toBe(page);
    const again = await told(folder, ['status', '--report', 'two.html']);
    expect([again.code, again.line]).toEqual([64, expect.stringContaining('the file exists')]);
  });

  it('that was taken back says by whom, and in which order', async () => {
    const folder = await waiting();
    const back = ['rollback', '--who', 'ada', '--why', 'the prices are wrong'];
    expect((await told(folder, back)).code).toBe(4);
    const page = reportOf(folder, 'rollback');
    expect(page).toContain('shop-1 was rolled back');
    expect(page).toMatch(/ada took it back on [^:]*:\d\d:\d\d UTC: the prices are wrong\. 3 steps/);
    const [, part = ''] = page.split('id="undos-0"');
    const order = ['noted', 'migrate', 'closed'].map((id) => part.indexOf(`<div>${id}</div>`));
    expect(order).toEqual(order.toSorted((one, other) => one - other));
    expect(order[0]).toBeGreaterThan(0);
  });

  it('that is held says where, and a person who takes it up is in it', async () => {
    const required = replaced('requires: [migrate]', 'requires: [noted]');
    const folder = shop((runbook) => required(replaced('">= 3"', '">= 300"')(runbook)));
    expect((await told(folder, RUN)).code).toBe(1);
    expect(reportOf(folder, 'run')).toContain('It is held at migrate');
    const waived = [...RESUME, '--waive', 'migrate', '--why', 'three are enough'];
    const ran = await told(folder, waived);
    expect([ran.code, ran.line]).toEqual([3, expect.any(String)]);
    const page = reportOf(folder, 'resume');
    expect(page).toContain('took the responsibility for migrate, which had not passed');
    expect(page).toContain('waived by ada: three are enough');
  });
});
