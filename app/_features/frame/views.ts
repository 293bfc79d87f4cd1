/** The views that exist; each is a path, and all share the query string. */
export const views = [
  { path: '/', name: 'Map' },
  { path: '/flows', name: 'Flows' },
] as const;
