/**
 * What a protocol does when it works and when it does not, done by real programs. Each case says what client or server
 * logged, one line per attempt, and how the flow that Palomar stored reads in the same words.
 */
import type { Flow } from '../../model/api.ts';
import type { Outcome } from '../lab/run-command.ts';
import { api, dns, frontend, ports, postgres } from '../lab/topology.ts';
import { addressOf, hostOf, matrixPorts, nowhere, type Family, type Ground } from './ground.ts';

export interface Case {
  readonly protocol: string;
  readonly outcome: 'success' | 'failure';
  /** The row of the table, in words. */
  readonly what: string;
  /** Who wrote the log that the flows are compared with. */
  readonly witness: string;
  /** Acts `times` times; resolves with what the witness logged of it, a line each. */
  act(ground: Ground, family: Family): Promise<readonly string[]>;
  /** Which stored flows are the ones; `from.pod` is added. */
  filter(family: Family): string;
  /** What one conversation's, or one exchange's, flows say in the witness's words. */
  told(flows: readonly Flow[]): string;
  /** How many attempts the group stands for; one, unless said otherwise. */
  attempts?(flows: readonly Flow[]): number;
  /** Rows of one conversation are read together, rows of exchanges each alone. */
  readonly per: 'connection' | 'exchange';
}

export const times = 3;

const last = (flows: readonly Flow[]): Flow => {
  const flow = flows.at(-1);
  if (flow === undefined) throw new Error('a group has flows');
  return flow;
};
const connected = (flows: readonly Flow[]): string => {
  const result = flows.map((flow) => flow.connectResult).find((word) => word !== '');
  return result ?? 'not told';
};
const verdicts = (flows: readonly Flow[]): string => [...new Set(flows.map((flow) => flow.verdict))].sort().join(', ');
const reasons = (flows: readonly Flow[]): string =>
  [...new Set(flows.map((flow) => flow.dropReason).filter(Boolean))].sort().join(', ');

/** The errno that a caller gets for each way of not being let in. */
const connectWords: Readonly<Record<string, string>> = {
  ESTABLISHED: 'connected',
  REFUSED: 'ECONNREFUSED',
  UNREACHABLE: 'EHOSTUNREACH',
  NO_ANSWER: 'timeout',
};

/** What the caller was told, by the stored flows. */
const reached = (flows: readonly Flow[]): string => connectWords[connected(flows)] ?? connected(flows);

/** A pause is for routers, which send one ICMP error a second to the same host. */
const connect = (host: string, port: number, pauseMs = 0) =>
  ({ mode: 'connect', target: { host, port }, times, timeoutMs: 2000, pauseMs }) as const;

const datagram = (host: string, port: number) =>
  ({ mode: 'datagram', target: { host, port }, times, timeoutMs: 2000 }) as const;

