/**
 * The little of PostgreSQL's protocol 3.0 that api needs: log in without a password, ask simple queries one after
 * another, leave in order. https://www.postgresql.org/docs/15/protocol-message-formats.html
 */
import { connect, type Socket } from 'node:net';
import { err, ok, type Result } from '../../../model/result.ts';

export type QueryRows = readonly (readonly (string | null)[])[];

export interface PostgresClient {
  /** An SQL error is a value; a broken connection rejects. */
  query(sql: string): Promise<Result<QueryRows, { readonly sqlState: string; readonly message: string }>>;
  close(): Promise<void>;
}

interface Waiting {
  readonly resolve: (value: Result<QueryRows, { sqlState: string; message: string }>) => void;
  readonly reject: (cause: Error) => void;
  rows: (string | null)[][];
  error: { sqlState: string; message: string } | undefined;
}

const protocolVersion = 196_608;

function startupMessage(user: string, database: string): Buffer {
  const body = Buffer.from(`user\0${user}\0database\0${database}\0application_name\0api\0\0`);
  const head = Buffer.alloc(8);
  head.writeInt32BE(body.length + 8, 0);
  head.writeInt32BE(protocolVersion, 4);
  return Buffer.concat([head, body]);
}

function message(type: string, body: string): Buffer {
  const text = Buffer.from(body);
  const head = Buffer.alloc(5);
  head.write(type, 0, 'latin1');
  head.writeInt32BE(text.length + 4, 1);
  return Buffer.concat([head, text]);
}

function readRow(body: Buffer): (string | null)[] {
  const row: (string | null)[] = [];
  let at = 2;
  for (let left = body.readInt16BE(0); left > 0; left--) {
    const length = body.readInt32BE(at);
    at += 4;
    row.push(length < 0 ? null : body.toString('utf8', at, at + length));
    at += Math.max(0, length);
  }
  return row;
}

/** Fields of an error message: one letter, then text up to a zero byte. */
function readError(body: Buffer): { sqlState: string; message: string } {
  const fields = new Map(
    body
      .toString('utf8')
      .split('\0')
      .filter(Boolean)
      .map((field) => [field.charAt(0), field.slice(1)]),
  );
  return { sqlState: fields.get('C') ?? '', message: fields.get('M') ?? 'unknown error' };
}

/** Connects and logs in. */
export async function connectPostgres(config: {
  readonly address: string;
  readonly port: number;
  readonly user: string;
  readonly database: string;
}): Promise<PostgresClient> {
  const socket: Socket = connect({ host: config.address, port: config.port, noDelay: true });
  const queue: Waiting[] = [];
  let buffered: Buffer = Buffer.alloc(0);

  const ask = (bytes: Buffer): Promise<Result<QueryRows, { sqlState: string; message: string }>> =>
    new Promise((resolve, reject) => {
      queue.push({ resolve, reject, rows: [], error: undefined });
      socket.write(bytes);
    });

  function take(type: string, body: Buffer): void {
    const current = queue[0];
    if (!current) return;
    if (type === 'D') current.rows.push(readRow(body));
    else if (type === 'E') current.error = readError(body);
    else if (type === 'R' && body.readInt32BE(0) !== 0) socket.destroy(new Error('the server asks for a password'));
    else if (type === 'Z') {
      queue.shift();
      current.resolve(current.error ? err(current.error) : ok(current.rows));
    }
  }

  socket.on('data', (chunk: Buffer) => {
    buffered = buffered.length === 0 ? chunk : Buffer.concat([buffered, chunk]);
    while (buffered.length >= 5) {
      const end = 1 + buffered.readInt32BE(1);
      if (buffered.length < end) return;
      take(buffered.toString('latin1', 0, 1), buffered.subarray(5, end));
      buffered = buffered.subarray(end);
    }
  });
  const fail = (cause: Error): void => queue.splice(0).forEach((waiting) => waiting.reject(cause));
  socket.on('error', fail);
  const closed = new Promise<void>((resolve) => {
    socket.on('close', () => {
      fail(new Error('the database closed the connection'));
      resolve();
    });
  });

  const login = await ask(startupMessage(config.user, config.database));
  if (!login.ok) throw new Error(`login refused: ${login.error.message}`);
  return {
    query: (sql) => ask(message('Q', `${sql}\0`)),
    close() {
      // Terminate is the last word, and the end goes with it; we let go when the server has ended, too.
      socket.end(message('X', ''));
      return closed;
    },
  };
}
