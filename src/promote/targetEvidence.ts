/**
 * What the journal proves of a place in a target: that it was reconciled with its seal, without any
 * difference, and lately. The target then tells whether it still holds what was reconciled.
 */

import type { JournaledReconcile } from '../journal/reconciledEntry.ts';
import { reconciles } from '../journal/reconciledEntry.ts';
import type { Journal } from '../journal/line.ts';
import { ageOf } from '../outcome/age.ts';
import { counted } from '../outcome/counted.ts';
import { Failure } from '../outcome/failure.ts';
import { quoteName } from '../outcome/quoteName.ts';
import type { Placed, Swap } from '../target/swap.ts';

export interface Evidence {
  readonly at: string;
  /** What the reconcile saw, for the target. */
  readonly seen: string;
}

export interface EvidenceOptions {
  /** Milliseconds that a reconcile may be old; null for any age. */
  readonly maxAgeMs: number | null;
  readonly now: Date;
  /** What differences mean: what is live was written to, or what is to go live is not the seal. */
  readonly role: 'live' | 'next';
}

/** Finds the last reconcile of a place. @throws Failure TARGET if there is none, it found differences, or is too old */
export async function evidenceOf(
  swap: Swap,
  placed: Placed,
  journal: Journal,
  options: EvidenceOptions,
): Promise<Evidence> {
  const last = await lastOf(swap, placed, journal);
  const name = options.role === 'live' ? swap.live : placed.name;
  const about: About = {
    ...options,
    name,
    label: swap.label,
    swap,
    command: commandOf(swap, placed),
  };
  if (last === null) throw never(about);
  if (last.verdict !== 'PASS') throw differs(last, about);
  if (options.role === 'live' && last.beside !== undefined) throw besides(last.beside, about);
  const age = options.now.getTime() - Date.parse(last.at);
  // A clock may have been put back since; an age below zero tells as little as one that is too great.
  if (options.maxAgeMs !== null && Math.abs(age) > options.maxAgeMs) throw old(last, about);
  return { at: last.at, seen: last.seen };
}

type SeenReconcile = JournaledReconcile & { readonly seen: string };

/** Returns the last reconcile of the seal that was of these very tables, under whatever name; null if none. */
async function lastOf(swap: Swap, placed: Placed, journal: Journal): Promise<SeenReconcile | null> {
  for (const one of reconciles(journal).toReversed()) {
    const { seen, sealId, target } = one;
    if (seen === undefined || sealId !== placed.sealId) continue;
    if (await swap.isOf(placed, { target, seen })) return { ...one, seen };
  }
  return null;
}

interface About extends EvidenceOptions {
  readonly name: string;
  readonly label: string;
  readonly command: string;
  readonly swap: Swap;
}

function commandOf(swap: Swap, placed: Placed): string {
  const { sealId } = placed;
  const candidate = sealId === null ? '' : ` --candidate ${sealId.slice(0, 8)}`;
  const { target, schema } = swap.optionsOf(placed);
  return `sealift reconcile --target ${target}${schema === null ? '' : ` --schema ${schema}`}${candidate}`;
}

function never({ name, label, command, role, swap }: About): Failure {
  const why =
    role === 'live'
      ? 'so that it is not known what was written to it since it went live'
      : 'so that it is not known whether it holds what was sealed';
  return new Failure('TARGET', {
    what: `the journal has no reconcile of ${what(role, name)}, ${why}`,
    where: label,
    hint: `run ${command}${role === 'live' ? `; ${giveUp(swap)}` : ''}`,
  });
}

function differs(last: SeenReconcile, { name, label, command, role, swap }: About): Failure {
  const { missing, extra, changed, incomparable } = last.counts;
  const parts = [
    `${extra} more`,
    `${changed} changed`,
    `${missing} missing`,
    ...(incomparable === 0 ? [] : [`${counted(incomparable, 'module')} not compared`]),
  ].join(', ');
  if (role === 'next') {
    return new Failure('TARGET', {
      what: `${what(role, name)} is not what was sealed, as its last reconcile found: ${parts}`,
      where: label,
      hint: `see its report; load the candidate again, then run ${command}`,
    });
  }
  return new Failure('TARGET', {
    what: `${what(role, name)} holds later writes, which would be lost, as its last reconcile found: ${counted(missing + extra + changed, 'record')} other than sealed (${parts})`,
    where: label,
    hint: `the report of that reconcile names each record: save them, such as by a dump of what is live; ${giveUp(swap)}`,
  });
}

function besides(columns: readonly string[], { label, swap }: About): Failure {
  const [first = '', ...more] = columns;
  const rest = more.length === 0 ? '' : `, and ${counted(more.length, 'column')} more`;
  return new Failure('TARGET', {
    what: `what is live (${JSON.stringify(swap.live)}) has values in columns that are not of the seal, which would be lost: ${quoteName(first)}${rest}`,
    where: label,
    hint: `save them, such as by a dump of what is live; map them, so that they are of the seal; ${giveUp(swap)}`,
  });
}

function old({ at }: SeenReconcile, { name, label, command, role, now, maxAgeMs }: About): Failure {
  return new Failure('TARGET', {
    what: `the last reconcile of ${what(role, name)} is ${ageOf(at, now)} old, and may be ${ageOf(new Date(0).toISOString(), dateAt(maxAgeMs ?? 0))} old`,
    where: label,
    hint: `run ${command} again, or allow more with --max-age`,
  });
}

function dateAt(milliseconds: number): Date {
  const date = new Date(0);
  date.setTime(milliseconds);
  return date;
}

function what(role: 'live' | 'next', name: string): string {
  const quoted = JSON.stringify(name);
  return role === 'live' ? `what is live (${quoted})` : `what is to go live (${quoted})`;
}

function giveUp({ confirmation }: Swap): string {
  return `or give up what was written since with --accept-data-loss ${confirmation}`;
}