const layer4: readonly Case[] = [
  {
    protocol: 'TCP',
    outcome: 'success',
    what: 'connects and closes',
    witness: 'client: connect(2)',
    per: 'connection',
    act: (ground, family) => ground.traffic(connect(addressOf(api, family), matrixPorts.plainTcp), 'outcome'),
    filter: (family) => `event:connection to.ip:${addressOf(api, family)} to.port:${matrixPorts.plainTcp}`,
    told: (flows) => (verdicts(flows) === 'FORWARDED' ? reached(flows) : verdicts(flows)),
  },
  {
    protocol: 'TCP',
    outcome: 'failure',
    what: 'refused: nobody listens',
    witness: 'client: connect(2)',
    per: 'connection',
    act: (ground, family) => ground.traffic(connect(addressOf(api, family), matrixPorts.closed), 'outcome'),
    filter: (family) => `protocol:tcp event:connection to.ip:${addressOf(api, family)} to.port:${matrixPorts.closed}`,
    told: reached,
  },
  {
    protocol: 'TCP',
    outcome: 'failure',
    what: 'unreachable: a router says so by ICMP',
    witness: 'client: connect(2)',
    per: 'connection',
    act: async (ground, family) =>
      (await ground.traffic(connect(nowhere.unreachable[family], 80, 1200), 'outcome')).map((line) =>
        line === 'ENETUNREACH' ? 'EHOSTUNREACH' : line,
      ),
    filter: (family) => `event:connection to.ip:${nowhere.unreachable[family]}`,
    told: reached,
  },
  {
    protocol: 'TCP',
    outcome: 'failure',
    what: 'no answer: nobody dropped it here, nobody answered',
    witness: 'client: gave up after 2 s',
    per: 'connection',
    act: (ground, family) => ground.traffic(connect(nowhere.silent[family], 80), 'outcome'),
    filter: (family) => `protocol:tcp event:connection to.ip:${nowhere.silent[family]}`,
    told: reached,
  },
  {
    protocol: 'TCP',
    outcome: 'failure',
    what: 'dropped by nftables',
    witness: 'client: gave up after 2 s',
    per: 'connection',
    act: async (ground, family) =>
      (await ground.traffic(connect(addressOf(api, family), matrixPorts.dropped), 'outcome')).map((line) =>
        line === 'timeout' ? 'timeout, NETFILTER_DROP' : line,
      ),
    filter: (family) => `to.ip:${addressOf(api, family)} to.port:${matrixPorts.dropped}`,
    told: (flows) => `${verdicts(flows) === 'DROPPED' ? 'timeout' : verdicts(flows)}, ${reasons(flows)}`,
  },
  {
    protocol: 'TCP',
    outcome: 'failure',
    what: 'local error: no packet was ever made',
    witness: 'client: connect(2)',
    per: 'exchange',
    act: async (ground, family) => {
      const outcomes = await ground.traffic(connect(nowhere.forbidden[family], 80), 'outcome');
      return outcomes.map((line) => `LOCAL_ERROR ${line}`);
    },
    filter: (family) => `to.ip:${nowhere.forbidden[family]}`,
    told: (flows) => `${last(flows).connectResult} ${last(flows).socketError}`,
    // Alike failures of one process are one row that counts them.
    attempts: (flows) => last(flows).connections,
  },
  {
    protocol: 'UDP',
    outcome: 'success',
    what: 'a datagram and its answer',
    witness: 'client: recv(2)',
    per: 'connection',
    act: (ground, family) => ground.traffic(datagram(addressOf(api, family), matrixPorts.echo), 'outcome'),
    filter: (family) => `protocol:udp event:connection to.ip:${addressOf(api, family)} to.port:${matrixPorts.echo}`,
    told: (flows) => (flows.some((flow) => flow.packetsToSrc > 0) ? 'answered' : 'timeout'),
  },
  {
    protocol: 'UDP',
    outcome: 'failure',
    what: 'closed port',
    witness: 'client: recv(2)',
    per: 'connection',
    act: (ground, family) => ground.traffic(datagram(addressOf(api, family), matrixPorts.closed), 'outcome'),
    filter: (family) => `protocol:udp event:connection to.ip:${addressOf(api, family)} to.port:${matrixPorts.closed}`,
    told: reached,
  },
  {
    protocol: 'ICMP',
    outcome: 'success',
    what: 'echo answered',
    witness: 'client: ping',
    per: 'connection',
    act: (ground, family) => ping(ground, addressOf(api, family)),
    filter: (family) => `protocol:icmp event:connection to.ip:${addressOf(api, family)}`,
    told: received,
  },
  {
    protocol: 'ICMP',
    outcome: 'failure',
    what: 'echo into the void',
    witness: 'client: ping',
    per: 'connection',
    act: (ground, family) => ping(ground, nowhere.silent[family]),
    filter: (family) => `protocol:icmp event:connection to.ip:${nowhere.silent[family]}`,
    told: received,
  },
];

