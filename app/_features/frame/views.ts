/** The views that exist; each is a path, and all share the query string. */
export const views = [
  { path: '/', name: 'Map', keys: 'g m' },
  { path: '/drops', name: 'Drops', keys: 'g d' },
  { path: '/flows', name: 'Flows', keys: 'g f' },
  { path: '/http', name: 'HTTP', keys: 'g h' },
  { path: '/dns', name: 'DNS', keys: 'g n' },
  { path: '/explore', name: 'Explore', keys: 'g e' },
  { path: '/status', name: 'Status', keys: 'g s' },
] as const;
