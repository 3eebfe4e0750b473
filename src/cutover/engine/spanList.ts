/**
 * Lists of times, one after the other, that stay small however many are added: neighbours are joined, no longer than
 * they have to be; those that are not alike only where there are too many changes. Adding takes constant time, in the
 * long run. Pure.
 */

export interface Span {
  readonly from: number;
  readonly to: number;
}

export interface SpanRules<One extends Span> {
  /** How many there may be, as long as not more of them cannot be joined. */
  readonly most: number;
  /** How long those that are alike may be joined in any case, in ms. */
  readonly alikeFor: number;
  readonly isAlike: (one: One, other: One) => boolean;
  readonly canJoin: (one: One, other: One) => boolean;
  /** Joins a span with the one after it. */
  readonly joined: (one: One, other: One) => One;
}

export interface Spans<One extends Span> {
  readonly list: readonly One[];
  add(one: One): void;
  /** Changes each of them in its place. */
  change(to: (one: One) => One): void;
}

export function openSpans<One extends Span>(rules: SpanRules<One>): Spans<One> {
  const { most, canJoin, isAlike } = rules;
  const isNext = (one: One, other: One): boolean => canJoin(one, other) && isAlike(one, other);
  let list: One[] = [];
  /** How long those are at most that were joined, alike and not. */
  let [alikeFor, anyFor] = [rules.alikeFor, 0];
  const append = (to: One[], one: One, isAny: boolean): void => {
    const last = to.at(-1);
    const joins =
      last !== undefined &&
      (isAny ? canJoin(last, one) : isNext(last, one)) &&
      lengthOf(last, one) <= (isAny ? anyFor : alikeFor);
    if (joins) to[to.length - 1] = rules.joined(last, one);
    else to.push(one);
  };
  const join = (isAny: boolean): void => {
    const shorter: One[] = [];
    for (const one of list) append(shorter, one, isAny);
    list = shorter;
  };
  // Some are left free, so that not each one that comes shortens the list.
  const isLong = (): boolean => list.length > most * FILLED;
  const shorten = (): void => {
    const least = Math.max(1, ((list.at(-1)?.to ?? 0) - (list[0]?.from ?? 0)) / most);
    for (let tries = 0; tries < MOST_TRIES && isLong(); tries += 1) {
      join(false);
      if (!isLong()) return;
      const changes = list.filter((one, at) => {
        const before = list[at - 1];
        return before === undefined || !isNext(before, one);
      });
      if (changes.length <= most * CHANGES) alikeFor = Math.max(alikeFor * 2, least);
      else {
        join(true);
        if (isLong()) anyFor = Math.max(anyFor * 2, least);
      }
    }
  };
  return {
    get list() {
      return list;
    },
    add(one) {
      append(list, one, false);
      if (list.length > most) shorten();
    },
    change(to) {
      list = list.map(to);
    },
  };
}

function lengthOf(one: Span, other: Span): number {
  return Math.max(one.to, other.to) - Math.min(one.from, other.from);
}

/** Shares of the list that are filled, and that are changes. */
const [FILLED, CHANGES] = [0.75, 0.5];
/** After so many all is joined, whatever the times are. */
const MOST_TRIES = 100;