async function ping(ground: Ground, address: string): Promise<string[]> {
  const { out } = await ground.client(['ping', '-n', '-q', '-c', String(times), '-i', '0.2', '-W', '1', address]);
  const [, sent, back] = /(\d+) packets transmitted, (\d+) received/.exec(out) ?? [];
  return [`${sent ?? '?'} sent, ${back ?? '?'} received`];
}

function received(flows: readonly Flow[]): string {
  const sum = (count: (flow: Flow) => number): number => flows.reduce((total, flow) => total + count(flow), 0);
  return `${sum((flow) => flow.packetsToDst)} sent, ${sum((flow) => flow.packetsToSrc)} received`;
}

/** What nginx logged of the paths of one case. */
async function curl(
  ground: Ground,
  port: number,
  address: string,
  path: string,
  flags: readonly string[],
): Promise<string[]> {
  for (let n = 0; n < times; n += 1) {
    await ground.client([
      'curl',
      '-sS',
      '-m',
      '5',
      '-o',
      '/dev/null',
      ...flags,
      `http://${hostOf(address)}:${port}${path}`,
    ]);
  }
  return ground
    .httpLog()
    .filter((line) => line.startsWith(`${port} `) && line.split(' ')[2] === path)
    .map((line) => line.slice(line.indexOf(' ') + 1).replace('HTTP/2.0', 'HTTP/2'));
}

function http(version: 1 | 2, outcome: Case['outcome'], what: string, path: string): Case {
  const port = version === 1 ? matrixPorts.http1 : matrixPorts.http2;
  const flags = version === 1 ? ['--http1.1'] : ['--http2-prior-knowledge'];
  const pathOf = (family: Family): string => `${path}/v${family}`;
  return {
    protocol: version === 1 ? 'HTTP/1.1' : 'HTTP/2',
    outcome,
    what,
    witness: 'server: nginx access log',
    per: 'exchange',
    act: (ground, family) => curl(ground, port, addressOf(api, family), pathOf(family), flags),
    filter: (family) => `event:l7 to.ip:${addressOf(api, family)} to.port:${port} http.path:${pathOf(family)}`,
    told: (flows) => {
      const { l7, kind } = last(flows);
      const status = kind === 'l7_request' ? 444 : (l7?.http?.status ?? 0);
      return `${l7?.http?.method ?? ''} ${l7?.http?.path ?? ''} ${status} ${l7?.http?.protocol ?? ''}`;
    },
  };
}

function grpc(outcome: Case['outcome'], what: string, method: string): Case {
  const path = `/palomar.lab.Orders/${method}`;
  return {
    protocol: 'gRPC',
    outcome,
    what,
    witness: 'server: its own log; client: status',
    per: 'exchange',
    async act(ground, family) {
      const before = ground.grpcLog().length;
      const target = { host: addressOf(api, family), port: matrixPorts.grpc };
      const statuses = await ground.traffic({ mode: 'grpc-client', target, method, times }, 'status');
      const logged = ground.grpcLog().slice(before);
      if (logged.join() !== statuses.map((status) => `${path} ${status}`).join())
        return [`client ${statuses.join()}, server ${logged.join()}`];
      return logged;
    },
    filter: (family) =>
      `event:l7 protocol:grpc to.ip:${addressOf(api, family)} to.port:${matrixPorts.grpc} http.path:${path}`,
    told: (flows) => `${last(flows).l7?.http?.path ?? ''} ${last(flows).l7?.grpcStatus ?? ''}`,
  };
}

