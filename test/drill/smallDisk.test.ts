/** The small disk of a drill: what is none is not filled. */

import { mkdirSync, readdirSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { fillDisk, unmountSmallDisk } from '../../src/drill/smallDisk.ts';
import { temporaryFolder } from '../fault/fixture.ts';

describe('the small disk', () => {
  it('is not filled where it is no longer mounted: that folder is on a real disk', () => {
    const folder = join(temporaryFolder(), 'full-disk');
    mkdirSync(folder);
    expect(() => fillDisk(folder, 2 ** 50)).toThrow(/no longer mounted, so nothing was filled/);
    expect(readdirSync(folder).map((name) => statSync(join(folder, name)).size)).toEqual([0]);
  });

  it('is not taken away where there is none, nor through a link to another disk', () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'plain'));
    symlinkSync('/proc', join(folder, 'link'));
    for (const name of ['plain', 'link', 'absent']) {
      expect(unmountSmallDisk(join(folder, name))).toBe(false);
    }
    expect(readdirSync('/proc')).toContain('self');
  });
});
