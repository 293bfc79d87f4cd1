/** Who may speak to the store: one user, `default`, with the generated password. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { StoreError } from './store-error.ts';

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

export type Gate = (headers: IncomingHttpHeaders, parameters: ReadonlyMap<string, string>) => void;

/** The gate throws unless the request carries the right credentials, in any of the three ways ClickHouse takes them. */
export function createGate(password: string): Gate {
  const expected = digest(`default:${password}`);
  return (headers, parameters) => {
    const given = credentials(headers, parameters);
    if (given === null) {
      throw new StoreError(194, 'REQUIRED_PASSWORD', 'The embedded store wants user default and its password');
    }
    if (!timingSafeEqual(digest(given), expected)) {
      const message = 'default: Authentication failed: password is incorrect, or there is no user with such name.';
      throw new StoreError(516, 'AUTHENTICATION_FAILED', message);
    }
  };
}

function credentials(headers: IncomingHttpHeaders, parameters: ReadonlyMap<string, string>): string | null {
  const basic = /^Basic\s+(\S+)$/i.exec(headers.authorization ?? '')?.[1];
  if (basic !== undefined) return Buffer.from(basic, 'base64').toString('utf8');
  const user = headers['x-clickhouse-user'] ?? parameters.get('user');
  const key = headers['x-clickhouse-key'] ?? parameters.get('password');
  if (user === undefined && key === undefined) return null;
  return `${String(user ?? 'default')}:${String(key ?? '')}`;
}
