/** `app.writes`: the application takes writes, or refuses them; health says which. */

import { DURATION, URL, VALUES, about } from '../schema/runbookParts.ts';
import { HOW, makeChange, wayOf } from './application/adapter.ts';
import {
  changed,
  readHealth,
  rehearsed,
  verified,
  waitFor,
  type Sight,
} from './application/health.ts';
import { listed } from './http/expectedAnswer.ts';
import { unexpected, valueAt } from './jsonPath.ts';
import { requiredText, textOf, timeOf, valuesOf, type Scalar } from './stepMembers.ts';
import type { Members, StepType, StepWork } from './stepType.ts';

const WITHIN_MS = 60_000;

export const appWrites: StepType = {
  text: 'The application takes writes, or refuses them.',
  members: {
    set: about({ enum: ['on', 'off'] }, 'on or off.'),
    expect: about(
      VALUES,
      'What health reports then; `writes_enabled`, true or false, if left out.',
    ),
    health: { ...URL, description: 'Health of the application; /health if left out.' },
    within: about(DURATION, 'How long it may take until health reports it; 1m if left out.'),
    ...HOW,
  },
  required: ['set'],
  oneOf: ['run', 'url'],
  kind: 'change',
  place: 'application',
  verifiesItself: true,
  resumes: true,
  plan: (members) => `turn writes ${requiredText(members, 'set')}`,
  async apply(work) {
    const { members } = work;
    const set = requiredText(members, 'set');
    const refused = await makeChange(work, { values: { set }, data: { set }, method: 'POST' });
    if (refused !== null) return refused;
    const within = timeOf(members, 'within') ?? WITHIN_MS;
    return changed(await waitFor(work, within, () => look(work)), within);
  },
  async dryRun(work) {
    wayOf(work.members, ['run', 'url']);
    return rehearsed(await look(work));
  },
  verify: async (work) => verified(await look(work)),
  probe: async (work) => (await look(work)).presence,
};

function expectedOf(members: Members): ReadonlyMap<string, Scalar> {
  const expected = valuesOf(members, 'expect');
  if (expected.size > 0) return expected;
  return new Map([['writes_enabled', requiredText(members, 'set') === 'on']]);
}

/** Reads health: absent if it reports other values for all that is expected. */
async function look(work: StepWork): Promise<Sight> {
  const { members, world } = work;
  const health = await readHealth(work, textOf(members, 'health') ?? '/health');
  if ('unread' in health) return { presence: 'unclear', says: health.unread };
  const expected = expectedOf(members);
  const faults = unexpected(health.json, expected);
  if (faults.length === 0) {
    return { presence: 'there', says: `writes are ${requiredText(members, 'set')}` };
  }
  const isWhole = [...expected.keys()].every((path) => valueAt(health.json, path) !== undefined);
  const isOther = isWhole && faults.length === expected.size;
  return {
    presence: isOther ? 'absent' : 'unclear',
    says: world.redactor.text(`in health ${listed(faults)}`),
  };
}
