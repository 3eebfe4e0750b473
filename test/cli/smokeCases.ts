/** What may be wrong with smoke. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { sealift } from '../kit/run.ts';
import type { Case } from './messageCase.ts';

const SMOKE: readonly string[] = ['smoke', '--project', 'PROJECT'];

/** Writes the queries. */
function queries(text: string): (project: string) => void {
  return (project) => {
    writeFileSync(join(project, 'mapping/smoke.json'), text);
  };
}

const OWNERS = '{"format":1,"modules":{"owners":{"first":{}}}}';

export const SMOKES: readonly Case[] = [
  { name: 'smoke without queries', args: SMOKE, code: 2 },
  { name: 'smoke where nothing is live', args: SMOKE, code: 2, prepare: queries(OWNERS) },
  {
    name: 'a smoke query that is misspelt',
    args: SMOKE,
    code: 64,
    prepare: queries('{"format":1,"modules":{"owners":{"frist":{}}}}'),
  },
  {
    name: 'an expectation of two kinds',
    args: SMOKE,
    code: 64,
    prepare: queries(
      '{"format":1,"modules":{"owners":{"first":{"fields":{"id":{"equals":1,"null":false}}}}}}',
    ),
  },
  {
    name: 'a smoke query of a record without an id',
    args: SMOKE,
    code: 64,
    prepare: queries('{"format":1,"modules":{"owners":{"records":[{"fields":{}}]}}}'),
  },
  {
    name: 'a log in a zone that is none',
    args: SMOKE,
    code: 64,
    prepare: queries(
      '{"format":1,"modules":{},"logs":[{"file":"a","forbid":["x"],"zone":"Wien"}]}',
    ),
  },
  {
    name: 'a smoke query that was not frozen',
    args: SMOKE,
    code: 64,
    prepare: async (project) => {
      await sealift(['freeze', '--who', 'ada', '--why', 'CHG-1', '--project', project]);
      queries(OWNERS)(project);
    },
  },
  {
    name: 'a log without patterns',
    args: [...SMOKE, '--log', 'app.log'],
    code: 64,
  },
  {
    name: 'a pattern that is none',
    args: [...SMOKE, '--log', 'app.log', '--forbid', 'ERROR', '('],
    code: 64,
  },
  {
    name: 'a time without an offset',
    args: [...SMOKE, '--since', '2026-12-06T02:30:00'],
    code: 64,
  },
];
