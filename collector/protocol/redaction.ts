/**
 * What is taken out of URLs before anything of them is stored, as Hubble does it and with its word for what was there.
 * Fields with credentials (Authorization, Cookie) and the literals of statements need no redaction: no parser keeps them.
 */
export interface RedactionConfig {
  /** Everything from the question mark on goes away. */
  readonly urlQuery: boolean;
  /** The name and password in front of a host go away. */
  readonly userInfo: boolean;
  /** Names of query parameters, in lower case, whose values are replaced. */
  readonly queryParameters: readonly string[];
  /** `/reset/*`: in paths that begin like this, what stands for a star is replaced. */
  readonly paths: readonly string[];
}

export interface Redaction {
  path(path: string): string;
  authority(authority: string): string;
}

export const redacted = 'HUBBLE_REDACTED';

export const defaultRedaction: RedactionConfig = {
  urlQuery: false,
  userInfo: true,
  queryParameters: [
    'access_token',
    'api_key',
    'apikey',
    'auth',
    'client_secret',
    'id_token',
    'passwd',
    'password',
    'refresh_token',
    'secret',
    'sig',
    'signature',
    'token',
    'x-amz-credential',
    'x-amz-security-token',
    'x-amz-signature',
  ],
  paths: [],
};

/** Parameter names may be encoded themselves. */
function plainName(name: string): string {
  if (!name.includes('%')) return name.toLowerCase();
  const decoded = name.replace(/%[\da-f]{2}/gi, (code) => String.fromCharCode(parseInt(code.slice(1), 16)));
  return decoded.toLowerCase();
}

function firstMark(path: string): number {
  const [question, hash] = [path.indexOf('?'), path.indexOf('#')];
  return hash === -1 || (question !== -1 && question < hash) ? question : hash;
}

function hasSecret(query: string, names: ReadonlySet<string>): boolean {
  for (let start = 0; start < query.length;) {
    const next = query.indexOf('&', start);
    const end = next === -1 ? query.length : next;
    const equals = query.indexOf('=', start);
    if (equals !== -1 && equals < end && names.has(plainName(query.slice(start, equals)))) return true;
    start = end + 1;
  }
  return false;
}

function redactParameters(query: string, names: ReadonlySet<string>): string {
  // Few have any: those that have none are not taken apart.
  if (!hasSecret(query, names)) return query;
  return query
    .split('&')
    .map((parameter) => {
      const equals = parameter.indexOf('=');
      if (equals === -1 || !names.has(plainName(parameter.slice(0, equals)))) return parameter;
      return `${parameter.slice(0, equals)}=${redacted}`;
    })
    .join('&');
}

/** Undefined when the path does not begin like the pattern. */
function redactPath(segments: readonly string[], pattern: readonly string[]): string[] | undefined {
  if (segments.length < pattern.length) return undefined;
  const isLike = pattern.every((part, i) => part === '*' || part === segments[i]);
  return isLike ? segments.map((segment, i) => (pattern[i] === '*' && segment !== '' ? redacted : segment)) : undefined;
}

export function createRedaction(config: RedactionConfig): Redaction {
  const names = new Set(config.queryParameters.map((name) => name.toLowerCase()));
  const patterns = config.paths.map((path) => path.split('/'));

  const authority = (text: string): string => (config.userInfo ? text.slice(text.lastIndexOf('@') + 1) : text);

  const redactSegments = (path: string): string => {
    let segments = path.split('/');
    for (const pattern of patterns) segments = redactPath(segments, pattern) ?? segments;
    return segments.join('/');
  };

  return {
    path(path) {
      // A target without a path is an authority, or a star.
      if (!path.startsWith('/')) return authority(path);
      const mark = firstMark(path);
      const bare = mark === -1 ? path : path.slice(0, mark);
      const start = patterns.length === 0 ? bare : redactSegments(bare);
      if (mark === -1) return start;
      if (config.urlQuery) return start;
      if (path[mark] === '#') return start + path.slice(mark);
      const rest = path.slice(mark + 1);
      const hash = rest.indexOf('#');
      const query = hash === -1 ? rest : rest.slice(0, hash);
      const fragment = hash === -1 ? '' : rest.slice(hash);
      return `${start}?${redactParameters(query, names)}${fragment}`;
    },
    authority,
  };
}
