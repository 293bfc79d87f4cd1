/**
 * Reads MySQL and MariaDB: one exchange for each command of the client, and one for opening the session. Of statements it
 * keeps verb and table; of parameters and rows nothing.
 */
import { createCommandReader } from './command-reader.ts';
import { createCommandQueue, notBegun, type CommandDeps, type Waiting } from './commands.ts';
import type { Side } from './exchange.ts';
import { createFrames, type Frame, type FrameLayout } from './frames.ts';
import type { Reader } from './reader.ts';
import { createRemembered } from './remembered.ts';
import { readStatement, startsLikeStatement, type Statement } from './sql.ts';
import { createTlsHandshake, type TlsHandshake } from './tls-reader.ts';

const packetHeader = 4;
const statementKept = 2048;
const answerKept = 64;
const commandNames: Readonly<Record<number, string>> = {
  0x02: 'USE',
  0x04: 'FIELD_LIST',
  0x07: 'REFRESH',
  0x08: 'SHUTDOWN',
  0x09: 'STATISTICS',
  0x0a: 'PROCESS_INFO',
  0x0c: 'KILL',
  0x0d: 'DEBUG',
  0x0e: 'PING',
  0x11: 'CHANGE_USER',
  0x12: 'BINLOG_DUMP',
  0x15: 'REGISTER_REPLICA',
  0x16: 'PREPARE',
  0x17: 'EXECUTE',
  0x1a: 'RESET_STATEMENT',
  0x1b: 'SET_OPTION',
  0x1c: 'FETCH',
  0x1e: 'BINLOG_DUMP_GTID',
  0x1f: 'RESET_CONNECTION',
};
const comUse = 0x02;
const comQuery = 0x03;
const comPrepare = 0x16;
const comExecute = 0x17;
const comFetch = 0x1c;
/** Quit, long data, close: nobody answers these. */
const silent: ReadonlySet<number> = new Set([0x01, 0x18, 0x19]);
const highestCommand = 0x1f;

const capability = {
  connectWithDb: 0x8,
  compress: 0x20,
  ssl: 0x800,
  secureConnection: 0x8000,
  lengthEncodedAuth: 0x200000,
  deprecateEof: 0x1000000,
  zstd: 0x4000000,
} as const;
const sslRequestSize = 32;
/** Capabilities 4, largest packet 4, character set 1, filler 23. */
const userAt = 32;

const answer = { ok: 0x00, localFile: 0xfb, end: 0xfe, error: 0xff } as const;
const eofSize = 5;

interface Item extends Waiting {
  readonly code: number;
  /** What is being prepared. */
  readonly statement: Statement;
}

/** How far an answer with rows is. */
interface Rows {
  readonly isFile: boolean;
  readonly columns: number;
  packets: number;
}

const layout: FrameLayout = {
  headerSize: packetHeader,
  size: (bytes, at) => packetHeader + bytes.readUIntLE(at, 3),
  keep: () => statementKept,
  startsLike: (bytes) =>
    bytes.length > packetHeader && bytes[3] === 0 && packetFits(bytes) && (bytes[4] ?? 0) <= highestCommand,
};

const answerLayout: FrameLayout = {
  ...layout,
  keep: () => answerKept,
  // The first packet of an answer to a command.
  startsLike: (bytes) =>
    bytes.length > packetHeader && bytes[3] === 1 && bytes.readUIntLE(0, 3) + packetHeader <= bytes.length,
};

function packetFits(bytes: Buffer): boolean {
  return bytes.readUIntLE(0, 3) + packetHeader === bytes.length;
}

/** Who talks like this, if it is certain that it is MySQL. */
export function detectMysql(bytes: Buffer): 'client' | 'server' | undefined {
  if (bytes.length <= packetHeader || bytes[3] !== 0 || !packetFits(bytes)) return undefined;
  // The greeting: protocol 10, then the version as text.
  if (bytes[4] === 10 && bytes.length > 40) {
    const end = bytes.indexOf(0, 5);
    return end > 6 && end < 5 + 64 && /^\d+\.\d+[\w.+~:-]*$/.test(bytes.toString('latin1', 5, end))
      ? 'server'
      : undefined;
  }
  const isStatement = bytes[4] === comQuery || bytes[4] === comPrepare;
  return isStatement && bytes.length > packetHeader + 4 && startsLikeStatement(bytes, packetHeader + 1)
    ? 'client'
    : undefined;
}

function lengthEncoded(bytes: Buffer, at: number): number {
  const first = bytes[at] ?? 0;
  if (first < 0xfb) return first;
  return first === 0xfc && at + 3 <= bytes.length ? bytes.readUInt16LE(at + 1) : -1;
}

/** The database that a session is opened with; empty when there is none or it lies beyond what was kept. */
function databaseOf(bytes: Buffer, from: number, end: number, capabilities: number): string {
  if ((capabilities & capability.connectWithDb) === 0) return '';
  const userEnd = bytes.indexOf(0, from + userAt);
  if (userEnd === -1 || userEnd >= end) return '';
  const hasLength = (capabilities & (capability.lengthEncodedAuth | capability.secureConnection)) !== 0;
  const authEnd = hasLength ? userEnd + 2 + (bytes[userEnd + 1] ?? 0) : bytes.indexOf(0, userEnd + 1) + 1;
  const databaseEnd = bytes.indexOf(0, authEnd);
  return bytes.toString('utf8', authEnd, Math.min(end, databaseEnd === -1 ? end : databaseEnd));
}

