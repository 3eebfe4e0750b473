"""The mapping as a candidate holds it, and the target ids that follow from it."""

import hashlib
import os
import uuid

from cells import Unrepresentable, expected, jcs, parse_json


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
            raise Unrepresentable('a part of the key is null')
        parts = zip(cells, module['key'], strict=True)
        return [expected(respelled(cell, part), part['type'], {}) for cell, part in parts]

    def target(self, module, parts):
        rule = module['id']['rule']
        if rule == 'uuid':
            name = jcs([module['module'], *parts]).encode()
            digest = hashlib.sha1(uuid.UUID(self.project['namespace']).bytes + name).digest()
            return str(uuid.UUID(bytes=digest[:16], version=5))
        if rule == 'registry':
            text = parts[0] if isinstance(parts[0], str) else jcs(parts[0])
            found = self.registry(module['id']['registry']).get(text)
            if found is None:
                raise Unrepresentable('the registry does not have the key')
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


def respelled(cell, part):
    """The cell after the transforms of a key part; only what init writes is known here."""
    for step in part.get('transforms', []):
        if step not in ('lower', 'trim'):
            raise Unrepresentable('a transform of a key')
        if isinstance(cell, str):
            cell = cell.lower() if step == 'lower' else cell.strip()
    return cell


def load(*path):
    with open(os.path.join(*path), 'rb') as file:
        return parse_json(file.read().decode())
