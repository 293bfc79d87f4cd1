/**
 * Reads PostgreSQL: one exchange for each simple query and each execution of a prepared statement, and one for opening the
 * session. Of statements it keeps verb and table; of parameters and rows nothing.
 */
import { createCommandReader } from './command-reader.ts';
import { createCommandQueue, notBegun, type CommandDeps, type Waiting } from './commands.ts';
import type { Side } from './exchange.ts';
import { createFrames, type Frame, type FrameLayout } from './frames.ts';
import {
  messageHeader,
  isMessageChain,
  messageSize,
  startupCode,
  startupHeader,
  startupSize,
} from './postgresql-messages.ts';
import type { Reader } from './reader.ts';
import { createRemembered } from './remembered.ts';
import { readStatement, type Statement } from './sql.ts';
import { createTlsHandshake, type TlsHandshake } from './tls-reader.ts';

/** `prepare` and `sync` are no commands of their own, but errors and the end of a pipeline belong to them. */
interface Item extends Waiting {
  readonly role: 'query' | 'execute' | 'prepare' | 'sync';
}

/** The server itself tells names apart by fewer bytes. */
const nameLimit = 64;
const statementKept = 2048;
const otherKept = 256;
const noStatement: Statement = { verb: '', table: '' };
const letter = (text: string): number => text.charCodeAt(0);

function textAt(bytes: Buffer, from: number, end: number): { readonly text: string; readonly next: number } {
  const found = bytes.indexOf(0, from);
  const to = found === -1 || found > end ? end : found;
  return { text: bytes.toString('utf8', from, to), next: to + 1 };
}

/** The value of a parameter of the startup message. */
function databaseOf(bytes: Buffer, from: number, end: number): string {
  let [database, user] = ['', ''];
  for (let at = from; at < end;) {
    const name = textAt(bytes, at, end);
    if (name.text === '') break;
    const value = textAt(bytes, name.next, end);
    if (name.text === 'database') database = value.text;
    else if (name.text === 'user') user = value.text;
    at = value.next;
  }
  // The server takes the user's name for a database that is not given.
  return (database === '' ? user : database).slice(0, otherKept);
}

/** SQLSTATE of an ErrorResponse. */
function sqlState(bytes: Buffer, from: number, end: number): string {
  for (let at = from; at < end && bytes[at] !== 0;) {
    const field = textAt(bytes, at + 1, end);
    if (bytes[at] === letter('C')) return field.text.slice(0, 5);
    at = field.next;
  }
  return 'ERROR';
}