export function createMysqlReader(client: Side, deps: CommandDeps): Reader {
  const { counters, budget } = deps;
  const commands = createCommandQueue<Item>('MYSQL', client, deps);
  const statements = createRemembered<number>(budget);
  let isFresh = true;
  let isOpening = false;
  let isOver = false;
  let deprecateEof: boolean | null = null;
  let rows: Rows | null = null;
  let tls: TlsHandshake | null = null;

  const push = (code: number, name: string, statement: Statement, { firstNs, lastNs }: Frame): void => {
    const { table: resource } = statement;
    commands.push({ code, statement, command: name, resource, firstNs, lastNs, begunNs: notBegun, isReported: false });
  };

  const onLogin = (frame: Frame): void => {
    const { bytes, start, end, size } = frame;
    const from = start + packetHeader;
    if (end - from < sslRequestSize) return;
    const capabilities = bytes.readUInt32LE(from);
    deprecateEof = (capabilities & capability.deprecateEof) !== 0;
    if ((capabilities & capability.ssl) !== 0 && size === packetHeader + sslRequestSize) {
      tls = createTlsHandshake(client, deps);
      requests.handOver(tls.requests);
      responses.handOver(tls.responses);
      return;
    }
    push(0, 'CONNECT', { verb: '', table: databaseOf(bytes, from, end, capabilities) }, frame);
    if ((capabilities & (capability.compress | capability.zstd)) === 0) return;
    counters.add('mysql_gave_up_compressed', 1);
    isOver = true;
  };

  const statementOf = (code: number, { bytes, start, end }: Frame): Statement => {
    const from = start + packetHeader + 1;
    if (code === comQuery || code === comPrepare) return readStatement(bytes.toString('utf8', from, end), 'mysql');
    if (code === comUse) return { verb: '', table: bytes.toString('utf8', from, Math.min(end, from + 64)) };
    const isPrepared = (code === comExecute || code === comFetch) && end >= from + 4;
    const statement = isPrepared ? statements.get(bytes.readUInt32LE(from)) : undefined;
    if (isPrepared && statement === undefined) counters.add('mysql_unknown_statements', 1);
    return statement ?? { verb: '', table: '' };
  };

  const onCommand = (frame: Frame): void => {
    const code = frame.bytes[frame.start + packetHeader] ?? 0;
    if (silent.has(code)) return;
    // The answer before this one is over, whatever was seen of it.
    if (rows !== null) finish('');
    const statement = statementOf(code, frame);
    const isRun = code === comQuery || code === comExecute;
    push(code, isRun ? statement.verb || (commandNames[code] ?? '') : (commandNames[code] ?? ''), statement, frame);
  };

  const finish = (error: string): void => {
    rows = null;
    commands.finish(error);
  };

  const onPrepared = (item: Item, { bytes, start, end }: Frame): void => {
    if (item.code !== comPrepare || end < start + packetHeader + 5) return;
    statements.set(bytes.readUInt32LE(start + packetHeader + 1), item.statement);
  };

  const onFirst = (frame: Frame): void => {
    const { bytes, start, end, firstNs } = frame;
    const from = start + packetHeader;
    const item = commands.begin(firstNs);
    if (item === undefined || end <= from) return;
    const kind = bytes[from];
    if (kind === answer.error) finish(String(end >= from + 3 ? bytes.readUInt16LE(from + 1) : ''));
    else if (kind === answer.ok) {
      onPrepared(item, frame);
      finish('');
    } else if (item.code === comQuery || item.code === comExecute) {
      // A local file is sent by the client; what comes after that ends the answer.
      const isFile = kind === answer.localFile;
      rows = { isFile, columns: isFile ? 0 : lengthEncoded(bytes, from), packets: 0 };
    } else finish('');
  };

  const onFurther = (state: Rows, { bytes, start, end, size }: Frame): void => {
    const from = start + packetHeader;
    const kind = end > from ? bytes[from] : undefined;
    state.packets += 1;
    if (kind === answer.error) finish(String(end >= from + 3 ? bytes.readUInt16LE(from + 1) : ''));
    else if (kind === answer.end || (kind === answer.ok && state.columns === 0)) {
      // The end of the columns' descriptions, for clients that still want it.
      const endsColumns = state.packets === state.columns + 1 && size === packetHeader + eofSize;
      if (!(endsColumns && deprecateEof !== true)) finish('');
    }
  };

  /** Until the session is open the server may ask for more; each answer to that is the client's. */
  const onOpening = (frame: Frame): void => {
    const kind = frame.bytes[frame.start + packetHeader];
    const isMore = kind === answer.end || kind === 0x01;
    if (isMore) commands.begin(frame.firstNs);
    else onFirst(frame);
    isOpening = isMore;
  };

  const requests = createFrames(
    layout,
    {
      frame(frame) {
        const sequence = frame.bytes[frame.start + 3];
        // The packets of a local file count on from the answer that asked for it.
        if (rows?.isFile === true) return;
        if (sequence === 0) onCommand(frame);
        else if (isOpening && commands.size === 0) onLogin(frame);
      },
      lost: (cause) => commands.lost(cause, false),
    },
    budget,
  );
  const responses = createFrames(
    answerLayout,
    {
      frame(frame) {
        const sequence = frame.bytes[frame.start + 3];
        // The numbers of a long answer's packets start over: only the first packet of all is the greeting.
        if (rows !== null) onFurther(rows, frame);
        else if (isOpening) onOpening(frame);
        else if (isFresh && sequence === 0) isOpening = true;
        else if (commands.oldest()?.begunNs === notBegun) onFirst(frame);
        isFresh = false;
      },
      lost(cause) {
        rows = null;
        commands.lost(cause, true);
      },
    },
    budget,
  );

  return createCommandReader({
    client,
    budget,
    requests,
    responses,
    commands,
    wanted() {
      if (tls !== null) return tls.isDone ? 'none' : 'probing';
      return isOver ? 'none' : 'heads';
    },
    end() {
      statements.clear();
      tls?.end();
    },
  });
}
