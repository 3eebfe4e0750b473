/** The commands of a program as data, from which the completion scripts are generated. */

import type { Argument, Command, Option } from 'commander';

/**
 * Kind of a value: the name of a module of the mapping; a seal id of the project's candidates; a
 * candidate, by seal id, `v1`, `live` or a folder; a folder; one of several words; anything else.
 */
export type Value =
  | { readonly kind: 'module' | 'seal' | 'candidate' | 'folder' | 'other' }
  | { readonly kind: 'word'; readonly words: readonly string[] };

export interface CompletedOption {
  /** `--project` */
  readonly name: string;
  readonly description: string;
  /** Null if it takes none. */
  readonly value: Value | null;
}

export interface Completion {
  /** The words after `sealift`: `registry check`; '' for the program itself. */
  readonly path: string;
  readonly description: string;
  readonly options: readonly CompletedOption[];
  /** Kind of all its arguments; null if it takes none. */
  readonly argument: Value | null;
}

/** Returns the program and all commands below it, in order. */
export function completionOf(program: Command): Completion[] {
  return entriesOf(program, []);
}

function entriesOf(command: Command, path: readonly string[]): Completion[] {
  const [argument] = command.registeredArguments;
  const help = { name: '--help', description: 'show the options and examples', value: null };
  const own: Completion = {
    path: path.join(' '),
    description: command.description(),
    options: [...command.options.map(optionOf), help],
    argument: argument === undefined ? null : valueOf(argument),
  };
  const below = command.commands.flatMap((other) => entriesOf(other, [...path, other.name()]));
  return [own, ...below];
}

function optionOf(option: Option): CompletedOption {
  const takes = option.required || option.optional;
  return {
    name: option.long ?? '',
    description: option.description,
    value: takes ? { ...namedValue(placeholder(option), option.argChoices) } : null,
  };
}

/** `--keep <seal-id>` → seal-id */
function placeholder({ flags }: Option): string {
  return /[<[](.+?)[>\]]$/.exec(flags)?.[1] ?? '';
}

function valueOf(argument: Argument): Value {
  return namedValue(argument.name(), argument.argChoices);
}

function namedValue(name: string, choices: readonly string[] | undefined): Value {
  if (choices !== undefined) return { kind: 'word', words: choices };
  if (name === 'module') return { kind: 'module' };
  if (name === 'seal-id') return { kind: 'seal' };
  if (['a', 'b', 'candidate'].includes(name)) return { kind: 'candidate' };
  return { kind: name === 'dir' ? 'folder' : 'other' };
}

/** Returns the commands directly below `path`. */
export function commandsBelow(tree: readonly Completion[], path: string): Completion[] {
  const depth = path === '' ? 1 : path.split(' ').length + 1;
  return tree.filter((other) => {
    const below = path === '' || other.path.startsWith(`${path} `);
    return below && other.path !== '' && other.path.split(' ').length === depth;
  });
}

/** Returns each option that takes a value, with the value. */
export function valuedOptions(tree: readonly Completion[]): Map<string, Value> {
  const valued = new Map<string, Value>();
  for (const { options } of tree) {
    for (const { name, value } of options) if (value !== null) valued.set(name, value);
  }
  return valued;
}

/** Returns the kind as the scripts pass it around: `module`, or `word keep uuid`. */
export function kindOf(value: Value): string {
  return value.kind === 'word' ? `word ${value.words.join(' ')}` : value.kind;
}

/** Returns the last word of a command: `check` of `registry check`. */
export function lastWord({ path }: Completion): string {
  return path.slice(path.lastIndexOf(' ') + 1);
}

/** Puts a text in single quotes, for bash and zsh. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
