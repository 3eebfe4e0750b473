"""The mapping as a candidate holds it, and the target ids that follow from it."""

import hashlib
import os
import uuid

from canonical import Unrepresentable, jcs, parse_json
from cells import expected
from transforms import transformed


class Project:
    def __init__(self, candidate):
        self.folder = os.path.join(candidate, 'mapping')
        self.project = load(self.folder, 'project.json')
        folder = os.path.join(self.folder, 'modules')
        modules = [load(folder, name) for name in sorted(os.listdir(folder))]
        self.modules = {module['module']: module for module in modules}
        self.registries = {}

    def key(self, module, cell_of, columns, partial_is_null=False):
        """The legacy key of a record of `module` as canonical JSON; None where all is null."""
        cells = [cell_of[column] for column in columns]
        if all(cell is None for cell in cells) and cells:
            return None
        if partial_is_null and any(cell is None for cell in cells):
            return None
        if any(cell is None for cell in cells):
            raise Unrepresentable('a part of the key is null', 'reference-partial')
        parts = zip(cells, module['key'], strict=True)
        return [part_of(cell, part) for cell, part in parts]

    def is_lowered(self, rule, module, field):
        """Whether the project makes less than a BLOCKER of a rule: the last setting that fits."""
        fitting = [each['severity'] for each in self.project.get('severities', [])
                   if each['rule'] == rule and each.get('module', module) == module
                   and each.get('field', field) == field]
        return fitting[-1:] not in ([], ['BLOCKER'])

    def keyless_target(self, module, content, ordinal):
        """Of a record without a key: made of its content, where no secret key is in it."""
        return self.version_5(jcs(module['module']) + content + str(ordinal))

    def version_5(self, name):
        space = uuid.UUID(self.project['namespace']).bytes
        digest = hashlib.sha1(space + name.encode()).digest()
        return str(uuid.UUID(bytes=digest[:16], version=5))

    def target(self, module, parts):
        rule = module['id']['rule']
        if rule == 'uuid':
            return self.version_5(jcs([module['module'], *parts]))
        if rule == 'registry':
            text = parts[0] if isinstance(parts[0], str) else jcs(parts[0])
            found = self.registry(module['id']['registry']).get(text)
            if found is None:
                raise Unrepresentable('the registry does not have the key', 'registry')
            return found
        if rule == 'keep' and len(parts) == 1:
            return parts[0]
        raise Unrepresentable('a reference to a module without a single id')

    def registry(self, name):
        if name not in self.registries:
            base = os.path.join(self.folder, 'registries', name)
            if os.path.exists(base + '.json'):
                entries = load(base + '.json')
            else:
                with open(base + '.ndjson', encoding='utf-8', newline='\n') as lines:
                    entries = [parse_json(line) for line in lines]
            self.registries[name] = {entry['legacyId']: entry['targetUuid'] for entry in entries}
        return self.registries[name]


def part_of(cell, part):
    """One part of a key; it may not become null."""
    return expected(transformed(cell, part.get('transforms', [])), part['type'], {'required': True})


def load(*path):
    with open(os.path.join(*path), 'rb') as file:
        return parse_json(file.read().decode())
