/** Programs and queries of a runbook: no shell, and none that reports success where there was none. */

import { basename } from 'node:path';

import { pointerTo } from '../../mapping/place.ts';
import { quoteName } from '../../outcome/quoteName.ts';
import { actionsOf } from '../runbook.ts';
import { textsIn, type Linted, type Report } from './report.ts';

const SHELLS = /^(?:(?:ba|da|z|k|c|tc|fi)?sh|cmd|powershell|pwsh|busybox)(?:\.exe)?$/i;
/** Programs that run the program among their arguments. */
const WRAPPERS = /^(?:env|sudo|doas|nice|ionice|timeout|nohup|xargs|watch|time|setsid|stdbuf)$/;
const SYNTAX = /^(?:\|{1,2}|&{1,2}|;|\d?[<>]{1,2}(?:&\d)?)$|\$\(|`|\$[A-Za-z_]/;
/** Programs whose arguments are code or patterns of their own. */
const OWN_SYNTAX = /^(?:psql|sqlite3|jq|grep|awk|sed|node|python3?)$/;

export function lintCommands({ runbook, value }: Linted, report: Report): void {
  for (const [name, { run }] of runbook.commands) {
    lintArgv(run, pointerTo('commands', name, 'run'), report);
  }
  for (const action of [...runbook.steps.flatMap(actionsOf), ...runbook.monitor]) {
    const { run } = action.members;
    if (Array.isArray(run)) lintArgv(run as readonly string[], `${action.pointer}/run`, report);
  }
  for (const { text, pointer } of textsIn(value)) {
    for (const [pattern, reason] of TEXTS) {
      if (pattern.test(text)) report('runbook-command', pointer, reason);
    }
  }
}

/** What is wrong wherever it stands. */
const TEXTS: readonly (readonly [RegExp, string])[] = [
  [/\bHEAD[~^]/, 'the commit before HEAD need not be what was deployed before; name the commit'],
  [
    /\brole_table_grants\b|\btable_privileges\b/i,
    'the view shows a role only its own grants, and no functions; use pg.acl',
  ],
  [
    /\bdefault_transaction_read_only\b/i,
    'any session can undo it with SET; use app.writes, or revoke the grants',
  ],
];

function lintArgv(argv: readonly string[], pointer: string, report: Report): void {
  const [program = '', ...rest] = argv;
  const name = basename(program);
  const wrapped = WRAPPERS.test(name) ? rest : [];
  const shell = [name, ...wrapped.map((one) => basename(one))].find((one) => SHELLS.test(one));
  if (shell !== undefined) {
    report(
      'runbook-shell',
      pointer,
      `a shell runs it (${quoteName(shell)}); give the program and its arguments`,
    );
    return;
  }
  for (const [at, argument] of rest.entries()) {
    if (OWN_SYNTAX.test(name)) break;
    if (SYNTAX.test(argument)) {
      report(
        'runbook-shell',
        `${pointer}/${at + 1}`,
        'this is shell syntax, and no shell reads it',
      );
    } else if (argument.includes('*')) {
      report(
        'runbook-shell',
        `${pointer}/${at + 1}`,
        'no shell expands the pattern; name the files',
      );
    }
  }
  for (const reason of PROGRAMS.get(name)?.(rest) ?? []) report('runbook-command', pointer, reason);
}

/** Whether a short option is among the arguments, alone or with others, or a long one. */
function has(argv: readonly string[], short: string, ...long: readonly string[]): boolean {
  return argv.some(
    (one) =>
      (/^-[A-Za-z0-9]+$/.test(one) && one.includes(short)) ||
      long.some((name) => one === name || one.startsWith(`${name}=`)),
  );
}

/** What a program of this name does wrong with such arguments. */
const PROGRAMS: ReadonlyMap<string, (argv: readonly string[]) => readonly string[]> = new Map([
  ['psql', psqlFaults],
  ['pg_restore', restoreFaults],
  [
    'pg_dump',
    () => ['nothing proves that the dump can be restored; use pg.backup with "rehearse"'],
  ],
  [
    'curl',
    (argv: readonly string[]) =>
      has(argv, 'f', '--fail', '--fail-with-body')
        ? []
        : ['curl succeeds whatever the status is; use http.check'],
  ],
]);

function psqlFaults(argv: readonly string[]): readonly string[] {
  const stops = argv.some(
    (one) => one.includes('ON_ERROR_STOP=1') || one.includes('ON_ERROR_STOP=on'),
  );
  const file = has(argv, 'f', '--file');
  return [
    ...(stops ? [] : ['psql goes on after an error, and exits with 0; use sql.migrate']),
    ...(file && !has(argv, '1', '--single-transaction')
      ? ['what ran before an error stays; use sql.migrate']
      : []),
  ];
}

function restoreFaults(argv: readonly string[]): readonly string[] {
  return [
    ...(has(argv, 'l', '--list')
      ? ['half a dump can be listed, too; use pg.backup with "rehearse"']
      : []),
    ...(has(argv, 'c', '--clean')
      ? ['what the migration has added stays; use pg.restore_swap']
      : []),
  ];
}
