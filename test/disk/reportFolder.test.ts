/** Folders of reports: each run gets one of its own, whatever else lies there. */

import { mkdirSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { writeReport } from '../../src/disk/reportFolder.ts';
import { temporaryFolder } from '../fault/fixture.ts';

const FILES = new Map([['summary.json', '{}\n']]);

describe('reports', () => {
  it('are numbered on, past what others are called', () => {
    const folder = temporaryFolder();
    const names = ['scan-000041', 'scan-999999999999999999999', 'scan-9007199254740992', 'scan-x'];
    for (const name of names) {
      mkdirSync(join(folder, 'history', name), { recursive: true });
      writeFileSync(join(folder, 'history', name, 'summary.json'), '');
    }
    const written = [1, 2].map(() =>
      readlinkSync(writeReport(folder, { command: 'scan', pid: 1 }, FILES)),
    );
    expect(written).toEqual(['history/scan-000042', 'history/scan-000043']);
  });
});
