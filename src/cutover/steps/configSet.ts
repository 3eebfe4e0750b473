/**
 * `config.set`: a setting gets a value, and is read back. Nothing of the value is shown or kept, nor of the one
 * before: the way back is a step with the earlier value.
 */

import {
  DURATION,
  ENVIRONMENT,
  ARGV,
  FILE,
  QUERY,
  SET,
  TEXT,
  URL,
  about,
} from '../schema/runbookParts.ts';
import { sqlFileIn } from '../databases/runbookSql.ts';
import { HOW } from './application/adapter.ts';
import { changed, rehearsed, verified, waitFor } from './application/health.ts';
import { settingOf } from './application/settingPlaces.ts';
import { REQUEST } from './http/requests.ts';
import { requiredText, textOf, timeOf } from './stepMembers.ts';
import type { Members, StepType } from './stepType.ts';

const WITHIN_MS = 30_000;

export const configSet: StepType = {
  text: 'A setting gets a value, and is read back.',
  members: {
    key: about(TEXT, 'Name of the setting; of a file of JSON its path.'),
    set: SET,
    file: FILE,
    ...HOW,
    query: about(
      TEXT,
      'Query with the value as its parameter, or the name of a file with one (*.sql).',
    ),
    read: {
      description: 'How the value is read back, where it is not in a file.',
      type: 'object',
      additionalProperties: false,
      minProperties: 1,
      properties: {
        run: ARGV,
        env: ENVIRONMENT,
        url: URL,
        send: REQUEST['send'],
        json: about(TEXT, 'JSON path of the value; the whole answer if left out.'),
        query: QUERY,
      },
    },
    within: about(DURATION, 'How long it may take until the value is read back; 30s if left out.'),
  },
  required: ['key', 'set'],
  oneOf: ['file', 'run', 'url', 'query'],
  kind: 'change',
  place: 'application',
  verifiesItself: true,
  resumes: true,
  reads(members) {
    const read = members['read'] as Members | undefined;
    return [members, read ?? {}].flatMap((one) => sqlFileIn(textOf(one, 'query') ?? ''));
  },
  plan: (members) => `set ${requiredText(members, 'key')}`,
  async apply(work) {
    const setting = settingOf(work);
    const refused = await setting.write();
    if (refused !== null) return refused;
    const within = timeOf(work.members, 'within') ?? WITHIN_MS;
    return changed(await waitFor(work, within, () => setting.read()), within);
  },
  async dryRun(work) {
    const setting = settingOf(work);
    setting.rehearse?.();
    const seen = await setting.read();
    const says = seen.presence === 'absent' ? `${seen.says} now` : seen.says;
    return rehearsed({ ...seen, says });
  },
  verify: async (work) => verified(await settingOf(work).read()),
  probe: async (work) => (await settingOf(work).read()).presence,
};