function lookup(over: 'UDP' | 'TCP', outcome: Case['outcome'], what: string, name: (family: Family) => string): Case {
  return {
    protocol: `DNS over ${over}`,
    outcome,
    what,
    witness: 'client: dig',
    per: 'exchange',
    async act(ground, family) {
      const lines: string[] = [];
      for (let n = 0; n < times; n += 1) {
        const flags = ['+tries=1', '+time=2', '+noedns', ...(over === 'TCP' ? ['+tcp'] : ['+notcp'])];
        const { out } = await ground.client(['dig', `@${addressOf(dns, family)}`, name(family), 'A', ...flags]);
        const status = /status: ([A-Z]+)/.exec(out)?.[1] ?? 'none';
        const answers = [...out.matchAll(/\sIN\s+A\s+([\d.]+)/g)].map((match) => match[1] ?? '');
        lines.push([name(family), status, ...answers].join(' '));
      }
      return lines;
    },
    filter: (family) =>
      `event:l7 protocol:${over.toLowerCase()} to.ip:${addressOf(dns, family)} dns.name:"${name(family)}*" dns.type:A`,
    told: (flows) => {
      const answer = last(flows).l7?.dns;
      return [answer?.name.replace(/\.$/, '') ?? '', answer?.rcode ?? '', ...(answer?.answers ?? [])].join(' ');
    },
  };
}

function handshake(
  outcome: Case['outcome'],
  what: string,
  flags: readonly string[],
  said: (outcome: Outcome) => string,
): Case {
  const sni = (family: Family): string => `v${family}.${outcome}.palomar.test`;
  return {
    protocol: 'TLS',
    outcome,
    what,
    witness: 'client: openssl s_client',
    per: 'connection',
    async act(ground, family) {
      const lines: string[] = [];
      for (let n = 0; n < times; n += 1) {
        const to = `${hostOf(addressOf(api, family))}:${matrixPorts.https}`;
        const argv = ['openssl', 's_client', '-connect', to, '-servername', sni(family), ...flags];
        lines.push(`${sni(family)} ${said(await ground.client(argv))}`);
      }
      return lines;
    },
    filter: (family) => `tls.sni:${sni(family)}`,
    told: (flows) => {
      const l7 = flows.map((flow) => flow.l7).find((found) => found !== null && found.sni !== '');
      return [l7?.sni ?? '', outcome === 'success' ? (l7?.tlsVersion ?? '') : (l7?.error ?? '')].join(' ');
    },
  };
}

/** A command line client of a database; `said` turns its output into `COMMAND resource error`. */
function database(
  protocol: string,
  outcome: Case['outcome'],
  what: string,
  port: number,
  argv: (address: string, family: Family) => readonly string[],
  said: (outcome: Outcome, family: Family) => string,
  filter: (family: Family) => string,
): Case {
  return {
    protocol,
    outcome,
    what,
    witness: `client: ${protocol === 'PostgreSQL' ? 'psql' : protocol === 'MySQL' ? 'mariadb' : 'redis-cli'}`,
    per: 'exchange',
    async act(ground, family) {
      const lines: string[] = [];
      for (let n = 0; n < times; n += 1) {
        lines.push(said(await ground.client(argv(addressOf(postgres, family), family)), family));
      }
      return lines;
    },
    filter: (family) => `event:l7 to.ip:${addressOf(postgres, family)} to.port:${port} ${filter(family)}`,
    told: (flows) => {
      const l7 = last(flows).l7;
      return [l7?.command, l7?.resource, l7?.error].filter(Boolean).join(' ');
    },
  };
}

const psql = (sql: (family: Family) => string) => (address: string, family: Family) => [
  'psql',
  '-X',
  '-q',
  '-h',
  address,
  '-U',
  'palomar',
  '-d',
  'postgres',
  '-v',
  'VERBOSITY=sqlstate',
  '-c',
  sql(family),
];
const mariadb = (sql: (family: Family) => string) => (address: string, family: Family) => [
  'mariadb',
  '--no-defaults',
  '-h',
  address,
  '-P',
  String(matrixPorts.mysql),
  '-u',
  'root',
  '--skip-ssl',
  '-e',
  sql(family),
];
const redis = (words: (family: Family) => readonly string[]) => (address: string, family: Family) => [
  'redis-cli',
  '-h',
  address,
  '-p',
  String(matrixPorts.redis),
  ...words(family),
];

