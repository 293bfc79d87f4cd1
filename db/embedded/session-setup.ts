/**
 * Turns URL parameters into the statements that set up a query's session, and keeps those that speak to the HTTP
 * interface itself apart from the engine's settings.
 */
import { StoreError } from './store-error.ts';

/** Parameters that are no settings. Those with a value here are refused unless they have it. */
const ownParameters: Readonly<Record<string, string | null>> = {
  query: null,
  query_id: null,
  user: null,
  password: null,
  database: null,
  default_format: null,
  wait_end_of_query: null,
  buffer_size: null,
  quota_key: null,
  stacktrace: null,
  // By it the engine finds the query that is to be cancelled.
  log_comment: null,
  role: null,
  // What only drivers of the native protocol speak, also over HTTP.
  client_protocol_version: '0',
  compress: '0',
  decompress: '0',
  session_check: '0',
  session_timeout: null,
};

/** A SQL string literal. */
export const quote = (text: string): string => `'${text.replaceAll(/['\\]/g, '\\$&')}'`;
const settingName = /^[A-Za-z_]\w*$/;

export interface Setup {
  readonly prelude: readonly string[];
  readonly defaultFormat: string;
  /** Hold the answer back until it is complete, so that every failure has its status code. */
  readonly waitsForEnd: boolean;
  readonly compressesResponse: boolean;
}

/** `isReadOnly`: the method promises to change nothing, as GET does. */
export function sessionSetup(parameters: ReadonlyMap<string, string>, isReadOnly: boolean): Setup {
  if (parameters.has('session_id')) {
    throw new StoreError(48, 'NOT_IMPLEMENTED', 'The embedded store keeps no sessions: every query has its own');
  }
  // As on a server: the engine on its own would read any word as an expression to select.
  const settings = parameters.has('implicit_select') ? [] : ['implicit_select = 0'];
  let readOnly = isReadOnly ? '2' : null;
  for (const [name, value] of parameters) {
    if (name.startsWith('param_')) {
      if (!settingName.test(name)) throw new StoreError(36, 'BAD_ARGUMENTS', `Bad parameter name ${name}`);
      settings.push(`${name} = ${quote(value)}`);
    } else if (Object.hasOwn(ownParameters, name)) {
      const only = ownParameters[name];
      if (typeof only === 'string' && value !== only) {
        throw new StoreError(48, 'NOT_IMPLEMENTED', `${name}=${value} is not supported by the embedded store`);
      }
    } else if (name === 'readonly') readOnly = readOnly === '2' && value === '0' ? '2' : value;
    else if (settingName.test(name)) settings.push(`${name} = ${quote(value)}`);
    else throw new StoreError(115, 'UNKNOWN_SETTING', `Unknown setting '${name}'`);
  }
  const database = parameters.get('database') ?? '';
  const prelude = [
    ...(database === '' ? [] : [`USE \`${database.replaceAll(/[`\\]/g, '\\$&')}\``]),
    ...(settings.length === 0 ? [] : [`SET ${settings.join(', ')}`]),
    // Last, because afterwards nothing can be set.
    ...(readOnly === null ? [] : [`SET readonly = ${quote(readOnly)}`]),
  ];
  return {
    prelude,
    defaultFormat: parameters.get('default_format') ?? 'TabSeparated',
    waitsForEnd: isOn(parameters.get('wait_end_of_query')),
    compressesResponse: isOn(parameters.get('enable_http_compression')),
  };
}

const isOn = (value: string | undefined): boolean => value === '1' || value === 'true';
