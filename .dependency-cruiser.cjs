/** Who may import whom: the table of ARCHITECTURE.md. Anything else is an error. */
const rooms = ['app', 'server', 'collector', 'db', 'hubble', 'model', 'cli', 'bpf', 'e2e', 'bench'];
const may = {
  app: ['model'],
  server: ['db', 'hubble', 'model'],
  collector: ['db', 'hubble', 'model'],
  db: ['model'],
  hubble: ['model'],
  // db for `palomar import`, which writes to the store as a collector does; hubble for the lines that it reads.
  cli: ['db', 'hubble', 'model'],
  model: [],
  bpf: [],
};

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    { name: 'no-unresolved', severity: 'error', from: {}, to: { couldNotResolve: true } },
    ...Object.entries(may).map(([room, allowed]) => ({
      name: `${room}-imports`,
      severity: 'error',
      from: { path: `^${room}/` },
      to: { path: `^(${rooms.filter((r) => r !== room && !allowed.includes(r)).join('|')})/` },
    })),
    {
      name: 'collector-uses-only-the-writer',
      comment: 'The collector writes; it never asks the store anything.',
      severity: 'error',
      from: { path: '^collector/', pathNot: '\\.int\\.test\\.ts$' },
      to: { path: '^db/', pathNot: '^db/(writer|native)' },
    },
    {
      name: 'model-is-pure',
      severity: 'error',
      from: { path: '^model/', pathNot: '\\.(test|fixture)\\.ts$' },
      to: { pathNot: ['^model/', '^node_modules/zod/'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: ['^\\.next', '^dist', '^out', '^bpf/build'] },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default'],
      extensions: ['.ts', '.tsx', '.js', '.json', '.css'],
    },
  },
};