const layer7: readonly Case[] = [
  http(1, 'success', 'GET answered 200', '/ok'),
  http(1, 'failure', 'GET answered 503', '/broken'),
  http(1, 'failure', 'the server closes without an answer', '/silent'),
  http(2, 'success', 'GET answered 200', '/ok'),
  http(2, 'failure', 'GET answered 404', '/missing'),
  grpc('success', 'call answered OK', 'Get'),
  grpc('failure', 'call answered NOT_FOUND', 'Lose'),
  lookup('UDP', 'success', 'a name with an address', (family) => `v${family}-udp.load.palomar.test`),
  lookup('UDP', 'failure', 'a name that does not exist', (family) => `v${family}-udp.gone.palomar.test`),
  lookup('TCP', 'success', 'a name with an address', (family) => `v${family}-tcp.load.palomar.test`),
  lookup('TCP', 'failure', 'a name that does not exist', (family) => `v${family}-tcp.gone.palomar.test`),
  handshake('success', 'handshake of TLS 1.3', ['-tls1_3'], ({ out }) =>
    (/New, (TLSv1\.[23])/.exec(out)?.[1] ?? 'none').replace('TLSv', 'TLS '),
  ),
  handshake('failure', 'no cipher in common', ['-tls1_2', '-cipher', 'AES128-SHA'], ({ said }) =>
    /alert handshake failure/.test(said) ? 'handshake_failure' : 'none',
  ),
  database(
    'PostgreSQL',
    'success',
    'a query answered',
    ports.postgres,
    psql((family) => `SELECT count(*) FROM pg_class WHERE ${family} = ${family}`),
    ({ exitCode }) => (exitCode === 0 ? 'SELECT pg_class' : 'failed'),
    () => 'l7.resource:pg_class',
  ),
  database(
    'PostgreSQL',
    'failure',
    'a query refused',
    ports.postgres,
    psql((family) => `SELECT * FROM missing_v${family}`),
    ({ said }, family) => `SELECT missing_v${family} ${/ERROR: {2}([0-9A-Z]{5})/.exec(said)?.[1] ?? said}`,
    (family) => `l7.resource:missing_v${family}`,
  ),
  database(
    'MySQL',
    'success',
    'a query answered',
    matrixPorts.mysql,
    mariadb((family) => `SELECT count(*) FROM mysql.plugin WHERE ${family} = ${family}`),
    ({ exitCode }) => (exitCode === 0 ? 'SELECT mysql.plugin' : 'failed'),
    () => 'l7.resource:mysql.plugin',
  ),
  database(
    'MySQL',
    'failure',
    'a query refused',
    matrixPorts.mysql,
    mariadb((family) => `SELECT * FROM mysql.missing_v${family}`),
    ({ said }, family) => `SELECT mysql.missing_v${family} ${/ERROR (\d+)/.exec(said)?.[1] ?? said}`,
    (family) => `l7.resource:mysql.missing_v${family}`,
  ),
  database(
    'Redis',
    'success',
    'a command answered',
    matrixPorts.redis,
    redis((family) => ['SET', `key-v${family}`, 'value']),
    ({ out }) => (out.trim() === 'OK' ? 'SET' : out),
    () => 'l7.command:set',
  ),
  database(
    'Redis',
    'failure',
    'a command refused',
    matrixPorts.redis,
    redis((family) => ['LPUSH', `key-v${family}`, 'value']),
    ({ out, said }) => `LPUSH ${/WRONGTYPE|[A-Z]{3,}/.exec(out + said)?.[0] ?? ''}`,
    () => 'l7.command:lpush',
  ),
];

export const cases: readonly Case[] = [...layer4, ...layer7];
export const families: readonly Family[] = [4, 6];
export const client = frontend;
