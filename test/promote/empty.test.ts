/** A candidate that holds no record proves nothing, whatever a journal says of its scan. */

import { readlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect, it } from 'vitest';

import { isLive, migrateOf, projectOf, promoteOf, scanAllOf } from '../rules/flows.ts';
import { SEAL_PLANTS, SOUND } from '../rules/sealPlants.ts';
import { scanEntryOf } from './fixture.ts';

it('a candidate without a record never goes live', async () => {
  const project = projectOf(SOUND);
  await migrateOf(project);
  expect((await scanAllOf(project)).status).toBe('PASS');
  await SEAL_PLANTS['empty']?.[0]?.harm(project);
  // As if somebody had scanned it, with the checks of the scan before, and found nothing.
  scanEntryOf(project, basename(readlinkSync(join(project, 'storage_candidate/v1'))), {});
  const { status, line } = await promoteOf(project, true);
  expect([status, line]).toEqual(['FAILED', expect.stringContaining('holds no record')]);
  expect(isLive(project)).toBe(false);
});
