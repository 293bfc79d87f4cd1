/**
 * Which Host headers are answered. On a loopback address a page from elsewhere could reach the API by pointing its own
 * name here (DNS rebinding), so only names of this machine and configured ones are.
 */

const loopbackNames = ['localhost', '127.0.0.1', '[::1]'] as const;

function isLoopback(listenHost: string): boolean {
  return listenHost === 'localhost' || listenHost === '::1' || /^127\./.test(listenHost);
}

export interface HostRule {
  readonly listenHost: string;
  /** Other names the server is reached by, without port. */
  readonly allowed: readonly string[];
}

/** A server on a public address answers every name unless names are configured. */
export function isHostAllowed(header: string | undefined, rule: HostRule): boolean {
  if (!isLoopback(rule.listenHost) && rule.allowed.length === 0) return true;
  const [, name = ''] = /^(\[[^\]]*\]|[^:]*)(?::\d+)?$/.exec((header ?? '').toLowerCase()) ?? [];
  return [...loopbackNames, ...rule.allowed].some((allowed) => allowed.toLowerCase() === name);
}
