/** Everything the command palette can do from here, as a flat list to search in. */
import type { MapNode, SavedEntry } from '../../../model/api.ts';
import { nodeFilter } from '../filter/filter-text.ts';
import { presetFacts, presets } from '../range/time-range.ts';
import type { Investigation } from '../url/investigation.ts';
import { views } from './views.ts';

export interface PaletteEntry {
  readonly id: string;
  readonly label: string;
  /** What kind of thing it is, and its key. */
  readonly hint: string;
  readonly run: () => void;
}

interface PaletteDeps {
  readonly investigation: Investigation;
  readonly go: (path: string) => void;
  readonly copyLink: () => void;
  readonly showHelp: () => void;
  /** Services that the page knows. */
  readonly nodes: readonly MapNode[];
  readonly saved: readonly SavedEntry[];
  /** Shows a path with a query of its own. */
  readonly open: (place: string) => void;
}

export function paletteEntries(deps: PaletteDeps): PaletteEntry[] {
  const { investigation, go, copyLink, showHelp, nodes, saved, open } = deps;
  const { isLive, setLive, showPreset, setGrouping, setFilter, select, filter } = investigation;
  const entry = (label: string, hint: string, run: () => void): PaletteEntry => ({
    id: `${hint} ${label}`,
    label,
    hint,
    run,
  });
  return [
    ...views.map(({ name, path, keys }) => entry(name, `View  ${keys}`, () => go(path))),
    ...presets.map((preset) => entry(presetFacts[preset].label, 'Range', () => showPreset(preset))),
    entry(isLive ? 'Stop following' : 'Follow the newest data', 'Live  l', () => setLive(!isLive)),
    entry('By workload', 'Grouping', () => setGrouping('workload')),
    entry('By namespace', 'Grouping', () => setGrouping('namespace')),
    entry('By pod', 'Grouping', () => setGrouping('pod')),
    entry('Only what was dropped', 'Filter', () => setFilter('verdict:dropped')),
    entry('Only failed connects', 'Filter', () => setFilter('connect:failed')),
    entry('Only HTTP errors', 'Filter', () => setFilter('http.status:5xx')),
    ...(filter === '' ? [] : [entry('Clear the filter', 'Filter', () => setFilter(''))]),
    ...saved.flatMap(({ kind, id, text, place }) => {
      if (kind === 'known') return [];
      const run = (): void => (kind === 'view' ? open(place) : setFilter(place));
      return [{ ...entry(text, `Saved ${kind}`, run), id }];
    }),
    entry('Copy a link to this view', 'Share  y', copyLink),
    entry('Keys', 'Help  ?', showHelp),
    ...nodes.flatMap((node) => {
      const name = node.namespace === '' ? node.name : `${node.namespace}/${node.name}`;
      return [
        entry(name, `${node.kind}, select`, () => select({ kind: 'node', id: node.id })),
        entry(name, `${node.kind}, only its traffic`, () => setFilter(nodeFilter(node))),
      ];
    }),
  ];
}

const mostFound = 60;

/** Entries that hold every word typed, those whose label begins with the first word in front. */
export function findEntries(entries: readonly PaletteEntry[], typed: string): readonly PaletteEntry[] {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  const [first = ''] = words;
  const found = entries.filter(({ label, hint }) => {
    const text = `${label} ${hint}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
  const begins = found.filter(({ label }) => label.toLowerCase().startsWith(first));
  return [...begins, ...found.filter((item) => !begins.includes(item))].slice(0, mostFound);
}
