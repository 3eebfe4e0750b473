/** promote where the mapping is frozen: what was agreed upon goes live, and nothing else. */

import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { beforeEach, describe, expect, it } from 'vitest';

import { freeze } from '../../src/flow/freeze.ts';
import { linkState } from '../../src/disk/durable.ts';
import { ENVIRONMENT, newProject } from '../fault/fixture.ts';
import { build, promoteHere, scanHere } from './fixture.ts';

let project: string;

beforeEach(async () => {
  project = await newProject();
  await build(project, 'first');
  await scanHere(project);
});

/** Another mapping, with which a scan counts all the same: another way to make values. */
function trimNames(): void {
  const path = join(project, 'mapping/modules/dogs.json');
  const module = JSON.parse(readFileSync(path, 'utf8')) as {
    fields: Record<string, Record<string, unknown>>;
  };
  const field = Object.values(module.fields).find(({ type }) => type === 'string');
  if (field === undefined) throw new Error('dogs have no text');
  field['transforms'] = ['trim'];
  writeFileSync(path, JSON.stringify(module));
}

const freezeIt = (): Promise<unknown> => freeze({ project, who: 'ada', why: 'CHG-1' }, ENVIRONMENT);

describe('promote of a frozen mapping', () => {
  it('takes a candidate that was built with it', async () => {
    await freezeIt();
    expect(await promoteHere(project)).toMatchObject({ status: 'DONE' });
  });

  it('refuses a candidate that was built with another, whose scan would count', async () => {
    trimNames();
    expect(await promoteHere(project, { dryRun: true })).toMatchObject({ status: 'DONE' });
    await freezeIt();
    await expect(promoteHere(project)).rejects.toThrow(/not built with the frozen mapping/);
    expect(linkState(join(project, 'storage_live'))).toBe('absent');
  });

  it('refuses a mapping that has changed since', async () => {
    await freezeIt();
    appendFileSync(join(project, 'mapping/modules/dogs.json'), ' ');
    await expect(promoteHere(project)).rejects.toThrow(/the mapping changed since it was frozen/);
    expect(linkState(join(project, 'storage_live'))).toBe('absent');
  });
});
