/** The keys that work everywhere, as a pure step from what was pressed to what is meant. */
export type Command =
  | 'filter'
  | 'map'
  | 'drops'
  | 'flows'
  | 'http'
  | 'dns'
  | 'explore'
  | 'status'
  | 'live'
  | 'earlier'
  | 'later'
  | 'link'
  | 'help';

export interface Shortcut {
  readonly keys: string;
  readonly says: string;
  readonly command?: Command;
}

/** What `?` shows; those without a command are handled where they work. */
export const shortcuts: readonly Shortcut[] = [
  { keys: '/', says: 'Filter', command: 'filter' },
  { keys: 'g m', says: 'Map', command: 'map' },
  { keys: 'Ctrl K', says: 'Commands: anything by name' },
  { keys: 'g d', says: 'Drops', command: 'drops' },
  { keys: 'g f', says: 'Flows', command: 'flows' },
  { keys: 'g h', says: 'HTTP and gRPC', command: 'http' },
  { keys: 'g n', says: 'DNS', command: 'dns' },
  { keys: 'g e', says: 'Explore', command: 'explore' },
  { keys: 'g s', says: 'Status', command: 'status' },
  { keys: 'l', says: 'Live on or off', command: 'live' },
  { keys: '[', says: 'Earlier', command: 'earlier' },
  { keys: ']', says: 'Later', command: 'later' },
  { keys: 'y', says: 'Copy a link to this view', command: 'link' },
  { keys: '?', says: 'This help', command: 'help' },
  { keys: '+ - 0', says: 'Zoom in, out, show all' },
  { keys: '← → ↑ ↓', says: 'Walk the map along its edges, or the table' },
  { keys: 'Enter', says: 'Open what is in focus' },
  { keys: 'Esc', says: 'Back' },
];

/** `before` is the key just before, while it may still begin a pair. */
export function commandOf(key: string, before: string | null): Command | null {
  const pair = before === null ? null : shortcuts.find((shortcut) => shortcut.keys === `${before} ${key}`);
  return (pair ?? shortcuts.find((shortcut) => shortcut.keys === key))?.command ?? null;
}