export function createPostgresqlReader(client: Side, deps: CommandDeps): Reader {
  const { counters, budget } = deps;
  const commands = createCommandQueue<Item>('POSTGRESQL', client, deps);
  const statements = createRemembered<string>(budget);
  const portals = createRemembered<string>(budget);
  let isFirst = true;
  let isStarting = true;
  /** The server's next byte says whether it turns to TLS or GSS. */
  let asked: 'ssl' | 'gss' | null = null;
  let tls: TlsHandshake | null = null;
  let isOver = false;

  const push = (role: Item['role'], statement: Statement, { firstNs, lastNs }: Frame): void => {
    const { verb: command, table: resource } = statement;
    const isSilent = role === 'prepare' || role === 'sync';
    commands.push({ role, command, resource, firstNs, lastNs, begunNs: notBegun, isReported: false, isSilent });
  };

  const onStartup = (frame: Frame): void => {
    const { bytes, start, end } = frame;
    const code = bytes.readUInt32BE(start + 4);
    if (code === startupCode.ssl) asked = 'ssl';
    else if (code === startupCode.gss) asked = 'gss';
    else if (code === startupCode.cancel) isOver = true;
    else {
      isStarting = false;
      push('query', { verb: 'CONNECT', table: databaseOf(bytes, start + startupHeader, end) }, frame);
    }
  };

  const onClientMessage = (frame: Frame): void => {
    const { bytes, start, end } = frame;
    const from = start + messageHeader;
    switch (bytes[start]) {
      case letter('Q'):
        return push('query', readStatement(textAt(bytes, from, end).text, 'postgresql'), frame);
      case letter('F'):
        return push('query', { verb: 'CALL', table: '' }, frame);
      case letter('P'): {
        const name = textAt(bytes, from, end);
        const statement = readStatement(textAt(bytes, name.next, end).text, 'postgresql');
        statements.set(name.text.slice(0, nameLimit), statement);
        return push('prepare', statement, frame);
      }
      case letter('B'): {
        const portal = textAt(bytes, from, end);
        const statement = statements.get(textAt(bytes, portal.next, end).text.slice(0, nameLimit));
        if (statement === undefined) counters.add('postgresql_unknown_statements', 1);
        return portals.set(portal.text.slice(0, nameLimit), statement ?? noStatement);
      }
      case letter('E'):
        return push('execute', portals.get(textAt(bytes, from, end).text.slice(0, nameLimit)) ?? noStatement, frame);
      case letter('S'):
        return push('sync', noStatement, frame);
      default:
    }
  };

  /** What only prepares is over once the next answer comes. */
  const dropPrepared = (): void => {
    while (commands.oldest()?.role === 'prepare') commands.drop();
  };

  /** An error skips everything up to the next sync; of that, only what was to be run is lost. */
  const onError = (error: string, atNs: number): void => {
    while (commands.oldest()?.role === 'sync') commands.drop();
    if (commands.begin(atNs) === undefined) return;
    const isPipeline = commands.oldest()?.role !== 'query';
    commands.finish(error);
    while (isPipeline && commands.size > 0 && commands.oldest()?.role !== 'sync') {
      if (commands.drop()?.role === 'execute') counters.add('postgresql_skipped_after_error', 1);
    }
  };

  const onDone = (atNs: number): void => {
    dropPrepared();
    // A query of several statements is done when the server is ready, not with its first part.
    if (commands.begin(atNs)?.role === 'execute') commands.finish('');
  };

  const onReady = (atNs: number): void => {
    dropPrepared();
    for (let oldest = commands.oldest(); oldest !== undefined; oldest = commands.oldest()) {
      if (oldest.role === 'sync') {
        commands.drop();
        return;
      }
      if (oldest.begunNs === notBegun) {
        // The end of an error's or of nothing's answer.
        if (oldest.role === 'query') return;
        commands.begin(atNs);
      }
      commands.finish('');
      if (oldest.role === 'query') return;
    }
  };

  const onServerMessage = ({ bytes, start, end, firstNs }: Frame): void => {
    switch (bytes[start]) {
      case letter('E'):
        return onError(sqlState(bytes, start + messageHeader, end), firstNs);
      case letter('C'):
      case letter('I'):
      case letter('s'):
        return onDone(firstNs);
      case letter('Z'):
        return onReady(firstNs);
      case letter('1'):
        if (commands.oldest()?.role === 'prepare') commands.drop();
        return;
      case letter('R'):
      case letter('T'):
      case letter('D'):
      case letter('G'):
      case letter('H'):
      case letter('W'):
      case letter('V'):
        dropPrepared();
        commands.begin(firstNs);
        return;
      default:
    }
  };

  /** One byte: S or G for yes, N for no. */
  const onConsent = ({ bytes, start }: Frame): void => {
    const wanted = asked;
    asked = null;
    if (bytes[start] === letter('N')) return;
    if (wanted === 'ssl' && bytes[start] === letter('S')) {
      tls = createTlsHandshake(client, deps);
      requests.handOver(tls.requests);
      responses.handOver(tls.responses);
      return;
    }
    counters.add('postgresql_gave_up_encrypted', 1);
    isOver = true;
  };

  const clientLayout: FrameLayout = {
    get headerSize() {
      return isStarting ? startupHeader : messageHeader;
    },
    size: (bytes, at) => (isStarting ? startupSize(bytes, at) : messageSize(bytes, at, true)),
    keep(bytes, at) {
      if (isStarting) return statementKept;
      const type = bytes[at];
      if (type === letter('Q') || type === letter('P')) return statementKept;
      return type === letter('B') || type === letter('E') ? otherKept : messageHeader;
    },
    startsLike: (bytes) => isMessageChain(bytes, true),
  };

  const serverLayout: FrameLayout = {
    get headerSize() {
      return asked === null ? messageHeader : 1;
    },
    size: (bytes, at) => (asked === null ? messageSize(bytes, at, false) : 1),
    keep: (bytes, at) => (bytes[at] === letter('E') ? otherKept : messageHeader),
    startsLike: (bytes) => isMessageChain(bytes, false),
  };

  const requests = createFrames(
    clientLayout,
    {
      frame: (frame) => (isStarting ? onStartup(frame) : onClientMessage(frame)),
      lost: (cause) => commands.lost(cause, false),
    },
    budget,
  );
  const responses = createFrames(
    serverLayout,
    {
      frame: (frame) => (asked === null ? onServerMessage(frame) : onConsent(frame)),
      lost: (cause) => commands.lost(cause, true),
    },
    budget,
  );

  return createCommandReader({
    client,
    budget,
    requests: {
      ...requests,
      data(bytes, atNs, isSegmentStart) {
        // A connection that was joined in the middle has no startup message; no message's type is a zero.
        if (isFirst && bytes[0] !== 0) isStarting = false;
        isFirst = false;
        requests.data(bytes, atNs, isSegmentStart);
      },
      get skippable() {
        return requests.skippable;
      },
    },
    responses,
    commands,
    wanted() {
      if (tls !== null) return tls.isDone ? 'none' : 'probing';
      return isOver ? 'none' : 'heads';
    },
    end() {
      statements.clear();
      portals.clear();
      tls?.end();
    },
  });
}
