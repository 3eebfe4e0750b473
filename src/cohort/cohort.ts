/**
 * What applications import as `sealift/cohort`: which users get the new version while it is rolled out by
 * percent. Pure: a function of the three arguments, without state.
 *
 * Promises: the same user has the same place in a rollout of the same name, in every process and after every
 * restart. A larger percentage lets in all that a smaller one let in. Rollouts of other names draw other users.
 * What cannot be judged is an error, and lets in no one. docs/cohort.md states it byte by byte, with vectors.
 */

import { createHash } from 'node:crypto';

/** Places of a rollout: 0.0000 to 99.9999. */
const STEPS = 1_000_000;
const STEPS_OF_PERCENT = STEPS / 100;
/** 48 bits of the digest: exact as a number, and so many that their remainder favours no step noticeably. */
const BYTES = 6;

const NO_ID = 'write a number as a text, and send users without an id to the old version';
const NO_NAME = 'give it one, and keep it until the rollout is over';

/**
 * Returns the place of a user in a rollout: at least 0, less than 100, in steps of 0.0001. It is made of
 * SHA-256 over the name of the rollout as UTF-8, one zero byte, and the id as UTF-8: its first six bytes as
 * an unsigned number (big-endian), modulo 1,000,000, divided by 10,000.
 * @throws TypeError for an id or a name that is empty, is not a text, or has no UTF-8, and for a name with
 * U+0000. No message shows the id
 */
export function placeOf(userId: string, rollout: string): number {
  assertText(userId, 'the id of a user', NO_ID);
  assertText(rollout, 'the name of a rollout', NO_NAME);
  if (rollout.includes('\0')) {
    throw new TypeError('the name of a rollout has the character U+0000: remove it');
  }
  const digest = createHash('sha256').update(`${rollout}\0${userId}`, 'utf8').digest();
  return (digest.readUIntBE(0, BYTES) % STEPS) / STEPS_OF_PERCENT;
}

/**
 * Tells whether a user gets the new version at a percentage: whether the place is less than it. 0 lets in no
 * user, 100 all of them.
 * @throws RangeError for a percentage that is not from 0 to 100, TypeError for one that is not a number and
 * for what {@link placeOf} does not take
 */
export function isInRollout(userId: string, percent: number, rollout: string): boolean {
  if (typeof percent !== 'number') {
    throw new TypeError(
      'the percentage of a rollout is not a number: convert it, and check the result',
    );
  }
  // NaN is neither less nor more.
  if (!(percent >= 0 && percent <= 100)) {
    throw new RangeError(
      `the percentage of a rollout is ${percent}: give a number from 0 to 100, such as the last valid one`,
    );
  }
  return placeOf(userId, rollout) < percent;
}

/** Refuses what is not a text: the caller may be JavaScript, whose types nothing has checked. */
function assertText(text: unknown, what: string, hint: string): asserts text is string {
  if (typeof text !== 'string') {
    throw new TypeError(`${what} is not a text: ${hint}`);
  }
  if (text === '') throw new TypeError(`${what} is empty: ${hint}`);
  // Encoding would replace half of a pair, so that different ids became one.
  if (!text.isWellFormed()) {
    throw new TypeError(`${what} has half of a surrogate pair: pass on the whole text`);
  }
}
