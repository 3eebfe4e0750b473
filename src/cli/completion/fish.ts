/** The script for fish. What comes from the disk is offered only where it is a name that Sealift gives. */

import {
  commandsBelow,
  lastWord,
  valuedOptions,
  type CompletedOption,
  type Completion,
  type Value,
} from './commandTree.ts';

/** To be sourced, or kept as a file of its own. */
export function fishScript(tree: readonly Completion[]): string {
  const paths = tree.filter(({ path }) => path !== '').map(({ path }) => quoted(path));
  return [
    '# Completion of sealift for fish, made by: sealift completion fish',
    '',
    `set -g __sealift_commands ${paths.join(' ')}`,
    `set -g __sealift_valued ${[...valuedOptions(tree).keys()].join(' ')}`,
    '',
    FUNCTIONS,
    'complete -c sealift -f',
    ...tree.flatMap((entry) => linesOf(tree, entry)),
    '',
  ].join('\n');
}

function linesOf(tree: readonly Completion[], entry: Completion): string[] {
  const begin = `complete -c sealift -n ${quoted(`__sealift_at ${entry.path}`.trim())}`;
  const below = commandsBelow(tree, entry.path).map(
    (other) => `${begin} -a ${lastWord(other)} -d ${quoted(other.description)}`,
  );
  const { argument } = entry;
  const own = argument === null ? [] : [`${begin} ${valueOf(argument)}`];
  return [...below, ...own, ...entry.options.map((option) => optionLine(begin, option))];
}

function optionLine(begin: string, { name, description, value }: CompletedOption): string {
  const takes = value === null ? '' : ` ${value.kind === 'other' ? '-r' : '-x'} ${valueOf(value)}`;
  return `${begin} -l ${name.slice(2)} -d ${quoted(description)}${takes}`;
}

function valueOf(value: Value): string {
  switch (value.kind) {
    case 'module':
      return "-a '(__sealift_modules)'";
    case 'seal':
      return "-a '(__sealift_seals)'";
    case 'candidate':
      return "-a '(__sealift_candidates)'";
    case 'folder':
      return "-a '(__fish_complete_directories)'";
    case 'word':
      return `-a ${quoted(value.words.join(' '))}`;
    default:
      return '-F';
  }
}

function quoted(text: string): string {
  return `'${text.replaceAll(/['\\]/g, String.raw`\$&`)}'`;
}

const FUNCTIONS = String.raw`# Prints the command so far, and its project: registry check, then the folder.
function __sealift_line
    set -l words (commandline -opc)
    set -e words[1]
    set -l command ''
    set -l project .
    set -l option ''
    for word in $words
        if test -n "$option"
            test "$option" = --project; and set project (string replace -r '^~(?=/|$)' $HOME -- $word)
            set option ''
        else if contains -- $word $__sealift_valued
            set option $word
        else if string match -q -- '--project=*' $word
            set project (string replace -- '--project=' '' $word)
        else
            set -l next (string trim -- "$command $word")
            contains -- $next $__sealift_commands; and set command $next
        end
    end
    printf '%s\n' "$command" "$project"
end

function __sealift_at
    set -l line (__sealift_line)
    test "$line[1]" = "$argv"
end

# Prints the names of files, up to their first dot, that fit the pattern.
function __sealift_names
    for file in $argv[2..-1]
        string match -r -- $argv[1] (string replace -r '\..*$' '' -- (basename -- $file))
    end
end

function __sealift_modules
    set -l line (__sealift_line)
    set -l files $line[2]/mapping/modules/*.json
    __sealift_names '^[a-z][a-z0-9_-]{0,62}$' $files
end

function __sealift_seals
    set -l line (__sealift_line)
    set -l folders $line[2]/storage_candidate/sealed/*
    __sealift_names '^[0-9a-f]{64}$' $folders
end

function __sealift_candidates
    printf '%s\n' v1 live
    __sealift_seals
    __fish_complete_directories
end
`;
